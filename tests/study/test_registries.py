"""A metric, a sampler and a scheduler of one's own: an entry each, and everything knows them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REGISTERED = """
import contextlib, io, json, sys
from pathlib import Path
from moons.column import Column
from moons.evaluated import FIGURES, SOUGHT

FIGURES["spread"] = Column(name="spread", label="spread of draws", unit="data units", better="less")
SOUGHT.append("spread")

from search_spaces.choices import SAMPLERS, SCHEDULERS, Sampler

SAMPLERS["last"] = Sampler(about="the last choice, always")
SCHEDULERS["odd"] = "trials in odd slots end at the first rung"

from optuna.samplers import RandomSampler
from moons.evaluation import MEASURES
from study.record.stopping import STOPPING, Stopping
from study.samplers.choice import MADE_BY

class Last(RandomSampler):
    def sample_independent(self, study, trial, name, domain):
        return domain.choices[-1]

MEASURES["val_spread"] = lambda model, config, seed: 0.125
MADE_BY["last"] = lambda space, seed: Last()
STOPPING["odd"] = Stopping("oddity", lambda arrival: arrival.slot % 2 == 0, lambda reduction: 2)

import pandas as pd
from study.errors import StudyError
from study.options import parse
from study.record.folder import StudyFolder
from study.record.labels import label
from study.record.tables import write_tables
from tests.study import local

folder, space = Path(sys.argv[1]), sys.argv[2]
told = {}
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as help:
    parse(["--help"])
told["help"] = help.getvalue()
for option in ("sampler", "scheduler", "metric"):
    try:
        local.plan(folder, f"--{option}", "wrong", space=space)
    except StudyError as error:
        told[option] = str(error)
words = ("--sampler", "last", "--scheduler", "odd", "--metric", "val_spread", "--grace", 1)
plan = local.plan(folder, *words, "--trials", 4, "--max-epochs", 2, space=space)
told["stops"] = plan.stops
local.run_locally(plan)
resumed = local.resumed(plan.folder, "--trials", 6)
local.run_locally(resumed)
write_tables(plan.folder)
table = pd.read_parquet(StudyFolder(plan.folder).trials)
told["trials"] = table[["slot", "state", "lr", "val_spread"]].to_dict("list")
told["label"] = label("val_spread")
print(json.dumps(told, default=str))
"""


@pytest.mark.slow
def test_what_is_registered_is_in_help_errors_plans_tables_and_resumes(tmp_path):
    space = str(Path(__file__).parent / "spaces" / "ordered.py")
    ran = subprocess.run(
        [sys.executable, "-c", REGISTERED, str(tmp_path), space],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    for name in ("val_spread", "|last", "|odd"):
        assert name in "".join(told["help"].split())
    assert told["sampler"].endswith("cmaes, qmc, last, got 'wrong' (see --help)")
    assert told["scheduler"].endswith("hyperband, none, odd, got 'wrong' (see --help)")
    assert "val_nll, val_spread, or two of them" in told["metric"]
    assert told["stops"] == "oddity at epochs 1"
    assert told["label"] == "validation spread of draws (data units)"
    trials = told["trials"]
    assert trials["slot"] == [0, 1, 2, 3, 4, 5]
    assert trials["state"] == ["complete", "pruned"] * 3
    assert set(trials["lr"]) == {0.1}
    assert trials["val_spread"][::2] == [0.125] * 3
