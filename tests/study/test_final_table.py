"""What a study shows while it runs and at its end, at any width and under any path."""

import re
from dataclasses import replace
from io import StringIO

import pandas as pd
import pytest
from rich.console import Console

from moons.words import number
from search_spaces.space import Choice, Float
from study.final_table import show_summary
from study.history import take_stock
from study.monitoring.progress import Progress
from study.monitoring.tally import Tally
from study.opened import opened
from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.tables import write_tables
from study.tune.cluster import Cluster
from tests.study.in_process import QUICK, made_up, quick_plan, run_in_process

SPACE = replace(
    QUICK,
    searched={
        "lr": Float(1e-3, 1e-1, log=True),
        "eps_w": Float(0.1, 1.0),
        "latent_dim": Choice(2, 4),
        "batch_size": Choice(32, 64, 128),
        "beta": Float(0.01, 1.0),
    },
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a") / "runs[v2]" / "x[" / "y] z"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("study.training.replicate.evaluate", made_up)
        plan = quick_plan(folder, space=SPACE)
        run_in_process(plan)
    write_tables(plan.folder)
    with opened(replace(plan, resumed=True)) as record:
        return plan, take_stock(plan, record).tally(3)


def tokens(text):
    return {word.strip(",;:()") for word in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).split()}


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_the_end_of_a_study_says_its_best_value_and_config_whole(
    finished, columns, monkeypatch, capsys
):
    plan, tally = finished
    monkeypatch.setenv("COLUMNS", str(columns))
    show_summary(plan, tally, Manifest.read(StudyFolder(plan.folder).manifest))
    said = capsys.readouterr().out
    trials = pd.read_parquet(plan.folder / "trials.parquet")
    best = trials[trials["state"] == "complete"].nsmallest(1, "val_mse").iloc[0]
    assert {number(best[name]) for name in ("val_mse", "lr", "eps_w", "beta")} <= tokens(said)
    assert f"best val_mse {number(best['val_mse'])}: trial {best['trial']}" in " ".join(
        said.split()
    )
    assert "…" not in said
    assert max(map(len, said.splitlines())) <= columns


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_the_live_panel_cuts_nothing(columns):
    label = "cvae trial 123: lr=0.0012 batch=64 enc=128 latent=16 dec=128 beta=0.045 eps_w=1"
    tally = Tally(1000, epochs=123456, best=(0.0123456, "trial 123", label))
    progress = Progress(tally, Cluster("http://127.0.0.1:8265", "x", 2))
    screen = Console(width=columns, file=StringIO(), force_terminal=True, markup=False)
    progress._console = screen
    screen.print(progress.panel())
    said = screen.file.getvalue()
    wanted = {*label.split(), "0.0123", "123,456", "0/1,000", "epochs"}
    assert {word.strip(",;:()") for word in wanted} <= tokens(said)
    assert "…" not in said


def test_a_command_to_go_on_with_can_be_pasted(finished):
    plan, _ = finished
    assert plan.resume_command() == f"python -m study.run --resume '{plan.folder}'"
