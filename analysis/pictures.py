"""A report's pictures: figures as PNG with all that stands beside them."""

import base64
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from analysis.comparison.figures import ComparisonFigure
from analysis.figures import (
    MODEL_FIGURES,
    Drawing,
    FigureSpec,
    draw_figure,
    load_figure,
    redraw_command,
)
from analysis.figures.style import DPI, png_bytes, theme
from study.record.results import StudyResults, read_results


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure as the report shows it; `image` is a PNG in base64."""

    name: str
    title: str
    alt: str
    caption: str
    note: str
    command: str
    image: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A figure that was not drawn, and the sentence why."""

    title: str
    reason: str


def study_picture(results: StudyResults, figure: str) -> Picture | LeftOut:
    """A figure of a study, or of its best model, by its name."""
    trial = results.best_trial if figure in MODEL_FIGURES else None
    return make_picture(
        load_figure(figure),
        f"study {results.manifest.name}",
        redraw_command(results.folder, figure, trial),
        partial(draw_figure, figure, results),
    )


@contextmanager
def model_pictures(results: StudyResults) -> Iterator[Callable[[str], Picture | LeftOut]]:
    """Gives the best model's figures by their names, drawn while others are drawn here.

    They have a process of their own where one of them is UMAP's, which compiles itself for longer
    than all others take; else a process is not worth its start.
    """
    if not _has_umap(results) or (os.cpu_count() or 1) < 2:
        yield partial(study_picture, results)
        return
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        path = results.folder.path
        drawn = {name: process.submit(_drawn_elsewhere, path, name) for name in MODEL_FIGURES}

        def take(figure: str) -> Picture | LeftOut:
            try:
                return drawn[figure].result()
            except BrokenProcessPool:
                return study_picture(results, figure)

        yield take


def _has_umap(results: StudyResults) -> bool:
    best = results.best_trial
    if best is None or not results.folder.checkpoint(best).is_dir():
        return False
    return int(results.trial(best).get("latent_dim", 0)) > 2


def _drawn_elsewhere(path: Path, figure: str) -> Picture | LeftOut:
    return study_picture(_results_elsewhere(path), figure)


_results_elsewhere = cache(read_results)


def make_picture(
    spec: FigureSpec | ComparisonFigure,
    about: str,
    command: str,
    draw: Callable[[], Drawing | str],
) -> Picture | LeftOut:
    """The drawing as a picture, or the reason why there is none."""
    try:
        drawing = draw()
    except (ValueError, OSError) as error:
        drawing = f"It could not be drawn: {error}."
    except Exception as error:  # a finished study keeps its report when one figure has a defect
        drawing = f"It could not be drawn: {type(error).__name__}: {error}."
    if isinstance(drawing, str):
        return LeftOut(spec.title, drawing)
    with theme():
        image = png_bytes(drawing.figure)
    width, height = drawing.figure.get_size_inches() * DPI
    return Picture(
        name=spec.name,
        title=spec.title,
        alt=f"{spec.title}, {about}. {spec.caption}",
        caption=spec.caption,
        note=drawing.note,
        command=command,
        image=base64.b64encode(image).decode(),
        width=int(width),
        height=int(height),
    )
