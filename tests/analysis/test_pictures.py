"""Who draws the best model's figures: a process of its own only where that is worth its start."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from analysis import pictures
from analysis.pictures import LeftOut, model_pictures, study_picture
from study.record.results import StudyResults


class Dying:
    """A process that is killed before it has drawn anything."""

    def __init__(self, **kwargs: object) -> None:
        pass

    def __enter__(self) -> "Dying":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def submit(self, *task: object) -> "Future[object]":
        future: Future[object] = Future()
        future.set_exception(BrokenProcessPool("killed"))
        return future


@pytest.fixture(autouse=True)
def two_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures.os, "cpu_count", lambda: 2)


def test_no_process_is_started_where_there_is_no_umap(
    results: StudyResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "ProcessPoolExecutor", pytest.fail)
    with model_pictures(results) as picture_of:
        drawn = picture_of("samples")
    assert isinstance(drawn, LeftOut)  # no weights were kept
    assert drawn == study_picture(results, "samples")


def test_what_a_process_that_dies_has_not_drawn_is_drawn_here(
    results: StudyResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_has_umap", lambda results: True)
    monkeypatch.setattr(pictures, "ProcessPoolExecutor", Dying)
    with model_pictures(results) as picture_of:
        assert picture_of("samples") == study_picture(results, "samples")
