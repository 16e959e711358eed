import dataclasses
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.findings import Level, advice, findings
from analysis.findings.quality import edge_of
from study.record.manifest import Dimension
from study.record.results import StudyResults, read_results
from tests.analysis.known import LATENT, LR, known_results
from tests.analysis.synthetic import Recipe, make_study


def said(results: StudyResults, level: Level) -> str:
    """All findings of a level, one after the other."""
    return "\n".join(finding.text for finding in findings(results) if finding.level == level)


def test_the_best_configuration_comes_first() -> None:
    results = known_results(
        [
            {"val_mse": 0.0213, "lr": 0.003, "best_epoch": 1280},
            {"val_mse": 0.3, "latent_dim": 8},
            {"val_mse": 0.001, "state": "pruned"},
        ]
    )
    assert findings(results)[0].text == (
        "Trial 0 is the best of 2 complete trials: validation MSE 0.0213 at epoch 1,280. "
        "Its hyperparameters: learning rate 0.003 and latent dimensions 4."
    )


def test_two_metrics_are_both_named() -> None:
    results = known_results(
        [{"val_mse": 0.2, "val_kl": 3.0}, {"val_mse": 0.3}], metrics=("val_mse", "val_kl")
    )
    assert "validation MSE 0.2 and validation KL 3 at epoch 1" in findings(results)[0].text


def test_without_a_complete_trial_it_says_what_became_of_them() -> None:
    results = known_results([{"state": "pruned"}, {"state": "pruned"}, {"state": "diverged"}])
    first = findings(results)[0]
    assert first.level == "warning"
    assert first.text == (
        "No trial is complete, so there is no best one: 2 pruned and 1 diverged. "
        "`python -m study.run --resume results/known --trials 6` goes on."
    )


def test_a_study_without_trials_found_nothing() -> None:
    results = known_results([{}])
    empty = StudyResults(
        folder=results.folder,
        manifest=results.manifest,
        trials=results.trials.head(0),
        epochs=results.epochs,
    )
    (only,) = findings(empty)
    assert only.text == (
        "The study has no trials: nothing was found. `python -m study.run --resume results/known` "
        "makes up for what is missing."
    )


def test_held_out_figures_come_from_the_data_furthest_from_training_with_their_error() -> None:
    row = {
        "val_mse": 0.2,
        "val_excess_nll": 0.01,
        "test_excess_nll": 0.05,
        "test_excess_nll_se": 0.02,
        "test_energy_distance": 0.003,
        "fresh_energy_distance": 0.004,
    }
    results = known_results([row])
    assert (
        "test excess NLL 0.050 ± 0.020 nats a point and fresh-data energy distance 0.004"
    ) in said(results, "result")


def reruns(spread: float) -> pd.DataFrame:
    rows = [
        {"config": f"trial {trial}", "trial": trial, "seed_index": seed, "val_mse": mean + step}
        for trial, mean in ((0, 0.10), (1, 0.11))
        for seed, step in enumerate((-spread, 0.0, spread))
    ]
    return pd.DataFrame(rows).assign(vary="init", state="complete")


def test_a_lead_smaller_than_the_seeds_noise_is_a_warning() -> None:
    trials = [{"val_mse": 0.09}, {"val_mse": 0.2}]
    noisy = known_results(trials, reruns=reruns(spread=0.05))
    assert (
        "The gain of trial 0 over trial 1, retrained alike, 0.010, is smaller than the noise of "
        "the seeds, 0.050 (standard deviation)"
    ) in said(noisy, "warning")
    clear = known_results(trials, reruns=reruns(spread=0.001))
    assert "smaller than the noise" not in said(clear, "warning")


def test_a_lead_is_not_called_unsettled_where_the_deciding_figure_settles_it() -> None:
    told = reruns(spread=0.05)
    told["exact_excess_nll"] = np.where(told["trial"] == 1, 0.01, 0.02) + 1e-4 * told["val_mse"]
    warned = said(known_results([{"val_mse": 0.09}, {"val_mse": 0.2}], reruns=told), "warning")
    assert "by exact excess NLL, trial 0 is worse than trial 1" in warned
    assert "not settled" not in warned


def test_the_mean_of_few_retrainings_comes_with_students_interval() -> None:
    results = known_results([{"val_mse": 0.09}, {"val_mse": 0.2}], reruns=reruns(spread=0.01))
    # t(0.975, 2) = 4.3027 times 0.01 / sqrt(3), and above t(0.9875, 2) = 6.2053, as the best of two
    assert "mean validation MSE of 0.100 (95 % interval 0.075 to 0.136)" in said(results, "result")
    assert "the search had given 0.09" in said(results, "result")


