"""Winners retrained under fresh seeds: their means, spread and intervals."""

import math
from dataclasses import dataclass

from scipy import stats

from analysis.folder import StudyResults


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """A trial's configuration under fresh seeds.

    Attributes:
        trial: whose configuration it is.
        mean, std: of the metric over seeds; `std` is NaN for one seed.
        low, high: ends of the mean's 95 % interval (Student's t); None for one seed.
        searched: the metric that the search had given.
    """

    trial: int
    n_seeds: int
    mean: float
    std: float
    low: float | None
    high: float | None
    searched: float


def retrained(results: StudyResults) -> tuple[Retrained, ...]:
    """Every configuration with retrainings whose metric is known, best mean first."""
    metric = results.manifest.metric
    reruns = results.reruns
    if reruns is None or metric not in reruns:
        return ()
    searched = results.trials.set_index("trial")[metric]
    configs = []
    for number, runs in reruns.dropna(subset=[metric]).groupby("trial"):
        trial, values = int(str(number)), runs[metric]
        low = high = None
        if len(values) > 1:
            error = float(values.std()) / math.sqrt(len(values))
            half = float(stats.t.ppf(0.975, len(values) - 1)) * error
            low, high = float(values.mean()) - half, float(values.mean()) + half
        configs.append(
            Retrained(
                trial=trial,
                n_seeds=len(values),
                mean=float(values.mean()),
                std=float(values.std()),
                low=low,
                high=high,
                searched=float(searched.get(trial, float("nan"))),
            )
        )
    return tuple(sorted(configs, key=lambda config: config.mean))
