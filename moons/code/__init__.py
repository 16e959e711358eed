"""The code of a space file: what it is made of, and how any process runs it."""

import atexit
import hashlib
import inspect
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from moons.code.finder import Finder
from moons.code.sources import CannotLoad, DataFile, Source, data_files, sources_of

if TYPE_CHECKING:
    from moons.models import VAE

__all__ = ["CannotLoad", "SpaceCode", "model_code"]
MISSING = (
    "name data files that lie beside the file in the space's `files`, and open them by "
    "Path(__file__).parent / NAME: then workers have them too"
)


@dataclass(frozen=True, slots=True)
class SpaceCode:
    """A space file, the modules beside it that it imports, and the data files that it names.

    So the same code runs in the driver and in workers, wherever they are, also when the files
    change meanwhile.

    Attributes:
        path: of the file, as it was given.
        sources: the file's own first.
        files: what it reads from its folder.
    """

    path: str
    sources: tuple[Source, ...]
    files: tuple[DataFile, ...] = ()

    @classmethod
    def load(cls, path: Path) -> "tuple[SpaceCode, Any]":
        """The code of a file and of what it imports from its folder; and its SPACE, or None.

        Raises:
            CannotLoad: a file cannot be read or run.
        """
        code = cls.read(path)
        space = getattr(code.run(), "SPACE", None)
        return replace(code, files=data_files(path, getattr(space, "files", ()))), space

    @classmethod
    def read(cls, path: Path, files: Sequence[str] = ()) -> "SpaceCode":
        """The code of a file and of what it imports from its folder, none of which is run.

        Raises:
            CannotLoad: a file cannot be read.
        """
        try:
            return cls(str(path), tuple(sources_of(path)), data_files(path, files))
        except (OSError, UnicodeDecodeError, SyntaxError) as error:
            raise CannotLoad(f"{path}: {error}") from None

    @property
    def digest(self) -> str:
        """A hash of all of it; the same wherever the files are."""
        digest = hashlib.sha256()
        for source in sorted(self.sources[1:], key=lambda source: source.name):
            digest.update(f"\0{source.name}\0{source.text}".encode())
        for file in self.files:
            digest.update(f"\0{file.name}\0".encode() + file.content)
        return hashlib.sha256(self.sources[0].text.encode() + digest.digest()).hexdigest()[:16]

    def run(self) -> ModuleType:
        """Runs the file, as a new module.

        Raises:
            CannotLoad: it raises, or ends the process.
        """
        own, *others = self._here()
        Finder.install(others, Path(own.path).parent)
        module = ModuleType(own.name)
        module.__file__, module.__package__ = own.path, own.name.rpartition(".")[0]
        sys.modules[own.name] = module
        try:
            exec(compile(own.text, own.path, "exec"), module.__dict__)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also a SystemExit, which is not the file's to raise
            own_words = isinstance(error, ValueError) and type(error) is ValueError
            reason = str(error) if own_words else f"{type(error).__name__}: {error}"
            if isinstance(error, SystemExit):
                reason = f"it ends the process ({reason}), where it has only to define SPACE"
            advice = f"; {MISSING}" if isinstance(error, FileNotFoundError) else ""
            raise CannotLoad(f"{self.path}: {' '.join(reason.split())}{advice}") from error
        return module

    def _here(self) -> list[Source]:
        """The sources where the data files are beside them as they were: elsewhere, in a copy."""
        folder = Path(self.sources[0].path).parent
        if all(_is_there(folder / file.name, file.content) for file in self.files):
            return list(self.sources)
        copy = Path(tempfile.mkdtemp(prefix="moons-space-"))
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        for file in self.files:
            (copy / file.name).parent.mkdir(parents=True, exist_ok=True)
            (copy / file.name).write_bytes(file.content)
        moved = (copy / os.path.relpath(source.path, folder) for source in self.sources)
        return [replace(s, path=str(p)) for s, p in zip(self.sources, moved, strict=True)]

    def space(self) -> Any:
        """The file's SPACE; a process runs the file once.

        Raises:
            CannotLoad: the file cannot be run here.
        """
        return _space(self)

    def model(self) -> "type[VAE]":
        """The model of the file's space.

        Raises:
            CannotLoad: the file cannot be run here.
        """
        model: type[VAE] | None = self.space().model
        if model is None:
            raise CannotLoad(f"{self.path}: its SPACE has no model here, where it had one before")
        return model

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
def _space(code: SpaceCode) -> Any:
    return code.run().SPACE


def _is_there(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
