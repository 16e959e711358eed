"""What journal and curves both say of a trial is the same, and its weights are there."""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

from optuna.trial import FrozenTrial

from moons.checkpoint import WEIGHTS, damage_of
from moons.config import Config
from moons.words import count
from study.record.columns import NUMBERS, STATES
from study.record.curves import Curves
from study.record.damage import DamagedRecord
from study.record.folder import StudyFolder
from study.record.parquet import read_table

WHOLE = ("complete", "pruned", "diverged")  # ends up to which every epoch is in the curves


def outcome(trial: FrozenTrial) -> dict[str, Any]:
    """What the ledger wrote when the trial ended; empty before that."""
    found: dict[str, Any] = trial.user_attrs.get("outcome", {})
    return found


def counts(trial: FrozenTrial) -> bool:
    """Whether a trial is over and was not begun again."""
    ended = outcome(trial).get("state") not in (None, "interrupted")
    return "slot" in trial.user_attrs and trial.state.is_finished() and ended


def check_trials(folder: StudyFolder, trials: Iterable[FrozenTrial]) -> None:
    """Refuses what the journal says of a trial where it has another form than was written.

    Raises:
        DamagedRecord: names the trial and what is wrong.
    """
    for trial in trials:
        try:
            _check_trial(trial)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DamagedRecord(
                f"{folder.journal} is damaged: of trial {trial.number} {error}; put back a copy"
            ) from None


def _check_trial(trial: FrozenTrial) -> None:
    attrs, found = trial.user_attrs, outcome(trial)
    for key in ("slot", "seed"):
        if key in attrs and not _is_count(attrs[key]):
            raise TypeError(f"{key} is {attrs[key]!r}")
    if found.get("state") not in (None, "interrupted") and not {"config", "seed"} <= attrs.keys():
        raise TypeError("config or seed is missing")
    if "config" in attrs:
        Config.from_mapping(dict(attrs["config"]), "the config")
    if "outcome" in attrs and (
        found["state"] not in STATES
        or not _is_count(found["epochs"])
        or not all(isinstance(value, str | int | float | None) for value in found.values())
        or any(isinstance(found.get(name), str) for name in NUMBERS)
        or not isinstance(found.get("end_s", 0.0), int | float)
    ):
        raise TypeError(f"outcome is {found!r}")
    for key, mapping in (("rungs", attrs), ("fixed_params", trial.system_attrs)):
        if not isinstance(mapping.get(key, {}), dict):
            raise TypeError(f"{key} is {mapping[key]!r}")
    if not all(isinstance(value, int | float) for value in attrs.get("rungs", {}).values()):
        raise TypeError(f"rungs is {attrs['rungs']!r}")


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def check_agreement(folder: StudyFolder, trials: Iterable[FrozenTrial], curves: Curves) -> None:
    """Refuses a record whose two files do not fit together.

    Args:
        folder: of the study.
        trials: from the journal, read before the curves.
        curves: read to their end.

    Raises:
        DamagedRecord: one of the files has lost something, or they contradict each other.
    """
    last = curves.last_epochs()
    for trial in filter(counts, trials):
        said, number = outcome(trial), trial.number
        epochs, held = said["epochs"], last.get(number, 0)
        if held < epochs:
            raise DamagedRecord(
                f"{folder.curves} has lost epochs of trial {number}: it holds {held} of {epochs}; "
                "put back a copy of the file"
            )
        best, curve = said.get("best_epoch"), curves.val_mse.get((number, 0), [])
        first_alone = said.get("replicates", 1) == 1
        differs = held > epochs
        if isinstance(best, int) and first_alone and "val_mse" in said:
            differs |= not 1 <= best <= len(curve) or curve[best - 1] != said["val_mse"]
        if said["state"] in WHOLE and differs:
            raise DamagedRecord(
                f"{folder.journal} and {folder.curves.name} contradict each other on trial "
                f"{number}; put back copies that belong together"
            )


def check_end(folder: StudyFolder, trials: Sequence[FrozenTrial], curves: Curves) -> None:
    """Refuses a journal of a study at rest that has lost trials which the curves know.

    Raises:
        DamagedRecord: says how many finished trials are lost.
    """
    begun = {trial.number for trial in trials if "slot" in trial.user_attrs}
    if unknown := curves.last_epochs().keys() - begun:
        lost = count(len(lost_ends(folder, trials)), "finished trial")
        raise DamagedRecord(
            f"{folder.journal} has lost its end, and {lost} with it: {folder.curves.name} knows "
            f"trial {min(unknown)}, the journal does not; put back a copy of the journal"
        )


def lost_weights(folder: StudyFolder, trials: Iterable[FrozenTrial]) -> dict[int, str]:
    """What is wrong with the weights of complete trials, by number; of the others nothing."""
    complete = [t.number for t in trials if counts(t) and outcome(t)["state"] == "complete"]
    found = {number: damage_of(folder.checkpoint(number)) for number in complete}
    return {number: damage for number, damage in found.items() if damage is not None}


def lost_ends(folder: StudyFolder, trials: Iterable[FrozenTrial]) -> list[int]:
    """Trials that left weights, or are over in the tables, and that the journal has not ended."""
    ended = {trial.number for trial in trials if trial.state.is_finished()}
    names = {weights.parent.name for weights in folder.checkpoints.glob(f"*/{WEIGHTS}")}
    found = {int(name) for name in names if name.isdecimal()}
    with contextlib.suppress(DamagedRecord):
        table = read_table(folder.trials)
        over = ~table["state"].isin(["running", "interrupted"])
        found |= set(map(int, table.loc[over, "trial"]))
    return sorted(found - ended)
