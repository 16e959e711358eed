"""The rules of ARCHITECTURE.md, checked on the sources."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("moons", "search_spaces", "study", "analysis")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAX_LINES = 300
NEVER = {
    "moons": {"ray", "optuna", "search_spaces", "study", "analysis"},
    "search_spaces": {"ray", "study", "analysis"},
    "study": set(),
    "analysis": {"ray", "search_spaces"},
}
# Reading a pickle runs what is in it.
PICKLING = {"pickle", "_pickle", "dill", "joblib", "shelve", "marshal", "jsonpickle"}
UNPICKLING = {"torch.load", "pd.read_pickle", "pandas.read_pickle"}


def imports(tree: ast.AST, *, on_import: bool = False, types: bool | None = None) -> Iterator[str]:
    """Full names of the modules that a source imports.

    Args:
        tree: the source.
        on_import: leaves out what is imported inside functions, and for type checkers alone.
        types: whether what is imported for type checkers alone counts; by default as above.
    """
    types = not on_import if types is None else types
    for node in ast.iter_child_nodes(tree):
        if on_import and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if not types and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from imports(node, on_import=on_import, types=types)


def room(name: str) -> str:
    """The top-level package of a module."""
    return name.partition(".")[0]


def rooms(path: Path, *, on_import: bool = False) -> set[str]:
    """The top-level packages that a file imports."""
    names = imports(ast.parse(path.read_text()), on_import=on_import)
    return {room(name) for name in names}


def in_package(package: str) -> list[Path]:
    return [path for path in SOURCES if path.relative_to(ROOT).parts[0] == package]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


# Ray's public rooms, as far as they are used.
RAY = {
    "ray",
    "ray.air.integrations.mlflow",
    "ray.air.integrations.wandb",
    "ray.exceptions",
    "ray.job_config",
    "ray.tune",
    "ray.tune.experiment",
    "ray.tune.logger",
    "ray.tune.schedulers",
    "ray.tune.search",
    "ray.tune.search.optuna",
    "ray.util.metrics",
}
INTERNALS = ROOT / "study" / "tune" / "internals.py"


def privacies(tree: ast.AST) -> Iterator[str]:
    """What a source uses of Ray that is private."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "ray":
            named = [a.name for a in node.names if a.name.startswith("_")]
            yield from named if node.module in RAY else [str(node.module)]
        elif isinstance(node, ast.Import):
            inside = (a.name for a in node.names if a.name.partition(".")[0] == "ray")
            yield from (name for name in inside if name not in RAY)
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            if ast.unparse(node).partition(".")[0] in ("ray", "tune"):
                yield ast.unparse(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("ray.init", "tune.run"):
            yield from (str(k.arg) for k in node.keywords if (k.arg or "").startswith("_"))
        elif isinstance(node, ast.ClassDef):
            yield from _inherited_privately(node)


def _inherited_privately(made: ast.ClassDef) -> set[str]:
    """Attributes of `self` with a private name that the class neither sets nor defines."""
    ours = {n.name for n in made.body if isinstance(n, ast.FunctionDef)}
    ours |= {n.target.id for n in made.body if isinstance(n, ast.AnnAssign)}  # type: ignore[union-attr]
    of_self = [
        n
        for n in ast.walk(made)
        if isinstance(n, ast.Attribute) and ast.unparse(n.value) in ("self", "super()")
    ]
    ours |= {n.attr for n in of_self if isinstance(n.ctx, ast.Store)}
    used = {n.attr for n in of_self if n.attr.startswith("_") and not n.attr.startswith("__")}
    return used - ours


EXAMPLE = """
import a.b
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import c
def function():
    from d import e
class Class:
    import f
    def method(self):
        import g
try:
    import h
except ImportError:
    pass
"""


def test_the_reader_of_imports_finds_them_wherever_they_stand():
    everywhere = {"a.b", "typing.TYPE_CHECKING", "c", "d.e", "f", "g", "h"}
    assert set(imports(ast.parse(EXAMPLE))) == everywhere
    assert set(imports(ast.parse(EXAMPLE), on_import=True)) == everywhere - {"c", "d.e", "g"}


def test_there_are_sources_to_check():
    assert all(len(in_package(package)) >= 2 for package in PACKAGES)


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_imports_run_one_way(path):
    package = path.relative_to(ROOT).parts[0]
    assert rooms(path) & NEVER[package] == set()


@pytest.mark.parametrize("path", in_package("analysis"), ids=shown)
def test_analysis_knows_of_study_what_is_on_disk_alone(path):
    of_study = {name for name in imports(ast.parse(path.read_text())) if room(name) == "study"}
    assert {name for name in of_study if not name.startswith("study.record.")} == set()


@pytest.mark.parametrize("path", sorted((ROOT / "study" / "record").glob("*.py")), ids=shown)
def test_the_record_needs_neither_ray_nor_torch_nor_any_other_room_of_study(path):
    found = set(imports(ast.parse(path.read_text())))
    assert {room(name) for name in found} & {"ray", "torch", "search_spaces", "analysis"} == set()
    of_study = {name for name in found if room(name) == "study"}
    assert all(name.startswith(("study.record.", "study.errors.")) for name in of_study)


def test_no_module_imports_itself_by_way_of_others_not_even_inside_functions():
    modules = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in SOURCES}
    modules = {name.removesuffix(".__init__"): path for name, path in modules.items()}
    imported = {}
    for name, path in modules.items():
        found = imports(ast.parse(path.read_text()), types=False)
        targets = {one if one in modules else one.rpartition(".")[0] for one in found}
        imported[name] = targets & modules.keys() - {name}
    TopologicalSorter(imported).prepare()  # raises with the names of those in a circle


