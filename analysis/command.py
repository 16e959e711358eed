"""What the commands of `analysis` share: how they read options, and how they say what is wrong."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import tyro

from analysis.folder import DamagedRecord

T = TypeVar("T")


def run_command(
    do: Callable[[T], int],
    options: type[T],
    prog: str,
    arguments: Sequence[str] | None = None,
    more: str = "",
) -> int:
    """Reads the options and does the work; the command's exit status.

    What goes wrong is one line on stderr: 2 for an option that will not do, 4 for a damaged
    record, 5 for a place that cannot be written.

    Args:
        do: the work; its status where nothing went wrong.
        options: a dataclass whose docstring describes the command.
        prog: the command as it is typed.
        arguments: of the command line; by default those of this process.
        more: what the description has below the docstring.

    Raises:
        SystemExit: `--help` was asked for, or the command line cannot be parsed.
    """
    description = f"{options.__doc__}\n\n{more}" if more else options.__doc__
    read = tyro.cli(options, prog=prog, description=description, args=arguments)
    try:
        return do(read)
    except DamagedRecord as error:
        return _complain(str(error), 4)
    except ValueError as error:
        return _complain(str(error), 2)
    except OSError as error:
        return _complain(f"cannot write {error.filename}: {error.strerror}", 5)


def _complain(sentence: str, status: int) -> int:
    print(*sentence.splitlines(), file=sys.stderr)  # one line, whatever it quotes
    return status
