"""The simulation of intervals and verdicts, at a small size, with bounds that can fail."""

import numpy as np
import pandas as pd
import pytest

from analysis.stats import Floats, Interval, difference, mean_interval
from tests.benchmarks.coverage import __main__ as command
from tests.benchmarks.coverage import boards, searches
from tests.benchmarks.coverage.__main__ import Options, run, simulate
from tests.benchmarks.coverage.case import Case


@pytest.mark.slow
def test_every_claim_holds_and_the_table_is_written(tmp_path, capsys):
    assert run(Options(repeats=50, out=tmp_path)) == 0
    table = pd.read_parquet(tmp_path / "coverage.parquet")
    assert table["holds"].all()
    assert {"mean over seeds, exact figure", "board, validation points", "two searches"} <= set(
        table["what"]
    )
    page = (tmp_path / "README.md").read_text()
    assert page.count("\n| ") == len(table) + 2
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "coverage.parquet")


def test_intervals_that_take_shared_points_as_given_are_found_out(monkeypatch):
    def of_seeds_alone(losses: Floats) -> Interval:
        by_seed = losses.mean(axis=1) if losses.ndim == 2 else losses
        error = 2.1 * by_seed.std(ddof=1) / np.sqrt(len(by_seed))
        return Interval(float(by_seed.mean()), by_seed.mean() - error, by_seed.mean() + error)

    monkeypatch.setattr(boards, "mean_interval", of_seeds_alone)
    monkeypatch.setattr(boards, "SPLITS", {"validation": (400, 0.0041)})
    cases = list(boards.boards(100, np.random.default_rng(0)))
    of_points = [case for case in cases if case.what == "mean, validation points" and case.n == 20]
    assert of_points
    assert not any(case.holds for case in of_points)


def test_the_best_of_several_passes_for_better_where_the_choice_is_not_corrected_for(monkeypatch):
    def as_if_alone(first: Floats, second: Floats, among: object) -> tuple[Interval, float]:
        return difference(first, second)

    monkeypatch.setattr(searches, "AMONG", ((5, 1),))
    monkeypatch.setattr(searches, "LAWS", ("normal",))
    honest = list(searches.best_configs(100, np.random.default_rng(0)))
    assert all(case.holds for case in honest)
    monkeypatch.setattr(searches, "difference", as_if_alone)
    assert not all(case.holds for case in searches.best_configs(100, np.random.default_rng(0)))


def test_the_first_of_a_board_is_lucky_where_its_choice_is_not_corrected_for(monkeypatch):
    monkeypatch.setattr(boards, "LAWS", ("normal",))
    assert all(case.holds for case in boards.firsts(150, np.random.default_rng(0)))
    monkeypatch.setattr(boards, "mean_interval", lambda scores, among: mean_interval(scores))
    alone = list(boards.firsts(150, np.random.default_rng(0)))
    assert not all(case.holds for case in alone)


def test_the_same_seed_simulates_the_same(monkeypatch):
    monkeypatch.setattr(command, "KINDS", (searches.bands,))
    assert simulate(20, 1) == simulate(20, 1) != simulate(20, 2)


@pytest.mark.parametrize(
    ("bound", "share", "holds"),
    [("at least", 0.90, False), ("at least", 0.99, True), ("at most", 0.99, False)],
)
def test_a_claim_fails_where_the_count_is_beyond_what_chance_allows(bound, share, holds):
    case = Case(
        what="a", law="normal", n=5, about="", claim=0.95, bound=bound, share=share, repeats=1000
    )
    assert case.holds is holds
