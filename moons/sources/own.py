"""A source of somebody's own, in the file of a space: what it must hold, and how it is opened."""

import re
from dataclasses import dataclass

import numpy as np

from moons.code import CannotLoad, SpaceCode, model_code
from moons.sources.names import MOST_CLASSES, MOST_COLUMNS
from moons.sources.quadrature import log_density, quadrature
from moons.sources.source import Source
from moons.split import Split

POINTS = 1000  # drawn to see what a source draws
DRAWN = 20_000  # compared with the density
UNLIKELY = 6.0  # standard errors


class NoSource(ValueError):
    """A source breaks the contract; one sentence."""


@dataclass(frozen=True, slots=True)
class OwnSource:
    """The source of a space file's `data`; opens it in any process.

    Attributes:
        code: of the file.
        name: as configs have it.
    """

    code: SpaceCode
    name: str

    def __call__(self) -> Source:
        """The source.

        Raises:
            CannotLoad: the file cannot be run here.
        """
        source = self.code.space().modelled.source
        if source is None:
            raise CannotLoad(f"{self.code.path}: its SPACE has no data of its own here")
        return named(source, self.name, self.code)


def named(source: Source, name: str, code: SpaceCode | None) -> Source:
    """The source, which from now on knows its name and its code."""
    source.name, source.code = name, code
    return source


def name_of(source: Source, code: SpaceCode | None) -> str:
    """The class's name and a hash of its code."""
    known = model_code(type(source), code)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", known["class"]) + f"#{known['hash'] or '0' * 16}"


def has_density(source: Source) -> bool:
    """Whether its class has a density of its own."""
    return type(source).log_densities is not Source.log_densities


def source_of(said: object) -> Source:
    """The instance of a class of one's own, or of what is one.

    Raises:
        ValueError: it is no source, or names no columns and classes.
    """
    kind = said if isinstance(said, type) else type(said)
    if not issubclass(kind, Source):
        raise ValueError(
            "data must be the name of a source, a file's path, or a class that derives from "
            f"moons.sources.source.Source, got {_kind(said)}"
        )
    name = kind.__name__
    try:
        source = said if isinstance(said, Source) else kind()
    except Exception as error:
        raise ValueError(f"data {name} cannot be made without arguments: {error}") from None
    for key, most in (("columns", MOST_COLUMNS), ("classes", MOST_CLASSES)):
        names = getattr(source, key)
        if (
            not isinstance(names, tuple | list)
            or not all(isinstance(each, str) and each for each in names)
            or not 1 <= len(names) == len(set(names)) <= most
        ):
            raise ValueError(
                f"data {name}: {key} must be 1 to {most} different names, got {names!r}"
            )
        setattr(source, key, tuple(names))
    return source


def check(source: Source, noise: float) -> None:
    """Refuses what does not draw as it says, or whose density is not that of what it draws.

    Args:
        source: one of somebody's own.
        noise: that a study of it has.

    Raises:
        NoSource: one sentence.
    """
    name = type(source).__name__
    try:
        drawn = [_drawn(source, POINTS, noise, seed) for seed in (0, 0, 1)]
        _check_draws(source, *drawn)
        if source.known(noise):
            _check_density(source, noise)
    except NoSource:
        raise
    except Exception as error:  # of code that is not ours
        said = " ".join(str(error).split())
        raise NoSource(f"data {name} cannot be drawn: {type(error).__name__}: {said}") from error


def _drawn(source: Source, n: int, noise: float, seed: int) -> Split:
    name, drawn = type(source).__name__, source.draw(n, noise, seed)
    wanted = (n, len(source.columns))
    if not isinstance(drawn, Split):
        raise NoSource(f"data {name}: draw must return a moons.split.Split, got {_kind(drawn)}")
    if drawn.x.shape != wanted:
        raise NoSource(f"data {name}: draw must return x of shape {wanted}, got {drawn.x.shape}")
    return drawn


def _check_draws(source: Source, first: Split, again: Split, other: Split) -> None:
    name, classes = type(source).__name__, len(source.classes)
    found = np.unique(first.y)
    if len(found) < classes or found[-1] >= classes:
        raise NoSource(
            f"data {name}: draw must give each label from 0 to {classes - 1}, one of each of its "
            f"classes, got {', '.join(map(str, found[:12]))} in {POINTS} points"
        )
    if not (np.array_equal(first.x, again.x) and np.array_equal(first.y, again.y)):
        raise NoSource(f"data {name}: draw must give the same points for the same seed")
    if np.array_equal(first.x, other.x):
        raise NoSource(f"data {name}: draw must give other points for another seed")


def _check_density(source: Source, noise: float) -> None:
    """Its form; up to two columns, that it sums to 1 and that draws have its mean log density."""
    name, classes = type(source).__name__, len(source.classes)
    drawn = source.draw_fresh(DRAWN, noise, 0)
    found = np.asarray(source.log_densities(drawn.x, noise))
    if found.shape != (DRAWN, classes):
        raise NoSource(
            f"data {name}: log_densities must have shape (points, classes), got {found.shape} for "
            f"{DRAWN} points and {classes} classes"
        )
    own = found[np.arange(DRAWN), drawn.y]
    if not np.isfinite(own).all():
        raise NoSource(f"data {name}: log_densities must be finite where it draws, got {own.min()}")
    for given in (False, True) if len(source.columns) <= 2 else ():
        rule = quadrature(source, noise, given)
        if rule is None:
            raise NoSource(
                f"data {name}: the density must integrate to 1 over each class on a grid around "
                f"its draws, and does not with noise {noise:g}; leave log_densities out where it "
                "is not known"
            )
        logs = log_density(source, drawn.x, noise, drawn.y if given else None)
        assert logs is not None
        exact = float(rule.weight @ rule.log_density)
        error = float(logs.std()) / np.sqrt(DRAWN)
        if abs(float(logs.mean()) - exact) > UNLIKELY * error + 1e-3:
            raise NoSource(
                f"data {name}: log_densities must be those of what it draws: their mean is "
                f"{exact:.3f} by integration and {logs.mean():.3f} over {DRAWN} draws"
            )


def _kind(value: object) -> str:
    """The name of a class, or of the class of a value, whose own text may be of any length."""
    return (value if isinstance(value, type) else type(value)).__name__
