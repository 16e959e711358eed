"""Who is best on fresh seeds, how sure that is, and how lucky the search's own score was."""

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.stats import (
    LEAST,
    UNKNOWN,
    Floats,
    Paired,
    holm,
    mean_interval,
    paired_p,
    widened,
)
from moons.data import TRAIN_SHARE, VAL_SHARE
from study.record.configs import config_keys
from study.record.point_losses import load_losses

EXACT = "exact_excess_nll"
# What no config was chosen by; the exact figure needs no points and comes first.
HELD_OUT = (EXACT, "test_excess_nll", "fresh_excess_nll", "fresh_energy_distance")
DATA = ("n_samples", "noise", "data_seed")

Basis = Literal["seeds", "seeds and points", "seeds and splits", "points as given"]
BASIS: dict[Basis, str] = {
    "seeds": "seeds",
    "seeds and points": "seeds and the points they share",
    "seeds and splits": "seeds and the points that each draws anew to validate, as often as they "
    "are drawn again",
    "points as given": "seeds alone, with the points as given: other points would move all "
    "configs, by how much is not on record, so there is no verdict",
}


def leaderboard(
    reruns: pd.DataFrame,
    trials: pd.DataFrame,
    metric: str,
    vary: str = "init",
    folder: Path | None = None,
) -> pd.DataFrame:
    """One row a config that was retrained, best validation mean first.

    A config that was retrained under two names counts once.

    Those that lost seeds come after all that did not, the more the later: a mean over the seeds
    that did not diverge is no mean over all seeds. Last are those with fewer seeds than `LEAST`
    and than others have, whose mean may be luck.

    Args:
        reruns: `reruns.parquet`.
        trials: `trials.parquet` of the study, for the scores of the search.
        metric: what the study minimises; configs are ordered by it, on validation.
        vary: which retrainings count.
        folder: the study's, with the losses of single points; None where there are none.

    Returns:
        `rank`, `config`, `trial`, `vary`, `seeds`, `lost` (trainings that did not complete),
        `search_score` where the trial was complete, `optimism` (the metric's mean less that
        score), `tie` with the first by `deciding`, and of the metric and each held-out figure the
        mean, its interval as `<figure>_low` and `_high` (the first's reaches further up, as it was
        chosen among all: `mean_interval`), `<figure>_basis` (a `Basis`), and against
        the first, on the seeds that both have, the mean `<figure>_difference` and the corrected
        `<figure>_p_holm`, NaN where the points are taken as given.
    """
    chosen = reruns[reruns["vary"] == vary]
    named = config_keys(chosen).groupby(chosen["config"]).first()
    chosen = chosen[chosen["config"].isin(named.index[~named.duplicated()])]
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
    names = dict.fromkeys((metric, *held_out(complete)))
    figures = {name: _figure(complete, configs, name, vary, folder) for name in names}
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
    whole = pd.concat([head, *figures.values()], axis=1)
    ties = [each.tie for each in verdicts(whole, deciding(whole, metric))]
    whole.insert(len(head.columns), "tie", ties)
    return whole


def held_out(table: pd.DataFrame) -> tuple[str, ...]:
    """The two held-out figures that a table knows and that say most."""
    known = [name for name in HELD_OUT if name in table and table[name].notna().any()]
    return tuple(known[:2])


def deciding(board: pd.DataFrame, metric: str) -> str:
    """The figure that says whether configs are ties: the exact one where it is known."""
    return EXACT if EXACT in held_out(board) else metric


def verdicts(board: pd.DataFrame, figure: str) -> list[Paired]:
    """What a leaderboard says of each config against the first, by one of its figures."""
    columns = board[[f"{figure}_difference", f"{figure}_p_holm"]].to_numpy(dtype=np.float64)
    return [Paired(*row) for row in columns.tolist()]


def basis_in_words(board: pd.DataFrame, figure: str) -> str:
    """What the intervals and verdicts on a figure are over."""
    return BASIS[board[f"{figure}_basis"].iloc[0]]


