"""The contract of a study of every model of a user's own, from its file to its checkpoint."""

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from moons.checkpoint import load_checkpoint
from moons.code import CannotLoad
from search_spaces.load import load_space
from study import rerun
from study.errors import StudyError
from study.options import parse
from study.record.tables import write_tables
from study.resume import plan_to_resume
from study.training.job import Report
from tests.moons.own_models import OWN
from tests.study.in_process import ledger_of, made_up, run_in_process, train, up_to
from tests.study.own_files import file_of, plan_of

every_model = pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.__name__)


@pytest.fixture(autouse=True)
def _quickly_evaluated(monkeypatch):
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)


def resumed(folder, *words):
    return plan_to_resume(parse([f"--resume={folder}", *map(str, words)]), folder)


def numbers(folder):
    write_tables(folder)
    trials = pd.read_parquet(folder / "trials.parquet")
    trials = trials[trials["state"] == "complete"].sort_values("seed")
    return trials[["lr", "beta", "val_mse", "val_loss", "val_kl", "best_epoch", "seed"]].values


@every_model
def test_a_study_of_it_ends_the_same_when_it_was_cut_off_and_resumed(tmp_path, kind):
    file = file_of(tmp_path, kind)
    run_in_process(plan_of(file, tmp_path, "whole"))
    run_in_process(plan_of(file, tmp_path, "cut"), [train, None])
    run_in_process(resumed(tmp_path / "cut", "--space", file))
    whole, cut = numbers(tmp_path / "whole"), numbers(tmp_path / "cut")
    assert len(whole) == 3
    assert (whole == cut).all()


@every_model
def test_a_trial_whose_worker_was_lost_goes_on_elsewhere_to_the_last_bit(tmp_path, kind):
    with ledger_of(plan_of(file_of(tmp_path, kind), tmp_path)) as ledger:
        job = ledger.begin("0")
        (*_, whole) = train(job)
        (left,) = up_to(1)(job)
        assert left.status == "running"
        (*_, other) = train(replace(job, snapshot=left.snapshot))
    assert other.weights == whole.weights
    assert other.metrics == whole.metrics


@every_model
def test_a_trial_is_repeated_exactly_from_its_seed(tmp_path, kind, capsys):
    file = file_of(tmp_path, kind)
    run_in_process(plan_of(file, tmp_path))
    code = rerun.main([str(tmp_path / "s"), "--space", str(file), "--seed-of-trial", "0"])
    said = capsys.readouterr()
    assert said.out == (
        "trial 0 came out the same in every number and the same weights, bit for bit\n"
    ), said
    assert code == 0


@every_model
def test_its_checkpoint_computes_what_was_recorded_and_is_not_taken_for_another_s(tmp_path, kind):
    file = file_of(tmp_path, kind)
    plan = plan_of(file, tmp_path)
    with ledger_of(plan) as ledger:
        job = ledger.begin("0")
        for report in train(job):
            ledger.take("0", report)
        ledger.close("0")
    folder = tmp_path / "s" / "checkpoints" / "0"
    about = json.loads((folder / "config.json").read_text())
    assert about["code"] == plan.space.as_dict()["code"]
    with pytest.raises(ValueError, match="pass its class as model_class"):
        load_checkpoint(folder)
    model = load_checkpoint(folder, load_space(str(file)).model).model
    from study.training.replicate import Replicate

    again = Replicate(job, 0).run.engine.losses_of(model)
    assert again.mse == pytest.approx(report.row["val_mse"], rel=1e-6)


def test_a_class_that_is_called_vae_is_not_the_built_in_one(tmp_path):
    file = file_of(tmp_path, OWN[0])
    file.write_text(file.read_text().replace("as Model", "as Base").replace(
        "SPACE =", "class cvae(Base):\n    pass\n\nSPACE ="
    ).replace("=Model", "=cvae"))  # fmt: skip
    run_in_process(plan_of(file, tmp_path), [train, None])
    folder = tmp_path / "s"
    with pytest.raises(StudyError, match=r"trains cvae of own.py, a model of somebody's own"):
        resumed(folder)
    with pytest.raises(StudyError, match=r"--space must be the file of cvae of own.py"):
        resumed(folder, "--space", "cvae")
    with pytest.raises(ValueError, match="pass its class"):
        load_checkpoint(folder / "checkpoints" / "0")
    run_in_process(resumed(folder, "--space", file))
    trials = pd.read_parquet(write_tables(folder) and folder / "trials.parquet")
    assert set(trials["engine"].dropna()) == {"torch"}


