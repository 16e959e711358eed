"""Every code block of README and docs is run: commands with small budgets, Python as it stands."""

import importlib
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib
import pytest
from sklearn.datasets import load_iris

from moons.evaluated import Exact
from moons.evaluation import evaluate
from moons.models import VAE
from search_spaces.load import space_names
from study.plan import Plan
from study.record.tables import write_tables
from tests.conftest import ROOT
from tests.study.in_process import made_up, retraining_in_process, run_in_process

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
STUDY = re.compile(r"results/([a-z][a-z0-9-]*)-(\d+)")
TRIALS, EPOCHS = 12, 3
Run = Callable[[str], None]


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and text of a page's code blocks, in their order."""
    yield from BLOCK.findall(page.read_text())


def commands(page: Path) -> list[str]:
    """The lines of a page that a user types; what they print is left out."""
    found = []
    for language, text in blocks(page):
        for line in text.splitlines():
            if line.startswith("$ "):
                found.append(line[2:])
            elif language != "python" and line.startswith("python -m "):
                found.append(line)
    return found


def scripts(page: Path) -> list[str]:
    return [text for language, text in blocks(page) if language == "python"]


def measured(model: VAE, config: object, seed: int = 0, *_: object) -> object:
    """In place of `evaluate`: figures that differ between configs."""
    config_lr = getattr(config, "lr", 0.1)
    return replace(made_up(model, config, seed), exact=Exact(0.1 + config_lr, 0.001))  # type: ignore[arg-type]


def carry_out(plan: Plan) -> int:
    """In place of `study.execute.execute`: a small study of the same kind, in this process."""
    n = min(plan.trials, 2 + TRIALS if plan.resumed else TRIALS)
    run_in_process(replace(plan, trials=n, max_epochs=EPOCHS, rungs=(), confirm=0))
    write_tables(plan.folder)
    return 0


def run_module(words: Sequence[str]) -> None:
    """Runs `python -m MODULE ...` in this process.

    Raises:
        AssertionError: it failed.
    """
    module, rest = words[0], list(words[1:])
    if module == "study.rerun":
        rest += [] if {"--audit", "--seed-of-trial"} & set(rest) else ["--top", "2", "--seeds", "2"]
    if module == "analysis.figures" and "--only" not in rest:
        rest += ["--only", "slices", "--only", "samples"]  # each is drawn in tests of its own
    if module == "moons.train":
        rest += ["--epochs", "2"]
    if module.startswith("tests."):
        assert importlib.util.find_spec(module) is not None, module
        return
    if module == "analysis.live":
        return  # serves until it is stopped; its tests are elsewhere
    name = f"{module}.__main__" if module == "analysis.figures" else module
    status = importlib.import_module(name).main(rest)
    assert status == 0, (module, rest, status)


def check_tool(words: Sequence[str]) -> None:
    """A command of another program: what it names of ours is there.

    Raises:
        AssertionError: it is not, or nothing is known of the program.
    """
    program = words[0]
    if program == "make":
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        assert set(words[1:]) <= set(targets), words
    elif program in ("ray", "kubectl", "docker", "optuna-dashboard"):
        files = [word for word in words if word.startswith(("study/", "analysis/"))]
        assert all((ROOT / file).is_file() for file in files), words
    else:
        raise AssertionError(f"no test knows how to run {shlex.join(words)}")


def run_line(line: str) -> None:
    """Runs a line of a shell."""
    words = shlex.split(line, comments=True)
    if "--" in words:  # a command within another's
        check_tool(words[: words.index("--")])
        words = words[words.index("--") + 1 :]
    if words[:1] == ["python"] or words[:1] == [".venv/bin/python"]:
        assert words[1] == "-m", line
        run_module(words[2:])
    else:
        check_tool(words)


def write_points(path: Path, label: str) -> None:
    """A file of four columns of numbers and one of three names."""
    found = load_iris(as_frame=True)
    named = found.target.map(dict(enumerate(found.target_names)))
    found.data.assign(**{label: named}).to_csv(path, index=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working directory with the studies and the space file that the pages speak of."""
    folder = tmp_path_factory.mktemp("docs")
    patch = pytest.MonkeyPatch()
    patch.chdir(folder)
    patch.setattr("study.training.replicate.evaluate", measured)
    patch.setattr("moons.evaluation.evaluate", measured)
    patch.setattr("study.execute.execute", carry_out)
    patch.setattr("study.calls.run_apart", lambda *words, **_: run_module([words[0], *words[1]]))
    retraining_in_process(patch)
    matplotlib.use("Agg")
    (mine,) = scripts(ROOT / "docs" / "spaces-and-models.md")
    (folder / "mine.py").write_text(mine)
    (folder / "ring.py").write_text(scripts(ROOT / "docs" / "data.md")[0])
    rows = [f"{i % 7},{i % 5 + i / 100},{'iris' if i % 2 else 'rose'}" for i in range(100)]
    (folder / "flowers.csv").write_text("\n".join(["petal,sepal,species", *rows]))
    (folder / "results").mkdir()
    (folder / "results" / "reference").symlink_to(ROOT / "results" / "reference")
    text = "\n".join(page.read_text() for page in PAGES)
    for name, label in re.findall(r"--data (\S+\.csv) --label (\w+)", text):
        write_points(folder / name, label)
    for space, number in sorted(set(STUDY.findall(text))):
        named = space if space in space_names() else "mine.py" if space == "mine" else "cvae"
        run_module(["study.run", "--space", named, "--name", f"{space}-{number}"])
    yield folder
    patch.undo()


def test_the_pages_hold_what_the_reader_of_blocks_finds() -> None:
    assert any(map(commands, PAGES))
    assert any(map(scripts, PAGES))
    for page in PAGES:
        fences = re.findall(r"^```", page.read_text(), flags=re.MULTILINE)
        assert len(fences) == 2 * len(list(blocks(page))), page
    with pytest.raises(AssertionError, match="no test knows how to run"):
        run_line("rm -r results")
    with pytest.raises(AssertionError):
        run_line("make nothing")


@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=lambda page: page.name)
def test_every_command_of_a_page_runs(page: Path, place: Path) -> None:
    for line in commands(page):
        run_line(line)


@pytest.mark.parametrize("page", [p for p in PAGES if scripts(p)], ids=lambda page: page.name)
def test_every_script_of_a_page_runs(
    page: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moons.evaluation.evaluate", evaluate)
    shutil.rmtree(place / "results" / "mine", ignore_errors=True)  # the command's
    names: dict[str, object] = {"__name__": "docs"}
    for script in scripts(page):
        exec(compile(script, str(page), "exec"), names)


def test_the_page_on_models_names_the_methods_with_their_arguments() -> None:
    page = (ROOT / "docs" / "spaces-and-models.md").read_text()
    for name in ("encode", "decode", "forward"):
        code = getattr(VAE, name).__code__
        assert f"`{name}({', '.join(code.co_varnames[1 : code.co_argcount])})`" in page
