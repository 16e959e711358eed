"""How Python finds the modules beside a space file, in any process."""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from typing_extensions import override

from moons.code.sources import Source


class Finder(MetaPathFinder, InspectLoader):
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
        sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, Finder | _Folder)]
        sys.meta_path.insert(0, finder)
        sys.meta_path.append(_Folder(folder))

    @override
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

    @override
    def get_source(self, fullname: str) -> str:
        return self.sources[fullname].text

    @override
    def is_package(self, fullname: str) -> bool:
        return self.sources[fullname].package

    @override
    def get_code(self, fullname: str) -> Any:
        source = self.sources[fullname]
        return self.source_to_code(source.text, source.path)


class _Folder(MetaPathFinder):
    """Finds in the file's folder what is nowhere else: a module whose name was computed."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    @override
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [self.folder], target) if path is None else None


def _installed(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None) or "site-packages"
    return bool({"site-packages", "dist-packages"} & set(Path(file).parts))
