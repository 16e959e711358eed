"""A trial read back: what it was, draws of its model, and its density."""

from pathlib import Path

import numpy as np
import pytest

import analysis
from moons.config import Config
from moons.data import load_data
from moons.models import CVAE
from study.record.tables import write_tables
from study.record.trial import UnknownTrial
from tests.analysis.known import known_results
from tests.study.in_process import made_up, run_in_process
from tests.study.own_files import file_of, plan_of

REFERENCE = Path(__file__).parents[3] / "results" / "reference"


@pytest.fixture(scope="module")
def cvae():
    return analysis.read(str(REFERENCE / "cvae"))


@pytest.fixture(scope="module")
def vae():
    return analysis.read(REFERENCE / "vae")


def val_points(trial):
    config = trial.config
    return load_data(config).val


def test_a_study_gives_its_trials_by_their_numbers(cvae):
    assert cvae.best.number == cvae.best_trial
    assert cvae.best.row["val_mse"] == cvae.complete["val_mse"].min()
    assert isinstance(cvae[17].config, Config)
    assert cvae[np.int64(17)].config.lr == cvae.trials.set_index("trial").loc[17, "lr"]
    assert list(cvae[17].epochs["epoch"]) == list(range(1, cvae[17].row["epochs"] + 1))
    assert [trial.number for trial in cvae] == list(cvae.trials["trial"])
    assert len(cvae) == len(cvae.trials)


def test_it_is_short_where_it_is_printed_and_a_table_in_a_notebook(cvae):
    assert repr(cvae).startswith("StudyResults(")
    assert len(repr(cvae)) < 120
    assert repr(cvae.best).startswith(f"Trial({cvae.best.number}: complete, val_mse ")
    page = cvae._repr_html_()
    assert "<table" in page
    assert f"<td>{cvae.best.number}</td>" in page


def test_every_column_of_the_tables_is_documented(cvae):
    about = cvae.columns
    assert set(about["table"]) == {"trials", "epochs", "reruns"}
    assert (about["what"] != "").all()
    assert len(about) == sum(len(t.columns) for t in (cvae.trials, cvae.epochs, cvae.reruns))


def test_a_study_that_was_not_retrained_has_an_empty_table_with_its_columns():
    results = known_results([{"val_mse": 0.1}])
    assert results.reruns.empty
    assert {"config", "seed", "state"} <= set(results.reruns.columns)


@pytest.mark.parametrize("number", [1000, -1, "best"])
def test_a_trial_that_is_not_there_is_a_key_error_that_says_which_are(cvae, number):
    with pytest.raises(UnknownTrial, match=f"has no trial {number}; its trials: 0 to 99$") as lost:
        cvae[number]
    assert isinstance(lost.value, KeyError)
    with pytest.raises(UnknownTrial, match="no complete trial"):
        _ = known_results([{"state": "diverged"}]).best


def test_a_trial_that_was_pruned_has_a_config_and_no_model(cvae):
    pruned = cvae[int(cvae.in_state("pruned")["trial"].iloc[0])]
    assert pruned.config.family == "cvae"
    with pytest.raises(ValueError, match="is pruned: only complete trials leave a model"):
        _ = pruned.model


def test_the_density_is_the_one_that_the_study_measured(cvae, vae):
    for best in (cvae.best, vae.best):
        val = val_points(best)
        label = val.y if best.config.family == "cvae" else None
        assert -best.log_density(val.x, label).mean() == pytest.approx(
            best.row["val_nll"], rel=1e-5
        )


def test_the_density_over_both_labels_is_their_mixture_and_integrates_to_one(cvae):
    side = np.linspace(-3, 4, 90)
    x = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    whole = cvae.best.log_density(x)
    parts = [cvae.best.log_density(x, label=label) for label in (0, 1)]
    np.testing.assert_allclose(whole, np.logaddexp(*parts) - np.log(2), rtol=1e-12)
    assert np.exp(whole).sum() * (side[1] - side[0]) ** 2 == pytest.approx(1, abs=0.01)


def test_draws_are_those_of_their_seed_and_of_the_label_asked_for():
    best = analysis.read(REFERENCE / "cvae-generative").best
    draws = best.sample(1000, label=1)
    assert draws.shape == (1000, 2)
    np.testing.assert_array_equal(draws, best.sample(1000, label=1, seed=0))
    assert (draws != best.sample(1000, label=1, seed=1)).any()
    assert (best.log_density(draws, label=1) > best.log_density(draws, label=0)).mean() > 0.9
    each = best.sample(4, label=[0, 0, 1, 1])
    assert each[:2, 1].mean() > each[2:, 1].mean()  # the upper moon is 0


def test_what_it_was_drawn_from_is_left_as_it_was(cvae):
    isinstance(cvae.best.model, CVAE)
    before = np.random.get_state()[1].copy()
    trial = cvae.best
    trial.sample(3)
    assert not trial.model.training
    np.testing.assert_array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda cvae, vae: cvae.sample(0), "n must be a whole number above 0, got 0"),
        (lambda cvae, vae: cvae.sample(2.5), "n must be a whole number above 0, got 2.5"),
        (lambda cvae, vae: cvae.sample(3, label=2), "label must be 0 or 1, or 3 of them, got 2"),
        (lambda cvae, vae: cvae.sample(3, label=[0, 1]), "label must be 0 or 1, or 3 of them"),
        (lambda cvae, vae: vae.sample(3, label=1), "this model takes no label"),
        (lambda cvae, vae: cvae.log_density(np.zeros((4, 3))), r"shape \(n, 2\), got \(4, 3\)"),
        (lambda cvae, vae: cvae.log_density([[0, np.nan]]), "x must be finite"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(cvae, vae, ask, sentence):
    with pytest.raises(ValueError, match=sentence):
        ask(cvae.best, vae.best)


def test_a_model_of_your_own_is_there_where_its_file_or_class_is_given(tmp_path, monkeypatch):
    from tests.moons.own_models import Plain

    monkeypatch.setattr("study.training.replicate.evaluate", made_up)
    file = file_of(tmp_path, Plain)
    run_in_process(plan_of(file, tmp_path))
    write_tables(tmp_path / "s")
    with pytest.raises(
        ValueError, match=r"a model of somebody's own: .*analysis.read\(FOLDER, FILE"
    ):
        _ = analysis.read(tmp_path / "s").best.model
    for given in (file, str(file)):
        best = analysis.read(tmp_path / "s", given).best
        assert type(best.model).__name__ == "Plain"
        assert best.sample(7).shape == (7, 2)


def test_studies_are_compared_from_folders_or_results(cvae):
    compared = analysis.compare(cvae, REFERENCE / "vae", metric="val_mse")
    assert compared.metric == "val_mse"
    assert {"part", "study", "value"} <= set(compared.table.columns)
    assert compared._repr_html_().count("<li>") == len(compared.findings)
