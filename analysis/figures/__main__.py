"""Draws a study's figures: `python -m analysis.figures results/<study> --only slices`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.progress import Progress

from analysis.command import run_command
from analysis.figures import MODEL_FIGURES, STUDY_FIGURES, Drawing, draw_figure, load_figure
from moons.command_line import AnyPath, OptionalPath, Whole, opt
from moons.terminal import console, say
from study.record.results import read_results

NAMES = (*STUDY_FIGURES, *MODEL_FIGURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Draws the figures of a study as PNG into its folder `figures/`."""

    study: Annotated[AnyPath, tyro.conf.Positional, tyro.conf.arg(metavar="STUDY")]
    """The study's folder, such as results/cvae-1."""
    only: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, opt("FIGURE", "all")] = ()
    """A figure to draw, of those listed below; may be said more than once."""
    trial: Annotated[Whole, opt("N", "the best one")] = None
    """The trial that figures about a model show."""
    space: Annotated[OptionalPath, opt("FILE.py", "none")] = None
    """The file of a study whose model is one's own, to show the model."""
    svg: bool = False
    """Write SVG besides PNG."""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    names = f"Figures: {', '.join(NAMES)}."
    return run_command(draw_all, Options, "python -m analysis.figures", arguments, names)


def draw_all(options: Options) -> int:
    """Draws what was asked for, says what does not apply, and prints where the figures are.

    Raises:
        ValueError: an option names what there is not.
        DamagedRecord: a file of the study is missing or damaged.
        OSError: a figure cannot be written.
    """
    names = tuple(load_figure(name).name for name in options.only) or NAMES
    results = read_results(options.study, options.space)
    if options.trial is not None:
        results.trial(options.trial)
    log = console(stderr=True)
    for note in results.notes:
        say(log, note)
    drawn: list[Path] = []
    with Progress(console=log, transient=True) as progress:
        task = progress.add_task("", total=len(names))
        for name in names:
            progress.update(task, description=name)
            drawing = draw_figure(name, results, options.trial)
            progress.advance(task)
            if isinstance(drawing, str):
                say(log, f"{name} is left out. {drawing}")
                continue
            if drawing.note:
                say(log, f"{name}: {drawing.note}")
            of_trial = "" if options.trial is None or name in STUDY_FIGURES else f"_{options.trial}"
            for suffix in ("png", "svg") if options.svg else ("png",):
                path = results.folder.figures / f"{name}{of_trial}.{suffix}"
                save(drawing, path)
                drawn.append(path)
    for path in drawn:
        print(path)
    return 0 if drawn else 6


def save(drawing: Drawing, path: Path) -> None:
    """Writes the figure as its path's suffix says."""
    from analysis.figures.style import save_figure, theme

    with theme():
        save_figure(drawing.figure, path)


if __name__ == "__main__":
    sys.exit(main())
