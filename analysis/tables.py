"""`python -m analysis.tables results/<study>`: the tables, derived from the record."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.command import Studies, run_command


@dataclass(frozen=True)
class Options(Studies):
    """Rebuilds the tables of studies from their records."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    return run_command(rebuild_all, Options, "python -m analysis.tables", arguments)


def rebuild_all(options: Options) -> int:
    """Rebuilds what is named and prints the paths; 0.

    Raises:
        RecordError: what is named is no study, or a file of its record is missing or damaged.
    """
    from study.record.tables import write_tables  # pandas and optuna: --help does without

    for folder in options.folders():
        print(*write_tables(folder), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
