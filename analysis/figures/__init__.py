"""One figure a file: `<name>_data` computes its frame, `draw_<name>` draws it.

A figure is its module's `FIGURE`; modules are loaded when their figure is asked for, since
matplotlib takes a second to import. A new figure is a new file and its name in `STUDY_FIGURES` or
`MODEL_FIGURES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from moons.words import shell
from study.record.folder import StudyFolder
from study.record.results import StudyResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STUDY_FIGURES: tuple[str, ...] = (
    "best_so_far",
    "learning_curves",
    "survival",
    "importance",
    "slices",
    "contour",
    "parallel_coordinates",
    "rank",
    "empirical_distribution",
    "rung_correlation",
    "pareto_front",
    "timeline",
    "data_grid",
)
MODEL_FIGURES: tuple[str, ...] = (
    "samples",
    "density",
    "reconstructions",
    "latent_space",
    "latent_prior",
    "traversals",
    "label_swap",
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure, and a sentence about this drawing where it needs one: budget, subsample."""

    figure: "Figure"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSpec:
    """One kind of figure.

    Attributes:
        name: its module, its file and the value of `--only`.
        title: a heading of a few words.
        caption: what is drawn and how to read it, true of every study; also the alternative text.
        unfit: why the figure does not apply, one sentence, or None; quick.
        draw: computes and draws, within `style.theme()`.

    Both functions take the results and the number of the trial to show; figures about the whole
    study do not look at it, and model figures show `results.best_trial` where it is None.
    """

    name: str
    title: str
    caption: str
    unfit: Callable[[StudyResults, int | None], str | None]
    draw: Callable[[StudyResults, int | None], Drawing]


def load_figure(name: str) -> FigureSpec:
    """The figure of that name.

    Raises:
        ValueError: there is none; says which there are.
    """
    known = (*STUDY_FIGURES, *MODEL_FIGURES)
    if name not in known:
        raise ValueError(f"there is no figure {name!r}; figures: {', '.join(known)}")
    spec = import_module(f"analysis.figures.{name}").FIGURE
    assert isinstance(spec, FigureSpec), name
    return spec


def draw_figure(name: str, results: StudyResults, trial: int | None = None) -> Drawing | str:
    """The figure of that name, or the sentence why it does not apply.

    Raises:
        ValueError: there is no such figure or trial, or a file that it reads is damaged.
    """
    from analysis.figures.style import theme

    spec = load_figure(name)
    if sentence := spec.unfit(results, trial):
        return sentence
    with theme():
        return spec.draw(results, trial)


def redraw_command(folder: StudyFolder, name: str, trial: int | None = None) -> str:
    """What to type to draw the figure again."""
    of_trial = ["--trial", trial] if trial is not None and name in MODEL_FIGURES else []
    return shell("python", "-m", "analysis.figures", folder.shown, "--only", name, *of_trial)
