"""The code that an exported model of somebody's own needs: its files, and ours that they import."""

import importlib.util
from pathlib import Path

from moons.code import SpaceCode
from moons.code.sources import imported_names
from moons.files import make_folder, write_whole

MODEL, LIBRARY = "model", "library"
OURS = ("moons", "search_spaces")
ALWAYS = ("moons.code", "moons.config", "moons.models", "moons.prior")  # what sample.py imports


def write_code(code: SpaceCode, out: Path) -> str:
    """Writes the model's files into `model/` and this project's modules into `library/`.

    Returns:
        The model's file, relative to `out`.
    """
    for source in code.sources[1:]:
        name = source.name.replace(".", "/") + ("/__init__.py" if source.package else ".py")
        _write(out / MODEL / name, source.text)
    file = Path(code.path).name
    _write(out / MODEL / file, code.sources[0].text)
    for data in code.files:
        make_folder((out / MODEL / data.name).parent)
        write_whole(out / MODEL / data.name, data.content)
    wanted = [*ALWAYS, *(name for source in code.sources for name in imported_names(source.text))]
    for name, path in _ours(wanted).items():
        package = "/__init__.py" if path.name == "__init__.py" else ".py"
        _write(out / LIBRARY / (name.replace(".", "/") + package), path.read_text())
    return f"{MODEL}/{file}"


def _ours(wanted: list[str]) -> dict[str, Path]:
    """The files of this project that the modules of those names are, need and lie in."""
    found: dict[str, Path] = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name.partition(".")[0] not in OURS or name in found:
            continue
        waiting.append(name.rpartition(".")[0])  # its package, or the module that the name is of
        spec = importlib.util.find_spec(name) if _is_module(name) else None
        if spec is not None and spec.origin is not None:
            found[name] = Path(spec.origin)
            waiting += imported_names(found[name].read_text())
    return found


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # a name within a module
        return False


def _write(path: Path, text: str) -> None:
    make_folder(path.parent)
    write_whole(path, text)
