"""The figures of a comparison; each is the `COMPARED` of a module of `analysis.figures.trials`."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from analysis.comparison import Comparison
from analysis.figures import Drawing

MODULES = {
    "compare_best_so_far": "best_so_far",
    "compare_distribution": "empirical_distribution",
    "compare_retrained": "retrained",
    "compare_winners": "winners",
}
NAMES = tuple(MODULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonFigure:
    """One kind of figure about several studies.

    Attributes:
        name: its file.
        title: a heading of a few words.
        caption: what is drawn and how to read it; also the alternative text.
        unfit: why the figure does not apply, one sentence, or None.
        draw: draws, within `style.theme()`.
    """

    name: str
    title: str
    caption: str
    unfit: Callable[[Comparison], str | None]
    draw: Callable[[Comparison], Drawing]


def load_comparison_figure(name: str) -> ComparisonFigure:
    """The figure of that name, one of `NAMES`."""
    spec = import_module(f"analysis.figures.trials.{MODULES[name]}").COMPARED
    assert isinstance(spec, ComparisonFigure), name
    return spec


def draw_comparison(name: str, comparison: Comparison) -> Drawing | str:
    """The figure of that name, or the sentence why it does not apply."""
    from analysis.figures.style import theme

    spec = load_comparison_figure(name)
    if sentence := spec.unfit(comparison):
        return sentence
    with theme():
        return spec.draw(comparison)


def lacks_ranked(comparison: Comparison) -> str | None:
    """A sentence where no study has a complete trial."""
    if any(len(own.top) for own in comparison.standings):
        return None
    return f"No study has a complete trial with a {comparison.metric}."
