"""A study's answer is confirmed: by which configs, on which seeds, and how often it is right."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.leaderboard import leaderboard, verdicts
from study.plan import Plan
from study.reruns.candidates import top_candidates
from study.reruns.confirm import confirmation, sentences
from study.reruns.jobs import on_fresh_seeds
from study.reruns.ledger import RerunLedger
from study.run import main
from study.signals import Stop
from study.training.trial import TrialTraining
from study.tune.cluster import Cluster
from tests.study.local import plan, resumed, run_locally

METRIC = "exact_excess_nll"  # of no points: seeds are all that is random


def train(ledger: RerunLedger, most: int | None = None) -> None:
    """Retrains what is missing, or the first few of it."""
    for number in range(ledger.missing if most is None else most):
        job = ledger.begin(str(number))
        assert job is not None
        ledger.take(str(number), TrialTraining(job).advance())
        ledger.close(str(number))


def confirming(folder: Path, *words: object) -> Plan:
    return resumed(folder, "--confirm", 2, "--top", 3, *words)


def test_the_best_distinct_configs_meet_the_same_seeds_as_study_rerun_gives_them(
    study: Path,
) -> None:
    ledger = confirmation(confirming(study))
    assert ledger is not None
    assert ledger.missing == 6
    trials = pd.read_parquet(study / "trials.parquet")
    wanted = on_fresh_seeds(top_candidates(trials, "val_mse", 3), 2, "split", 42, "auto")
    train(ledger)
    assert RerunLedger(study / "reruns.jsonl", wanted, ("val_mse",), None).missing == 0


def test_a_study_that_asks_for_none_has_none(study: Path) -> None:
    assert confirmation(resumed(study)) is None
    assert not (study / "reruns.jsonl").exists()


def test_a_study_without_a_complete_trial_has_nothing_to_confirm(tmp_path: Path) -> None:
    run_locally(plan(tmp_path, "--trials", 2), stop_after=1)
    assert confirmation(confirming(tmp_path / "s")) is None


@pytest.fixture
def locally(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None, int | None], list[int]]:
    """Confirms without Ray: so many retrainings, then a signal; what each call had to do."""
    calls: list[int] = []

    @contextmanager
    def no_cluster(*_: object, **__: object) -> Iterator[Cluster]:
        yield Cluster(None, "", 1)

    def instead(most: int | None, signum: int | None) -> list[int]:
        def retrain(ledger: RerunLedger, cluster: Cluster, stop: Stop) -> None:
            calls.append(ledger.missing)
            train(ledger, most)
            stop.signum = signum

        monkeypatch.setattr("study.execute.connected", no_cluster)
        monkeypatch.setattr("study.tune.driver.run_retrainings", retrain)
        return calls

    return instead


def test_a_study_killed_while_it_is_confirmed_goes_on_with_what_is_missing(
    study: Path,
    locally: Callable[[int | None, int | None], list[int]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--resume", str(study), "--no-report"]
    locally(4, 15)
    assert main([*words, "--confirm", "2", "--top", "3"]) == 143
    said = capsys.readouterr().out
    assert "the best 3 configs on 2 fresh seeds" in said
    assert "go on with: python -m study.run --resume" in said
    calls = locally(None, None)
    assert main(words) == 0  # which remembers how it was to be confirmed
    assert calls == [6, 2]
    said = capsys.readouterr().out
    board = pd.read_parquet(study / "leaderboard.parquet")
    assert board["seeds"].tolist() == [2, 2, 2]
    assert f"best by its mean over 2 fresh seeds: {board['config'][0]}, val_mse" in said
    assert "the search's winner is" in said
    assert main(words) == 0
    assert calls == [6, 2]  # nothing is missing any more, so that no cluster is started


def test_a_longer_search_confirms_its_new_best_configs_and_keeps_the_old_ones(
    study: Path, locally: Callable[[int | None, int | None], list[int]]
) -> None:
    locally(None, None)
    assert main(["--resume", str(study), "--no-report", "--confirm", "2", "--top", "3"]) == 0
    run_locally(resumed(study, "--trials", 16))
    ledger = confirmation(confirming(study, "--trials", 16))
    assert ledger is not None
    assert ledger.missing < 6


def board_of(means: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """The leaderboard of configs with these scores, shape (configs, seeds)."""
    n, seeds = scores.shape
    frame: dict[str, Any] = {
        "config": np.repeat([f"trial {i}" for i in range(n)], seeds),
        "trial": np.repeat(np.arange(n), seeds),
        "vary": "init",
        "seed_index": np.tile(np.arange(seeds), n),
        "state": "complete",
        METRIC: scores.ravel(),
        "lr": np.repeat(np.arange(1.0, n + 1), seeds),  # or they are one config
    }
    trials = pd.DataFrame({"trial": np.arange(n), "state": "complete", METRIC: means - 0.01})
    return leaderboard(pd.DataFrame(frame), trials.assign(lr=np.arange(1.0, n + 1)), METRIC)


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.0, 0.5, 1.5])
def test_it_names_the_best_config_as_often_as_the_intervals_say(gap: float) -> None:
    studies, configs, seeds, spread = 150, 5, 8, 0.003
    rng = np.random.default_rng(1)
    means = 0.012 + gap * spread * np.arange(configs)
    right, covered, wronged = 0, [], 0
    for _ in range(studies):
        scores = means[:, None] + spread * rng.standard_normal((configs, seeds))
        board = board_of(means, scores)
        right += board["config"][0] == "trial 0"
        true = means[board["trial"]]
        covered += list((board[f"{METRIC}_low"] <= true) & (true <= board[f"{METRIC}_high"]))
        told = verdicts(board, METRIC)
        wronged += any(
            one.word == "worse" and mean <= true[0] for one, mean in zip(told, true, strict=True)
        )
    # The least of `configs` normal means of `seeds` draws is the first one's as often as:
    drawn = means + spread / np.sqrt(seeds) * rng.standard_normal((100_000, configs))
    expected = (drawn.argmin(axis=1) == 0).mean()
    assert right / studies == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(studies))
    assert np.mean(covered) == pytest.approx(0.95, abs=0.04)
    assert wronged / studies < 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_the_sentences_tell_the_winner_s_luck_from_its_quality() -> None:
    means = np.array([0.02, 0.01])
    rng = np.random.default_rng(0)
    scores = means[:, None] + 0.001 * rng.standard_normal((2, 8))
    board = board_of(np.array([0.015, 0.021]), scores)
    trials = pd.DataFrame(
        {"trial": [0, 1], "state": "complete", METRIC: [0.005, 0.011], "lr": [1.0, 2.0]}
    )
    best, luck = sentences(board, trials, METRIC)
    assert best.startswith(f"best by its mean over 8 fresh seeds: trial 1, {METRIC} 0.0")
    assert luck.startswith(f"the search's winner is trial 0: 0.00500 in the search, {METRIC} 0.0")
    assert luck.endswith("of its score was luck")
    swapped = trials.assign(**{METRIC: [0.011, 0.005]})
    assert "the search's winner is the same: 0.005" in sentences(board, swapped, METRIC)[1]


def test_a_space_says_how_often_it_confirms_and_the_command_may_say_otherwise(
    tmp_path: Path,
) -> None:
    generative = plan(tmp_path, space="vae-generative")
    assert (generative.confirm, generative.top) == (8, 10)
    assert plan(tmp_path, "--confirm", 0, space="vae-generative").confirm == 0
    assert plan(tmp_path, "--smoke", space="vae-generative").confirm == 2
    base = plan(tmp_path)
    assert base.confirm == 0
    assert replace(base, confirm=3).options()["confirm"] == 3
