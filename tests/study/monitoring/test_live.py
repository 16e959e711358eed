"""The page beside a study: there while it runs, and gone with it."""

import re
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.error import URLError

import pytest

from study.monitoring.live import watched


def plan(folder: Path, live: bool) -> Any:
    return cast(Any, SimpleNamespace(folder=folder, live=live))


def test_a_study_that_does_not_ask_for_it_starts_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with watched(plan(tmp_path / "s", live=False)):
        pass
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_the_page_is_served_while_the_study_runs_and_stops_with_it(
    smoked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with watched(plan(smoked, live=True)):
        found = re.search(r"live: (http://127\.0\.0\.1:\d+/s/)", capsys.readouterr().out)
        assert found is not None
        with urllib.request.urlopen(found[1], timeout=20) as page:
            assert b"Explore the trials" in page.read()
    with pytest.raises(URLError):
        urllib.request.urlopen(found[1], timeout=5)
