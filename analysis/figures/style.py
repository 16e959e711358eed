"""How every figure looks: theme, colours, markers, and what columns are called on paper."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib
from cycler import cycler

from study.record.columns import State
from study.record.labels import label as label
from study.record.labels import short_label as short_label

# Okabe and Ito 2008, "Color Universal Design": told apart with any colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE = "#8A8A8A", "#D9D9D9"
OKABE_ITO = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, YELLOW, BLACK)
CLASS_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK, YELLOW)
MARKERS = "o^sDvP*X"
SEQUENTIAL = "cividis"  # dark is low; made for colour-blind readers

WIDTH = 8.0  # inches; at 120 dots an inch the report's column
DPI = 120


@dataclass(frozen=True, slots=True)
class StateStyle:
    """How trials of one state are drawn."""

    colour: str
    marker: str


STATE_STYLES: dict[State, StateStyle] = {
    "complete": StateStyle(BLUE, "o"),
    "pruned": StateStyle(ORANGE, "v"),
    "diverged": StateStyle(VERMILLION, "X"),
    "failed": StateStyle(BLACK, "s"),
    "running": StateStyle(GREEN, ">"),
    "interrupted": StateStyle(GREY, "d"),
}


@dataclass(frozen=True, slots=True)
class ClassStyle:
    """How points of one class are drawn.

    Attributes:
        label: its number.
        name: in legends.
    """

    label: int
    name: str
    colour: str
    marker: str


def class_styles(names: Sequence[str]) -> list[ClassStyle]:
    """A colour for each class, and another marker where the colours begin again."""
    colours = len(CLASS_COLOURS)
    return [
        ClassStyle(
            label=i,
            name=name,
            colour=CLASS_COLOURS[i % colours],
            marker=MARKERS[(i if len(names) <= 2 else i // colours) % len(MARKERS)],
        )
        for i, name in enumerate(names)
    ]


@contextmanager
def theme() -> Iterator[None]:
    """The look of every figure, for the figures drawn inside; what was set before comes back."""
    import seaborn as sns

    look = sns.axes_style("whitegrid") | sns.plotting_context("notebook", font_scale=0.85)
    look |= {
        "axes.prop_cycle": cycler(color=list(OKABE_ITO)),
        "axes.edgecolor": "#4D4D4D",
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": "medium",
        "axes.titleweight": "bold",
        "axes.formatter.use_mathtext": True,
        "figure.facecolor": "white",
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
        "grid.color": "#E6E6E6",
        "grid.linewidth": 0.8,
        "image.cmap": SEQUENTIAL,
        "legend.frameon": False,
        "lines.linewidth": 1.6,
        "savefig.dpi": DPI,
        "pdf.fonttype": 42,  # text stays text that journals accept
        "svg.fonttype": "none",
        "svg.hashsalt": "moons",  # the same figure is the same file
        "xtick.bottom": True,
        "ytick.left": True,
    }
    with matplotlib.rc_context(look):
        yield