def _figure(
    complete: pd.DataFrame, configs: list[str], name: str, vary: str, folder: Path | None
) -> pd.DataFrame:
    runs = complete.dropna(subset=[name])
    basis, losses = retraining_losses(runs, name, vary, folder)
    pairs = against_first({config: losses.get(config, {}) for config in configs}, basis)
    rows: list[dict[str, Any]] = []
    for place, (config, paired) in enumerate(zip(configs, pairs, strict=True)):
        of_config = np.array(list(losses.get(config, {}).values()), dtype=np.float64)
        interval = mean_interval(of_config, among=1 if place else max(len(losses), 1))
        row = {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
        row |= {f"{name}_difference": paired.difference, f"{name}_p_holm": paired.p}
        rows.append(row | {f"{name}_basis": basis})
    return pd.DataFrame(rows)


def retraining_losses(
    runs: pd.DataFrame, name: str, vary: str, folder: Path | None
) -> tuple[Basis, dict[str, dict[int, Floats]]]:
    """Of each config by seed the score, or the losses at shared points whose mean it is."""
    scores: dict[str, dict[int, Floats]] = {}
    for config, seed, value in zip(runs["config"], runs["seed_index"], runs[name], strict=True):
        scores.setdefault(str(config), {})[int(seed)] = np.asarray(value, dtype=np.float64)
    if vary == "split" and name.startswith("val_"):
        return "seeds and splits", {each: _widened(scores[each]) for each in scores}
    shared = vary != "data" or name.startswith("fresh_")
    if name == EXACT or not shared:
        return "seeds", scores
    files = runs["losses"].dropna() if "losses" in runs else pd.Series(dtype=object)
    known = {} if folder is None else load_losses(folder, files, name)
    data = DATA if vary != "data" else DATA[:2]  # fresh points depend on the noise alone
    alike = all(runs[column].nunique() <= 1 for column in data if column in runs)
    sizes = {len(values) for values in known.values()}
    if len(known) < len(runs) or not alike or len(sizes) != 1:
        return "points as given", scores
    for config, seed, file in zip(runs["config"], runs["seed_index"], files, strict=True):
        of_points = known[file]
        # The table's mean is exact; the losses are kept in half precision.
        score = scores[str(config)][int(seed)]
        scores[str(config)][int(seed)] = of_points + (score - of_points.mean())
    return "seeds and points", scores


def _widened(scores: Mapping[int, Floats]) -> dict[int, Floats]:
    """Scores on validation points that every seed draws anew from the same few."""
    wide = widened(np.array(list(scores.values()), dtype=np.float64), VAL_SHARE / TRAIN_SHARE)
    return dict(zip(scores, wide, strict=True))


def against_first(
    losses: Mapping[str, Mapping[int, Floats]], basis: Basis = "seeds"
) -> list[Paired]:
    """Each config against the first, which is a tie with itself.

    The first may be so by these very scores. Correcting for it alone would call too many others
    worse, hence Holm's correction over all pairs.

    Args:
        losses: of each config in order, by seed: a score, shape (), or losses, shape (points,).
        basis: with the points as given there are no p-values, as configs that are equally good
            are not so at given points.
    """
    raw, gaps = {}, {}
    for one, other in combinations(losses, 2):
        common = [seed for seed in losses[one] if seed in losses[other]]
        gaps[one, other] = UNKNOWN
        if common:
            both = [np.array([losses[name][seed] for seed in common]) for name in (one, other)]
            gaps[one, other] = float((both[1] - both[0]).mean())
            if len(common) > 1 and basis != "points as given":
                raw[one, other] = paired_p(*both)
    p_values = dict(zip(raw, holm(np.array(list(raw.values()), dtype=np.float64)), strict=True))
    first, *others = losses
    pairs = [(first, other) for other in others]
    return [
        Paired(0.0, 1.0),
        *(Paired(gaps[pair], float(p_values.get(pair, UNKNOWN))) for pair in pairs),
    ]
