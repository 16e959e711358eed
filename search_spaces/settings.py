"""Settings of `--set`: `beta=0.045` fixes one, `latent_dim=1,2,4` searches it."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moons.config import BOUNDS, CHOICES, WIDTHS, check_value
from moons.setting import read_value, read_widths
from moons.sources.chosen import Data
from search_spaces.domain import Choice, Domain, Float, Int
from search_spaces.space import SearchSpace

# What belongs to the whole study, and the option that says it.
OPTIONS = {"family": "--space", "data_seed": "--data-seed", "max_epochs": "--max-epochs"}
OPTIONS["split_seed"] = "study.rerun --vary split"
OPTIONS |= dict.fromkeys(("data", "data_dim", "classes"), "--data")
FORMS = "NAME=VALUE, NAME=A,B,C, NAME=LOW..HIGH or NAME=log:LOW..HIGH"
RANGE = re.compile(r"(?P<log>log:)?(?P<low>.+?)\.\.(?P<high>.+?)(?:/(?P<step>.+))?")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as `--set` has it.

    Attributes:
        key: its name in `moons.config.Config`.
        value: what every trial has, or the domain that is searched.
        text: as it was typed.
    """

    key: str
    value: Any
    text: str

    @property
    def searched(self) -> bool:
        """Whether trials differ in it."""
        return isinstance(self.value, Float | Int | Choice)


def read_settings(texts: Sequence[str]) -> tuple[Setting, ...]:
    """The settings that `--set` was given.

    Raises:
        ValueError: a text is no setting, a value is impossible, or one is set twice; one sentence.
    """
    settings = tuple(_read(text) for text in texts)
    keys = [setting.key for setting in settings]
    for key in keys:
        if keys.count(key) > 1:
            both = " and ".join(setting.text for setting in settings if setting.key == key)
            raise ValueError(f"--set must name each setting once, got {both}")
    return settings


def setting_text(key: str, value: object) -> str:
    """A setting as `--set` takes it, from its value in Python.

    Args:
        key: its name.
        value: what every trial has, a list of widths among them; a list of values, or a domain,
            to be searched; or the text that stands behind `NAME=`.

    Raises:
        ValueError: no text says that.
    """
    match value:
        case Float(low, high, log, step) | Int(low, high, log, step):
            said = f"{'log:' if log else ''}{low}..{high}{'' if step is None else f'/{step}'}"
        case Choice(options):
            said = ",".join(map(str, options))
        case list() | tuple() if key in WIDTHS:
            said = f"[{', '.join(map(str, value))}]"
        case list() | tuple():
            said = ",".join(map(str, value))
        case _:
            said = str(value)
    return f"{key}={said}"


def with_settings(
    space: SearchSpace, settings: Sequence[Setting], data: Data | None = None
) -> SearchSpace:
    """The space with these settings fixed or searched, whatever it did with them before.

    Args:
        space: as it is.
        settings: of `--set`.
        data: of `--data`; None leaves the space's.

    Raises:
        ValueError: they contradict what else the space holds, or leave nothing to search.
    """
    new = {setting.key: setting.value for setting in settings}
    searched = {setting.key: setting.value for setting in settings if setting.searched}
    kept = {key: domain for key, domain in space.searched.items() if key not in new}
    fixed = {key: value for key, value in space.fixed.items() if key not in new}
    fixed |= {setting.key: setting.value for setting in settings if not setting.searched}
    if settings and not kept | searched:
        raise ValueError(
            f"--set fixes all that {space.name} searches; leave one of them out, or search another"
        )
    return dataclasses.replace(
        space, searched=kept | searched, fixed=fixed, data=data or space.data
    )


def _read(text: str) -> Setting:
    key, equals, said = (part.strip() for part in text.partition("="))
    if not (key and equals and said):
        raise ValueError(f"--set must be {FORMS}, got {text!r}")
    if key in OPTIONS:
        raise ValueError(f"--set cannot set {key}, which belongs to the study: use {OPTIONS[key]}")
    if key not in BOUNDS and key not in CHOICES:
        allowed = sorted({*BOUNDS, *CHOICES} - set(OPTIONS))
        raise ValueError(f"--set names no setting {key!r}; settings: {', '.join(allowed)}")
    if said.startswith("["):
        return Setting(key, check_value(key, read_widths(key, said)), text)
    if key in BOUNDS and (found := RANGE.fullmatch(said)):
        return Setting(key, _range(key, **found.groupdict()), text)
    values = [read_value(key, part.strip()) for part in said.split(",")]
    if len(values) == 1:
        return Setting(key, check_value(key, values[0]), text)
    return Setting(key, Choice(*values).of(key), text)


def _range(key: str, log: str | None, low: str, high: str, step: str | None) -> Domain:
    kind = Int if BOUNDS[key].kind is int else Float
    apart = None if step is None else read_value(key, step)
    return kind(read_value(key, low), read_value(key, high), log=log is not None, step=apart).of(
        key
    )
