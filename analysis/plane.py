"""The plane of the first two columns: its limits, and the exact density on a grid."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moons.data import Origin, in_own_units, load_data
from moons.density import log_density

COLUMNS, ROWS = 168, 108  # grid points along x1 and x2
MASSES = (0.99, 0.9, 0.5)  # shares of the density within the contours, outermost first
CLEAN = 0.02  # noise below which the density is finer than the grid: the arcs stand for it
NODES = 256  # of the exact density: 0.6 of a standard deviation apart at the finest noise
MARGIN = 0.12  # of the points' range, on either side

Floats = NDArray[np.float64]
Limits = tuple[tuple[float, float], tuple[float, float]]


def axis_names(origin: Origin) -> tuple[str, str]:
    """What the two columns are called."""
    x1, x2, *_ = origin.source.columns
    return x1, x2


def extent(origin: Origin) -> Limits:
    """Limits of the two columns that hold the data."""
    if origin.data == "moons":
        margin = 0.2 + 3.0 * origin.noise
        return (-1.0 - margin, 2.0 + margin), (-0.5 - margin, 1.0 + margin)
    x = in_own_units(origin, load_data(origin).train).x[:, :2].astype(float)
    low, high = x.min(axis=0), x.max(axis=0)
    (left, down), (right, up) = low - MARGIN * (high - low), high + MARGIN * (high - low)
    return (float(left), float(right)), (float(down), float(up))


def has_density(origin: Origin) -> bool:
    """Whether the plane can show the exact density: known, of two columns, and not too fine."""
    return origin.known and len(origin.source.columns) == 2 and origin.noise >= CLEAN


def grid_points(origin: Origin) -> tuple[Floats, Floats]:
    """Coordinates along x1, shape (columns,), and along x2, shape (rows,)."""
    (left, right), (low, high) = extent(origin)
    return np.linspace(left, right, COLUMNS), np.linspace(low, high, ROWS)


def density_grid(origin: Origin) -> tuple[Floats, Floats, Floats]:
    """Coordinates along x1 and x2, and the exact density there, shape (rows, columns)."""
    x1, x2 = grid_points(origin)
    columns, rows = np.meshgrid(x1, x2)
    points = np.stack([columns.ravel(), rows.ravel()], axis=1)
    log_p = (
        log_density(points, origin.noise, nodes=NODES)
        if origin.data == "moons"
        else origin.log_density(points)
    )
    assert log_p is not None
    return x1, x2, np.exp(log_p).reshape(columns.shape)


def grid_frame(x1: Floats, x2: Floats, density: Floats) -> pd.DataFrame:
    """A grid as rows of x1, x2 and density; `density` has shape (rows, columns)."""
    columns, rows = np.meshgrid(x1, x2)
    return pd.DataFrame({"x1": columns.ravel(), "x2": rows.ravel(), "density": density.ravel()})


def exact_density(origin: Origin) -> pd.DataFrame:
    """The data's exact density, all classes together, a squared data unit.

    Returns:
        Columns x1, x2, density. Where there is none that a grid could show, `density` is missing:
        the rows are the arcs of moons with next to no noise, and none for other data.
    """
    if has_density(origin):
        return grid_frame(*density_grid(origin))
    if origin.data != "moons":
        return pd.DataFrame(columns=["x1", "x2", "density"], dtype=float)
    t = np.linspace(0.0, np.pi, 200)
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    gap = np.full((1, 2), np.nan)
    arcs = np.concatenate([upper, gap, np.array([1.0, 0.5]) - upper])
    return pd.DataFrame(arcs, columns=["x1", "x2"]).assign(density=np.nan)


def mass_levels(density: Floats, masses: tuple[float, ...] = MASSES) -> Floats:
    """The density above which each share of it lies, lowest first for shares that fall.

    Args:
        density: on an even grid that holds nearly all of it, any shape.
        masses: shares in (0, 1).
    """
    falling = np.sort(density, axis=None)[::-1]
    cumulative = np.cumsum(falling) / falling.sum()
    return falling[np.searchsorted(cumulative, masses)]
