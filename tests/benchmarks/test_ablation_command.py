"""The ablation as a command: what it keeps, where it goes on, and what it leaves behind."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from study.record.columns import ABLATION
from tests.benchmarks.ablation.__main__ import Options, main, wanted
from tests.benchmarks.ablation.parts import Part
from tests.benchmarks.ablation.pool import run_parts

SPACE = """
from search_spaces.space import Float, SearchSpace

SPACE = SearchSpace(
    name="tiny",
    about="trials of a few milliseconds",
    family="cvae",
    searched={"lr": Float(1e-3, 1e-1, log=True)},
    fixed={"n_samples": 40, "latent_dim": 1, "encoder_hidden": 2, "decoder_hidden": 2},
)
"""


@pytest.fixture
def options(tmp_path: Path) -> Options:
    (tmp_path / "tiny.py").write_text(SPACE)
    return Options(
        space=str(tmp_path / "tiny.py"),
        epochs=60,
        max_epochs=15,
        replicates=1,
        out=tmp_path / "out",
        parts=tmp_path / "parts",
    )


def words(options: Options) -> list[str]:
    names = ("space", "epochs", "max_epochs", "replicates", "out", "parts")
    only = [word for name in options.only for word in ("--only", name)]
    return [f"--{name.replace('_', '-')}={getattr(options, name)}" for name in names] + only


def test_seeds_come_in_turn_so_that_what_is_interrupted_is_balanced(options: Options) -> None:
    parts = wanted(options)
    arms = {part.arm for part in parts}
    assert len(parts) == 5 * len(arms)
    assert {part.arm for part in parts[: len(arms)]} == arms
    assert [part.seed for part in parts] == sorted(part.seed for part in parts)


def test_a_part_is_kept_under_a_name_of_all_that_decides_its_numbers(options: Options) -> None:
    part = wanted(options)[0]
    folder = options.parts
    changed = [
        Part(**{name: getattr(part, name) for name in Part.__slots__} | {key: value})
        for key, value in (("seed", 2), ("budget", 61), ("max_epochs", 16), ("replicates", 2))
    ]
    paths = {p.path(folder) for p in [part, *changed, *wanted(options)[1:8]]}
    assert len(paths) == 5 + 7 - 1 + 1
    assert part.path(folder) == wanted(options)[0].path(folder)


@pytest.mark.slow
def test_what_is_kept_is_not_run_again_and_a_table_comes_of_it(
    options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    options = replace(options, only=("random, no asha", "gp, asha 4/10", "tpe, hyperband 4/10"))
    parts = wanted(options)
    for part in parts:
        part.run(options.parts)
    before = {path: path.stat().st_mtime_ns for path in options.parts.iterdir()}
    assert main(words(options)) == 0
    assert {path: path.stat().st_mtime_ns for path in options.parts.iterdir()} == before
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [path.name for path in paths] == ["ablation.parquet", "ablation.png", "README.md"]
    assert all(path.parent == options.out / "tiny" for path in paths)
    table = pd.read_parquet(paths[0])
    assert table.columns.tolist() == [column.name for column in ABLATION]
    assert not table.duplicated(["arm", "seed", "epochs"]).any()
    assert table.groupby("arm")["epochs"].max().eq(options.epochs).all()
    last = table[table["epochs"] == options.epochs]
    assert last["selected_score"].notna().all()
    page = paths[2].read_text()
    assert all(f"| {part.arm.name} |" in page for part in parts)
    assert '--only "gp, asha 4/10"' in page


def test_a_study_that_is_run_twice_is_the_same_study(options: Options, tmp_path: Path) -> None:
    part = wanted(options)[0]
    first, second = (pd.read_parquet(part.run(tmp_path / name)) for name in ("a", "b"))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_without_time_nothing_is_begun_and_all_is_missing(options: Options) -> None:
    parts = wanted(options)[:2]
    assert run_parts(parts, options.parts, 1, 0.0, lambda part: None) == 2
    assert not options.parts.exists()


def test_too_few_seeds_for_an_interval_are_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--seeds", "4"]) == 2
    said = capsys.readouterr().err
    assert said == "ablation: --seeds must be a whole number in [5, 1000], got 4\n"


def test_an_unknown_arm_is_refused_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--only", "gp, median"]) == 2
    said = capsys.readouterr().err
    assert "--only must be one of random, no asha; random, asha 4/10; gp, asha 4/10" in said
    assert said.endswith("got 'gp, median'\n")


def test_an_unknown_space_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--space", "nowhere"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
