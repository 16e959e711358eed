"""`--confirm`: at a study's end its best configs on fresh seeds, whose means name the best one.

The least score of many trials is a lottery: who wins it has luck as well as quality. A mean over
seeds that no trial was chosen by has no such luck. Each seed also has other points validate, since
the same 400 favour the same configs in every retraining.
"""

from typing import Any

import pandas as pd

from moons.words import alike, count, with_interval
from study.plan import Plan
from study.record.configs import config_keys
from study.record.folder import StudyFolder
from study.record.parquet import read_table
from study.record.tables import trials_table, write_rerun_tables
from study.reruns.candidates import top_candidates
from study.reruns.jobs import on_fresh_seeds
from study.reruns.ledger import RerunLedger
from study.reruns.options import Vary

EXACT = "exact_excess_nll"
CONFIRMED_BY: Vary = "split"


def confirmation(plan: Plan) -> RerunLedger | None:
    """The account of the retrainings that confirm a study whose search is over.

    None where none are wanted, or no trial is complete.
    """
    if not plan.confirm:
        return None
    metric, trials = plan.space.metrics[0], trials_table(plan.folder)
    if not ((trials["state"] == "complete") & trials[metric].notna()).any():
        return None
    candidates = top_candidates(trials, metric, plan.top)
    wanted = on_fresh_seeds(candidates, plan.confirm, CONFIRMED_BY, plan.seed, plan.engine)
    path = StudyFolder(plan.folder).retrainings
    return RerunLedger(path, wanted, plan.space.metrics, plan.space.sent_model)


def confirming_title(plan: Plan) -> str:
    """What the live view calls it."""
    seeds = count(plan.confirm, "fresh seed")
    return f"study {plan.name}: the best {count(plan.top, 'config')} on {seeds}"


def write_confirmed(plan: Plan) -> list[str]:
    """Writes the tables of the retrainings; what they say of the search, in sentences."""
    from study.report import write_leaderboard

    folder = StudyFolder(plan.folder)
    if not plan.confirm or not folder.retrainings.exists():
        return []
    write_rerun_tables(plan.folder)
    metric, trials = plan.space.metrics[0], read_table(folder.trials)
    boards = write_leaderboard(plan.folder, trials, metric)
    return sentences(boards[CONFIRMED_BY], trials, metric) if CONFIRMED_BY in boards else []


def sentences(board: pd.DataFrame, trials: pd.DataFrame, metric: str) -> list[str]:
    """Who is best by the mean over fresh seeds, and how much of the search's score was luck.

    Args:
        board: a leaderboard.
        trials: `trials.parquet` of the study.
        metric: what the study minimises.
    """
    rows: list[dict[str, Any]] = board.to_dict("records")  # type: ignore[assignment]
    if not rows or pd.isna(rows[0][metric]):
        return ["no retraining on fresh seeds completed"]
    first = rows[0]
    said = [
        f"best by its mean over {count(int(first['seeds']), 'fresh seed')}: {first['config']}, "
        f"{_figures(first, metric)}"
    ]
    complete = trials[(trials["state"] == "complete") & trials[metric].notna()]
    winner: dict[str, Any] = complete.nsmallest(1, metric).to_dict("records")[0]  # type: ignore[assignment]
    keys = config_keys(trials).set_axis(trials["trial"])
    same = [row for row in rows if keys.get(row["trial"]) == keys[winner["trial"]]]
    if same and not pd.isna(same[0][metric]):
        row, score = same[0], winner[metric]
        luck, half = row[metric] - score, (row[f"{metric}_high"] - row[f"{metric}_low"]) / 2
        found, lucky = alike(half, score, abs(luck))
        said.append(
            f"the search's winner is {'the same' if row is first else row['config']}: "
            f"{found} in the search, {_figures(row, metric)} on fresh seeds; {lucky} of its score "
            f"was {'luck' if luck > 0 else 'bad luck'}"
        )
    return said


def _figures(row: dict[str, Any], metric: str) -> str:
    """The metric over seeds, and the exact excess beside it where it is known."""
    names = [metric, *(name for name in (EXACT,) if not pd.isna(row.get(name)))]
    return " and ".join(
        f"{name} {with_interval(row[name], row[f'{name}_low'], row[f'{name}_high'])}"
        for name in names
    )
