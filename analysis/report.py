"""Writes a study's report: `python -m analysis.report results/<study>`, one HTML file."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.markup import escape
from rich.progress import Progress

from analysis.command import STUDIES, run_command
from moons.command_line import AnyPath, OptionalPath, opt
from moons.files import write_whole
from moons.terminal import console
from moons.words import count, shell
from study.record.results import StudyResults, read_results

if TYPE_CHECKING:  # they import pandas and matplotlib: --help does without
    from analysis.chapters import Chapter, Together


def write_report(folders: Sequence[Path], out: Path | None = None) -> Path:
    """Writes one self-contained HTML file about one study or several; progress goes to stderr.

    Args:
        folders: the studies' folders, the main one first.
        out: where to; by default `report.html` in the study's folder, or beside the first folder
            under the names of all where there are several.

    Returns:
        The path written.

    Raises:
        ValueError: there is no folder, or one is not a study's.
        DamagedRecord: a file of a study is missing or damaged, which is named.
        OSError: the report cannot be written.
    """
    if not folders:
        raise ValueError("a report needs at least one study's folder, got none")
    studies = [read_results(folder) for folder in folders]
    from analysis.chapters import chapter, count_figures, together

    with Progress(console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("report", total=count_figures(len(studies)))

        def step(name: str) -> None:
            progress.update(task, description=escape(f"report: {name}"), advance=1)

        chapters = [chapter(results, step) for results in studies]
        beside = together(studies, step) if len(studies) > 1 else None
    path = out or _usual_path(studies)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, _render(chapters, beside))
    return path


def _usual_path(studies: Sequence[StudyResults]) -> Path:
    first = studies[0].folder
    if len(studies) == 1:
        return first.report
    names = "-".join(results.folder.path.resolve().name for results in studies)
    return first.path.parent / f"report-{names}.html"


def _render(chapters: "Sequence[Chapter]", beside: "Together | None") -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from analysis.figures.style import STATE_STYLES

    environment = Environment(
        loader=PackageLoader("analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["count"] = count
    studies = [chapter.results for chapter in chapters]
    command = shell("python", "-m", "analysis.report", *(r.folder.shown for r in studies))
    return environment.get_template("report.html.j2").render(
        chapters=chapters,
        beside=beside,
        state_colours={state: style.colour for state, style in STATE_STYLES.items()},
        command=command,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Writes one HTML file with the findings, figures and tables of a study or of several."""

    studies: Annotated[tuple[AnyPath, ...], tyro.conf.Positional, STUDIES]
    """The studies' folders, such as results/cvae-1; one or more."""
    out: Annotated[
        OptionalPath, opt("FILE", "report.html in the folder; of several, beside it")
    ] = None
    """Where to write."""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    return run_command(_write, Options, "python -m analysis.report", arguments)


def _write(options: Options) -> int:
    print(write_report(options.studies, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
