"""Parameter by parameter: what the best trials of each study have, and where they differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from analysis.comparison.standing import TOP, Standing
from analysis.words import listed, number
from study.record.manifest import Dimension
from study.record.results import StudyResults

ENOUGH = 3  # trials: fewer span no range that others could lie apart from

Role = Literal["searched", "fixed", "absent"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What one study's best trials have of one hyperparameter.

    Attributes:
        study: its name.
        role: `absent` where its trials have no such setting.
        top: the values of its top five, best first; empty where no trial was complete.
    """

    study: str
    role: Role
    top: tuple[Any, ...]

    @property
    def span(self) -> tuple[float, float] | None:
        """Least and greatest of `top` where they are numbers."""
        if not self.top or not all(isinstance(value, int | float) for value in self.top):
            return None
        return float(min(self.top)), float(max(self.top))

    def __str__(self) -> str:
        if not self.top:
            return "absent" if self.role == "absent" else "no complete trial"
        if self.role == "fixed":
            return f"{shown(self.top[0])} (fixed)"
        if self.span is None or self.span[0] == self.span[1]:
            others = sorted({shown(value) for value in self.top})
            return others[0] if len(others) == 1 else f"{shown(self.top[0])} ({', '.join(others)})"
        return f"{shown(self.top[0])} ({shown(self.span[0])} to {shown(self.span[1])})"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A hyperparameter that some study searched, over all studies.

    Attributes:
        dimension: its range over all the studies that searched it.
        choices: one a study, in their order.
    """

    dimension: Dimension
    choices: tuple[Choice, ...]

    @property
    def name(self) -> str:
        """The hyperparameter's name."""
        return self.dimension.name

    @property
    def shared(self) -> bool:
        """Whether every study's trials have it."""
        return all(choice.role != "absent" for choice in self.choices)

    @property
    def apart(self) -> bool:
        """Whether some two studies' top trials have no value and no range in common."""
        known = [choice for choice in self.choices if len(choice.top) >= ENOUGH]
        return any(_apart(a, b) for i, a in enumerate(known) for b in known[i + 1 :])


def parameters(
    studies: Sequence[StudyResults], standings: Sequence[Standing]
) -> tuple[Parameter, ...]:
    """Every hyperparameter that some study searched, in the order of their spaces."""
    searched: dict[str, list[Dimension]] = {}
    for study in studies:
        for dimension in study.manifest.searched:
            searched.setdefault(dimension.name, []).append(dimension)
    return tuple(
        Parameter(
            merge(dimensions),
            tuple(_choice(name, *pair) for pair in zip(studies, standings, strict=True)),
        )
        for name, dimensions in searched.items()
    )


def differences(found: Sequence[Parameter]) -> list[str]:
    """Sentences: where winners lie apart, and what cannot be compared."""
    sentences = [
        f"The winners lie apart in {parameter.name}: "
        + "; ".join(f"{choice.study} {choice}" for choice in parameter.choices if choice.top)
        + "."
        for parameter in found
        if parameter.shared and parameter.apart
    ]
    shared = [parameter for parameter in found if parameter.shared]
    if shared and not sentences:
        names = listed([parameter.name for parameter in shared])
        sentences.append(f"The ranges of the studies' top {TOP} overlap in {names}.")
    for parameter in found:
        if not parameter.shared:
            having = [choice.study for choice in parameter.choices if choice.role != "absent"]
            sentences.append(f"{parameter.name} is known to {listed(having)} only: not compared.")
    return sentences


def merge(dimensions: Sequence[Dimension]) -> Dimension:
    """One range that holds those of all: numbers' ends, or every option in order."""
    first = dimensions[0]
    if all(dimension.kind != "choice" for dimension in dimensions):
        return Dimension(
            name=first.name,
            kind=first.kind if len({d.kind for d in dimensions}) == 1 else "float",
            low=min(dimension.low for dimension in dimensions),
            high=max(dimension.high for dimension in dimensions),
            log=all(dimension.log for dimension in dimensions),
        )
    options: list[Any] = []
    for dimension in dimensions:
        ends = dimension.options if dimension.kind == "choice" else (dimension.low, dimension.high)
        seen = {str(option) for option in options}
        options += [option for option in ends if str(option) not in seen]
    numbers = all(isinstance(option, int | float) for option in options)
    options = sorted(options) if numbers else options
    if numbers and any(dimension.kind != "choice" for dimension in dimensions):
        low, high = float(options[0]), float(options[-1])
        log = any(dimension.log for dimension in dimensions) and low > 0
        return Dimension(name=first.name, kind="float", low=low, high=high, log=log)
    return Dimension(name=first.name, kind="choice", options=tuple(options))


def shown(value: Any) -> str:
    """A setting as a table shows it."""
    return number(value) if isinstance(value, float) else str(value)


def _choice(name: str, study: StudyResults, standing: Standing) -> Choice:
    searched = any(dimension.name == name for dimension in study.manifest.searched)
    values: tuple[Any, ...]
    if name in standing.top:
        values = tuple(_plain(value) for value in standing.top[name])
        values = tuple(value for value in values if value is not None)
    elif name in study.manifest.fixed:
        values = (_plain(study.manifest.fixed[name]),) if len(standing.top) else ()
    else:
        return Choice(standing.name, "absent", ())
    return Choice(standing.name, "searched" if searched else "fixed", values)


def _apart(first: Choice, second: Choice) -> bool:
    if first.span is None or second.span is None:
        return not {str(value) for value in first.top} & {str(value) for value in second.top}
    return first.span[1] < second.span[0] or second.span[1] < first.span[0]


def _plain(value: Any) -> Any:
    """A table's cell as Python has it: numbers without numpy, lists as text."""
    if isinstance(value, list | tuple | np.ndarray):
        return str(list(value))
    value = value.item() if isinstance(value, np.generic) else value
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return None if missing else value
