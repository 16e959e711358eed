"""What the commands of `analysis` share: how they read options, and how they say what is wrong."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import tyro

from moons.command_line import AnyPath, read_command_line
from moons.files import is_folder
from moons.words import one_line
from study.record.damage import RecordError

T = TypeVar("T")
STUDIES = tyro.conf.arg(metavar="STUDY ...", help_behavior_hint="(required)")


def run_command(
    do: Callable[[T], int],
    options: type[T],
    prog: str,
    arguments: Sequence[str] | None = None,
    more: str = "",
) -> int:
    """Reads the options and does the work; the command's exit status.

    What goes wrong is one line on stderr: 2 for an option that will not do, 4 for a damaged
    record, 5 for a place that cannot be written, 130 for Ctrl-C.

    Args:
        do: the work; its status where nothing went wrong.
        options: a dataclass whose docstring describes the command.
        prog: the command as it is typed.
        arguments: of the command line; by default those of this process.
        more: what the description has below the docstring.

    Raises:
        SystemExit: `--help` was asked for and answered.
    """
    description = f"{options.__doc__}\n\n{more}" if more else options.__doc__
    try:
        return do(read_command_line(options, arguments, prog, description))
    except RecordError as error:
        return _complain(str(error), error.code)
    except ValueError as error:
        return _complain(str(error), 2)
    except OSError as error:
        return _complain(f"cannot use {error.filename}: {error.strerror}", 5)
    except KeyboardInterrupt:
        return _complain("stopped", 130)


@dataclass(frozen=True)
class Studies:
    """A command that works on one study after the other."""

    studies: Annotated[tuple[AnyPath, ...], tyro.conf.Positional, STUDIES]
    """The studies' folders, such as results/cvae-1; one or more."""

    def folders(self) -> tuple[Path, ...]:
        """The studies.

        Raises:
            ValueError: there is none, or one that is no folder.
        """
        if not self.studies:
            raise ValueError("STUDY must name a folder such as results/cvae-1, got none")
        for folder in self.studies:
            if not is_folder(folder):
                raise ValueError(f"STUDY must be a study's folder, got {folder}, which is none")
        return self.studies


def _complain(sentence: str, status: int) -> int:
    print(one_line(sentence), file=sys.stderr)
    return status
