"""A study that is watched: its page follows the record, and reads only what was appended."""

import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

import pytest

from analysis.live import Server, main
from analysis.page.follow import Follower, Tail, standing
from study.record.lock import held
from study.record.manifest import Manifest
from study.record.results import read_results
from tests.analysis.page.conftest import Reader

Grow = Callable[[float], None]
DRIVER = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from study.monitoring.live import watched
from study.record.lock import held
folder = Path(sys.argv[1])
with held(folder / ".lock"), watched(SimpleNamespace(folder=folder, live=True)):
    time.sleep(600)
"""


@contextmanager
def killed_at_the_end(folder: Path) -> Iterator[str]:
    """A process that has a study as a driver with `--live` has it; the address of its page."""
    command = [sys.executable, "-u", "-c", DRIVER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        try:
            found = re.search(r"http://\S+", driver.stdout.readline())
            assert found is not None
            yield found[0]
        finally:
            driver.kill()


def says(reader: Reader, text: str) -> None:
    """Waits until the page says how its study stands."""
    reader.page.wait_for_function(
        "text => document.querySelector('#live').textContent === text", arg=text
    )


@pytest.fixture
def running(smoked: Path, tmp_path: Path) -> Iterator[tuple[Path, Grow]]:
    """A study under `results/` that has begun, and what lets its record grow to a share."""
    folder = tmp_path / "results" / "s"
    folder.mkdir(parents=True)
    manifest = Manifest.read(smoked / "study.json")
    replace(manifest, ended=None, outcome="running").write(folder / "study.json")

    def grow(share: float) -> None:
        for name in ("curves.jsonl", "journal.log"):
            lines = (smoked / name).read_bytes().splitlines(keepends=True)
            (folder / name).write_bytes(b"".join(lines[: round(share * len(lines))]))
        if share == 1:
            for table in smoked.glob("*.parquet"):
                (folder / table.name).write_bytes(table.read_bytes())
            (folder / "study.json").write_bytes((smoked / "study.json").read_bytes())

    with held(folder / ".lock"):
        yield folder, grow


@pytest.fixture
def served(running: tuple[Path, Grow]) -> Iterator[str]:
    server = Server(running[0].parent, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.address
    server.shutdown()
    server.server_close()


def test_a_tail_gives_whole_lines_once_and_leaves_a_broken_one(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    tail = Tail(path)
    assert tail.lines() == []
    path.write_bytes(b'{"a": 1}\n{"a": ')
    assert tail.lines() == [{"a": 1}]
    assert tail.lines() == []
    path.write_bytes(b'{"a": 1}\n{"a": 2}\nno line\n')
    assert tail.lines() == [{"a": 2}]


@pytest.mark.slow
def test_a_study_whose_driver_was_killed_is_interrupted_wherever_it_is_shown(
    smoked: Path,
) -> None:
    server = Server(smoked.parent, 0)
    manifest = Manifest.read(smoked / "study.json")
    replace(manifest, ended=None, outcome="running").write(smoked / "study.json")
    follower = Follower(smoked)
    with held(smoked / ".lock"):
        news = follower.news()
        assert news is not None
        assert news["state"] == server.standings()[0]["state"] == "running"
        assert follower.news() is None
    news = follower.news()
    assert news is not None
    assert news["state"] == server.standings()[0]["state"] == "interrupted"
    server.server_close()
    assert read_results(smoked).manifest.outcome == "interrupted"
    assert follower.news() is None


@pytest.mark.slow
def test_what_was_told_bit_by_bit_is_what_the_tables_have(running: tuple[Path, Grow]) -> None:
    folder, grow = running
    follower, states, epochs = Follower(folder), {}, {}
    for share in (0.0, 0.3, 0.6, 0.9, 0.999):
        grow(share)
        while (news := follower.news()) is not None:
            rows = news["rows"]
            states |= dict(zip(rows["trial"], rows["state"], strict=True))
            for trial, curve in news["curves"].items():
                epochs.setdefault(trial, []).extend(curve["epoch"])
    grow(1)
    whole = follower.news()
    assert whole is not None
    assert whole["state"] == "ended"
    assert follower.news() is None
    trials = read_results(folder).trials.set_index("trial")
    assert set(states) == set(trials.index)
    assert all(at == sorted(set(at)) for at in epochs.values())
    assert {trial: at[-1] for trial, at in epochs.items()} == trials["epochs"].to_dict()
    assert whole["rows"]["state"] == trials["state"].tolist()
    line = standing(folder)
    assert line["state"] == "complete"
    assert line["best"] == pytest.approx(read_results(folder).complete["val_mse"].min())


@pytest.mark.slow
def test_two_readers_see_a_study_from_its_first_second_to_its_end(
    running: tuple[Path, Grow], served: str, reader: Callable[..., Reader]
) -> None:
    folder, grow = running
    readers = [reader().open(f"{served}s/") for _ in range(2)]
    grow(0.6)
    for one in readers:
        one.page.wait_for_function("page.study.n > 0")
        assert "trials ended" in one.page.inner_text("#meta")
    grow(1)
    for one in readers:
        one.page.wait_for_function("document.documentElement.dataset.followed === 'ended'")
        assert sorted(one.rows()) == read_results(folder).trials["trial"].tolist()
        assert all(address.startswith((served, "data:")) for address in one.asked)
    index = reader()
    index.page.goto(served)
    index.page.wait_for_selector("#studies tbody tr")
    assert "complete" in index.page.inner_text("#studies")
    index.page.click("#studies a")
    index.page.wait_for_url(f"{served}s/")


@pytest.mark.slow
def test_a_page_beside_a_study_says_that_it_was_killed_and_goes_on_with_the_resumed_one(
    smoked: Path, reader: Callable[..., Reader]
) -> None:
    whole = Manifest.read(smoked / "study.json")
    replace(whole, ended=None, outcome="running").write(smoked / "study.json")
    with killed_at_the_end(smoked) as address:
        page = reader().open(address)
        says(page, "live")
    says(page, "interrupted; connection lost; trying again")
    with killed_at_the_end(smoked) as again:
        assert again == address
        says(page, "live")
        other = reader().open(again)
        says(other, "live")
        whole.write(smoked / "study.json")
        says(page, "ended")
        for one in (page, other):
            one.page.goto("about:blank")
    assert [said for said in page.wrong if "ERR_" not in said] == []
    page.wrong.clear()  # a browser notes each try in vain


@pytest.mark.slow
def test_a_page_of_the_index_follows_a_study_that_is_killed_resumed_and_extended(
    running: tuple[Path, Grow], served: str, reader: Callable[..., Reader]
) -> None:
    folder, grow = running
    grow(0.6)
    page = reader().open(f"{served}s/")
    says(page, "live")
    (folder / ".lock").rename(folder / "held")  # as the kernel lets go of a dead driver's
    says(page, "interrupted")
    with held(folder / ".lock"):
        says(page, "live")
        grow(1)
        says(page, "ended")
        manifest = Manifest.read(folder / "study.json")
        replace(manifest, ended=None, outcome="running").write(folder / "study.json")
        says(page, "live")
        assert sorted(page.rows()) == read_results(folder).trials["trial"].tolist()


@pytest.mark.slow
def test_a_server_that_stops_tells_its_readers_the_last_news(
    running: tuple[Path, Grow],
) -> None:
    folder, grow = running
    server = Server(folder.parent, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with urllib.request.urlopen(f"{server.address}s/events", timeout=20) as events:
        while not events.readline().startswith(b"data: "):
            pass
        grow(1)
        server.shutdown()
        server.server_close()
        assert b'"state": "ended"' in events.read()


@pytest.mark.slow
def test_only_this_machine_is_answered_and_only_about_studies(served: str) -> None:
    def status(path: str, host: str | None = None) -> int:
        headers = {} if host is None else {"Host": host}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(served + path, headers=headers), timeout=10
            ) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    assert served.startswith("http://127.0.0.1:")
    assert status("studies.json") == 200
    assert status("", "evil.example") == 403
    assert status("nothing/") == 404
    assert status("s/../../s/study.json") == 404


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    assert "must be a folder with studies" in capsys.readouterr().err
    taken = Server(tmp_path, 0)
    assert main([str(tmp_path), "--port", str(taken.server_port)]) == 2
    assert "is taken" in capsys.readouterr().err
    taken.server_close()
