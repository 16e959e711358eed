"""The simulation of intervals and verdicts, at a small size, with bounds that can fail."""

import numpy as np
import pandas as pd
import pytest

from analysis.stats import Floats, Interval
from tests.benchmarks import coverage
from tests.benchmarks.coverage import Case, Options, run, simulate


@pytest.mark.slow
def test_every_claim_holds_and_the_table_is_written(tmp_path, capsys):
    assert run(Options(repeats=100, out=tmp_path)) == 0
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

    monkeypatch.setattr(coverage, "mean_interval", of_seeds_alone)
    monkeypatch.setattr(coverage, "SPLITS", {"validation": (400, 0.0041)})
    cases = list(coverage.boards(100, np.random.default_rng(0)))
    of_points = [case for case in cases if case.what == "mean, validation points" and case.n == 20]
    assert of_points
    assert not any(case.holds for case in of_points)


def test_the_same_seed_simulates_the_same(monkeypatch):
    monkeypatch.setattr(coverage, "KINDS", (coverage.bands, coverage.others))
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