def test_retrainings_that_diverged_or_had_other_data_are_no_fresh_seeds() -> None:
    runs = reruns(spread=0.01)
    lost = runs.assign(state="diverged", val_mse=9.0, seed_index=runs["seed_index"] + 3)
    other = runs.assign(vary="data", val_mse=9.0)
    results = known_results(
        [{"val_mse": 0.09}, {"val_mse": 0.2}], reruns=pd.concat([runs, lost, other])
    )
    assert "Retrained under 3 fresh seeds" in said(results, "result")


def test_seeds_that_drew_new_data_are_said_to_have() -> None:
    trials = [{"val_mse": 0.09}, {"val_mse": 0.2}]
    results = known_results(trials, reruns=reruns(spread=0.01).assign(vary="data"))
    assert "Retrained under 3 fresh seeds, each with new data, the config" in said(
        results, "result"
    )


def test_a_config_that_lost_seeds_is_not_the_winner() -> None:
    runs = reruns(spread=0.01)
    runs.loc[(runs["trial"] == 0) & (runs["seed_index"] > 0), "state"] = "diverged"
    results = known_results([{"val_mse": 0.09}, {"val_mse": 0.2}], reruns=runs)
    assert "the configuration of trial 1 has a mean" in said(results, "result")


@pytest.mark.parametrize(
    ("value", "dimension", "edge"),
    [
        (1.1e-4, LR, "lower"),
        (0.1, LR, "upper"),
        (0.05, LR, None),
        (8, LATENT, "upper"),
        (4, LATENT, None),
        (0.5, Dimension(name="beta", kind="float", low=0.0, high=1.0), None),
        (64, Dimension(name="width", kind="int", low=2, high=64), "upper"),
        ("vae", Dimension(name="family", kind="choice", options=("vae", "cvae")), None),
        (1, Dimension(name="layers", kind="choice", options=(1, 2)), None),
    ],
)
def test_an_edge_is_an_end_of_the_range_on_its_own_scale(
    value: object, dimension: Dimension, edge: str | None
) -> None:
    assert edge_of(value, dimension) == edge


def test_trials_on_different_data_are_said_not_to_compare() -> None:
    noise = Dimension(name="noise", kind="choice", options=(0.1, 0.2))
    trials = [{"val_mse": 0.1, "noise": 0.1}, {"val_mse": 0.2, "noise": 0.2}]
    assert (
        "The trials differ in their data (data noise), so that their metrics do not compare"
    ) in said(known_results(trials, searched=(noise,)), "warning")
    alike = known_results([trials[0], trials[0]], searched=(noise,))
    assert "do not compare" not in said(alike, "warning")


def test_losses_at_different_beta_are_said_not_to_compare() -> None:
    beta = Dimension(name="beta", kind="float", low=0.1, high=10.0, log=True)
    trials = [{"val_mse": 0.1, "beta": 0.5}, {"val_mse": 0.2, "beta": 2.0}]
    by_loss = known_results(trials, searched=(beta,), metrics=("val_loss",))
    assert "losses at different beta do not compare" in said(by_loss, "warning")
    by_mse = known_results(trials, searched=(beta,))
    assert "do not compare" not in said(by_mse, "warning")


def test_an_optimum_at_an_edge_is_a_warning() -> None:
    trials = [{"val_mse": 0.1 * n, "latent_dim": 8, "lr": 0.02 / n} for n in (1, 2)]
    warned = said(known_results([*trials, {"val_mse": 0.9, "latent_dim": 2}]), "warning")
    assert "latent dimensions 8 (upper edge of 2 to 8, in 2 of the 3 best configurations)" in warned
    assert "learning rate" not in warned


def test_latents_that_the_decoder_does_not_need_are_noted_and_none_needed_is_a_warning() -> None:
    some = known_results([{"val_mse": 0.1, "latent_dim": 8, "fresh_carrying": 3.0}])
    assert (
        "Of the 8 latent dimensions of the best trial 3 carry something: with the means of the "
        "other 5 in their place, all together, the decoder reconstructs as well."
    ) in said(some, "note")
    none = known_results([{"val_mse": 0.1, "latent_dim": 8, "fresh_carrying": 0.0}])
    assert "uses none of its latents" in said(none, "warning")
    assert "`python -m study.run --space cvae-generative`" in said(none, "warning")
    whole = known_results([{"val_mse": 0.1, "latent_dim": 8, "fresh_carrying": 8.0}])
    assert "latent dimension" not in said(whole, "note")


