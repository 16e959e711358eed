"""The values that a search may propose for one setting: `Float`, `Int`, `Choice`."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from moons.config import check_value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


@dataclass(frozen=True, slots=True)
class Float:
    """Real numbers from `low` to `high`: uniform, uniform in the logarithm, or `step` apart."""

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def of(self, key: str) -> "Float":
        """The same for the setting `key`, its numbers in the setting's type.

        Raises:
            ValueError: an empty range, or values that the setting cannot take; one sentence with
                the key, what it got and what is allowed.
        """
        low, high = _ends(key, self, (Real,))
        check_value(key, float(low))  # a Float's values are no whole numbers
        step = _step(key, self, Real)
        return Float(float(low), float(high), self.log, None if step is None else float(step))

    def distribution(self) -> "BaseDistribution":
        """The same in Optuna's terms."""
        from optuna.distributions import FloatDistribution

        low, high = self.ends()
        with warnings.catch_warnings():  # that the last digit of a step's multiple is rounded
            warnings.simplefilter("ignore", UserWarning)
            return FloatDistribution(low, high, log=self.log, step=self.step)

    def ends(self) -> tuple[float, float]:
        """The values whose validity stands for that of all between."""
        if self.step is None:
            return float(self.low), float(self.high)
        steps = (Decimal(str(self.high)) - Decimal(str(self.low))) // Decimal(str(self.step))
        return float(self.low), float(Decimal(str(self.low)) + steps * Decimal(str(self.step)))

    @property
    def ordered(self) -> bool:
        """Whether nearer values are more alike."""
        return True

    def as_dict(self) -> dict[str, Any]:
        """As the manifest holds it."""
        return _range_dict("float", self)

    def __str__(self) -> str:
        kind = f"{'log-' if self.log else ''}uniform in [{self.low:g}, {self.high:g}]"
        return kind if self.step is None else f"{kind}, {self.step:g} apart"


@dataclass(frozen=True, slots=True)
class Int:
    """Whole numbers from `low` to `high`, both included, or those that are `step` apart."""

    low: int
    high: int
    log: bool = False
    step: int | None = None

    def of(self, key: str) -> "Int":
        """As in `Float`; the numbers stay whole, also for a setting that takes others."""
        low, high = _ends(key, self, (Integral,))
        step = _step(key, self, Integral)
        return Int(int(low), int(high), self.log, None if step is None else int(step))

    def distribution(self) -> "BaseDistribution":
        """The same in Optuna's terms."""
        from optuna.distributions import IntDistribution

        low, high = self.ends()
        return IntDistribution(low, high, log=self.log, step=self.step or 1)

    def ends(self) -> tuple[int, int]:
        """The values whose validity stands for that of all between."""
        return self.low, self.high - (self.high - self.low) % (self.step or 1)

    @property
    def ordered(self) -> bool:
        """As in `Float`."""
        return True

    def as_dict(self) -> dict[str, Any]:
        """As the manifest holds it."""
        return _range_dict("int", self)

    def __str__(self) -> str:
        kind = f"whole, {'log-' if self.log else ''}uniform in [{self.low}, {self.high}]"
        return kind if self.step is None else f"{kind}, {self.step} apart"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the listed values, none nearer to another; the only domain that makes a grid."""

    options: tuple[int | float | str | bool, ...]

    def __init__(self, *options: int | float | str | bool) -> None:
        object.__setattr__(self, "options", options)

    def of(self, key: str) -> "Choice":
        """The same for the setting `key`, its options in the setting's type.

        Raises:
            ValueError: a choice of nothing, of a value twice, or of what the setting cannot take;
                one sentence with the key, what it got and what is allowed.
        """
        if not self.options:
            raise ValueError(f"{key} needs at least one option in its Choice, got none")
        for option in self.options:
            if isinstance(option, list | tuple):  # neither TPE nor the journal knows lists
                raise ValueError(_about_lists(key, option, len(self.options) == 1))
        options = [check_value(key, option) for option in self.options]
        if len(set(options)) < len(options):
            raise ValueError(f"{key} needs options that differ, got {list(self.options)}")
        return Choice(*options)

    def distribution(self) -> "BaseDistribution":
        """The same in Optuna's terms."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.options)

    def ends(self) -> tuple[int | float | str | bool, ...]:
        """The values whose validity stands for that of all."""
        return self.options

    @property
    def ordered(self) -> bool:
        """Whether it is a choice of at least two numbers, which have an order."""
        numbers = [type(option) in (int, float) for option in self.options]
        return len(numbers) > 1 and all(numbers)

    def as_dict(self) -> dict[str, Any]:
        """As the manifest holds it."""
        return {"kind": "choice", "options": list(self.options)}

    def __str__(self) -> str:
        return "one of " + ", ".join(str(option) for option in self.options)


Domain = Float | Int | Choice


def domain_from_dict(fields: Mapping[str, Any]) -> Domain:
    """The domain that `as_dict` gave `fields` for.

    Raises:
        ValueError: it is no domain.
    """
    match fields:
        case {"kind": "float", "low": low, "high": high, "log": log}:
            return Float(low, high, log, fields.get("step"))
        case {"kind": "int", "low": low, "high": high, "log": log}:
            return Int(low, high, log, fields.get("step"))
        case {"kind": "choice", "options": [*options]}:
            return Choice(*options)
    raise ValueError(f"not a domain: {fields!r}")


def _range_dict(kind: str, domain: Float | Int) -> dict[str, Any]:
    fields = {"kind": kind, "low": domain.low, "high": domain.high, "log": domain.log}
    return fields if domain.step is None else fields | {"step": domain.step}


def _about_lists(key: str, option: object, alone: bool) -> str:
    if alone and isinstance(option, list | tuple) and option:
        options = ", ".join(map(repr, option))
        return f"{key} takes its options one by one, Choice({options}), got Choice({option})"
    return f"{key} must be fixed to be a list, got the option {option}"


def _ends(key: str, domain: Float | Int, kinds: tuple[type, ...]) -> tuple[Any, Any]:
    kind = type(domain).__name__
    for end in (domain.low, domain.high):
        check_value(key, end)
        if not isinstance(end, kinds):
            noun = "whole numbers" if kinds == (Integral,) else "numbers"
            raise ValueError(f"{key} must have {noun} as the ends of its {kind}, got {end!r}")
    low, high = domain.low, domain.high
    if not low < high:
        raise ValueError(f"{key} has an empty range: low must be below high, got [{low}, {high}]")
    if domain.log and low <= 0:
        raise ValueError(f"{key} has a logarithmic range, which must begin above 0, got {low}")
    return low, high


def _step(key: str, domain: Float | Int, kind: type) -> Any:
    step = domain.step
    if step is None:
        return None
    if domain.log:
        raise ValueError(f"{key} has a step of {step}, which a logarithmic range cannot have")
    most = domain.high - domain.low
    if not isinstance(step, kind) or isinstance(step, bool) or not 0 < step <= most:
        noun = "whole number" if kind is Integral else "number"
        raise ValueError(f"{key} must have a {noun} in (0, {most:g}] as its step, got {step!r}")
    return step
