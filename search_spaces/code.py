"""The code of a space file: what it is made of, and how any process runs it."""

import ast
import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moons.models import VAE

OURS = {"moons", "search_spaces", "study", "analysis", *sys.stdlib_module_names}


class CannotLoad(ValueError):
    """A file of somebody's own cannot be run; one sentence that names it and says why."""


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


@dataclass(frozen=True, slots=True)
class SpaceCode:
    """A space file and the modules beside it that it imports, as text.

    So the same code runs in the driver and in workers, wherever they are, also when the files
    change meanwhile.

    Attributes:
        path: of the file, as it was given.
        sources: the file's own first.
    """

    path: str
    sources: tuple[Source, ...]

    @classmethod
    def read(cls, path: Path) -> "SpaceCode":
        """The code of a file and of what it imports from its folder.

        Raises:
            CannotLoad: a file cannot be read.
        """
        try:
            return cls(str(path), tuple(_sources(path)))
        except (OSError, UnicodeDecodeError) as error:
            raise CannotLoad(f"{path}: {error}") from None

    @property
    def digest(self) -> str:
        """A hash of all of it; the same wherever the files are."""
        digest = hashlib.sha256()
        for source in sorted(self.sources[1:], key=lambda source: source.name):
            digest.update(f"\0{source.name}\0{source.text}".encode())
        return hashlib.sha256(self.sources[0].text.encode() + digest.digest()).hexdigest()[:16]

    def run(self) -> ModuleType:
        """Runs the file, as a new module.

        Raises:
            CannotLoad: it raises, or ends the process.
        """
        _Finder.install(self.sources[1:], Path(self.sources[0].path).parent)
        own = self.sources[0]
        module = ModuleType(own.name)
        module.__file__ = own.path
        sys.modules[own.name] = module
        try:
            exec(compile(own.text, own.path, "exec"), module.__dict__)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also a SystemExit, which is not the file's to raise
            own_words = isinstance(error, ValueError) and type(error) is ValueError
            reason = str(error) if own_words else f"{type(error).__name__}: {error}"
            raise CannotLoad(f"{self.path}: {' '.join(reason.split())}") from error
        return module

    def model(self) -> "type[VAE]":
        """The model of the file's space.

        Raises:
            CannotLoad: the file cannot be run here.
        """
        return _model(self)

    def __repr__(self) -> str:
        return f"SpaceCode({self.path}, {self.digest})"


def model_code(model: type, code: SpaceCode | None) -> dict[str, Any]:
    """What a class is known by: its name, its file's name and a hash of the code."""
    if code is not None:
        file, digest = code.path, code.digest
    else:
        try:
            file = inspect.getfile(model)
            digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
        except (OSError, TypeError):  # typed into an interpreter
            file, digest = "", ""
    return {"class": model.__qualname__, "file": Path(file).name, "hash": digest}


@cache  # a worker runs the file once, not for every trial
def _model(code: SpaceCode) -> "type[VAE]":
    model: type[VAE] | None = code.run().SPACE.model
    if model is None:
        raise CannotLoad(f"{code.path}: its SPACE has no model here, where it had one before")
    return model


class _Finder(MetaPathFinder, InspectLoader):
    """Finds modules in the sources of the file that was run last, then in its folder."""

    def __init__(self, sources: Sequence[Source], folder: Path) -> None:
        self.sources = {source.name: source for source in sources}
        self.folder = folder

    @classmethod
    def install(cls, sources: Sequence[Source], folder: Path) -> None:
        """Takes the place of the one before, whose modules are forgotten."""
        finder = cls(sources, folder)
        for name, module in list(sys.modules.items()):
            loader = getattr(getattr(module, "__spec__", None), "loader", None)
            if isinstance(loader, cls) or (name in finder.sources and not _installed(module)):
                del sys.modules[name]
        sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, _Finder | _Folder)]
        sys.meta_path.insert(0, finder)
        sys.meta_path.append(_Folder(folder))

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        source = self.sources.get(name)
        if source is None:
            return None
        spec = importlib.util.spec_from_loader(
            name, self, origin=source.path, is_package=source.package
        )
        assert spec is not None
        spec.has_location = True  # its modules have a `__file__`
        if source.package:
            spec.submodule_search_locations = [str(Path(source.path).parent)]
        return spec

    def get_source(self, fullname: str) -> str:
        return self.sources[fullname].text

    def is_package(self, fullname: str) -> bool:
        return self.sources[fullname].package

    def get_code(self, fullname: str) -> Any:
        source = self.sources[fullname]
        return self.source_to_code(source.text, source.path)


class _Folder(MetaPathFinder):
    """Finds in the file's folder what is nowhere else: a module whose name was computed."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [self.folder], target) if path is None else None


def _installed(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None) or "site-packages"
    return bool({"site-packages", "dist-packages"} & set(Path(file).parts))


def _sources(path: Path) -> Iterator[Source]:
    """The file, and all modules of its folder that it or they import, wherever in their code."""
    folder = path.absolute().parent
    yield (own := _source(f"user_space_{path.stem}", path.absolute()))
    seen, waiting = {path.stem}, [own]
    while waiting:
        for name in _imported(waiting.pop()):
            if name in seen or name in OURS:
                continue
            seen.add(name)
            for source in _beside(folder, name):
                waiting.append(source)
                yield source


def _imported(source: Source) -> Iterator[str]:
    """Top-level names of the modules that a source imports."""
    try:
        tree = ast.parse(source.text)
    except SyntaxError:
        return  # running it says where
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def _beside(folder: Path, name: str) -> Iterator[Source]:
    """The module or the whole package of that name in the folder, if there is one."""
    package = folder / name
    if (package / "__init__.py").is_file():
        for file in sorted(package.rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            if file.name == "__init__.py":
                parts = parts[:-1]
            yield _source(".".join(parts), file)
    elif (folder / f"{name}.py").is_file():
        yield _source(name, folder / f"{name}.py")


def _source(name: str, file: Path) -> Source:
    return Source(name, str(file), file.name == "__init__.py", file.read_text())
