"""Any space that is accepted samples, trains, resumes, and is drawn whole."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analysis.figures import STUDY_FIGURES, Drawing, draw_figure
from analysis.figures.axes import positions
from moons.config import BOUNDS
from search_spaces.space import Choice, Float, Int, SearchSpace
from study.options import parse
from study.record.results import read_results
from study.record.tables import write_tables
from study.resume import plan_to_resume
from tests.study.in_process import made_up, quick_plan, run_in_process, train

REAL = {"lr": (1e-4, 0.1), "beta": (0.01, 10.0), "eps_w": (0.1, 2.0), "noise": (0.01, 0.5)}
WHOLE = {"latent_dim": (1, 6), "encoder_hidden": (1, 9), "batch_size": (8, 64)}


@st.composite
def numbers(draw, low, high, whole):
    """A number as somebody may write it: whole or not, Python's or numpy's."""
    if whole or (low <= 1 <= high and draw(st.booleans())):
        value = draw(st.integers(int(np.ceil(low)), int(high)))
        return draw(st.sampled_from([int, np.int64, *([] if whole else [float])]))(value)
    return draw(st.sampled_from([float, np.float64]))(draw(st.floats(low, high)))


@st.composite
def domains(draw, key):
    whole = BOUNDS[key].kind is int
    ends = (WHOLE if whole else REAL)[key]
    some = numbers(*ends, whole=whole)
    kind = draw(st.sampled_from(["choice", "range", "stepped"]))
    if kind == "choice":
        return Choice(*draw(st.lists(some, min_size=1, max_size=4)))
    low, high = sorted((draw(some), draw(some)))
    made = Int if whole else Float
    if kind == "range":
        return made(low, high, log=draw(st.booleans()))
    return made(low, high, step=1 if whole else draw(st.floats(0.05, 0.5)))


@st.composite
def spaces(draw):
    keys = draw(st.sets(st.sampled_from([*REAL, *WHOLE]), min_size=1, max_size=3))
    searched = {key: draw(domains(key)) for key in sorted(keys)}
    searched |= {"monitor": Choice("val_mse", "val_loss")} if draw(st.booleans()) else {}
    width = st.integers(1, 6)
    fixed = {"n_samples": 40, "min_epochs": 1, "decoder_hidden": draw(st.one_of(width, st.tuples(
        width, width), st.lists(width, min_size=1, max_size=2)))}  # fmt: skip
    family = draw(st.sampled_from(["vae", "cvae"]))
    try:
        return SearchSpace(name="any", about="", family=family, searched=searched, fixed=fixed)
    except ValueError:
        assume(False)


def recorded(space, folder):
    """A study of the space that was cut off and resumed, as it is read back."""
    words = ["--max-epochs=2", "--grace=1", "--trials=4"]
    run_in_process(quick_plan(folder, *words, space=space), [train, None])
    run_in_process(plan_to_resume(parse([f"--resume={folder / 's'}"]), folder / "s"))
    write_tables(folder / "s")
    return read_results(folder / "s")


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(space=spaces())
def test_it_is_sampled_trained_resumed_and_every_value_has_its_place(space, monkeypatch):
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)
    with tempfile.TemporaryDirectory() as folder:
        results = recorded(space, Path(folder))
    trials = results.trials[results.trials["state"].isin(["complete", "diverged"])]
    assert len(trials) == 4
    assert [dimension.name for dimension in results.manifest.searched] == list(space.searched)
    for dimension in results.manifest.searched:
        places = positions(trials[dimension.name], dimension)
        assert np.isfinite(places).all(), (dimension, trials[dimension.name].tolist())
        if dimension.kind != "choice":
            assert ((dimension.low <= places) & (places <= dimension.high)).all()


def test_options_that_an_older_record_wrote_as_whole_numbers_have_their_place():
    from study.record.manifest import Dimension

    dimension = Dimension.of("beta", {"kind": "choice", "options": [0.1, 1, 10]})
    assert positions(pd.Series([10.0, 0.1, 1.0]), dimension).tolist() == [2.0, 0.0, 1.0]


@pytest.mark.slow
def test_every_figure_of_a_study_of_mixed_kinds_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)
    space = SearchSpace(
        name="mixed",
        about="",
        family="cvae",
        searched={
            "beta": Choice(0.1, 1, 10),
            "eps_w": Float(0, 1, step=0.25),
            "latent_dim": Int(np.int64(1), 5, step=2),
            "monitor": Choice("val_mse", "val_loss"),
        },
        fixed={"n_samples": 40, "min_epochs": 1, "encoder_hidden": (4, 3)},
    )
    results = recorded(space, tmp_path)
    for name in STUDY_FIGURES:
        drawing = draw_figure(name, results)
        assert isinstance(drawing, Drawing | str), name
