"""Who is best on fresh seeds, how sure that is, and how lucky the search's own score was."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 9999
LEAST = 5  # scores: fewer have too few resamples, and two have none but without spread
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its bootstrap interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


def mean_interval(scores: Scores, seed: int = 0) -> Interval:
    """The mean of scores over seeds with its 95 % interval.

    The bootstrap of Student's statistic, which covers better than percentiles at 20 scores and
    fewer (Efron and Tibshirani 1993, section 12.5). Resampling is seeded, so the same scores
    always give the same interval. Fewer than `LEAST` scores have Student's own interval; one, or
    scores that are all alike, give no width.

    Args:
        scores: one a seed, shape (n,), finite.
        seed: of the resampling.
    """
    mean, n = float(scores.mean()), len(scores)
    if n < 2 or np.ptp(scores) == 0:
        return Interval(mean, mean, mean)
    error = scores.std(ddof=1) / np.sqrt(n)
    if n < LEAST:
        low, high = stats.t.interval(CONFIDENCE, n - 1, mean, error)
        return Interval(mean, float(low), float(high))
    drawn = np.random.default_rng(seed).choice(scores, (RESAMPLES, n))
    spread = drawn.std(axis=1, ddof=1) / np.sqrt(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (drawn.mean(axis=1) - mean) / spread
    t = t[np.isfinite(t)]  # a draw of one score n times over has no spread
    low, high = np.quantile(t, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(mean, float(mean - high * error), float(mean - low * error))


def holm(p_values: Scores) -> Scores:
    """p-values corrected for their number, never below the raw ones (Holm 1979)."""
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return corrected


def paired_p(first: Scores, other: Scores) -> float:
    """Two-sided p-value that two configs have the same mean, from scores on the same seeds.

    Student's test of the differences; 1 where they are all zero, or there is but one.
    """
    differences = other - first
    if len(differences) < 2 or not differences.any():
        return 1.0
    if np.ptp(differences) == 0:
        return 0.0
    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def leaderboard(
    reruns: pd.DataFrame, trials: pd.DataFrame, metric: str, vary: str = "init"
) -> pd.DataFrame:
    """One row a config that was retrained, best validation mean first, incomplete ones last.

    A mean over the seeds that did not diverge is no mean over all seeds, and would flatter.

    Args:
        reruns: `reruns.parquet`.
        trials: `trials.parquet` of the study, for the scores of the search.
        metric: what the study minimises; configs are ordered by it, on validation.
        vary: which retrainings count.

    Returns:
        `rank`, `config`, `trial`, `vary`, `seeds`, `lost` (trainings that did not complete), the
        mean with its interval, the search's score and its `optimism` (mean less score), `p_holm`
        against the first (NaN with fewer than two seeds in common), `tie` with it, and of the test
        split's figures the mean and its interval.
    """
    chosen = reruns[reruns["vary"] == vary]
    searched = trials.set_index("trial")[metric]
    test = [c for c in map(str, reruns) if c.startswith(("test_", "fresh_")) and "excess_nll" in c]
    test = [column for column in test if not column.endswith("_se")]
    rows, scores = [], {}
    for config, runs in chosen.groupby("config"):
        complete = runs[(runs["state"] == "complete") & runs[metric].notna()]
        scores[str(config)] = complete.set_index("seed_index")[metric]
        interval = mean_interval(complete[metric].to_numpy()) if len(complete) else None
        number = runs["trial"].iloc[0]
        score = float("nan") if pd.isna(number) else float(searched[int(number)])
        row = {
            "config": str(config),
            "trial": number,
            "vary": vary,
            "seeds": len(complete),
            "lost": len(runs) - len(complete),
            metric: interval.mean if interval else float("nan"),
            f"{metric}_low": interval.low if interval else float("nan"),
            f"{metric}_high": interval.high if interval else float("nan"),
            "search_score": score,
            "optimism": (interval.mean if interval else float("nan")) - score,
        }
        for column in test:
            known = complete[column].dropna().to_numpy()
            if len(known):
                on_test = mean_interval(known)
                row |= {column: on_test.mean, f"{column}_low": on_test.low}
                row |= {f"{column}_high": on_test.high}
        rows.append(row)
    table = pd.DataFrame(rows)
    table["part"] = table["lost"] > 0
    table = table.sort_values(["part", metric], ignore_index=True).drop(columns="part")
    table["p_holm"] = _against_first(table["config"].tolist(), scores)
    table["tie"] = table["p_holm"] >= 1 - CONFIDENCE
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table.astype({"trial": "Int64"})


def _against_first(configs: list[str], scores: "dict[str, pd.Series[float]]") -> Scores:
    """Corrected p-values of each config against the first, over the seeds that both have.

    The first is so by these very scores. Correcting for it alone would call too many others
    worse, hence Holm's correction over all pairs.
    """
    raw = {}
    for one, other in combinations(configs, 2):
        both = pd.concat([scores[one], scores[other]], axis=1, join="inner").to_numpy()
        if len(both) > 1:
            raw[one, other] = paired_p(both[:, 0], both[:, 1])
    p_values = dict(zip(raw, holm(np.array(list(raw.values()), dtype=np.float64)), strict=True))
    against = [p_values.get((configs[0], config), float("nan")) for config in configs[1:]]
    return np.array([1.0, *against])