@pytest.mark.parametrize("path", in_package("study"), ids=shown)
def test_study_asks_analysis_for_what_it_ends_with_in_one_place(path):
    assert "analysis" not in rooms(path, on_import=True)
    assert "analysis" not in rooms(path) or path == ROOT / "study" / "report.py"


PRIVATE = """
import ray._raylet
from ray import tune, _version
from ray._private.node import Node
ray._private.utils.anything()
ray.init(address="local", _temp_dir="/tmp")
class Search(Searcher):
    def suggest(self):
        return self._inside + self.outside
"""


def test_the_reader_of_privacies_finds_them():
    found = {"ray._raylet", "_version", "ray._private.node", "_temp_dir", "_inside"}
    assert found <= set(privacies(ast.parse(PRIVATE)))
    assert list(privacies(ast.parse("from ray import tune\nray.init(num_cpus=2)"))) == []


@pytest.mark.parametrize("path", in_package("study"), ids=shown)
def test_what_is_private_to_ray_is_in_one_module(path):
    if path != INTERNALS and "ray" in rooms(path):
        assert list(privacies(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_module_is_one_thing_of_at_most_300_lines(path):
    assert len(path.read_text().splitlines()) <= MAX_LINES
    assert path.stem not in ("utils", "util", "helpers", "common", "misc")


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_nothing_opens_a_pickle(path):
    tree = ast.parse(path.read_text())
    assert rooms(path) & PICKLING == set()
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert {ast.unparse(call.func) for call in calls} & UNPICKLING == set()
    assert "allow_pickle" not in {keyword.arg for call in calls for keyword in call.keywords}


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_nothing_seeds_a_global_generator_of_numpy_or_random(path):
    tree = ast.parse(path.read_text())
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert called & {"np.random.seed", "numpy.random.seed", "random.seed"} == set()


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh Python has loaded after running the code."""
    report = "\nimport sys; print('loaded', *{name.partition('.')[0] for name in sys.modules})"
    said = subprocess.run(
        [sys.executable, "-c", code + report], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(said.stdout.splitlines()[-1].split()[1:])


HELP = """
from {module} import main
try:
    main(["--help"])
except SystemExit as stopped:
    assert stopped.code == 0, stopped.code
else:
    raise AssertionError("--help has not stopped the command")
"""


def test_help_of_the_study_loads_nothing_that_takes_long():
    loaded = loaded_after(HELP.format(module="study.run"))
    heavy = {"torch", "ray", "optuna", "numpy", "pandas", "sklearn", "numba", "scipy", "matplotlib"}
    assert loaded & heavy == set()
    assert "tyro" in loaded  # help was there


def test_a_driver_runs_trials_and_writes_their_tables_without_torch():
    code = "import study.execute, study.tune.driver, study.record.tables as t; t.typed([], {})"
    assert "torch" not in loaded_after(code)


def test_what_workers_import_ahead_is_training_and_no_driver():
    loaded = loaded_after("import study.tune.preload")
    assert {"torch", "numba", "ray"} <= loaded
    assert loaded & {"optuna", "tyro"} == set()


def test_reading_tables_loads_neither_ray_nor_torch():
    loaded = loaded_after("import study.record.tables, study.record.results")
    assert {"pandas", "optuna"} <= loaded
    assert loaded & {"ray", "torch", "search_spaces", "analysis"} == set()


# Where it may be known that moons are two, and that the plane has two columns.
OF_THE_PLANE = {
    *("moons/density.py", "moons/two_arcs.py", "analysis/page/own_model.py"),
    *(f"moons/sources/{name}.py" for name in ("two_moons", "curves", "blobs", "quadrature")),
}
TWO = re.compile(r"shape \(n, 2\)|(integers|randint)\(0, 2,|arange\([^)]*\) % 2|X_DIM|MOON_")


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_two_columns_and_two_labels_are_known_where_moons_are_drawn_alone(path):
    if shown(path) not in OF_THE_PLANE:
        assert TWO.search(path.read_text()) is None
