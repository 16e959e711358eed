"""What a record holds of earlier drivers: finished trials, their rungs, and what was cut off."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from moons.config import Config
from moons.words import count, shell
from study.errors import StudyError
from study.monitoring.tally import Tally
from study.plan import Plan
from study.record.agreement import (
    check_agreement,
    check_end,
    counts,
    lost_ends,
    lost_weights,
    outcome,
)
from study.record.opening import Record


@dataclass(frozen=True, slots=True)
class History:
    """A study so far.

    Attributes:
        finished: trials that are over and count, by number.
        next_slot: the first that no trial has had; a trial that is begun again keeps its slot.
        worked_s: the study's seconds at the last thing recorded.
    """

    finished: tuple[FrozenTrial, ...]
    next_slot: int
    worked_s: float

    def tally(self, wanted: int) -> Tally:
        """The counts that a driver of this study begins with."""
        outcomes = [outcome(trial) for trial in self.finished]
        complete = [t for t in self.finished if t.state == TrialState.COMPLETE]
        best = min(complete, key=lambda t: t.values[0], default=None)
        return Tally(
            wanted,
            states=Counter(o["state"] for o in outcomes),
            epochs=sum(o["epochs"] for o in outcomes),
            before_s=self.worked_s,
            best=None if best is None else (best.values[0], f"trial {best.number}", describe(best)),
        )

    def rung_values(self) -> dict[int, dict[int, float]]:
        """The first metric by slot, by rung, of finished trials."""
        rungs: dict[int, dict[int, float]] = {}
        for trial in self.finished:
            reported = trial.user_attrs.get("rungs") or trial.intermediate_values
            for rung, value in reported.items():
                rungs.setdefault(int(rung), {})[trial.user_attrs["slot"]] = value
        return rungs


def take_stock(plan: Plan, record: Record) -> History:
    """Reads the history, marks what was cut off as interrupted and enqueues it again.

    Safe to be cut off itself: what it does is derived from the journal each time.

    Raises:
        StudyError: journal and curves contradict each other, or --trials is too small.
    """
    trials = record.study.get_trials(deepcopy=False)
    finished = tuple(filter(counts, trials))
    check_agreement(record.folder, trials, record.found)
    check_end(record.folder, trials, record.found)
    if plan.trials < len(finished):
        raise StudyError(
            f"--trials must be at least {len(finished)}, the trials that {plan.folder} has "
            f"finished, got {plan.trials}"
        )
    _say_losses(record, trials)
    _interrupt(record.study, trials)
    _begin_again(record.study, finished)
    record.journal.commit()
    slots = [t.user_attrs["slot"] for t in trials if "slot" in t.user_attrs]
    ends = [outcome(t).get("end_s", 0.0) for t in trials]
    return History(finished, max(slots, default=-1) + 1, max(ends, default=0.0))


def _interrupt(study: optuna.Study, trials: list[FrozenTrial]) -> None:
    for trial in trials:
        if trial.state == TrialState.RUNNING:
            cut_off = {"state": "interrupted", "epochs": 0, "error": "its driver was stopped"}
            study._storage.set_trial_user_attr(trial._trial_id, "outcome", outcome(trial) | cut_off)
            study.tell(trial.number, state=TrialState.FAIL)


def _begin_again(study: optuna.Study, finished: tuple[FrozenTrial, ...]) -> None:
    """Enqueues the parameters of every interrupted trial that has no successor yet."""
    settled = {t.user_attrs["slot"] for t in finished}
    trials = study.get_trials(deepcopy=False)
    settled |= {t.user_attrs.get("slot") for t in trials if t.state == TrialState.WAITING}
    for trial in trials:
        if outcome(trial).get("state") != "interrupted":
            continue
        slot = trial.user_attrs.get("slot")
        if slot is None:  # cut off while being begun: a grid's point, or nothing
            point = _point(trial)
            if point and all(_point(t) != point for t in trials[trial.number + 1 :]):
                study.enqueue_trial(point)
        elif slot not in settled:
            study.enqueue_trial(trial.params, user_attrs={"slot": slot})
            settled.add(slot)


def _point(trial: FrozenTrial) -> dict[str, Any] | None:
    """What was enqueued for the trial, if anything was."""
    point: dict[str, Any] | None = trial.system_attrs.get("fixed_params")
    return point


def _say_losses(record: Record, trials: list[FrozenTrial]) -> None:
    """Prints what earlier drivers had that the record has not; nothing where nothing is lost."""
    if lost := lost_ends(record.folder, trials):
        print(
            f"{record.folder.journal} does not hold the end of "
            f"{count(len(lost), 'finished trial')} ({', '.join(map(str, lost))}), to be trained "
            "again"
        )
    if damaged := lost_weights(record.folder, trials):
        number, damage = next(iter(damaged.items()))
        again = shell("python", "-m", "study.rerun", record.folder.path, "--trial", number)
        print(
            f"{count(len(damaged), 'complete trial')}: weights lost, numbers not; of trial "
            f"{number} {damage}; put back a copy, or train one again by `{again}`"
        )


def describe(trial: FrozenTrial) -> str:
    """A finished trial's config, as a dashboard shows it."""
    source = f"trial {trial.number} of the journal"
    return Config.from_mapping(trial.user_attrs["config"], source).label(trial.number)
