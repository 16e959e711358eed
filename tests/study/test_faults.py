"""Whatever dies, the record stays; whatever goes wrong, the exit code and one line say so."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest

from study.record.tables import trials_table
from tests.conftest import ROOT, Driver, Ended
from tests.study.settled import lines, settled
from tests.study.spaces import faulty

Run = Callable[..., Ended]
Start = Callable[..., Driver]
SPACES = Path(__file__).parent / "spaces"
SLOW = SPACES / "slow.py"
TIMES = ["train_s", "eval_s", "start_s", "end_s", "worker"]


@pytest.mark.rays
@pytest.mark.slow
def test_a_driver_killed_three_times_ends_with_exactly_n_trials(
    driver: Start, run_study: Run, ray_address: str, tmp_path: Path
) -> None:
    folder, trials, rng = tmp_path / "s", 6, random.Random(0)
    common = ("--address", ray_address)
    begin = ("--space", SLOW, "--trials", trials, "--max-epochs", 25, "--results", tmp_path)
    words = (*begin, "--name", "s", *common)
    for _ in range(3):
        more = lines(folder / "curves.jsonl") + rng.randint(1, 3)
        one = driver(*words)
        one.wait_for(lambda more=more: lines(folder / "curves.jsonl") >= more)
        time.sleep(rng.random() / 4)
        one.send(signal.SIGKILL)
        before = settled(folder)
        words = ("--resume", folder, "--space", SLOW, *common)
    assert run_study("--resume", folder, "--space", SLOW).code == 0
    after = settled(folder)
    assert sorted(after["slot"]) == list(range(trials))
    kept = after[after["trial"].isin(before["trial"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before, check_exact=True)


@pytest.mark.rays
@pytest.mark.slow
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_the_study_and_leaves_no_process(
    driver: Start,
    tmp_path: Path,
    signum: signal.Signals,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mark = f"moons-test-{os.getpid()}-{signum}"
    monkeypatch.setenv("MOONS_TEST_MARK", mark)
    words = ("--space", SLOW, "--trials", 50, "--max-epochs", 200, "--results", tmp_path)
    one = driver(*words, "--name", "s")
    one.wait_for(lambda: lines(tmp_path / "s" / "curves.jsonl") >= 2)
    ended = one.send(signum)
    assert ended.code == code
    assert "SIGTERM received" not in ended.out  # by Ray's core, which aborts three seconds later
    assert f"--resume {tmp_path / 's'}" in ended.out
    assert json.loads((tmp_path / "s" / "study.json").read_text())["outcome"] == "interrupted"
    assert "running" in set(pd.read_parquet(tmp_path / "s" / "trials.parquet")["state"])
    deadline = time.monotonic() + 20
    while left := marked(mark):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


@pytest.mark.slow
def test_a_signal_while_ray_starts_saves_the_study_too(driver: Start, tmp_path: Path) -> None:
    one = driver("--space", SLOW, "--trials", 5, "--results", tmp_path, "--name", "s")
    one.wait_for(lambda: (tmp_path / "s" / "study.json").exists())
    time.sleep(1.0)
    ended = one.send(signal.SIGTERM)
    assert ended.code == 143
    assert f"--resume {tmp_path / 's'}" in ended.out
    assert "Traceback" not in ended.out
    assert json.loads((tmp_path / "s" / "study.json").read_text())["outcome"] == "interrupted"


def kill_core(one: Driver, name: str) -> None:
    """Kills a core process of a driver's own Ray as soon as it is there."""
    found = list[psutil.Process]()

    def there() -> bool:
        found.extend(p for p in psutil.Process(one.process.pid).children() if p.name() == name)
        return bool(found)

    one.wait_for(there)
    found[0].kill()


