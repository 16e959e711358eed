"""One study on many nodes: all of them work, they may come and go, and N trials are N trials."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from study.errors import StudyError
from study.options import parse
from study.plan import make_plan
from study.record.tables import trials_table
from study.tune.cluster import ENVIRONMENT
from tests.conftest import ROOT, Driver
from tests.study import spaces
from tests.study.monitoring.conftest import free_port

Start = Callable[..., Driver]
SLOW = Path(spaces.__file__ or "").parent / "slow.py"
TRIALS = 14


class Nodes:
    """A cluster of nodes on this machine, the others with one CPU each."""

    def __init__(self, head_cpus: int = 1) -> None:
        from ray.cluster_utils import Cluster

        for key, value in ENVIRONMENT.items():
            os.environ.setdefault(key, value)
        os.environ["PYTHONPATH"] = str(ROOT)
        head = {"num_cpus": head_cpus, "include_dashboard": True, "dashboard_port": free_port()}
        head["dashboard_agent_listen_port"] = (
            free_port()
        )  # jobs go by it; another Ray may have 52365
        self.dashboard = f"http://127.0.0.1:{head['dashboard_port']}"
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self._others: list[Any] = []
        self.address = self._cluster.address
        self.stop = self._cluster.shutdown

    def grow_to(self, size: int) -> None:
        while 1 + len(self._others) < size:
            self._others.append(self._cluster.add_node(num_cpus=1))

    def lose_one(self) -> None:
        self._cluster.remove_node(self._others.pop(), allow_graceful=False)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    started = Nodes()
    yield started
    started.stop()


def words(nodes: Nodes, results: Path) -> tuple[object, ...]:
    job = ("--space", SLOW, "--trials", TRIALS, "--max-epochs", 25, "--scheduler", "none")
    return (*job, "--results", results, "--name", "s", "--address", nodes.address)


def recorded(folder: Path) -> pd.DataFrame:
    """The trials that count, each exactly once."""
    trials = trials_table(folder)
    assert sorted(trials["slot"]) == list(range(TRIALS))
    assert set(trials["state"]) == {"complete"}
    return trials


def most_at_a_time(trials: pd.DataFrame) -> int:
    begins = [(start, 1) for start in trials["start_s"]] + [(end, -1) for end in trials["end_s"]]
    running = most = 0
    for _, change in sorted(begins):
        running += change
        most = max(most, running)
    return most


def reported(results: Path) -> Callable[[], bool]:
    curves = results / "s" / "curves.jsonl"
    return lambda: curves.exists() and curves.stat().st_size > 0


@pytest.mark.slow
@pytest.mark.cluster
def test_four_nodes_finish_n_trials_and_all_of_them_work(
    nodes: Nodes, driver: Start, tmp_path: Path
) -> None:
    nodes.grow_to(4)
    ended = driver(*words(nodes, tmp_path)).end()
    assert ended.code == 0, ended.out
    assert "4 workers" in ended.out
    trials = recorded(tmp_path / "s")
    assert most_at_a_time(trials) == 4
    assert trials["worker"].nunique() >= 4


@pytest.mark.slow
@pytest.mark.cluster
def test_one_of_four_nodes_is_lost_and_no_trial_with_it(
    nodes: Nodes, driver: Start, tmp_path: Path
) -> None:
    nodes.grow_to(4)
    one = driver(*words(nodes, tmp_path))
    one.wait_for(reported(tmp_path))
    nodes.lose_one()
    ended = one.end()
    assert ended.code == 0, ended.out
    recorded(tmp_path / "s")


@pytest.mark.slow
@pytest.mark.cluster
def test_a_node_that_joins_in_mid_study_gets_trials(
    nodes: Nodes, driver: Start, tmp_path: Path
) -> None:
    nodes.grow_to(2)
    one = driver(*words(nodes, tmp_path))
    one.wait_for(reported(tmp_path))
    before = len(trials_table(tmp_path / "s"))
    size = 1 + len(nodes._others)
    nodes.grow_to(size + 1)
    ended = one.end()
    assert ended.code == 0, ended.out
    trials = recorded(tmp_path / "s")
    assert before < TRIALS
    assert most_at_a_time(trials) == size + 1


@pytest.fixture
def head() -> Iterator[Nodes]:
    """A single node: several on one machine unpack a job's working directory over each other."""
    started = Nodes(head_cpus=2)
    yield started
    started.stop()


@pytest.mark.slow
@pytest.mark.cluster
def test_a_ray_job_runs_the_command_unchanged_on_the_job_s_cluster(
    head: Nodes, tmp_path: Path
) -> None:
    job = [sys.executable, "-m", "study.run", "--space", "cvae", "--smoke", "--no-report"]
    submit = [str(Path(sys.executable).with_name("ray")), "job", "submit"]
    submit += ["--address", head.dashboard, "--working-dir", str(ROOT), "--"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ended = subprocess.run(
        [*submit, *job, "--results", str(tmp_path), "--name", "s"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert str(tmp_path / "s") in ended.stdout
    assert "rungs 10, 2 workers" in ended.stdout
    assert len(pd.read_parquet(tmp_path / "s" / "trials.parquet")) == 4


def test_in_a_ray_job_the_study_joins_the_job_s_cluster_and_elsewhere_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert make_plan(parse(["--space", "vae"])).address is None
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")
    inside = make_plan(parse(["--space", "vae"]))
    assert (inside.address, inside.workers) == ("auto", None)


def test_a_record_in_the_working_directory_of_a_job_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unpacked = tmp_path / "runtime_resources" / "working_dir_files" / "_ray_pkg_1"
    unpacked.mkdir(parents=True)
    monkeypatch.chdir(unpacked)
    with pytest.raises(StudyError, match="--results must be an absolute path in a Ray job"):
        make_plan(parse(["--space", "vae"]))
    make_plan(parse(["--space", "vae", "--results", str(tmp_path)]))


def test_a_ray_client_s_address_is_refused_with_what_to_use_instead() -> None:
    with pytest.raises(StudyError, match="away from the record: run on the cluster with `ray job"):
        parse(["--space", "vae", "--address", "ray://head:10001"])
