"""Figures about a model from a study's folder, as people ask for them."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from analysis import figures
from analysis.figures import MODEL_FIGURES, Drawing, draw_figure
from analysis.trained import load_trial, why_no_model
from study.record.results import StudyResults, read_results

from .synthetic import Recipe, make_study
from .trained import with_checkpoint

PANELS = ("exact", "model")
OF_MODELS = tuple(name for name in MODEL_FIGURES if name != "data")
WITHOUT_UMAP = tuple(name for name in OF_MODELS if name != "latent_space")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = make_study(tmp_path_factory.mktemp("results") / "made-up", Recipe(n_trials=30))
    with_checkpoint(folder, read_results(folder).best_trial)
    return folder


def none_complete(folder: Path) -> StudyResults:
    results = read_results(make_study(folder, Recipe(n_trials=12)))
    results.trials["state"] = "pruned"
    return results


def named_axes(figure: Figure) -> list[str]:
    names = [text for text in (figure.get_supxlabel(), figure.get_supylabel()) if text]
    for ax in figure.axes:
        names += [ax.get_xlabel(), ax.get_ylabel()]
    return [name for name in names if name]


@pytest.mark.parametrize("name", WITHOUT_UMAP)
def test_every_figure_is_drawn_with_named_axes_and_says_which_trial_it_shows(name, study):
    results = read_results(study)
    drawing = draw_figure(name, results)
    assert isinstance(drawing, Drawing), drawing
    assert f"Trial {results.best_trial}" in drawing.note
    assert len(named_axes(drawing.figure)) >= 1


@pytest.mark.parametrize("name", WITHOUT_UMAP)
def test_a_function_draws_the_trials_model_into_the_axes_it_is_given(name, study):
    results = read_results(study)
    ax = Figure().subplots()
    assert getattr(figures, name)(results, trial=results.best_trial, ax=ax) is ax
    assert ax.has_data()


def test_keywords_say_which_panel_is_drawn(study):
    results = read_results(study)
    exact, model = (figures.density(results, of=of, ax=Figure().subplots()) for of in PANELS)
    assert [ax.get_title(loc="left") or ax.get_title() for ax in (exact, model)] == list(PANELS)
    data = figures.samples(results, of="data", ax=Figure().subplots())
    assert "fresh data" in data.get_title()
    with pytest.raises(ValueError, match=r"latent must be in \[1, \d+\], got 99"):
        figures.traversals(results, latent=99)


@pytest.mark.slow
def test_a_latent_space_of_many_dimensions_is_drawn(study):
    drawing = draw_figure("latent_space", read_results(study))
    assert isinstance(drawing, Drawing)
    assert "UMAP" in drawing.note


def test_the_best_trial_is_shown_where_none_is_named(study):
    results = read_results(study)
    assert load_trial(results).trial == results.best_trial


def test_a_trial_that_was_not_completed_has_no_model(study):
    results = read_results(study)
    pruned = int(results.in_state("pruned")["trial"].iloc[0])
    assert why_no_model(results, pruned) == (
        f"Trial {pruned} is pruned after 10 epochs: only complete trials leave a model."
    )
    assert draw_figure("samples", results, pruned) == why_no_model(results, pruned)


def test_a_complete_trial_without_weights_is_said_to_have_none(study):
    results = read_results(study)
    other = int(results.complete["trial"].iloc[1])
    assert "has no weights" in str(why_no_model(results, other))


def test_damaged_weights_are_named_without_the_machines_folders(study, tmp_path):
    folder = make_study(tmp_path / "damaged", Recipe(n_trials=30))
    best = read_results(folder).best_trial
    with_checkpoint(folder, best)
    (folder / "checkpoints" / str(best) / "model.safetensors").write_bytes(b"no weights")
    sentence = str(why_no_model(read_results(folder)))
    assert "model.safetensors" in sentence
    assert str(tmp_path) not in sentence


def test_a_study_without_complete_trials_has_no_model_to_show(tmp_path):
    results = none_complete(tmp_path / "none")
    assert isinstance(draw_figure("data", results), Drawing)
    for name in OF_MODELS:
        assert draw_figure(name, results) == "No trial completed, so there is no model to show."


def test_the_recorded_noise_of_the_decoder_is_used_where_the_tables_have_it(study):
    results = read_results(study)
    fitted = load_trial(results).sigma_x
    assert 0.01 <= fitted <= 10.0
    results.trials["sigma_x"] = 0.123
    assert load_trial(results).sigma_x == 0.123


def test_data_without_noise_have_no_density_to_compare(tmp_path):
    recipe = Recipe(n_trials=30, constant={"noise": 0.0})
    folder = make_study(tmp_path / "clean", recipe)
    with_checkpoint(folder, read_results(folder).best_trial)
    results = read_results(folder)
    assert "noise 0" in str(draw_figure("density", results))
    for name in ("samples", "reconstructions", "traversals"):
        assert isinstance(draw_figure(name, results), Drawing)
