"""What is drawn of a study of a model of a user's own, when its file is given."""

import base64
import json

import numpy as np
import pytest

from analysis.figures import MODEL_FIGURES, Drawing, draw_figure
from analysis.figures.__main__ import main as figures
from analysis.page.model import model_payload
from analysis.page.own_model import run_layers
from analysis.report import main as report
from analysis.trained import load_trial, why_no_model
from study.errors import StudyError
from study.record.results import read_results
from study.record.tables import write_tables
from tests.moons.own_models import OWN, Dropped, Generating, Normed, WithoutParameters
from tests.study.in_process import made_up, run_in_process
from tests.study.own_files import file_of, plan_of

every_model = pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.__name__)
# Computed scales what it decodes by a number that comes to 1.
BUILT_IN_DECODERS = {"Dropped", "Computed", "Buffered", "Counting", "Frozen", "Remembering"}


@pytest.fixture(autouse=True)
def _quickly_evaluated(monkeypatch):
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)


def study_of(kind, folder):
    file = file_of(folder, kind)
    run_in_process(plan_of(file, folder))
    write_tables(folder / "s")
    return folder / "s", file


@every_model
def test_the_page_shows_what_torch_computes_and_a_slider_where_it_can(tmp_path, kind):
    results = read_results(*study_of(kind, tmp_path))
    trained, found = load_trial(results), model_payload(results)
    assert bool(found["decoder"]) == (kind.__name__ in BUILT_IN_DECODERS)
    assert (found["still"] == "") == bool(found["decoder"])
    y = np.array(found["data"]["moon"])
    x = np.stack([found["data"]["x"], found["data"]["y"]], axis=1)
    means, rebuilt = np.array(found["means"]), np.array(found["rebuilt"])
    assert means.shape == (len(x), 2)
    assert rebuilt == pytest.approx(trained.decode(means, y), abs=0.02)
    assert np.array(found["drawn"]).shape == (1000, 2)
    if found["decoder"]:
        layers = [
            (
                np.frombuffer(base64.b64decode(one["weight"]), "<f4").reshape(-1, one["inputs"]),
                np.frombuffer(base64.b64decode(one["bias"]), "<f4"),
            )
            for one in found["decoder"]
        ]
        again = run_layers(layers, trained, means, y)
        assert again == pytest.approx(trained.decode(means, y), abs=1e-4)


def test_without_its_file_the_page_asks_for_it_and_with_another_one_it_is_refused(tmp_path, capsys):
    study, file = study_of(Dropped, tmp_path)
    asked = f"a Dropped of own.py, a model of somebody's own: give its file with `--space {file}`."
    assert asked in str(why_no_model(read_results(study)))
    with pytest.raises(ValueError, match="give its file"):
        model_payload(read_results(study))
    assert report([str(study)]) == 0
    assert "give its file with" in (study / "report.html").read_text()
    assert report([str(study), "--space", str(file)]) == 0
    assert "give its file with" not in (study / "report.html").read_text()
    file.write_text(file.read_text() + "\nchanged = True\n")
    with pytest.raises(StudyError, match="other code"):
        read_results(study, file)
    assert figures([str(study), "--only", "samples", "--space", str(file)]) == 2
    assert "other code" in capsys.readouterr().err


def test_a_file_for_a_built_in_model_is_refused(tmp_path):
    study, file = study_of(Dropped, tmp_path)
    about = json.loads((study / "study.json").read_text())
    about["space"] |= {"model": "cvae", "code": None}
    (study / "study.json").write_text(json.dumps(about | {"checksum": None}))
    with pytest.raises(StudyError, match="--space is for a model of your own, and"):
        read_results(study, file)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Normed, Generating, WithoutParameters])
def test_every_figure_of_a_model_is_drawn_and_the_same_each_time(tmp_path, kind):
    results = read_results(*study_of(kind, tmp_path))
    for name in MODEL_FIGURES:
        drawing = draw_figure(name, results)
        if name == "label_swap" and not load_trial(results).conditional:
            assert isinstance(drawing, str)
            continue
        assert isinstance(drawing, Drawing), (name, drawing)
        assert drawing.note == draw_figure(name, results).note
