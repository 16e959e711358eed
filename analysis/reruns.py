"""Winners retrained under fresh seeds: their means, spread and intervals."""

from dataclasses import dataclass

import pandas as pd

from analysis.leaderboard import leaderboard
from study.record.results import StudyResults


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """A configuration under fresh seeds.

    Attributes:
        config: what it is called, as `trial 17`.
        among: how many configurations were retrained with it.
        mean, std: of the metric over seeds; `std` is NaN for one seed.
        low, high: ends of the mean's 95 % interval, as on the leaderboard; NaN for one seed.
        searched: the metric that the search had given; NaN where it had none.
        values: the metric, one a seed.
    """

    config: str
    among: int
    n_seeds: int
    mean: float
    std: float
    low: float
    high: float
    searched: float
    values: tuple[float, ...]

    @property
    def luck(self) -> float:
        """What the search's run scored below the mean; below 0 where it had bad luck."""
        return self.mean - self.searched


def fresh_reruns(results: StudyResults) -> pd.DataFrame | None:
    """The retrainings on fresh seeds; None where nothing was retrained.

    Those are of one kind: where there are such as had other points validate with every seed, they
    alone, as they judge by most points; then those on the very split of the search.
    """
    runs = results.reruns
    if runs.empty:
        return None
    kind = next(kind for kind in ("split", "init", "data") if (runs["vary"] == kind).any())
    return runs[runs["vary"] == kind]


def board_of(results: StudyResults, metric: str | None = None) -> pd.DataFrame | None:
    """The leaderboard of a study's retrainings; None where nothing was retrained.

    Args:
        results: a study's.
        metric: a column of both tables; by default what the study minimises.
    """
    metric, runs = metric or results.manifest.metric, fresh_reruns(results)
    if runs is None or metric not in runs or not runs[metric].notna().any():
        return None
    return leaderboard(runs, results.trials, metric, str(runs["vary"].iloc[0]), results.folder.path)


def retrained(results: StudyResults, metric: str | None = None) -> tuple[Retrained, ...]:
    """Every configuration with retrainings whose metric is known, in the leaderboard's order.

    Args:
        results: a study's.
        metric: as in `board_of`.
    """
    metric = metric or results.manifest.metric
    board, runs = board_of(results, metric), fresh_reruns(results)
    if board is None or runs is None:
        return ()
    complete = runs[runs["state"] == "complete"].dropna(subset=[metric])
    values = {str(config): group[metric] for config, group in complete.groupby("config")}
    return tuple(
        Retrained(
            config=row["config"],
            among=int((board["seeds"] > 0).sum()),
            n_seeds=row["seeds"],
            mean=row[metric],
            std=float(values[row["config"]].std()),
            low=row[f"{metric}_low"],
            high=row[f"{metric}_high"],
            searched=row["search_score"],
            values=tuple(values[row["config"]].astype(float)),
        )
        for row in board.to_dict("records")
        if row["seeds"]
    )
