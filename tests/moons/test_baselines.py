import numpy as np
import pytest

from moons import baselines
from moons.baselines import baseline_rows, fit_baseline
from moons.config import Config
from moons.data import load_moons
from moons.density import draw_exact
from moons.evaluation.samples import energy_distance, label_share

KINDS = ("gaussian_mixture", "kernel_density")
COMPONENTS = (1, 2, 4, 8, 16)
BANDWIDTHS = (0.02, 0.05, 0.08, 0.11, 0.14, 0.5)


@pytest.fixture(scope="module", autouse=True)
def _few_settings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "COMPONENTS", COMPONENTS)
        patch.setattr(baselines, "BANDWIDTHS", BANDWIDTHS)
        yield


@pytest.fixture(scope="module")
def rows(_few_settings):
    return {(row["baseline"], row["family"]): row for row in baseline_rows(Config(n_samples=600))}


def test_there_is_a_row_of_each_baseline_for_each_family(rows):
    assert set(rows) == {(kind, family) for kind in KINDS for family in ("vae", "cvae")}
    assert len({tuple(row) for row in rows.values()}) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_a_baseline_is_near_the_truth_and_never_beats_it(rows, kind, family):
    row = rows[kind, family]
    for split in ("val", "test"):
        assert -3 * row[f"{split}_excess_nll_se"] < row[f"{split}_excess_nll"] < 0.25
    assert row["fresh_energy_distance"] < 0.02
    assert row["sigma_x"] is None
    assert row["fresh_active_units"] is None


def test_a_baseline_names_what_validation_chose(rows):
    for (kind, _), row in rows.items():
        mixture = kind == "gaussian_mixture"
        assert (row["components"] in COMPONENTS) is mixture
        assert (row["bandwidth"] in BANDWIDTHS) is not mixture


def test_baselines_given_the_label_draw_the_moon_asked_for(rows):
    for (_, family), row in rows.items():
        if family == "vae":
            assert row["fresh_label_share"] is None
        else:
            assert row["fresh_label_share"] > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_the_chosen_setting_has_the_largest_validation_likelihood_of_its_neighbours(kind):
    config = Config(n_samples=600)
    moons = load_moons(600, config.noise, config.data_seed)
    chosen = fit_baseline(kind, config)
    settings = COMPONENTS if kind == "gaussian_mixture" else BANDWIDTHS
    place = settings.index(chosen.setting)
    assert 0 < place < len(settings) - 1
    (estimator,) = chosen.estimators
    name = "n_components" if kind == "gaussian_mixture" else "bandwidth"
    for other in (settings[place - 1], settings[place + 1]):
        refitted = type(estimator)(**{**estimator.get_params(), name: other}).fit(moons.train.x)
        assert (
            refitted.score_samples(moons.val.x).mean()
            <= estimator.score_samples(moons.val.x).mean()
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_baselines_draws_follow_its_density_and_repeat_with_their_seed(kind):
    baseline = fit_baseline(kind, Config(family="cvae", noise=0.05, n_samples=600))
    asked = np.arange(800) % 2
    drawn = baseline.draw(800, 1, asked)
    assert label_share(drawn, asked, 0.05) > 0.99
    assert (drawn == baseline.draw(800, 1, asked)).all()
    assert (drawn != baseline.draw(800, 2, asked)).any()
    assert energy_distance(drawn, draw_exact(800, 0.05, 3, asked).x) < 0.03
    exact_length = -baseline.log_density(drawn, asked).mean()
    swapped_length = -baseline.log_density(drawn, 1 - asked).mean()
    assert exact_length < swapped_length - 1.0
