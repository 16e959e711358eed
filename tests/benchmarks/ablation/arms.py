"""The arms of the ablation: the defaults of `study.run`, and what differs from them in a choice."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from search_spaces.choices import SAMPLERS, SCHEDULERS
from search_spaces.load import load_space
from study.options import Options, parse
from study.plan import Plan, make_plan

Telling = Literal["honest", "ray"]
Factor = Literal["sampler", "scheduler", "telling"]

REDUCTIONS, GRACES = (4, 3), (10, 30)
ENDLESS = 1_000_000  # trials: the budget of epochs ends a study


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way to run a study.

    Attributes:
        sampler: who proposes configs.
        scheduler: who stops trials early.
        grace, reduction: of the scheduler; the first rung's epoch, and how far rungs are apart.
        telling: what Optuna hears of a trial that ASHA stopped: `honest`, that it was pruned, with
            its rungs; or what Ray's own search says, that it is complete with its last value.
    """

    sampler: str
    scheduler: str
    grace: int
    reduction: int
    telling: Telling = "honest"

    @property
    def name(self) -> str:
        """As tables and figures call it, such as `tpe, asha 4/10`."""
        none = self.scheduler == "none"
        stopping = "no asha" if none else f"{self.scheduler} {self.reduction}/{self.grace}"
        return f"{self.sampler}, {stopping}" + (", ray's states" if self.telling == "ray" else "")

    def plan(self, space: str, seed: int, max_epochs: int, results: Path) -> Plan:
        """A study of this arm, as the command line would plan it.

        Args:
            space: a name or a file, as `--space` takes it.
            seed: of data, proposals and training.
            max_epochs: a trial's largest budget.
            results: the folder for the study's record.

        Raises:
            StudyError: there is no such space, or a number is out of range.
        """
        options = {
            "space": space,
            "name": "arm",
            "results": results,
            "seed": seed,
            "trials": ENDLESS,
            "max-epochs": max_epochs,
            "sampler": self.sampler,
            # A first rung beyond the budget stops no trial.
            "scheduler": self.scheduler if self.grace < max_epochs else "none",
            **({"grace": self.grace} if self.grace < max_epochs else {}),
            "reduction": self.reduction,
            "workers": 1,
        }
        return make_plan(parse([f"--{key}={value}" for key, value in options.items()]))


def default_arm(space: str) -> Arm:
    """What `study.run` does in that space where no option says otherwise.

    Raises:
        ValueError: there is no such space.
    """
    usual = Options(space=space)
    chosen = load_space(space)
    return Arm(
        sampler=usual.sampler or chosen.sampler,
        scheduler=usual.scheduler or chosen.scheduler,
        grace=usual.grace or chosen.grace,
        reduction=usual.reduction,
    )


def arms_by_factor(default: Arm) -> dict[Factor, tuple[Arm, ...]]:
    """The arms that stand side by side for each choice; the default comes first in all."""
    asha = replace(default, scheduler="asha")
    bare = replace(default, scheduler="none")
    rungs = [replace(asha, reduction=r, grace=g) for r in REDUCTIONS for g in GRACES]
    learnt = [name for name, sampler in SAMPLERS.items() if not sampler.grid]
    stopped = [name for name in SCHEDULERS if name not in ("asha", "none")]
    found: dict[Factor, list[Arm]] = {
        "sampler": [
            replace(bare, sampler="random"),
            *(replace(default, sampler=s) for s in learnt),
        ],
        "scheduler": [*rungs, *(replace(asha, scheduler=s) for s in stopped), bare],
        "telling": [replace(asha, telling="ray")],
    }
    return {factor: tuple(dict.fromkeys([default, *arms])) for factor, arms in found.items()}


def all_arms(default: Arm) -> tuple[Arm, ...]:
    """Every arm once, the default first."""
    return tuple(dict.fromkeys(arm for arms in arms_by_factor(default).values() for arm in arms))
