"""Writes a study's report: `python -m analysis.report results/<study>`, one HTML file."""

import base64
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.progress import Progress

from analysis.figures import (
    MODEL_FIGURES,
    STUDY_FIGURES,
    Drawing,
    draw_figure,
    load_figure,
    redraw_command,
)
from analysis.folder import DamagedRecord, StudyResults, read_results
from moons.files import write_whole

if TYPE_CHECKING:  # they import pandas and scipy: --help does without
    from analysis.findings import Finding
    from analysis.summary import Table

GROUPS = {"The search": STUDY_FIGURES, "The best model": MODEL_FIGURES}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """All that a report holds of one study.

    Attributes:
        pictures: by heading.
        left_out: figures that were not drawn, with the sentence why.
    """

    results: StudyResults
    findings: "tuple[Finding, ...]"
    pictures: dict[str, tuple[Picture, ...]]
    left_out: tuple[tuple[str, str], ...]
    tables: "dict[str, Table]"
    all_trials: "Table"


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
    n_figures = len(studies) * sum(map(len, GROUPS.values()))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("report", total=n_figures)
        chapters = []
        for results in studies:
            shown: list[tuple[str, Picture | str]] = []
            for name, picture in _pictures(results):
                progress.update(task, description=f"report: {name}", advance=1)
                shown.append((name, picture))
            chapters.append(_chapter(results, dict(shown)))
    path = out or _usual_path(studies)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, _render(chapters))
    return path


def _usual_path(studies: Sequence[StudyResults]) -> Path:
    first = studies[0].folder
    if len(studies) == 1:
        return first.report
    names = "-".join(results.folder.path.resolve().name for results in studies)
    return first.path.parent / f"report-{names}.html"


def _pictures(results: StudyResults) -> Iterator[tuple[str, Picture | str]]:
    for names in GROUPS.values():
        for name in names:
            try:
                drawing = draw_figure(name, results)
                yield (
                    name,
                    drawing if isinstance(drawing, str) else _picture(name, drawing, results),
                )
            except (ValueError, OSError) as error:
                yield name, f"It could not be drawn: {error}."
            except Exception as error:  # a finished study keeps its report when one figure fails
                yield name, f"It could not be drawn: {type(error).__name__}: {error}."


def _picture(name: str, drawing: Drawing, results: StudyResults) -> Picture:
    from analysis.figures.style import DPI, png_bytes, theme

    spec = load_figure(name)
    with theme():
        image = png_bytes(drawing.figure)
    width, height = drawing.figure.get_size_inches() * DPI
    trial = results.best_trial if name in MODEL_FIGURES else None
    return Picture(
        name=name,
        title=spec.title,
        alt=f"{spec.title}, study {results.manifest.name}. {spec.caption}",
        caption=spec.caption,
        note=drawing.note,
        command=redraw_command(results.folder, name, trial),
        image=base64.b64encode(image).decode(),
        width=int(width),
        height=int(height),
    )


def _chapter(results: StudyResults, shown: dict[str, Picture | str]) -> Chapter:
    from analysis import summary
    from analysis.findings import findings

    grouped = {
        heading: tuple(p for n in names if isinstance(p := shown.get(n), Picture))
        for heading, names in GROUPS.items()
    }
    left_out = {n: reason for n, reason in shown.items() if isinstance(reason, str)}
    tables = {
        "Best trials": summary.top_trials(results),
        "Evaluation of the best trial": summary.evaluation(results),
        "Retrained under fresh seeds": summary.retrainings(results),
        "Search space": summary.search_space(results),
        "How it was run": summary.about(results),
    }
    return Chapter(
        results=results,
        findings=findings(results),
        pictures={heading: pictures for heading, pictures in grouped.items() if pictures},
        left_out=tuple((load_figure(n).title, reason) for n, reason in left_out.items()),
        tables={name: table for name, table in tables.items() if table and table.rows},
        all_trials=summary.all_trials(results),
    )


def _render(chapters: Sequence[Chapter]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from analysis.figures.style import STATE_STYLES
    from analysis.summary import side_by_side

    environment = Environment(
        loader=PackageLoader("analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    studies = [chapter.results for chapter in chapters]
    command = " ".join(["python -m analysis.report", *(r.folder.shown for r in studies)])
    return environment.get_template("report.html.j2").render(
        chapters=chapters,
        side_by_side=side_by_side(studies) if len(studies) > 1 else None,
        state_colours={state: style.colour for state, style in STATE_STYLES.items()},
        command=command,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Writes one HTML file with the findings, figures and tables of a study or of several."""

    studies: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """The studies' folders, results/<study>."""
    out: Path | None = None
    """Where to write; by default report.html in the study's folder."""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = tyro.cli(
        Options, prog="python -m analysis.report", description=Options.__doc__, args=arguments
    )
    try:
        print(write_report(options.studies, options.out))
    except DamagedRecord as error:
        print(error, file=sys.stderr)
        return 4
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
