import numpy as np
import pytest

from moons import baselines
from moons.baselines import baseline_rows, fit_baseline
from moons.config import Config
from moons.data import Origin, load_data
from moons.density import draw_exact, log_density
from moons.evaluation import evaluate_density
from moons.evaluation.samples import energy_distance, label_share
from moons.seeds import derive_seed
from moons.sources import source_named
from moons.sources.quadrature import quadrature
from moons.two_arcs import TwoArcs, fit_two_arcs

KINDS = ("gaussian_mixture", "kernel_density")
COMPONENTS = (1, 2, 4, 8, 16)
BANDWIDTHS = (0.02, 0.05, 0.08, 0.11, 0.14, 0.5)


@pytest.fixture(scope="module", autouse=True)
def _few_settings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "COMPONENTS", COMPONENTS)
        patch.setattr(baselines, "BANDWIDTHS", BANDWIDTHS)
        patch.setattr(baselines, "SEEDS", 3)
        yield


@pytest.fixture(scope="module")
def rows(_few_settings):
    return {(row["baseline"], row["family"]): row for row in baseline_rows(Config(n_samples=600))}


def test_there_is_a_row_of_each_baseline_for_each_family(rows):
    assert set(rows) == {(n, family) for n in (*KINDS, "two_arcs") for family in ("vae", "cvae")}
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
        assert (row["bandwidth"] in BANDWIDTHS) is (kind == "kernel_density")


def test_a_mixture_is_the_mean_over_several_starts_and_says_how_they_spread(rows):
    config = Config(n_samples=600)
    row = rows["gaussian_mixture", "vae"]
    assert row["seeds"] == 3
    fits = [
        baselines._fitted("gaussian_mixture", row["components"], config, derive_seed(0, "again", i))
        for i in range(3)
    ]
    exact = [evaluate_density(fit, config).exact.excess_nll for fit in fits]
    assert row["exact_excess_nll"] == pytest.approx(np.mean(exact))
    assert row["exact_excess_nll_seed_std"] == pytest.approx(np.std(exact, ddof=1))
    assert rows["kernel_density", "vae"]["seeds"] == 1
    assert rows["kernel_density", "vae"]["exact_excess_nll_seed_std"] is None


def test_the_true_family_is_the_limit(rows):
    for family in ("vae", "cvae"):
        limit = rows["two_arcs", family]["exact_excess_nll"]
        assert 0 < limit < 4 * 12 / (2 * 360)  # 12 numbers fitted to 360 points
        assert all(limit < rows[kind, family]["exact_excess_nll"] for kind in KINDS)


@pytest.mark.parametrize("conditional", [False, True])
def test_no_arcs_fit_the_points_better_than_those_that_were_fitted(conditional):
    train = load_data(Config(n_samples=600, noise=0.1, data_seed=1)).train
    fitted = fit_two_arcs(train, 0.1, conditional)
    best = fitted.log_density(train.x, train.y).mean()
    assert best > log_density(train.x, 0.1, train.y if conditional else None).mean()
    rng = np.random.default_rng(0)
    for _ in range(20):
        moved = fitted.arcs + 0.01 * rng.standard_normal((2, 6))
        assert TwoArcs(moved, conditional).log_density(train.x, train.y).mean() < best
    rule = quadrature(source_named("moons"), 0.1, conditional)
    density = np.exp(fitted.log_density(rule.x, rule.y) - rule.log_density)
    assert rule.weight @ density == pytest.approx(1.0, abs=1e-3)  # it integrates to one
    drawn = fitted.draw(1500, 2, np.arange(1500) % 2)
    assert energy_distance(drawn, draw_exact(1500, 0.1, 3, np.arange(1500) % 2).x) < 0.01


def test_data_without_noise_have_no_such_limit(monkeypatch):
    monkeypatch.setattr(baselines, "KINDS", ())
    assert baseline_rows(Config(noise=0.0, n_samples=200)) == []


def test_baselines_given_the_label_draw_the_moon_asked_for(rows):
    for (_, family), row in rows.items():
        if family == "vae":
            assert row["fresh_label_share"] is None
        else:
            assert row["fresh_label_share"] > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_the_chosen_setting_has_the_largest_validation_likelihood_of_its_neighbours(kind):
    config = Config(n_samples=600)
    moons = load_data(config)
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
    assert label_share(drawn, asked, Origin("moons", 600, 0.05, 42)) > 0.99
    assert (drawn == baseline.draw(800, 1, asked)).all()
    assert (drawn != baseline.draw(800, 2, asked)).any()
    assert energy_distance(drawn, draw_exact(800, 0.05, 3, asked).x) < 0.03
    exact_length = -baseline.log_density(drawn, asked).mean()
    swapped_length = -baseline.log_density(drawn, 1 - asked).mean()
    assert exact_length < swapped_length - 1.0
