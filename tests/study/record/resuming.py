"""Going on with a study as a driver does, without Ray."""

from dataclasses import replace

from study.options import parse
from study.resume import plan_to_resume
from tests.study.in_process import ledger_of


def resumed(folder, **changes):
    return replace(plan_to_resume(parse(["--resume", str(folder)]), folder), **changes)


def resume(folder):
    """Goes on with a study as a driver does; how many trials are finished."""
    with ledger_of(resumed(folder)) as ledger:
        return ledger.tally.finished
