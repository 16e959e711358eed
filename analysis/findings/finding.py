"""A finding: what a reader should know, in a sentence or two."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["result", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One or two sentences, and whether they are a result, a warning or a note."""

    level: Level
    text: str


def warning(said: str, advice: str) -> Finding:
    """What to beware of, and what to do about it."""
    return Finding("warning", f"{said} {advice}")
