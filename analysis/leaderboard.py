"""Who is best on fresh seeds, how sure that is, and how lucky the search's own score was."""

from typing import Any

import numpy as np
import pandas as pd

from analysis.intervals import LEAST, mean_interval
from analysis.paired import Paired, against_first

# What no config was chosen by; of the last where the data have no density.
HELD_OUT = ("test_excess_nll", "fresh_excess_nll", "fresh_energy_distance")


def leaderboard(
    reruns: pd.DataFrame, trials: pd.DataFrame, metric: str, vary: str = "init"
) -> pd.DataFrame:
    """One row a config that was retrained, best validation mean first.

    Those that lost seeds come after all that did not, the more the later: a mean over the seeds
    that did not diverge is no mean over all seeds. Last are those with fewer seeds than `LEAST`
    and than others have, whose mean may be luck.

    Args:
        reruns: `reruns.parquet`.
        trials: `trials.parquet` of the study, for the scores of the search.
        metric: what the study minimises; configs are ordered by it, on validation.
        vary: which retrainings count.

    Returns:
        `rank`, `config`, `trial`, `vary`, `seeds`, `lost` (trainings that did not complete),
        `search_score` where the trial was complete, `optimism` (the metric's mean less that
        score), `tie` with the first, and of the metric and each held-out figure the mean, its
        interval as `<figure>_low` and `_high`, and against the first, on the seeds that both
        have, the mean `<figure>_difference` and the corrected `<figure>_p_holm`.
    """
    chosen = reruns[reruns["vary"] == vary]
    complete = chosen[(chosen["state"] == "complete") & chosen[metric].notna()]
    board = chosen.groupby("config").agg(trial=("trial", "first"), lost=("state", "size"))
    board["seeds"] = complete.groupby("config").size().reindex(board.index, fill_value=0)
    board["lost"] -= board["seeds"]
    board["few"] = board["seeds"] < min(LEAST, board["seeds"].max())
    board["mean"] = complete.groupby("config")[metric].mean()
    board = board.sort_values(["few", "lost", "mean"]).reset_index()
    configs = board["config"].astype(str).tolist()
    searched = trials[trials["state"] == "complete"].set_index("trial")[metric]
    scores = [searched.get(number, np.nan) for number in board["trial"]]
    figures = {name: _figure(complete, configs, name) for name in (metric, *held_out(complete))}
    head = pd.DataFrame(
        {
            "rank": np.arange(1, len(configs) + 1),
            "config": configs,
            "trial": board["trial"].astype("Int64"),
            "vary": vary,
            "seeds": board["seeds"],
            "lost": board["lost"],
            "search_score": np.array(scores, dtype=np.float64),
        }
    )
    head["optimism"] = figures[metric][metric] - head["search_score"]
    head["tie"] = [each.tie for each in verdicts(figures[metric], metric)]
    return pd.concat([head, *figures.values()], axis=1)


def held_out(table: pd.DataFrame) -> tuple[str, ...]:
    """The held-out figures that a table knows."""
    known = [name for name in HELD_OUT if name in table and table[name].notna().any()]
    return tuple(known[:2])


def verdicts(board: pd.DataFrame, figure: str) -> list[Paired]:
    """What a leaderboard says of each config against the first, by one of its figures."""
    columns = board[[f"{figure}_difference", f"{figure}_p_holm"]].to_numpy(dtype=np.float64)
    return [Paired(*row) for row in columns.tolist()]


def _figure(complete: pd.DataFrame, configs: list[str], name: str) -> pd.DataFrame:
    scores = {}
    for config in configs:
        runs = complete[complete["config"] == config].set_index("seed_index")
        scores[config] = runs[name].dropna()
    rows: list[dict[str, Any]] = []
    for (_, values), paired in zip(scores.items(), against_first(scores), strict=True):
        interval = mean_interval(values.to_numpy(dtype=np.float64))
        row = {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
        rows.append(row | {f"{name}_difference": paired.difference, f"{name}_p_holm": paired.p})
    return pd.DataFrame(rows)
