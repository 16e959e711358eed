"""What the code of a space file is made of: it, the modules beside it, and the data it names."""

import ast
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

MOST_DATA = 4_000_000  # bytes of data files; they go to a worker with every trial
OURS = {"moons", "search_spaces", "study", "analysis", *sys.stdlib_module_names}


class CannotLoad(ValueError):
    """A file of somebody's own cannot be run; one sentence that names it and says why."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that the space names in `files`, as it was; `name` is relative to the space's file."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """One module.

    Attributes:
        name: as it is imported.
        path: where it was read.
        package: whether it is a package's `__init__`.
    """

    name: str
    path: str
    package: bool
    text: str


def sources_of(path: Path) -> Iterator[Source]:
    """The file, and all modules of its folder that it or they import, wherever in their code."""
    folder = path.absolute().parent
    own = _source(f"user_space_{path.stem}", path.absolute())
    package, above = "", folder
    if any(name.startswith(".") for name in imported_names(own.text)):
        while (above / "__init__.py").is_file():  # it is a module of a package
            package, above = f"{above.name}.{package}", above.parent
    yield (own := replace(own, name=package + own.name))
    seen, waiting = {path.stem}, [own]
    if package:
        name = package.partition(".")[0]
        waiting += (found := [s for s in _beside(above, name) if s.path != own.path])
        yield from found
        seen.add(name)
    while waiting:
        for name in imported_names(waiting.pop().text):
            name = name.partition(".")[0]
            if name in seen or name in OURS:
                continue
            seen.add(name)
            for source in _beside(folder, name):
                waiting.append(source)
                yield source


def imported_names(text: str) -> Iterator[str]:
    """Full names of all that a source imports; what is relative begins with a dot."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return  # running it says where
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _beside(folder: Path, name: str) -> Iterator[Source]:
    """The module or the whole package of that name in the folder, if there is one."""
    package = folder / name
    if name and (package / "__init__.py").is_file():
        for file in sorted(package.rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            if file.name == "__init__.py":
                parts = parts[:-1]
            yield _source(".".join(parts), file)
    elif (folder / f"{name}.py").is_file():
        yield _source(name, folder / f"{name}.py")


def _source(name: str, file: Path) -> Source:
    text = importlib.util.decode_source(file.read_bytes())  # as Python reads it
    return Source(name, str(file), file.name == "__init__.py", text)


def data_files(path: Path, names: Sequence[str]) -> tuple[DataFile, ...]:
    """The files of those names in a space file's folder.

    Raises:
        CannotLoad: one is missing or elsewhere, or they are too large to be sent.
    """
    folder, files = path.absolute().parent, []
    for name in names:
        place = Path(os.path.normpath(folder / name))
        if not place.is_relative_to(folder) or place.is_symlink() or not place.is_file():
            raise CannotLoad(f"{path}: files must name files in its folder, got {name!r}")
        files.append(DataFile(place.relative_to(folder).as_posix(), place.read_bytes()))
    if (size := sum(len(file.content) for file in files)) > MOST_DATA:
        raise CannotLoad(
            f"{path}: files may hold {MOST_DATA:,} bytes together, got {size:,}; put larger ones "
            "where all nodes can read them, and open them by their absolute path"
        )
    return tuple(files)
