"""`python -m study.run`: one command from a search space to result tables."""

if __name__ == "__main__":
    from study import early

    early.begin()

import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from moons.callable_module import make_callable
from study.errors import ExitCode, StudyError, complain, stopped
from study.options import Options, parse
from study.reader import outlive_readers
from study.signals import sigterm_deferred

if TYPE_CHECKING:
    from study.plan import Plan


def main(argv: Sequence[str]) -> ExitCode:
    """Runs the command; what it returns is the process's exit code."""
    try:
        return dispatch(parse(argv))
    except StudyError as error:
        return complain("study.run", error)
    except KeyboardInterrupt:
        return stopped("study.run")


def dispatch(options: Options) -> ExitCode:
    """Does what the options ask for. Each branch imports what it needs and no more."""
    if options.list_spaces:
        from study.preview import show_spaces

        show_spaces()
        return 0
    with sigterm_deferred():  # the threads of what is imported leave it to the main thread
        plan = planned(options)
    if options.dry_run:
        from study.preview import show_plan

        show_plan(plan)
        return 0
    with sigterm_deferred():
        from study.execute import execute
    return execute(plan)


def planned(options: Options) -> "Plan":
    """The plan of a new study, or of one that is gone on with.

    Raises:
        StudyError: with the sentence for the user.
    """
    if options.resume is not None:
        from study.resume import plan_to_resume

        return plan_to_resume(options, options.resume)
    from study.plan import make_plan

    return make_plan(options)


make_callable(__name__, "study.calls.run")

if __name__ == "__main__":
    outlive_readers()
    early.imported()
    code = main(sys.argv[1:])
    gc.freeze()  # else the interpreter looks through all that Ray leaves, for a second
    sys.exit(code)
