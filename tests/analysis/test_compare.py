"""`python -m analysis.compare`, from folders to verdict, table and figures."""

import shutil
import subprocess
import sys
from functools import cache
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from analysis.compare import default_folder, main
from analysis.comparison import compare
from analysis.comparison.figures import NAMES, draw_comparison
from analysis.comparison.table import COLUMNS, as_table
from analysis.comparison.terminal import show
from analysis.figures import Drawing
from study.record.results import read_results

from .synthetic import Recipe, make_study
from .trained import with_reruns


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    make_study(folder / "vae", Recipe(name="vae", n_trials=100, seed=1))
    make_study(folder / "cvae", Recipe(name="cvae", n_trials=60, seed=2, better_by=0.6))
    make_study(folder / "one", Recipe(name="one", n_trials=1, scheduler="none", diverging=False))
    pruned = make_study(folder / "pruned", Recipe(name="pruned", n_trials=12))
    trials = pd.read_parquet(pruned / "trials.parquet").assign(state="pruned")
    trials.to_parquet(pruned / "trials.parquet")
    empty = make_study(folder / "empty", Recipe(name="empty", n_trials=3))
    trials.head(0).to_parquet(empty / "trials.parquet")
    return folder


@cache  # the same comparison serves several tests
def compared(results, *names):
    return compare([read_results(results / name) for name in names])


def printed(comparison):
    console = Console(width=120, record=True, file=StringIO())
    show(comparison, console)
    return console.export_text()


def test_one_search_each_gives_a_gap_and_no_probability(results):
    (sentence, *_), (pair,) = (
        compared(results, "vae", "cvae").findings,
        compared(results, "vae", "cvae").pairs,
    )
    assert sentence.startswith("The best val_mse of cvae is 0.00")
    assert "with 1 repetition of vae and 1 repetition of cvae" in sentence
    assert "cannot be known from so few: repeat both with other seeds, 3 times" in sentence
    again = "`python -m study.run --space cvae --trials 60 --seed 3 --data-seed 2`"
    assert again in sentence
    assert np.isnan([pair.bests.p, pair.bests.interval.low, pair.bests.interval.high]).all()


def test_the_order_in_which_studies_are_named_does_not_change_the_verdict(results):
    one_way, other_way = compared(results, "vae", "cvae"), compared(results, "cvae", "vae")
    ours, theirs = one_way.pairs[0].bests, other_way.pairs[0].bests
    assert ours.interval.value == -theirs.interval.value
    start = "The best val_mse of cvae is"
    assert all(found.findings[0].startswith(start) for found in (one_way, other_way))


def test_a_study_and_its_copy_are_two_searches_and_no_repetitions(results, tmp_path):
    shutil.copytree(results / "vae", tmp_path / "copy")
    found = compare([read_results(results / "vae"), read_results(tmp_path / "copy")])
    assert [search.name for search in found.searches] == ["vae", "copy"]
    assert "cannot be known" in found.findings[0]
    assert {check.level for check in found.checks} == {"same"}


def test_retraining_decides_where_both_were_retrained(results, tmp_path):
    for name in ("vae", "cvae"):
        shutil.copytree(results / name, tmp_path / name)
        with_reruns(tmp_path / name)
    found = compared(tmp_path, "vae", "cvae")
    assert "Retrained on fresh seeds, the best configuration of" in found.findings[1]
    assert "so there is no verdict" in found.findings[1]  # the points are shared, and no losses
    again = found.again[0]
    assert again is not None
    best = read_results(tmp_path / "vae").reruns.groupby("config")["val_mse"].mean()
    assert (again.config, again.mean) == (best.idxmin(), pytest.approx(best.min()))
    assert f"vae, {again.config}, retrained under 8 fresh seeds" in " ".join(found.findings)
    assert isinstance(draw_comparison("compare_retrained", found), Drawing)


def test_configs_are_told_apart_by_the_exact_figure_and_not_by_a_lucky_trial(results, tmp_path):
    for name, mean in (("vae", 0.02), ("cvae", 0.05)):
        shutil.copytree(results / name, tmp_path / name)
        with_reruns(tmp_path / name)
        path = tmp_path / name / "reruns.parquet"
        reruns = pd.read_parquet(path)
        luck = np.random.default_rng(len(name)).normal(0, 0.001, len(reruns))
        reruns.assign(exact_excess_nll=mean + luck).to_parquet(path)
    found = compared(tmp_path, "vae", "cvae")
    pair = found.pairs[0]
    assert (pair.retrained.figure, pair.retrained.basis) == ("exact_excess_nll", "seeds")
    assert pair.retrained.interval.high < 0
    assert pair.bests.interval.value > 0  # by its best trial cvae would have been the better one
    assert "best configuration of vae has a mean" in found.findings[1]
    assert "are told apart (over seeds, p = " in found.findings[1]


def test_configs_that_were_trained_on_other_data_have_no_verdict(results, tmp_path):
    for data_seed, name in enumerate(("vae", "cvae")):
        shutil.copytree(results / name, tmp_path / name)
        with_reruns(tmp_path / name)
        path = tmp_path / name / "reruns.parquet"
        reruns = pd.read_parquet(path)
        reruns = reruns.assign(exact_excess_nll=reruns["val_mse"], data_seed=data_seed)
        reruns.to_parquet(path)
    found = compared(tmp_path, "vae", "cvae")
    assert np.isnan(found.pairs[0].retrained.p)
    assert "trained on different data, so there is no verdict" in found.findings[1]


