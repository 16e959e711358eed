"""Finding a search space by its name, or in a file of one's own."""

import importlib
from dataclasses import replace
from pathlib import Path

from moons.code import SpaceCode
from moons.config import Config
from search_spaces.space import SearchSpace

HERE = Path(__file__).parent
NOT_SPACES = ("__init__", "base", "choices", "domain", "generative", "load", "settings", "space")


def space_names() -> list[str]:
    """The spaces that come with the project, as `--space` takes them."""
    files = (path.stem for path in HERE.glob("*.py"))
    return sorted(stem.replace("_", "-") for stem in files if stem not in NOT_SPACES)


def load_space(name_or_path: str | Path) -> SearchSpace:
    """The space of that name, or the `SPACE` of that Python file.

    Raises:
        ValueError: names the file, the key, what it got and what is allowed.
    """
    name = str(name_or_path)
    if name in space_names():
        module = importlib.import_module(f"search_spaces.{name.replace('-', '_')}")
        space: SearchSpace = module.SPACE
        return space
    try:
        path = Path(name_or_path).expanduser()
    except RuntimeError:
        path = Path(name_or_path)
    if path.suffix != ".py":
        raise ValueError(
            f"--space must be one of {', '.join(space_names())}, or a path to a .py file, "
            f"got {name!r}"
        )
    if not path.is_file():
        raise ValueError(f"--space names a file that is not there: {path}")
    return _load_file(path)


def _load_file(path: Path) -> SearchSpace:
    code, space = SpaceCode.load(path)
    if not isinstance(space, SearchSpace):
        raise ValueError(f"{path}: SPACE must be a SearchSpace, got {space!r}")
    space = replace(space, code=code)
    if (source := space.modelled.source) is not None:
        from moons.sources.own import check

        try:
            check(source, float(space.fixed.get("noise", Config().noise)))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    return space
