"""The values that a search may propose for one setting: `Float`, `Int`, `Choice`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moons.config import check_value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


@dataclass(frozen=True, slots=True)
class Float:
    """Real numbers from `low` to `high`, uniform, or uniform in the logarithm."""

    low: float
    high: float
    log: bool = False

    def check(self, key: str) -> None:
        """Refuses an empty range, and one with values that the setting `key` cannot take.

        Raises:
            ValueError: one sentence with the key, what it got and what is allowed.
        """
        _check_range(key, self, (int, float))

    def distribution(self) -> "BaseDistribution":
        """The same in Optuna's terms."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(float(self.low), float(self.high), log=self.log)

    def ends(self) -> tuple[float, float]:
        """The values whose validity stands for that of all between."""
        return float(self.low), float(self.high)

    def as_dict(self) -> dict[str, Any]:
        """As the manifest holds it."""
        return {"kind": "float", "low": self.low, "high": self.high, "log": self.log}

    def __str__(self) -> str:
        return f"{'log-' if self.log else ''}uniform in [{self.low:g}, {self.high:g}]"


@dataclass(frozen=True, slots=True)
class Int:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int
    log: bool = False

    def check(self, key: str) -> None:
        """As in `Float`."""
        _check_range(key, self, (int,))

    def distribution(self) -> "BaseDistribution":
        """The same in Optuna's terms."""
        from optuna.distributions import IntDistribution

        return IntDistribution(self.low, self.high, log=self.log)

    def ends(self) -> tuple[int, int]:
        """The values whose validity stands for that of all between."""
        return self.low, self.high

    def as_dict(self) -> dict[str, Any]:
        """As the manifest holds it."""
        return {"kind": "int", "low": self.low, "high": self.high, "log": self.log}

    def __str__(self) -> str:
        return f"whole, {'log-' if self.log else ''}uniform in [{self.low}, {self.high}]"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the listed values, none nearer to another; the only domain that makes a grid."""

    options: tuple[int | float | str | bool, ...]

    def __init__(self, *options: int | float | str | bool) -> None:
        object.__setattr__(self, "options", options)

    def check(self, key: str) -> None:
        """Refuses a choice of nothing, of a value twice, or of what the setting cannot take.

        Raises:
            ValueError: one sentence with the key, what it got and what is allowed.
        """
        if not self.options:
            raise ValueError(f"{key} needs at least one option in its Choice, got none")
        for option in self.options:
            if isinstance(option, list | tuple):  # neither TPE nor the journal knows lists
                raise ValueError(f"{key} must be fixed to be a list, got the option {option}")
            check_value(key, option)
        if len(set(self.options)) < len(self.options):
            raise ValueError(f"{key} needs options that differ, got {list(self.options)}")

    def distribution(self) -> "BaseDistribution":
        """The same in Optuna's terms."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.options)

    def ends(self) -> tuple[int | float | str | bool, ...]:
        """The values whose validity stands for that of all."""
        return self.options

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
            return Float(low, high, log)
        case {"kind": "int", "low": low, "high": high, "log": log}:
            return Int(low, high, log)
        case {"kind": "choice", "options": [*options]}:
            return Choice(*options)
    raise ValueError(f"not a domain: {fields!r}")


def _check_range(key: str, domain: Float | Int, kinds: tuple[type, ...]) -> None:
    low, high = domain.low, domain.high
    kind = type(domain).__name__
    for end in (low, high):
        check_value(key, end)
        if not isinstance(end, kinds):
            noun = "whole numbers" if kinds == (int,) else "numbers"
            raise ValueError(f"{key} must have {noun} as the ends of its {kind}, got {end!r}")
    if not low < high:
        raise ValueError(f"{key} has an empty range: low must be below high, got [{low}, {high}]")
    if domain.log and low <= 0:
        raise ValueError(f"{key} has a logarithmic range, which must begin above 0, got {low}")
    check_value(key, domain.ends()[0])  # a Float's values are no whole numbers