@pytest.mark.slow
@pytest.mark.rays
def test_a_lost_ray_is_one_sentence_and_the_study_resumes(
    driver: Start, run_study: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    words = ("--space", SLOW, "--trials", 3, "--max-epochs", 30, "--workers", 1)
    one = driver(*words, "--results", tmp_path, "--name", "s")
    one.wait_for(lambda: lines(folder / "curves.jsonl") >= 2)
    kill_core(one, "raylet")
    ended = one.end()
    assert ended.code == 7
    said = ended.out.splitlines()
    assert said[-1].startswith("study.run: Ray was lost: its ")
    assert f"--resume {folder}" in said[-1]
    assert "Traceback" not in ended.out
    assert json.loads((folder / "study.json").read_text())["outcome"] == "interrupted"
    before = settled(folder)
    assert run_study("--resume", folder, "--space", SLOW).code == 0
    after = settled(folder)
    kept = after[after["trial"].isin(before["trial"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before, check_exact=True)
    assert sorted(after["slot"]) == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.rays
def test_a_ray_that_dies_while_it_starts_is_one_sentence_and_leaves_no_study(
    driver: Start, tmp_path: Path
) -> None:
    one = driver("--space", SLOW, "--trials", 3, "--results", tmp_path, "--name", "s")
    kill_core(one, "raylet")
    ended = one.end()
    assert ended.code == 7
    assert "study.run: Ray could not be started: its raylet died" in ended.out.splitlines()[-1]
    assert "Traceback" not in ended.out
    assert not (tmp_path / "s").exists()


def marked(mark: str) -> list[str]:
    """Processes, but this one, that inherited the mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("MOONS_TEST_MARK") == mark:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


@pytest.mark.rays
@pytest.mark.slow
def test_a_killed_worker_leaves_the_rows_of_an_undisturbed_study(
    driver: Start, run_study: Run, ray_address: str, tmp_path: Path
) -> None:
    words = ("--space", SLOW, "--trials", 3, "--max-epochs", 60, "--workers", 1)
    one = driver(*words, "--results", tmp_path, "--name", "a", "--address", ray_address)
    one.wait_for(lambda: lines(tmp_path / "a" / "curves.jsonl") >= 1)
    # Ray's processes are this one's children; other tests may have a cluster of their own.
    ours = psutil.Process().children(recursive=True)
    workers = [p for p in ours if is_trial_of(p, one)]
    assert workers
    for worker in workers:
        worker.send_signal(signal.SIGKILL)
    assert one.end().code == 0
    assert run_study(*words, "--name", "b").code == 0
    for table in ("trials", "epochs"):
        found, expected = (
            pd.read_parquet(tmp_path / name / f"{table}.parquet").drop(
                columns=TIMES, errors="ignore"
            )
            for name in ("a", "b")
        )
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


def is_trial_of(process: psutil.Process, one: Driver) -> bool:
    try:
        named = (process.cmdline() or [""])[0].startswith("ray::MoonsTrial")
        return named and process.create_time() >= psutil.Process(one.process.pid).create_time()
    except psutil.Error:
        return False


@pytest.mark.slow
@pytest.mark.cluster
def test_a_node_that_is_lost_costs_no_trial(tmp_path: Path, driver: Start) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    node = cluster.add_node(num_cpus=1)
    try:
        words = ("--space", SLOW, "--trials", 4, "--max-epochs", 50, "--scheduler", "none")
        one = driver(*words, "--results", tmp_path, "--name", "s", "--address", cluster.address)
        one.wait_for(lambda: lines(tmp_path / "s" / "curves.jsonl") >= 1)
        cluster.remove_node(node)
        assert one.end().code == 0
    finally:
        cluster.shutdown()
    trials = trials_table(tmp_path / "s")
    assert list(trials["state"]) == ["complete"] * 4, list(trials["error"])


@pytest.mark.slow
def test_a_trial_that_raises_fails_and_the_others_go_on(run_study: Run, tmp_path: Path) -> None:
    space = SPACES / "faulty.py"
    assert run_study("--space", space, "--max-epochs", 12, "--name", "s").code == 0
    trials = trials_table(tmp_path / "s").set_index("latent_dim")
    assert dict(trials["state"]) == {
        faulty.RAISES: "failed",
        faulty.GIVES_NAN: "diverged",
        faulty.GIVES_INF: "diverged",
        faulty.SOUND: "complete",
    }
    assert "this latent is cursed" in trials["error"][faulty.RAISES]
    assert list(trials["epochs"][[faulty.GIVES_NAN, faulty.GIVES_INF]]) == [1, 1]
    assert "train_loss was not finite in epoch 1" in trials["error"][faulty.GIVES_NAN]
    journal = (tmp_path / "s" / "journal.log").read_text()
    assert "NaN" not in journal
    assert "Infinity" not in journal
    assert "running" not in set(trials["state"])


@pytest.mark.slow
def test_a_study_without_a_complete_trial_says_why_and_exits_with_6(
    run_study: Run, tmp_path: Path
) -> None:
    ended = run_study("--space", SPACES / "hopeless.py", "--max-epochs", 5, "--name", "s")
    assert ended.code == 6
    assert "nothing can be built from this" in ended.err
    assert list(trials_table(tmp_path / "s")["state"]) == ["failed", "failed"]


@pytest.mark.slow
def test_a_second_driver_is_refused_and_told_who_has_the_study(
    run_study: Run, smoked: Path
) -> None:
    holder = (
        "import sys, time; from pathlib import Path; from study.record.lock import held\n"
        "with held(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    lock = smoked / ".lock"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(lock)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        ended = run_study("--resume", smoked, "--trials", 5)
        other.kill()
    assert ended.code == 3
    assert f"pid {other.pid} on host" in ended.err
    # The dead owner's lock is taken over.
    assert run_study("--resume", smoked).code == 0