def test_of_a_small_kl_no_more_is_said_than_follows() -> None:
    unused = known_results([{"val_mse": 0.1, "val_kl": 0.001, "eps_w": 1.0}])
    assert "its latents can tell the decoder no more than that" in said(unused, "warning")
    shrunk = known_results([{"val_mse": 0.1, "val_kl": 0.001, "eps_w": 0.01}])
    assert "reconstructs because eps_w = 0.01 shrinks the noise" in said(shrunk, "warning")
    # Older tables count active units, which says nothing of a decoder that saw less noise.
    row = {"val_mse": 0.1, "latent_dim": 8, "eps_w": 0.1, "fresh_active_units": 0.0, "val_kl": 1.0}
    assert "latents" not in said(known_results([row]), "warning")


def test_a_leaderboard_of_ties_is_a_warning_and_a_clear_winner_a_result() -> None:
    trials = [{"val_mse": 0.1}, {"val_mse": 0.2}]
    runs = reruns(spread=0.05)
    noise = np.array([0.0, 0.1, -0.1, 0.0, 0.0, 0.0])  # so that the seeds differ between configs
    runs["vary"] = "data"  # every seed has its own points
    tied = known_results(trials, reruns=runs.assign(val_mse=runs["val_mse"] + noise))
    assert (
        "On fresh seeds, by validation MSE, trial 0 is not told from trial 1 (t tests paired by "
        "seed, over seeds;" in said(tied, "warning")
    )
    clear = known_results(trials, reruns=runs.assign(val_mse=runs["val_mse"] + noise / 1e4))
    assert "trial 0 is better than trial 1" in said(clear, "result")


def test_held_out_points_may_contradict_the_split_that_chose_and_it_is_said() -> None:
    trials = [{"val_mse": 0.1}, {"val_mse": 0.2}]
    runs = reruns(spread=0.001)
    held_out = np.array([2.0, 2.1, 2.2, 1.0, 1.1, 1.201])
    results = known_results(trials, reruns=runs.assign(exact_excess_nll=held_out, vary="data"))
    assert "The same trainings, by validation MSE, trial 0 is better than" in said(
        results, "result"
    )
    assert "On fresh seeds, by exact excess NLL, trial 0 is worse than trial 1" in said(
        results, "warning"
    )


def test_where_points_are_shared_and_their_losses_not_kept_there_is_no_verdict() -> None:
    trials = [{"val_mse": 0.1}, {"val_mse": 0.2}]
    results = known_results(trials, reruns=reruns(spread=0.001))
    assert "is better than" not in said(results, "result")
    assert "By validation MSE no configuration is called better or worse" in said(results, "note")


@pytest.mark.parametrize(("distance", "far"), [(0.05, True), (0.002, False)])
def test_samples_far_from_the_data_are_a_warning(distance: float, far: bool) -> None:
    row = {"fresh_energy_distance": distance, "fresh_energy_distance_floor": 0.001}
    warned = said(known_results([{"val_mse": 0.1} | row]), "warning")
    assert ("do not look like the data" in warned) == far
    assert not far or "is 0.05, 50 times that of fresh data (0.001)" in warned


def test_the_best_trial_stands_beside_the_baselines_of_its_family() -> None:
    baselines = pd.DataFrame(
        {
            "baseline": ["gaussian_mixture", "kernel_density", "gaussian_mixture"],
            "family": ["cvae", "cvae", "vae"],
            "fresh_excess_nll": [0.02, 0.05, 0.001],
        }
    )
    worse = known_results([{"val_mse": 0.1, "fresh_excess_nll": 0.3}])
    assert (
        "A Gaussian mixture fitted on the same data is the better model: its fresh-data excess "
        "NLL is 0.02, the best trial's 0.3."
    ) in said(dataclasses.replace(worse, baselines=baselines), "warning")
    better = known_results([{"val_mse": 0.1, "fresh_excess_nll": 0.01}])
    assert "The best trial beats the baselines: its fresh-data excess NLL is 0.01" in said(
        dataclasses.replace(better, baselines=baselines), "result"
    )


def test_commands_can_be_pasted_and_name_the_file_of_a_model_of_one_s_own(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "my [study]", Recipe(name="s", n_trials=4))
    results = read_results(folder)
    assert f"--resume '{folder}' --trials" in advice.go_on(results)
    manifest = results.manifest
    space = {**manifest.space, "code": {"class": "Mine", "file": "mine.py", "hash": "0"}}
    own = replace(results, manifest=replace(manifest, space=space))
    assert advice.finish(own).startswith(
        f"`python -m study.run --resume '{folder}' --space mine.py`"
    )
