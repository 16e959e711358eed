"""Writes the page of a study: `python -m analysis.report results/<study>`, one HTML file."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from analysis.command import STUDIES, run_command
from moons.command_line import AnyPath, OptionalPath, opt
from moons.files import write_whole
from study.record.results import read_results

if TYPE_CHECKING:
    from moons.models import VAE


def write_report(
    folder: Path, out: Path | None = None, model: "Path | type[VAE] | None" = None
) -> Path:
    """Writes the page of a study, which needs no other file and no network.

    Args:
        folder: the study's.
        out: where to; by default `report.html` in the folder.
        model: as in `read_results`.

    Returns:
        The path written.

    Raises:
        ValueError: the folder is not a study's.
        DamagedRecord: a file of the study is missing or damaged, which is named.
        OSError: the page cannot be written.
    """
    results = read_results(folder, model)
    from analysis.page.write import study_page

    path = out or results.folder.report
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, study_page(results))
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Writes the page of each study: its findings, figures to explore, model and tables."""

    studies: Annotated[tuple[AnyPath, ...], tyro.conf.Positional, STUDIES]
    """The studies' folders, such as results/cvae-1; one or more."""
    out: Annotated[OptionalPath, opt("FILE", "report.html in the folder")] = None
    """Where to write the page of a single study."""
    space: Annotated[OptionalPath, opt("FILE.py", "none")] = None
    """The file of a study whose model is one's own, to show the model."""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    return run_command(_write, Options, "python -m analysis.report", arguments)


def _write(options: Options) -> int:
    if not options.studies:
        raise ValueError("name a study's folder such as results/cvae-1, got none")
    if options.out and len(options.studies) > 1:
        raise ValueError(
            f"--out takes the page of one study, got {len(options.studies)} studies; leave it out, "
            "and each page is written into its study's folder"
        )
    for folder in options.studies:
        print(write_report(folder, options.out, options.space))
    return 0


if __name__ == "__main__":
    sys.exit(main())
