"""A disk that fails or fills up, and files that somebody meddled with."""

import contextlib
import os
import pickle
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from analysis.tables import main as tables_again
from study.record.tables import write_tables
from tests.conftest import Driver, Ended
from tests.study.settled import lines, settled

Run = Callable[..., Ended]
Start = Callable[..., Driver]


@pytest.mark.parametrize("kind", ["file in the place of results", "read-only", "full"])
def test_storage_trouble_is_named_before_ray_starts(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from study.run import main

    results = tmp_path / "results"
    mounted = False
    if kind == "file in the place of results":
        results.write_text("")
    else:
        results.mkdir()
        option = "ro" if kind == "read-only" else "size=4k,nr_inodes=3"
        mounted = mount(results, option)
    try:
        code = main(["--space", "cvae", "--smoke", "--name", "s", "--results", str(results)])
    finally:
        if mounted:
            subprocess.run(["umount", results], check=True)
    assert code == 5
    said = capfd.readouterr().err
    assert str(results) in said
    assert said.count("\n") == 1


def mount(folder: Path, option: str) -> bool:
    """Mounts a small file system, or skips the test where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", option, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    return True


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_with_5_and_the_record_resumes(
    driver: Start, run_study: Run, ray_address: str, tmp_path: Path
) -> None:
    results, trials = tmp_path / "disk", 12
    results.mkdir()
    mount(results, "size=1m")
    try:
        words = ("--space", "cvae", "--trials", trials, "--max-epochs", 15, "--name", "s")
        one = driver(*words, "--results", results, "--address", ray_address)
        one.wait_for(lambda: lines(results / "s" / "curves.jsonl") >= 3)
        fill(results / "somebody-elses")
        ended = one.end()
        assert ended.code == 5
        assert f"cannot write {results / 's'}" in ended.out
        assert "No space left on device" in ended.out
        before = settled(results / "s")
        assert 0 < len(before) < trials
        (results / "somebody-elses").unlink()
        assert run_study("--resume", results / "s").code == 0
        after = settled(results / "s")
        assert sorted(after["slot"]) == list(range(trials))
        kept = after[after["trial"].isin(before["trial"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, before, check_exact=True)
    finally:
        subprocess.run(["umount", "--lazy", results], check=True)


def fill(path: Path) -> None:
    """Takes all the room that is left on a disk."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


class Canary:
    """Leaves a trace where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.trace,))


@pytest.mark.slow
def test_a_pickle_in_any_file_of_a_results_folder_is_never_executed(
    run_study: Run, smoke: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    canary = pickle.dumps(Canary(trace))
    for file in sorted(p for p in smoke.rglob("*") if p.is_file()):
        folder = tmp_path / "planted"
        shutil.copytree(smoke, folder)
        planted = folder / file.relative_to(smoke)
        planted.write_bytes(canary)
        run_study("--resume", folder)
        run_study("--space", "cvae", "--warm-start", folder, "--dry-run")
        tables_again([str(folder)])
        for checkpoint in (folder / "checkpoints").iterdir():
            load_or_refuse(checkpoint)
        shutil.rmtree(folder)
    assert not trace.exists()
    pickle.loads(canary)
    assert trace.exists()  # so that the canary would have sung


def load_or_refuse(checkpoint: Path) -> None:
    from moons.checkpoint import load_checkpoint

    with contextlib.suppress(ValueError):
        load_checkpoint(checkpoint)


@pytest.mark.slow
def test_tables_can_be_deleted_and_come_back_identical(smoked: Path) -> None:
    paths = [smoked / f"{name}.parquet" for name in ("trials", "epochs")]
    before = [pd.read_parquet(path) for path in paths]
    for path in paths:
        path.unlink()
    write_tables(smoked)
    for path, table in zip(paths, before, strict=True):
        pd.testing.assert_frame_equal(pd.read_parquet(path), table, check_exact=True)
