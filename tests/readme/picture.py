"""`docs/samples.png`: data, and what the winners of two searches draw."""

from pathlib import Path

from analysis import figures
from analysis.figures.paper import new_figure, save_figure
from analysis.figures.style import theme
from study.record.results import StudyResults


def draw_samples(by_mse: StudyResults, by_density: StudyResults, path: Path) -> None:
    """Writes the picture: three panels alike in their axes.

    Args:
        by_mse: the search that minimised the validation MSE.
        by_density: the one that minimised the validation excess.
        path: of the PNG.
    """
    with theme():
        figure = new_figure(2.8, 10.0)
        left, middle, right = figure.subplots(1, 3, sharex=True, sharey=True)
        figures.samples(by_density, of="data", ax=left)
        figures.samples(by_mse, ax=middle)
        figures.samples(by_density, ax=right)
        for ax, title in (
            (left, "the data"),
            (middle, "samples: chosen by validation MSE"),
            (right, "samples: chosen by density"),
        ):
            ax.set(title=title, xlim=(-2.6, 3.6), ylim=(-1.8, 2.2))
            ax.get_legend().remove()
            ax.label_outer()
        save_figure(figure, path)
