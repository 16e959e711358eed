"""What every study figure keeps to: it draws, or says in a sentence why it does not apply."""

import re
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis import figures
from analysis.figures import NAMES, STUDY_FIGURES, Drawing, draw_figure, load_figure
from study.record.results import StudyResults, read_results
from tests.analysis.synthetic import Recipe, make_study

Edit = Callable[[pd.DataFrame], pd.DataFrame]
ELSEWHERE = ("pareto_front", "retrained")  # which need a second metric, and retrainings
ALL_CONSTANT = {
    "lr": 0.01,
    "latent_dim": 8,
    "batch_size": 32,
    "encoder_hidden": 8,
    "decoder_hidden": 8,
}
KINDS = {
    "beta": {"kind": "float", "low": 0.0, "high": 1.0, "log": False},
    "latent_dim": {"kind": "int", "low": 2, "high": 64, "log": True},
    "decoder_hidden": {"kind": "int", "low": 2, "high": 64, "log": False},
    "family": {"kind": "choice", "options": ["vae", "cvae"]},
}
ODD_STUDIES: dict[str, tuple[Recipe, Edit]] = {
    "one trial": (Recipe(n_trials=1, failing_share=0), lambda t: t),
    "no trial": (Recipe(n_trials=5), lambda t: t.head(0)),
    "all pruned": (Recipe(n_trials=12), lambda t: t.assign(state="pruned")),
    "all running": (Recipe(n_trials=5), lambda t: t.assign(state="running", end_s=np.nan)),
    "all diverged": (Recipe(n_trials=8), lambda t: t.assign(state="diverged", val_mse=np.nan)),
    "all failed": (
        Recipe(n_trials=3),
        lambda t: t.assign(state="failed", epochs=0, val_mse=np.nan),
    ),
    "nothing varied": (Recipe(n_trials=24, constant=ALL_CONSTANT), lambda t: t),
}
WHOLE_STUDIES: dict[str, tuple[Recipe, Edit]] = {  # every figure applies, which takes seconds
    "all alike": (Recipe(n_trials=24, scheduler="none"), lambda t: t.assign(val_mse=0.0)),
    "below zero": (
        Recipe(n_trials=24, scheduler="none", metric="val_excess_nll"),
        lambda t: t.assign(val_excess_nll=t["val_excess_nll"] - 1),
    ),
    "without times": (
        Recipe(n_trials=24),
        lambda t: t.assign(start_s=np.nan, end_s=np.nan, worker=None),
    ),
    "other kinds of ranges": (Recipe(n_trials=24, searched=KINDS), lambda t: t),
    "two metrics": (
        Recipe(n_trials=24, metric="val_mse,val_kl", interrupted=2, still_running=2),
        lambda t: t,
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_says_what_it_shows(name: str) -> None:
    spec = load_figure(name)
    assert spec.name == name
    assert spec.title[0].isupper()
    assert not spec.title.endswith(".")
    assert spec.caption.endswith(".")


@pytest.mark.slow
@pytest.mark.parametrize("odd", [*ODD_STUDIES, *WHOLE_STUDIES])
@pytest.mark.filterwarnings("error")
def test_every_figure_draws_an_odd_study_or_says_why_not(odd: str, tmp_path: Path) -> None:
    recipe, edit = (ODD_STUDIES | WHOLE_STUDIES)[odd]
    folder = make_study(tmp_path / "odd", recipe)
    edit(pd.read_parquet(folder / "trials.parquet")).to_parquet(folder / "trials.parquet")
    results = read_results(folder)
    for name in STUDY_FIGURES:
        drawn = draw_figure(name, results)
        if isinstance(drawn, str):
            assert re.fullmatch(r"[A-Z].*\.", drawn), (name, drawn)
            assert "  " not in drawn


@pytest.mark.parametrize("name", [name for name in STUDY_FIGURES if name not in ELSEWHERE])
def test_a_whole_study_has_every_figure_with_named_axes(name: str, results: StudyResults) -> None:
    drawing = draw_figure(name, results)
    assert isinstance(drawing, Drawing)
    shown = [ax for ax in drawing.figure.axes if ax.get_visible()]
    assert shown
    named = [ax.get_xlabel() or ax.get_ylabel() for ax in shown]
    named += [drawing.figure.get_supxlabel(), drawing.figure.get_supylabel()]
    assert any(named)


@pytest.mark.parametrize("name", [name for name in STUDY_FIGURES if name not in ELSEWHERE])
def test_a_function_draws_into_the_axes_it_is_given_and_returns_them(
    name: str, results: StudyResults
) -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert getattr(figures, name)(results, ax=right) is right
    assert right.has_data()
    assert not left.has_data()


def test_without_axes_a_function_makes_a_figure_that_pyplot_shows(results: StudyResults) -> None:
    from matplotlib import pyplot

    ax = figures.slices(results, hyperparameter="lr")
    assert pyplot.get_fignums() == [ax.figure.number]
    pyplot.close(ax.figure)


def test_another_metric_is_drawn_at_the_end_of_complete_trials_alone(results: StudyResults) -> None:
    ax = figures.slices(results, hyperparameter="lr", metric="val_loss", ax=Figure().subplots())
    assert ax.get_ylabel().startswith("validation loss\nat the end")
    heights = [y for dots in ax.collections for _, y in np.asarray(dots.get_offsets())]
    values = results.complete["val_loss"]
    assert set(values) <= set(heights)
    drawn = draw_figure("pareto_front", results, metric="val_loss")
    assert isinstance(drawn, Drawing)
    assert drawn.figure.axes[0].get_ylabel() == "validation loss"


@pytest.mark.parametrize("metric", ["lr", "state", "nonsense", "epochs", "val_excess_nll_se"])
def test_a_metric_is_a_figure_of_the_trials_of_which_less_is_better(
    metric: str, results: StudyResults
) -> None:
    with pytest.raises(ValueError, match=f"less is better, got '{metric}'; allowed: .*val_mse"):
        draw_figure("slices", results, metric=metric)


def test_drawing_leaves_pyplot_and_the_settings_of_others_alone(results: StudyResults) -> None:
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    draw_figure("best_so_far", results)
    assert dict(matplotlib.rcParams) == before
    assert pyplot.get_fignums() == []


def test_a_pruned_trial_is_never_drawn_as_a_complete_one(results: StudyResults) -> None:
    drawing = draw_figure("best_so_far", results)
    assert isinstance(drawing, Drawing)
    dots = drawing.figure.axes[0].collections[0].get_offsets()
    heights = np.asarray(dots)[:, 1]
    assert sorted(heights) == pytest.approx(results.complete["val_mse"].tolist())


def test_many_trials_are_thinned_out_in_every_state_and_it_says_so(tmp_path: Path) -> None:
    from analysis.figures.conditions import thin

    trials = pd.DataFrame({"trial": range(1000), "state": ["pruned"] * 900 + ["complete"] * 100})
    drawn, note = thin(trials, 200, keep=[990, 991])
    assert len(drawn) == 200
    assert {990, 991} <= set(drawn["trial"])
    assert drawn["state"].value_counts()["pruned"] == pytest.approx(900 / 1000 * 200, abs=3)
    assert note.startswith("Drawn are 200 of 1,000 trials")
    assert thin(trials, 1000) == (trials, "") or thin(trials, 1000)[1] == ""


def test_an_unknown_figure_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="there is no figure 'scatter'; figures: best_so_far, "):
        load_figure("scatter")
