"""Plans of small studies, resumed ones too, and what came of them."""

from functools import partial
from pathlib import Path

from study.options import parse
from study.plan import Plan, make_plan
from study.record.agreement import counts
from study.record.folder import StudyFolder
from study.record.journal import read_trials
from study.resume import plan_to_resume
from tests.study.in_process import run_in_process

run_locally = partial(run_in_process, scheduled=True)


def plan(results: Path, *words: object, space: str = "cvae", name: str = "s") -> Plan:
    defaults = ["--space", space, "--name", name, "--results", results, "--max-epochs", 12]
    return make_plan(parse([str(w) for w in [*defaults, "--grace", 4, *words]]))


def resumed(folder: Path, *words: object) -> Plan:
    return plan_to_resume(parse([str(w) for w in ["--resume", folder, *words]]), folder)


def trained(plan: Plan) -> dict[int, tuple[dict[str, object], str, dict[int, float]]]:
    """Parameters, state and rungs of the plan's trials that are over, by slot."""
    found = {}
    for trial in filter(counts, read_trials(StudyFolder(plan.folder).journal)):
        state = trial.user_attrs["outcome"]["state"]
        found[trial.user_attrs["slot"]] = (dict(trial.params), state, trial.intermediate_values)
    return found
