"""Compares studies: `python -m analysis.compare results/<study> results/<study>`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.markup import escape

from analysis.command import STUDIES, run_command
from analysis.comparison.comparable import study_names
from moons.callable_module import make_callable
from moons.command_line import AnyPath, OptionalPath, Text, opt
from moons.files import write_whole
from moons.terminal import console, say
from moons.words import shell
from study.record.results import StudyResults, read_results

if TYPE_CHECKING:
    from rich.progress import Progress

    from analysis.comparison import Comparison

TABLE, PAGE = "comparison.parquet", "comparison.html"
NAMED = 3  # studies that the folder's name holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Says which of some searches is better, by how much, and how sure that is.

    Studies that differ by their seed alone count as repetitions of one search; with three or more
    of each, searches are told apart.
    """

    studies: Annotated[tuple[AnyPath, ...], tyro.conf.Positional, STUDIES]
    """The studies' folders, such as results/cvae-1; two or more."""
    metric: Annotated[Text, opt("METRIC", "what the studies minimise")] = None
    """The validation figure to compare by."""
    out: Annotated[OptionalPath, opt("FOLDER", "comparison-<A>-vs-<B> beside the first")] = None
    """Where the table and the figures go."""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    return run_command(compare_all, Options, "python -m analysis.compare", arguments)


def compare_all(options: Options) -> int:
    """Compares, prints, and writes table and figures; 6 where there is nothing to compare.

    Raises:
        ValueError: an option is not what it should be.
        DamagedRecord: a file of a study is missing or damaged.
        OSError: the outcome cannot be written.
    """
    if len(options.studies) < 2:
        raise ValueError(f"name two studies or more to compare, got {len(options.studies)}")
    out = options.out or default_folder(options.studies)
    if (out / "study.json").exists():
        raise ValueError(f"--out {out} is a study's own folder: name another")
    studies = [read_results(path) for path in options.studies]
    from rich.progress import Progress

    from analysis.comparison import compare
    from analysis.comparison.terminal import show
    from analysis.page.compared import comparison_page
    from study.record.parquet import write_table

    log = console(stderr=True)
    for study in studies:
        _notes(study, log)
    with Progress(console=log, transient=True) as progress:
        task = progress.add_task("", total=None)
        comparison = compare(
            studies,
            options.metric,
            step=lambda what: progress.update(task, description=escape(what)),
        )
        out.mkdir(parents=True, exist_ok=True)
        write_table(comparison.table, out / TABLE)
        paths = [out / TABLE, *_figures(comparison, out, progress), out / PAGE]
        folders = (study.folder.shown for study in studies)
        command = shell("python", "-m", "analysis.compare", *folders)
        write_whole(out / PAGE, comparison_page(comparison, command))
    show(comparison, console())
    print()
    for path in paths:
        print(path)
    repeated = any(search.repeated for search in comparison.searches)
    return 0 if comparison.pairs or repeated else 6


def default_folder(paths: Sequence[Path]) -> Path:
    """comparison-<A>-vs-<B> beside the first study."""
    names = [name.replace("/", ".") for name in study_names(paths)]
    rest = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    joined = "-vs-".join([*names[:NAMED], *rest]).replace(" ", "-")
    return paths[0].resolve().parent / f"comparison-{joined}"


def _notes(study: StudyResults, log: Console) -> None:
    for note in study.notes:
        say(log, f"{study.folder.shown}: {note}")


def _figures(comparison: "Comparison", out: Path, progress: "Progress") -> list[Path]:
    from analysis.comparison.figures import NAMES, draw_comparison
    from analysis.figures.paper import save_figure
    from analysis.figures.style import theme

    drawn = []
    task = progress.add_task("figures", total=len(NAMES))
    for name in NAMES:
        drawing = draw_comparison(name, comparison)
        progress.advance(task)
        if isinstance(drawing, str):
            say(progress.console, f"{name} is left out. {drawing}")
            continue
        drawn.append(out / f"{name}.png")
        with theme():
            save_figure(drawing.figure, drawn[-1])
    return drawn


make_callable(__name__, "analysis.calls.compare")

if __name__ == "__main__":
    sys.exit(main())
