"""Figures on paper: their panels and legend laid out, and written as a file."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from analysis.figures.style import DPI, WIDTH, theme
from moons.files import appearing, write_whole

Panel = Callable[..., Axes]  # draws into what it is given as `ax`
_SHARED_Y: dict[str, bool | Literal["row"]] = {"none": False, "row": "row", "both": True}


@contextmanager
def drawing_on(ax: Axes | None, height: float = 4.0, width: float = WIDTH) -> Iterator[Axes]:
    """`ax`, in the look that is set; without it the axes of a figure of pyplot's, in this one."""
    if ax is not None:
        yield ax
        return
    from matplotlib import pyplot

    with theme():
        yield pyplot.subplots(figsize=(width, height), layout="constrained")[1]


def new_figure(height: float = 4.0, width: float = WIDTH) -> Figure:
    """An empty figure of that size in inches that places its axes itself.

    It is not known to pyplot, so there is nothing to close.
    """
    return Figure(figsize=(width, height), layout="constrained")


def png_bytes(figure: Figure) -> bytes:
    """The figure as PNG with a palette of 256 colours, a third of the size of one without."""
    full, small = io.BytesIO(), io.BytesIO()
    _settle(figure)
    figure.savefig(full, format="png", dpi=DPI)
    image = Image.open(full).convert("RGB")
    # Of the ways to choose a palette this one keeps rare colours: all are within 12 of 255.
    palette = image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    palette.save(small, format="png", optimize=True)
    return small.getvalue()


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure whole, as what `path`'s suffix says: `.png`, `.svg` or `.pdf`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        write_whole(path, png_bytes(figure))
        return
    _settle(figure)
    with appearing(path) as draft:
        kind = path.suffix.removeprefix(".")
        undated = {"CreationDate": None} if kind == "pdf" else {"Date": None}
        figure.savefig(draft, format=kind, metadata=undated)


def _settle(figure: Figure) -> None:
    """Lays out once more where axes keep their aspect: one pass leaves their labels cut off."""
    if any(ax.get_aspect() != "auto" for ax in figure.axes):
        figure.draw_without_rendering()


def lay_out(
    panels: Sequence[Panel],
    size: tuple[float, float],
    *,
    columns: int | None = None,
    share: Literal["none", "row", "both"] = "none",
    legend_columns: int = 4,
) -> Figure:
    """Panels side by side, in rows of `columns`, with one legend above all.

    Args:
        panels: from left to right and from the top down.
        size: width and height of one, in inches.
        columns: in a row; by default all of them.
        share: which panels have their axes in common: `row` the y axis of each row.
        legend_columns: of the legend.
    """
    columns = columns or len(panels)
    rows = -(-len(panels) // columns)
    figure = new_figure(0.2 + size[1] * rows, max(size[0] * columns, 4.5))
    axes = figure.subplots(
        rows, columns, squeeze=False, sharex=share == "both", sharey=_SHARED_Y[share]
    )
    entries: dict[str, Artist] = {}
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    for ax, panel in zip(axes.flat, panels, strict=False):
        panel(ax=ax)
        if legend := ax.get_legend():
            texts = [text.get_text() for text in legend.get_texts()]
            handles = [handle for handle in legend.legend_handles if handle is not None]
            entries = dict(zip(texts, handles, strict=True)) | entries
            legend.remove()
        if share != "none" and ax.get_subplotspec().colspan.start:
            ax.set_ylabel("")
        if share == "both" and ax.get_subplotspec().rowspan.stop < rows:
            ax.set_xlabel("")
    if entries:
        figure.set_figheight(figure.get_figheight() + 0.4)
        figure.legend(
            entries.values(), entries.keys(), loc="outside upper left", ncols=legend_columns
        )
    return figure
