"""What early stopping cost: pruned trials trained to their end, beside those never stopped."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moons.words import count, number, percent
from study.record.chosen import in_drawing_order
from study.record.configs import distinct_configs
from study.record.rungs import rungs_table

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
        share_low, share_high: the 95 % interval of their share (Clopper and Pearson).
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
        was = "was" if self.audited == 1 else "were"
        low, high = percent(self.share_low), percent(self.share_high)
        found = [
            f"of {count(self.pruned, 'pruned trial')} {self.audited} {was} trained to the end: "
            f"{self.entering} would have entered the top {TOP} configs "
            f"(95 % interval of the share: {low} to {high})",
            f"regret: {self._regret}",
            f"stopping them saved {self.epochs_saved:,} of {count(self.epochs_needed, 'epoch')}",
        ]
        if self.correlations:
            each = [f"{value:.2f} at rung {rung}" for rung, value in self.correlations.items()]
            found.append(
                f"rank correlation of {self.metric} with that at the end, over complete trials and "
                f"the audited for all pruned: {', '.join(each)}"
            )
        return found

    @property
    def _regret(self) -> str:
        if math.isnan(self.regret):
            return "unknown, as the study has no complete trial, or no audited one ended"
        return number(self.regret) if self.regret else "0, as none of them beats the study's best"


def audit(
    audited: pd.DataFrame, trials: pd.DataFrame, metric: str, rungs: Sequence[int], seed: int
) -> Audit:
    """Compares audited trials with those that the study finished.

    Of the audited it takes those that an audit of as many would draw now, without which those
    drawn before a study was extended would count too often.

    Args:
        audited: `audit.parquet`.
        trials: `trials.parquet`.
        metric: what the study minimises.
        rungs: where it could stop a trial.
        seed: the study's.
    """
    complete = trials[trials["state"] == "complete"].set_index("trial")
    pruned = in_drawing_order(trials[trials["state"] == "pruned"], seed)
    known = pruned["trial"].isin(audited["trial"]).to_numpy()
    drawn = pruned["trial"][np.logical_and.accumulate(known)]
    audited = audited[audited["trial"].isin(drawn)].set_index("trial")
    ended = audited[audited["state"] == "complete"]
    best = distinct_configs(complete.reset_index(), metric).head(TOP)[metric]
    threshold = best.max() if len(best) == TOP else np.inf
    entering = int((ended[metric] < threshold).sum())
    low, high = share_interval(entering, len(audited))
    stopped = trials.set_index("trial")["epochs"].reindex(ended.index)
    return Audit(
        metric=metric,
        audited=len(audited),
        pruned=len(pruned),
        entering=entering,
        share_low=low,
        share_high=high,
        regret=max(0.0, float(complete[metric].min() - ended[metric].min()))
        if len(ended) and len(complete)
        else math.nan,
        correlations=rung_correlations(complete, audited, len(pruned), metric, rungs),
        epochs_saved=int((ended["epochs"] - stopped).sum()),
        epochs_needed=int(ended["epochs"].sum()),
    )


def share_interval(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of which k of n were counted; never too short (exact)."""
    if not n:
        return 0.0, 1.0
    from scipy import stats

    low, high = stats.binomtest(k, n).proportion_ci(method="exact")
    return float(low), float(high)


def rung_correlations(
    complete: pd.DataFrame, audited: pd.DataFrame, pruned: int, metric: str, rungs: Sequence[int]
) -> dict[int, float]:
    """Rank correlation of what was reported at a rung with the end, by rung.

    Args:
        complete: rows of complete trials, with their `rungs`.
        audited: likewise of audited ones; where they are known, they stand for all that were
            pruned, and where none is, nothing is said.
        pruned: how many were.
        metric: what they reported.
        rungs: where trials report.
    """
    lost = int((audited["state"] != "complete").sum())  # of the pruned as of the audited
    both = pd.concat([complete, audited[audited["state"] == "complete"]])
    reported = rungs_table(both["rungs"], rungs)
    found = {}
    for rung in rungs:
        values = np.stack([reported[str(rung)], both[metric].to_numpy(dtype=np.float64)])
        known = np.isfinite(values).all(axis=0)
        standing = int(known[len(complete) :].sum())
        share = pruned / (standing + lost) if standing else 0.0
        weights = np.repeat([1.0, share], [len(complete), len(both) - len(complete)])
        enough = known.sum() > 2 and (standing > 0 or not pruned)
        if enough and np.ptp(values[:, known], axis=1).all():
            found[rung] = weighted_spearman(values[0, known], values[1, known], weights[known])
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
