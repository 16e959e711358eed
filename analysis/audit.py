"""What early stopping cost: pruned trials trained to their end, beside those never stopped."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

TOP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What `--audit` found.

    Attributes:
        metric: what the study minimises.
        curve: what is known of it at the rungs: itself, or `val_mse` where epochs do not have it.
        audited: pruned trials trained on, drawn at random; one that diverged enters nothing.
        pruned: trials that the study pruned.
        entering: of the audited, how many would have entered the top five.
        share_low, share_high: the 95 % interval of their share (Wilson).
        regret: how much better the best audited trial is than the study's best; 0 if it is not.
        correlations: Spearman's rank correlation of each rung's `curve` with the end's `metric`,
            by rung, over the complete and the audited trials.
        epochs_saved: by stopping the audited trials where they were stopped.
        epochs_needed: that the audited trials took to their ends.
    """

    metric: str
    curve: str
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
            + ("" if self.regret else ", as none of them beats the study's best"),
            f"stopping them saved {self.epochs_saved} of {self.epochs_needed} epochs",
        ]
        for rung, correlation in self.correlations.items():
            found.append(
                f"rank correlation of {self.curve} at rung {rung} with {self.metric} at the end, "
                f"over complete and audited trials: {correlation:.2f}"
            )
        return found


def audit(
    audited: pd.DataFrame,
    trials: pd.DataFrame,
    epochs: pd.DataFrame,
    metric: str,
    rungs: Sequence[int],
) -> Audit:
    """Compares audited trials with those that the study finished.

    Args:
        audited: `audit.parquet`.
        trials: `trials.parquet`.
        epochs: `epochs.parquet`, for the values at the rungs.
        metric: what the study minimises.
        rungs: where it could stop a trial.
    """
    complete = trials[trials["state"] == "complete"]
    ended = audited[audited["state"] == "complete"].set_index("trial")
    best = complete[metric].nsmallest(TOP)
    threshold = best.max() if len(best) == TOP else np.inf
    entering = int((ended[metric] < threshold).sum())
    low, high = (
        stats.binomtest(entering, len(audited)).proportion_ci(method="wilson")
        if len(audited)
        else (0.0, 1.0)
    )
    stopped = trials.set_index("trial")["epochs"].reindex(ended.index)
    ends = pd.concat([complete.set_index("trial")[metric], ended[metric]])
    curve = metric if metric in epochs else "val_mse"
    return Audit(
        metric=metric,
        curve=curve,
        audited=len(audited),
        pruned=int((trials["state"] == "pruned").sum()),
        entering=entering,
        share_low=float(low),
        share_high=float(high),
        regret=max(0.0, float(complete[metric].min() - ended[metric].min())) if len(ended) else 0.0,
        correlations=rung_correlations(epochs, curve, ends, rungs),
        epochs_saved=int((ended["epochs"] - stopped).sum()),
        epochs_needed=int(ended["epochs"].sum()),
    )


def rung_correlations(
    epochs: pd.DataFrame, curve: str, ends: "pd.Series[float]", rungs: Sequence[int]
) -> dict[int, float]:
    """Rank correlation of the best by a rung, a mean over replicates, with the end, by rung."""
    found = {}
    for rung in rungs:
        reached = epochs[epochs["epoch"] <= rung]
        best = reached.groupby(["trial", "replicate"])[curve].min().groupby("trial").mean()
        at_rung = best[reached.groupby("trial")["epoch"].max() == rung]
        both = pd.concat([at_rung, ends], axis=1, join="inner").to_numpy()
        if len(both) > 2 and np.ptp(both, axis=0).all():
            found[rung] = float(stats.spearmanr(both[:, 0], both[:, 1]).statistic)
    return found
