"""Draws a study's figures: `python -m analysis.figures results/<study> --only slices`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.progress import Progress

from analysis.command import run_command
from analysis.figures import NAMES, STUDY_FIGURES, Drawing, draw_figure, load_figure
from analysis.figures.by_metric import by_metric
from moons.command_line import AnyPath, OptionalPath, Text, Whole, opt
from moons.terminal import console, say
from study.record.results import read_results


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Draws the figures of a study, for papers; `analysis.report` writes the page to explore."""

    study: Annotated[AnyPath, tyro.conf.Positional, tyro.conf.arg(metavar="STUDY")]
    """The study's folder, such as results/cvae-1."""
    only: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, opt("FIGURE", "all")] = ()
    """A figure to draw, of those listed below; may be said more than once."""
    trial: Annotated[Whole, opt("N", "the best one")] = None
    """The trial that figures about a model show."""
    space: Annotated[OptionalPath, opt("FILE.py", "none")] = None
    """The file of a study whose model is one's own, to show the model."""
    metric: Annotated[Text, opt("METRIC", "what the study minimised")] = None
    """The metric that figures about trials show, such as exact_excess_nll."""
    format: Literal["png", "svg", "pdf"] = "png"
    """How they are written."""
    out: Annotated[OptionalPath, opt("FOLDER", "figures/ of the study")] = None
    """The folder that they are written into."""


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
    by_metric(results, options.metric)
    out = options.out or results.folder.figures
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out must be a folder, got {out}, which is a file")
    log = console(stderr=True)
    for note in results.notes:
        say(log, note)
    drawn: list[Path] = []
    with Progress(console=log, transient=True) as progress:
        task = progress.add_task("", total=len(names))
        for name in names:
            progress.update(task, description=name)
            drawing = draw_figure(name, results, options.trial, options.metric)
            progress.advance(task)
            if isinstance(drawing, str):
                say(log, f"{name} is left out. {drawing}")
                continue
            if drawing.note:
                say(log, f"{name}: {drawing.note}")
            shown = options.metric if load_figure(name).metric else None
            number = None if name in STUDY_FIGURES else options.trial
            parts = [name, *(str(part) for part in (shown, number) if part is not None)]
            drawn.append(out / f"{'_'.join(parts)}.{options.format}")
            save(drawing, drawn[-1])
    for path in drawn:
        print(path)
    return 0 if drawn else 6


def save(drawing: Drawing, path: Path) -> None:
    """Writes the figure as its path's suffix says."""
    from analysis.figures.paper import save_figure
    from analysis.figures.style import theme

    with theme():
        save_figure(drawing.figure, path)


if __name__ == "__main__":
    sys.exit(main())
