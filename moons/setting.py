"""Values of settings as texts say them, on command lines."""

import json
from collections.abc import Iterable
from typing import Any

from moons.config import BOUNDS, Config, check_value


def read_value(key: str, text: str) -> Any:
    """A number where the text is one; `check_value` refuses what the setting cannot take.

    Raises:
        ValueError: the setting takes numbers, and the text is none.
    """
    if key not in BOUNDS:
        return text
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    raise ValueError(f"{key} must be {BOUNDS[key]}, got {text!r}")


def read_widths(key: str, text: str) -> Any:
    """A list of widths, `[32, 64]`.

    Raises:
        ValueError: the text is no list.
    """
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"{key} must be a value or a list as in [32, 64], got {text!r}") from None


def read_fixed(texts: Iterable[str]) -> dict[str, Any]:
    """What `--set NAME=VALUE` says of a single training.

    Raises:
        ValueError: a text is no setting, a value is impossible, or one is set twice; one sentence.
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, said = (part.strip() for part in text.partition("="))
        if not (key and equals and said):
            raise ValueError(f"--set must be NAME=VALUE, got {text!r}")
        if key not in Config.__dataclass_fields__:
            allowed = ", ".join(sorted(Config.__dataclass_fields__))
            raise ValueError(f"--set names no setting {key!r}; settings: {allowed}")
        if key in found:
            raise ValueError(f"--set must name each setting once, got {key} twice")
        read = read_widths if said.startswith("[") else read_value
        found[key] = check_value(key, read(key, said))
    return found
