"""What a figure needs, and the sentence where a study does not have it; and what is thinned out."""

from collections.abc import Collection

import pandas as pd

from analysis.budget import Comparison, reached, varied
from analysis.figures.style import short_label
from analysis.words import count, listed, state_counts
from study.record.results import StudyResults


def lacks_trials(results: StudyResults) -> str | None:
    """A sentence where no trial was recorded."""
    return None if len(results.trials) else "No trial was recorded."


def lacks_complete(results: StudyResults, least: int = 1) -> str | None:
    """A sentence where fewer than `least` trials are complete with a value of the metric."""
    if sentence := lacks_trials(results):
        return sentence
    n_complete = len(results.complete)
    if n_complete >= least:
        return None
    had = f"There is {n_complete}" if n_complete == 1 else f"There are {n_complete or 'none'}"
    needed = "a complete trial" if least == 1 else f"at least {least} complete trials"
    return f"This needs {needed}. {had}; of {count(len(results.trials), 'trial')}: " + (
        f"{state_counts(results)}."
    )


def lacks_compared(comparison: Comparison, least: int) -> str | None:
    """A sentence where fewer than `least` trials can be compared."""
    n_trials = len(comparison.trials)
    if n_trials >= least:
        return None
    had = f"{count(n_trials, comparison.noun)} reached {comparison.budget}"
    return f"This needs at least {least} trials at the same budget; {had}."


def lacks_curves(results: StudyResults) -> str | None:
    """A sentence where no epoch of any trial was recorded."""
    if len(results.epochs):
        return None
    return "No epoch of any trial was recorded (epochs.parquet is empty, missing or damaged)."


def lacks_rungs(results: StudyResults) -> str | None:
    """A sentence where the scheduler had no rungs, or no trial reached one."""
    if not results.manifest.rungs:
        return "The study compared no trials at rungs: it ran without a scheduler."
    if reached(results).notna().to_numpy().any():
        return None
    return "No trial reached a rung, or the record is older than the column that says so (rungs)."


def lacks_varied(results: StudyResults, trials: pd.DataFrame, least: int = 1) -> str | None:
    """A sentence where fewer than `least` hyperparameters varied among these trials."""
    dimensions = varied(results, trials)
    if len(dimensions) >= least:
        return None
    many = f"at least {least} hyperparameters that vary"
    needed = many if least > 1 else "a hyperparameter that varies"
    moved = f"only {dimensions[0].name} did" if dimensions else "none did"
    among = f"among the {count(len(trials), 'trial')} that can be compared"
    return f"This needs {needed} {among}; {moved}."


def constant_note(results: StudyResults, trials: pd.DataFrame) -> str:
    """A sentence about searched hyperparameters that never varied; empty where all did."""
    moved = {dimension.name for dimension in varied(results, trials)}
    still = [d.name for d in results.manifest.searched if d.name not in moved]
    if not still:
        return ""
    names = listed([short_label(name) for name in still])
    return f"Left out, as {'it' if len(still) == 1 else 'they'} never varied: {names}."


def thin(
    frame: pd.DataFrame, limit: int, keep: Collection[int] = (), seed: int = 0
) -> tuple[pd.DataFrame, str]:
    """At most `limit` rows drawn at random in every state alike, and a sentence where some went.

    Args:
        frame: one row a trial, with `trial` and `state`.
        limit: how many rows a figure can show.
        keep: trials that stay in any case.
        seed: of the draw.
    """
    if len(frame) <= limit:
        return frame, ""
    kept = frame["trial"].isin(keep)
    others = frame[~kept]
    share = (limit - int(kept.sum())) / len(others)
    drawn = others.groupby("state", group_keys=False).sample(frac=share, random_state=seed)
    chosen = pd.concat([frame[kept], drawn]).sort_index()
    return chosen, (
        f"Drawn are {len(chosen):,} of {len(frame):,} trials: the best ones, and a random part "
        "of every state."
    )


def join(*sentences: str) -> str:
    """The sentences that are not empty, one after the other."""
    return " ".join(sentence for sentence in sentences if sentence)
