"""`--warm-start`: another study's trials as history for this study's sampler."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from moons.files import is_folder
from moons.words import count, shell
from study.errors import StudyError
from study.plan import Plan
from study.record.agreement import check_agreement, check_end, check_trials, lost_ends
from study.record.curves import Curves
from study.record.damage import DamagedRecord
from study.record.folder import StudyFolder
from study.record.journal import read_trials
from study.record.lock import in_use
from study.record.manifest import Manifest

# Settings that change what a value is worth, but not what a config is.
MAY_DIFFER = ("data_seed", "max_epochs", "min_epochs")


@dataclass(frozen=True, slots=True)
class Learned:
    """Trials to enter as history, and why others do not, by reason.

    They count neither towards the number of trials nor in the rungs.
    """

    trials: tuple[FrozenTrial, ...]
    refused: Counter[str]

    def __str__(self) -> str:
        reasons = "; ".join(f"{n} not: {why}" for why, n in self.refused.most_common())
        return f"{count(len(self.trials), 'trial')} entered as history" + (
            f"; {reasons}" if reasons else ""
        )


def learn_from(plan: Plan, other: Path) -> Learned:
    """The complete and pruned trials of the study in `other` whose ranges fit.

    Raises:
        StudyError: `other` is no study, is damaged, or minimised something else.
    """
    if not is_folder(other):
        raise StudyError(f"--warm-start must name a study's folder, got {other}, which is none")
    folder = StudyFolder(other)
    manifest = Manifest.read(folder.manifest)
    metric = ",".join(manifest.metrics)
    if metric != plan.space.metric:
        raise StudyError(
            f"--warm-start must name a study that minimised {plan.space.metric}, got {other}, "
            f"which minimised {metric}"
        )
    refused: Counter[str] = Counter()
    fitting = []
    trials = _trials(folder)
    for trial in trials:
        if "slot" not in trial.user_attrs:
            continue
        if (why := _unfit(plan, trial)) is None:
            fitting.append(_as_history(plan, trial, manifest.name))
        else:
            refused[why] += 1
    return Learned(tuple(fitting), refused)


def _trials(folder: StudyFolder) -> list[FrozenTrial]:
    """The trials of a study, which may be running; of one at rest, all that it had."""
    at_rest = not in_use(folder.lock)
    trials = read_trials(folder.journal)
    check_trials(folder, trials)
    curves = Curves(folder.curves).read()
    check_agreement(folder, trials, curves)
    if at_rest:
        check_end(folder, trials, curves)
        if lost := lost_ends(folder, trials):
            raise DamagedRecord(
                f"{folder.journal} does not hold the end of {count(len(lost), 'finished trial')}; "
                f"put back a copy, or train again by {shell('--resume', folder.path)}"
            )
    return trials


def _unfit(plan: Plan, trial: FrozenTrial) -> str | None:
    """Why a trial does not fit, or None."""
    if trial.state not in (TrialState.COMPLETE, TrialState.PRUNED):
        return "neither complete nor pruned"
    config: dict[str, Any] = trial.user_attrs["config"]
    distributions = plan.space.distributions()
    for key, distribution in distributions.items():
        value = config.get(key)
        try:
            inside = distribution._contains(distribution.to_internal_repr(value))
        except ValueError:
            inside = False
        if not inside:
            return f"{key} is outside the range"
    searched = {key: config[key] for key in distributions}
    for key, value in plan.config(searched).as_dict().items():
        if key not in MAY_DIFFER and config.get(key) != value:
            return f"{key} is {config.get(key)} there and {value} here"
    return None


def _as_history(plan: Plan, trial: FrozenTrial, name: str) -> FrozenTrial:
    distributions = plan.space.distributions()
    return optuna.trial.create_trial(
        state=trial.state,
        params={key: trial.user_attrs["config"][key] for key in distributions},
        distributions=distributions,
        values=trial.values,
        intermediate_values=trial.intermediate_values,
        user_attrs={"warm_start": f"{name}, trial {trial.number}"},
    )