def test_numbers_of_studies_that_are_not_comparable_are_not_called_models(results, tmp_path):
    other = make_study(tmp_path / "noisy", Recipe(n_trials=60))
    text = (other / "study.json").read_text().replace('"noise": 0.15', '"noise": 0.3')
    (other / "study.json").write_text(text)
    found = compare([read_results(results / "vae"), read_results(other)])
    assert found.findings[0].startswith("The studies are not comparable as they stand (data and")


def test_complete_trials_alone_are_ranked(results):
    found = compared(results, "vae", "cvae")
    for own, name in zip(found.standings, found.names, strict=True):
        complete = read_results(results / name).complete
        assert own.top["trial"].tolist() == complete["trial"].head(5).tolist()
        assert own.median == complete["val_mse"].median()
        assert sum(own.states.values()) == len(read_results(results / name).trials)


def test_more_than_two_studies_are_compared_in_pairs(results):
    found = compared(results, "vae", "cvae", "one")
    assert [(p.first, p.second) for p in found.pairs] == [
        ("vae", "cvae"),
        ("vae", "one"),
        ("cvae", "one"),
    ]


def test_a_study_without_complete_trials_is_said_to_be_unranked(results):
    found = compared(results, "vae", "pruned")
    assert found.findings == (
        "pruned cannot be ranked: it has no complete trial with a val_mse; of 12 trials: 12 "
        f"pruned. `python -m study.run --resume {results / 'pruned'} --trials 24` goes on.",
    )
    assert "no complete trial" in printed(found)


def test_a_study_without_trials_is_said_to_have_none(results):
    found = compared(results, "empty", "pruned")
    assert found.findings[0].startswith("empty recorded no trial: it cannot be ranked. `python")
    for name in NAMES:
        assert isinstance(draw_comparison(name, found), str)
    assert printed(found)
    assert len(as_table(found))


@pytest.mark.parametrize("name", [n for n in NAMES if n != "compare_retrained"])
def test_every_figure_is_drawn_with_named_axes(results, name):
    drawing = draw_comparison(name, compared(results, "vae", "cvae", "one"))
    assert isinstance(drawing, Drawing)
    assert all(ax.get_xlabel() for ax in drawing.figure.axes)


def test_without_retrainings_their_figure_is_left_out_with_a_sentence(results):
    sentence = draw_comparison("compare_retrained", compared(results, "vae", "cvae"))
    assert sentence == "No configuration was retrained under fresh seeds with a known val_mse."


def test_the_table_holds_every_part_and_comes_back_from_disk(results, tmp_path):
    table = as_table(compared(results, "vae", "cvae"))
    assert list(table.columns) == list(COLUMNS)
    parts = {"finding", "check", "study", "top", "pair", "winner", "curve"}
    assert set(table["part"]) == parts
    best = table[(table["part"] == "study") & (table["quantity"] == "best val_mse")]
    expected = [read_results(results / name).complete["val_mse"].min() for name in ("vae", "cvae")]
    assert best["value"].tolist() == expected
    table.to_parquet(tmp_path / "table.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "table.parquet"), table)


def test_the_same_studies_give_the_same_table(results):
    again = compare([read_results(results / name) for name in ("vae", "cvae")])
    first, second = as_table(compared(results, "vae", "cvae")), as_table(again)
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.slow
def test_the_command_prints_the_verdict_and_ends_with_what_it_wrote(results, tmp_path, capsys):
    out = tmp_path / "out"
    status = main([str(results / "vae"), str(results / "cvae"), "--out", str(out)])
    printed = capsys.readouterr().out
    assert status == 0
    assert "The best val_mse of cvae is" in " ".join(printed.split())
    listed = [line for line in printed.splitlines() if line.startswith(str(out))]
    assert sorted(listed) == sorted(str(path) for path in out.iterdir())
    assert printed.splitlines()[-1] == listed[-1]
    assert (out / "comparison.parquet").exists()


def test_nothing_to_rank_is_exit_status_6_and_still_leaves_the_table(results, tmp_path, capsys):
    status = main([str(results / "one"), str(results / "pruned"), "--out", str(tmp_path / "out")])
    assert status == 6
    assert "pruned cannot be ranked" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "out" / "comparison.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["vae"], "name two studies or more"),
        ([], "name two studies or more"),
        (["vae", "vae"], "each study once"),
        (["vae", "nowhere"], "is not a folder"),
        (["vae", "cvae", "--metric", "test_excess_nll"], "never chosen by test data"),
        (["vae", "cvae", "--out", "vae"], "is a study's own folder"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_2(results, arguments, said, capsys, monkeypatch):
    monkeypatch.chdir(results)
    before = sorted(results.iterdir())
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
    assert sorted(results.iterdir()) == before


def test_a_damaged_study_is_named_with_exit_status_4(results, tmp_path, capsys):
    shutil.copytree(results / "vae", tmp_path / "vae")
    (tmp_path / "vae" / "trials.parquet").write_bytes(b"not a table")
    assert main([str(tmp_path / "vae"), str(results / "cvae")]) == 4
    assert "trials.parquet is damaged" in capsys.readouterr().err


def test_the_outcome_goes_beside_the_first_study_under_both_names(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    assert default_folder(paths) == tmp_path / "comparison-a-vs-b"
    many = [tmp_path / name for name in "abcde"]
    assert default_folder(many).name == "comparison-a-vs-b-vs-c-vs-2-more"


def test_help_needs_no_tables_and_no_plots():
    program = (
        "import sys\n"
        "from analysis.compare import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'torch', 'matplotlib', 'scipy', 'ray'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--metric" in done.stdout
