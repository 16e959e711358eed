"""Studies that differ by their seed alone, compared as repetitions of a search."""

import json
import shutil
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.comparison import compare
from analysis.comparison.figures import draw_comparison
from analysis.figures import Drawing
from study.record.results import read_results

from .synthetic import Recipe, make_study


@pytest.fixture(scope="module")
def repeated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repeated")
    for kind, better_by in (("vae", 1.0), ("cvae", 0.6)):
        for seed in range(4):
            recipe = Recipe(name=f"{kind}-{seed}", n_trials=20, seed=seed, better_by=better_by)
            make_study(folder / recipe.name, recipe)
    return folder


@cache  # the same comparison serves several tests
def compared(results, *names):
    return compare([read_results(results / name) for name in names])


def test_studies_that_differ_by_seed_alone_are_compared_as_repetitions(repeated):
    names = [f"{kind}-{seed}" for kind in ("vae", "cvae") for seed in range(4)]
    found = compared(repeated, *names)
    assert [(search.name, search.members) for search in found.searches] == [
        ("vae", (0, 1, 2, 3)),
        ("cvae", (4, 5, 6, 7)),
    ]
    (pair,) = found.pairs
    bests = [read_results(repeated / name).complete["val_mse"].min() for name in names]
    theirs = stats.ttest_ind(bests[:4], bests[4:], equal_var=False)
    assert pair.bests.p == pytest.approx(theirs.pvalue)
    assert pair.bests.interval.value == pytest.approx(np.mean(bests[:4]) - np.mean(bests[4:]))
    said = " ".join(found.findings)
    assert "vae was repeated with 4 seeds: the best val_mse is 0.0" in said
    assert "cvae is the better search than vae: over 4 repetitions of vae and 4 repeti" in said
    assert "Welch's t test, p = " in said


def test_repetitions_may_draw_data_of_their_own(repeated, tmp_path):
    names = [f"{kind}-{seed}" for kind in ("vae", "cvae") for seed in range(3)]
    for place, name in enumerate(names):
        shutil.copytree(repeated / name, tmp_path / name)
        path = tmp_path / name / "study.json"
        manifest = json.loads(path.read_text())
        manifest["options"]["data_seed"] = place % 3
        path.write_text(json.dumps(manifest))
        table = tmp_path / name / "trials.parquet"
        pd.read_parquet(table).assign(data_seed=place % 3).to_parquet(table)
    found = compared(tmp_path, *names)
    levels = {check.what: check.level for check in found.checks}
    assert levels["split"] == "note"
    assert not any("not comparable" in sentence for sentence in found.findings)
    assert len(found.pairs) == 1


def test_two_repetitions_of_one_of_them_are_too_few(repeated):
    found = compared(repeated, "vae-0", "vae-1", "vae-2", "cvae-0", "cvae-1")
    assert np.isnan(found.pairs[0].bests.p)
    assert "3 repetitions of vae and 2 repetitions of cvae" in " ".join(found.findings)


def test_repetitions_alone_are_a_comparison_with_a_band(repeated):
    found = compared(repeated, "vae-0", "vae-1", "vae-2")
    assert found.pairs == ()
    assert found.findings[0].startswith("vae was repeated with 3 seeds")
    assert found.curves[["low", "high"]].notna().any().all()
    drawing = draw_comparison("compare_best_so_far", found)
    assert isinstance(drawing, Drawing)
    assert "another repetition lies within with probability 50 %" in drawing.note
