"""Studies from Python: `study.run`, `study.resume`, `study.rerun`, and what they leave."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

import study
from study.errors import StudyError
from study.record.results import StudyResults

ROOT = Path(__file__).parents[2]
SHORT = {"max_epochs": 12, "grace": 4, "workers": 1, "no_report": True}


def around():
    """All of this process that a study could leave something in."""
    handlers = {one: signal.getsignal(one) for one in signal.Signals}
    children = {child.pid for child in psutil.Process().children()}
    return dict(os.environ), set(threading.enumerate()), handlers, children, os.getcwd()


def test_importing_the_packages_costs_nothing():
    code = (
        "import study, analysis, sys; dir(study), dir(analysis);"
        "heavy = {'ray', 'torch', 'pandas', 'numpy', 'tyro', 'matplotlib', 'optuna'};"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_functions_are_there_in_whatever_order_things_are_imported():
    code = (
        "from study.run import main; import study.resume; from study.resume import plan_to_resume;"
        "import analysis.compare; import study, analysis; from study import run, rerun, resume;"
        "assert all(map(callable, (study.run, study.resume, study.rerun, analysis.compare)));"
        "assert run is study.run; main"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: study.run("moon"), "--space must be one of cvae,"),
        (lambda: study.run(), "--space is missing"),
        (lambda: study.run("cvae", set={"beta": -1}), "beta must be numbers in [0, 10000], got -1"),
        (
            lambda: study.run("cvae", set={"encoder_hidden": ["a"]}),
            "a list as in [32, 64], got '[a]'",
        ),
        (lambda: study.resume("nowhere"), "--resume must name a study's folder, got nowhere"),
        (lambda: study.rerun("nowhere"), "FOLDER must be a study's folder, got nowhere"),
    ],
)
def test_bad_input_is_an_exception_with_the_command_s_sentence(
    call, sentence, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyError) as refused:
        call()
    assert sentence in str(refused.value)
    assert refused.value.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_prints_the_plan_and_leaves_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert study.run("cvae", trials=7, set={"beta": 0.045}, dry_run=True) is None
    assert "7 trials" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_study_from_python_is_that_of_the_command_and_leaves_the_process_as_it_was(
    ray_address, tmp_path, capfd
):
    before = around()
    given = SHORT | {"address": ray_address, "results": tmp_path, "seed": 3}
    results = study.run("cvae", trials=2, set={"beta": 0.045}, **given)
    assert isinstance(results, StudyResults)
    assert results.folder.path.parent == tmp_path
    assert "beta0.045" in results.folder.path.name
    assert (results.trials["beta"] == 0.045).all()
    assert capfd.readouterr() == ("", "")  # quiet

    with pytest.raises(StudyError, match="is there already"):
        study.run("cvae", name=results.folder.path.name, **given)
    again = study.rerun(results, top=1, seeds=2, workers=1, address=ray_address, progress=True)
    assert len(again.reruns) == 2
    assert "2/2 trials" in capfd.readouterr().out
    assert around() == before

    import ray

    ray.init(address=ray_address, log_to_driver=False)
    try:  # a cluster of the caller's is taken, and left as it is
        longer = study.resume(results.folder.path, trials=3)
        assert len(longer) == 3
        assert ray.get(ray.put(17)) == 17
    finally:
        ray.shutdown()
