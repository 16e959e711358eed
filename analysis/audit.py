"""What early stopping cost: pruned trials trained to their end, beside those never stopped."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analysis.budget import recorded_at_rungs

TOP = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What `--audit` found.

    Attributes:
        metric: what the study minimises.
        audited: pruned trials trained on, drawn at random; one that diverged enters nothing.
        pruned: trials that the study pruned.
        entering: of the audited, how many would have entered the top five.
        share_low, share_high: the 95 % interval of their share (Wilson).
        regret: how much better the best audited trial is than the study's best; 0 if it is not,
            NaN where there is no such trial on one side.
        correlations: Spearman's rank correlation of the metric at each rung with that at the end,
            by rung, over complete trials and the audited ones, who stand for all that were pruned.
        epochs_saved: by stopping the audited trials where they were stopped.
        epochs_needed: that the audited trials took to their ends.
    """

    metric: str
    audited: int
    pruned: int
    entering: int
    share_low: float
    share_high: float
    regret: float
    correlations: dict[int, float]
    epochs_saved: int
    epochs_needed: int

    def sentences(self) -> list[str]:
        """The findings in plain words."""
        found = [
            f"of {self.pruned} pruned trials {self.audited} were trained to their end: "
            f"{self.entering} would have entered the top {TOP} "
            f"(95 % interval of the share: {self.share_low:.0%} to {self.share_high:.0%})",
            f"regret: {self.regret:.4g}"
            + ("" if self.regret else ", as none of them beats the study's best")
            if math.isfinite(self.regret)
            else "regret: unknown, as the study has no complete trial, or no audited one ended",
            f"stopping them saved {self.epochs_saved} of {self.epochs_needed} epochs",
        ]
        if self.correlations:
            each = [f"{value:.2f} at rung {rung}" for rung, value in self.correlations.items()]
            found.append(
                f"rank correlation of {self.metric} with that at the end, over complete trials and "
                f"the audited for all pruned: {', '.join(each)}"
            )
        return found


def audit(audited: pd.DataFrame, trials: pd.DataFrame, metric: str, rungs: Sequence[int]) -> Audit:
    """Compares audited trials with those that the study finished.

    Args:
        audited: `audit.parquet`.
        trials: `trials.parquet`.
        metric: what the study minimises.
        rungs: where it could stop a trial.
    """
    complete = trials[trials["state"] == "complete"].set_index("trial")
    ended = audited[audited["state"] == "complete"].set_index("trial")
    best = complete[metric].nsmallest(TOP)
    threshold = best.max() if len(best) == TOP else np.inf
    entering = int((ended[metric] < threshold).sum())
    low, high = (
        stats.binomtest(entering, len(audited)).proportion_ci(method="wilson")
        if len(audited)
        else (0.0, 1.0)
    )
    pruned = int((trials["state"] == "pruned").sum())
    stopped = trials.set_index("trial")["epochs"].reindex(ended.index)
    weights = np.repeat([1.0, pruned / max(len(audited), 1)], [len(complete), len(ended)])
    return Audit(
        metric=metric,
        audited=len(audited),
        pruned=pruned,
        entering=entering,
        share_low=float(low),
        share_high=float(high),
        regret=max(0.0, float(complete[metric].min() - ended[metric].min()))
        if len(ended) and len(complete)
        else math.nan,
        correlations=rung_correlations(pd.concat([complete, ended]), metric, weights, rungs),
        epochs_saved=int((ended["epochs"] - stopped).sum()),
        epochs_needed=int(ended["epochs"].sum()),
    )


def rung_correlations(
    ended: pd.DataFrame, metric: str, weights: Floats, rungs: Sequence[int]
) -> dict[int, float]:
    """Rank correlation of what was reported at a rung with the end, by rung.

    Args:
        ended: rows of trials that were trained to their end, with their `rungs`.
        metric: what they reported.
        weights: of each row.
        rungs: where trials report.
    """
    reported = recorded_at_rungs(ended["rungs"]).reindex(columns=[str(rung) for rung in rungs])
    found = {}
    for rung in rungs:
        both = np.stack([reported[str(rung)], ended[metric].to_numpy(dtype=np.float64)])
        known = np.isfinite(both).all(axis=0)
        if known.sum() > 2 and np.ptp(both[:, known], axis=1).all():
            found[rung] = weighted_spearman(both[0, known], both[1, known], weights[known])
    return found


def weighted_spearman(x: Floats, y: Floats, weights: Floats) -> float:
    """Spearman's correlation of points that each stand for as many as their weight says."""
    ranks = np.stack([_ranks(x, weights), _ranks(y, weights)])
    covariance = np.cov(ranks, aweights=weights)
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))


def _ranks(values: Floats, weights: Floats) -> Floats:
    """The middle rank of each value among all that the points stand for."""
    below = (weights * (values < values[:, None])).sum(axis=1)
    alike = (weights * (values == values[:, None])).sum(axis=1)
    middle: Floats = below + (alike + 1) / 2
    return middle
