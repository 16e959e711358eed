"""What can go wrong for a user, and the exit code that says which."""

import sys
from typing import Literal

from moons.words import one_line

ExitCode = Literal[0, 2, 3, 4, 5, 6, 7, 130, 143]

COMPLETE: ExitCode = 0
BAD_INPUT: ExitCode = 2
LOCKED: ExitCode = 3
DAMAGED: ExitCode = 4
STORAGE: ExitCode = 5
NO_RESULT: ExitCode = 6
RAY: ExitCode = 7
INTERRUPTED: ExitCode = 130
TERMINATED: ExitCode = 143


class StudyError(Exception):
    """One sentence for the user: what, got, allowed, and what to do."""

    def __init__(self, sentence: str, code: ExitCode = BAD_INPUT) -> None:
        super().__init__(sentence)
        self.code = code


class Unreachable(StudyError):
    """There is no cluster to run on: none answers, or Ray does not start. Nothing was begun."""


def stopped(command: str) -> ExitCode:
    """Says that Ctrl-C came where no study was under way to be stopped; the exit code."""
    return complain(command, StudyError("stopped; what was finished is on record", INTERRUPTED))


def complain(command: str, error: StudyError) -> ExitCode:
    """Prints the sentence on stderr, in one line whatever it quotes; the exit code."""
    print(f"{command}: {one_line(str(error))}", file=sys.stderr)
    return error.code