@pytest.mark.parametrize("edited", ["own.py", "own_helpers.py", "own_models.py"])
def test_a_study_does_not_go_on_with_other_code(tmp_path, edited):
    file = file_of(tmp_path, OWN[0])
    run_in_process(plan_of(file, tmp_path), [train, None])
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("own.py", "own_helpers.py", "own_models.py"):
        shutil.copy(tmp_path / name, moved)
    resumed(tmp_path / "s", "--space", moved / "own.py")
    (tmp_path / edited).write_text((tmp_path / edited).read_text() + "\nchanged = True\n")
    with pytest.raises(StudyError, match="other code"):
        resumed(tmp_path / "s", "--space", file)


def hopeless(plan):
    """Runs a study on a worker that cannot load the model: one trial said so, one had begun."""
    with ledger_of(plan) as ledger:
        ledger.begin("0"), ledger.begin("1")
        ledger.take("0", Report(status="failed", epochs=0, error="no flavour", fatal=True))
        for key in ("0", "1"):
            ledger.close(key)
        assert ledger.hopeless == "no flavour"
        assert ledger.tally.finished == 0


def test_a_model_that_no_worker_can_load_is_mended_and_its_trials_run_anew(tmp_path):
    file = file_of(tmp_path, OWN[0])
    run_in_process(plan_of(file, tmp_path, "whole"))
    hopeless(plan_of(file, tmp_path))
    write_tables(tmp_path / "s")
    trials = pd.read_parquet(tmp_path / "s" / "trials.parquet")
    assert trials["state"].tolist() == ["interrupted"] * 2
    assert trials["error"].tolist()[0] == "no flavour"
    file.write_text(file.read_text() + "\nmended = True\n")
    plan = resumed(tmp_path / "s", "--space", file)
    run_in_process(plan)
    assert (numbers(tmp_path / "s") == numbers(tmp_path / "whole")).all()


def test_code_that_cannot_be_run_elsewhere_is_a_reason_that_names_it(tmp_path):
    file = file_of(tmp_path, OWN[0], more="open(__file__).close()  # not on other machines")
    plan = plan_of(file, tmp_path)
    file.unlink()
    with ledger_of(plan) as ledger:
        job = ledger.begin("0")
        with pytest.raises(CannotLoad, match=r"FileNotFoundError.*name data files that lie beside"):
            next(train(job))


@pytest.mark.slow
def test_workers_run_a_file_with_the_modules_beside_it(run_study, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    file = file_of(folder, OWN[2])
    words = ["--space", file, "--name", "s", "--trials", 1, "--max-epochs", 2]
    ended = run_study(*words, "--scheduler", "none")
    assert ended.code == 0, ended.err
    trials = pd.read_parquet(tmp_path / "s" / "trials.parquet")
    assert trials[["state", "engine"]].values.tolist() == [["complete", "torch"]]


@pytest.mark.slow
def test_a_file_that_no_worker_can_run_ends_the_study_at_once_with_the_reason(
    run_study, tmp_path, monkeypatch
):
    monkeypatch.setenv("ONLY_IN_THE_DRIVER", "1")
    more = (
        "import os\nif 'ONLY_IN_THE_DRIVER' not in os.environ:\n    raise ImportError('no flavour')"
    )
    folder = tmp_path / "mine"
    folder.mkdir()
    file = file_of(folder, OWN[0], more=more)
    ended = run_study("--space", file, "--name", "s", "--trials", 20, "--max-epochs", 2)
    assert ended.code == 6
    assert f"study.run: no worker can train: {file}: ImportError: no flavour" in ended.err
    trials = pd.read_parquet(tmp_path / "s" / "trials.parquet")
    assert 1 <= (trials["state"] == "interrupted").sum() < 20
    assert f"go on with: python -m study.run --resume {tmp_path / 's'} --space {file}" in ended.err
    assert trials["error"].dropna().str.contains("no flavour").any()
