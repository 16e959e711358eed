"""Data sets by name: those of the project, a file's, and one of your own.

Reading order: `names`, `source`, `two_moons`, `curves`, `blobs`, `quadrature`, `file`, `own`.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # configs look at the names alone, and need no numpy
    from moons.sources.source import Source


def _moons() -> "Source":
    from moons.sources.two_moons import TwoMoons

    return TwoMoons()


def _circles() -> "Source":
    from moons.sources.curves import circles

    return circles()


def _spirals() -> "Source":
    from moons.sources.curves import spirals

    return spirals()


def _pinwheel() -> "Source":
    from moons.sources.blobs import pinwheel

    return pinwheel()


def _gaussians() -> "Source":
    from moons.sources.blobs import gaussians

    return gaussians()


Opener = Callable[[], "Source"]
SOURCES: Mapping[str, Opener] = {
    "moons": _moons,
    "circles": _circles,
    "spirals": _spirals,
    "pinwheel": _pinwheel,
    "gaussians": _gaussians,
}
_known: dict[str, Opener] = dict(SOURCES)
_open: dict[str, "Source"] = {}


class UnknownData(ValueError):
    """Nothing here knows the data of that name, or where their file is."""


def source_named(name: str) -> "Source":
    """The data set that configs call `name`.

    Raises:
        UnknownData: there is none, or its file is not what it was.
    """
    if name not in _open:
        if name not in _known:
            raise UnknownData(
                f"the data {name!r} are not known here: read their file with "
                "moons.sources.file.read_points, or register their class"
            )
        _open[name] = _known[name]()
    return _open[name]


def is_known(name: str) -> bool:
    """Whether this process can open the data of that name."""
    return name in _known


def register(source: "Source") -> None:
    """Makes a data set known to this process under its name."""
    _known[source.name] = lambda: source
    _open[source.name] = source


def remember(name: str, opener: Opener) -> None:
    """Says how a data set is opened when it is first needed in this process."""
    _known.setdefault(name, opener)


def to_send(name: str) -> "Source | Opener | None":
    """What another process needs to know the data of that name; None for the project's own."""
    if name in SOURCES:
        return None
    source = source_named(name)
    if source.code is None:
        return source
    from moons.sources.own import OwnSource

    return OwnSource(source.code, name)


def receive(name: str, sent: "Source | Opener") -> None:
    """Makes known what another process has sent."""
    from moons.sources.source import Source

    register(sent) if isinstance(sent, Source) else remember(name, sent)
