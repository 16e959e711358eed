"""Figures for papers, each a function of a study's results that draws into `ax` and returns it.

```python
import analysis

results = analysis.read("results/cvae-1")
ax = analysis.figures.slices(results, hyperparameter="lr", ax=ax)
```

Without `ax` a function makes a figure of pyplot's. Where a figure has several panels, keywords say
which one a function draws; `python -m analysis.figures` lays all of them out.

A figure is a module of `trials` or `models`: a function of its name, `<name>_data` for the frame
that it draws, and in `FIGURE` how it is laid out. Modules are loaded when they are asked for, since
matplotlib takes a second to import. A new figure is a new file and its name in `STUDY_FIGURES` or
`MODEL_FIGURES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from analysis.figures.by_metric import by_metric
from study.record.results import StudyResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.figures.models.data import data as data
    from analysis.figures.models.density import density as density
    from analysis.figures.models.latent_prior import latent_prior as latent_prior
    from analysis.figures.models.latent_space import latent_space as latent_space
    from analysis.figures.models.reconstructions import reconstructions as reconstructions
    from analysis.figures.models.samples import samples as samples
    from analysis.figures.models.traversals import traversals as traversals
    from analysis.figures.trials.best_so_far import best_so_far as best_so_far
    from analysis.figures.trials.empirical_distribution import (
        empirical_distribution as empirical_distribution,
    )
    from analysis.figures.trials.importance import importance as importance
    from analysis.figures.trials.interaction import interaction as interaction
    from analysis.figures.trials.learning_curves import learning_curves as learning_curves
    from analysis.figures.trials.pareto_front import pareto_front as pareto_front
    from analysis.figures.trials.retrained import retrained as retrained
    from analysis.figures.trials.rung_correlation import rung_correlation as rung_correlation
    from analysis.figures.trials.slices import slices as slices
    from analysis.figures.trials.survival import survival as survival

STUDY_FIGURES: tuple[str, ...] = (
    "best_so_far",
    "learning_curves",
    "survival",
    "importance",
    "slices",
    "interaction",
    "empirical_distribution",
    "rung_correlation",
    "pareto_front",
    "retrained",
)
MODEL_FIGURES: tuple[str, ...] = (
    "data",
    "samples",
    "density",
    "reconstructions",
    "latent_space",
    "latent_prior",
    "traversals",
)
NAMES = (*STUDY_FIGURES, *MODEL_FIGURES)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure, and a sentence about this drawing where it needs one: budget, subsample."""

    figure: "Figure"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSpec:
    """One kind of figure, laid out on a page.

    Attributes:
        name: its module, its file and the value of `--only`.
        title: a heading of a few words.
        caption: what is drawn and how to read it, true of every study; also the alternative text.
        unfit: why the figure does not apply, one sentence, or None; quick.
        draw: computes and draws, within `style.theme()`.
        metric: where another metric than the one that the study minimised is drawn: `instead` of
            it, or `beside` it; None where there is none.

    Both functions take the results and the number of the trial to show; figures about the whole
    study do not look at it, and model figures show `results.best_trial` where it is None.
    """

    name: str
    title: str
    caption: str
    unfit: Callable[[StudyResults, int | None], str | None]
    draw: Callable[[StudyResults, int | None], Drawing]
    metric: Literal["instead", "beside"] | None = None


def __getattr__(name: str) -> Any:
    """The function of a figure, loaded when it is first asked for."""
    if name not in NAMES:
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    return getattr(_module(name), name)


def load_figure(name: str) -> FigureSpec:
    """The figure of that name.

    Raises:
        ValueError: there is none; says which there are.
    """
    if name not in NAMES:
        raise ValueError(f"there is no figure {name!r}; figures: {', '.join(NAMES)}")
    spec = _module(name).FIGURE
    assert isinstance(spec, FigureSpec), name
    return spec


def _module(name: str) -> Any:
    room = "trials" if name in STUDY_FIGURES else "models"
    return import_module(f"analysis.figures.{room}.{name}")


def draw_figure(
    name: str, results: StudyResults, trial: int | None = None, metric: str | None = None
) -> Drawing | str:
    """The figure of that name, or the sentence why it does not apply.

    Args:
        name: of the figure.
        results: the study's.
        trial: that model figures show; by default the best one.
        metric: that figures about trials show, where they can show another one.

    Raises:
        ValueError: there is no such figure, trial or metric, or a file that it reads is damaged.
    """
    from analysis.figures.style import theme

    spec = load_figure(name)
    if spec.metric:
        results = by_metric(results, metric, beside=spec.metric == "beside")
    if sentence := spec.unfit(results, trial):
        return sentence
    with theme():
        return spec.draw(results, trial)
