"""How studies are told apart in one figure: by colour, by marker and by dash."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from analysis.figures.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
DASHES: tuple["Dash", ...] = (
    "-",
    "--",
    "-.",
    ":",
    (0, (5, 1)),
)  # no two sequences have a common length

Dash = str | tuple[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class StudyStyle:
    """How one study is drawn."""

    colour: str
    marker: str
    dash: Dash


def study_styles(names: Sequence[str]) -> dict[str, StudyStyle]:
    """A style a study, in their order; all differ up to 280 studies."""
    looks = zip(names, cycle(COLOURS), cycle(MARKERS), cycle(DASHES), strict=False)
    return {name: StudyStyle(colour, marker, dash) for name, colour, marker, dash in looks}
