"""The plane that the data live in: its limits, and the exact density on a grid."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moons.density import log_density

COLUMNS, ROWS = 168, 108  # grid points along x1 and x2
MASSES = (0.99, 0.9, 0.5)  # shares of the density within the contours, outermost first
CLEAN = 0.02  # noise below which the density is finer than the grid: the arcs stand for it
NODES = 256  # of the exact density: 0.6 of a standard deviation apart at the finest noise

Floats = NDArray[np.float64]
Limits = tuple[tuple[float, float], tuple[float, float]]


def extent(noise: float) -> Limits:
    """Limits of x1 and x2 that hold two moons with this noise."""
    margin = 0.2 + 3.0 * noise
    return (-1.0 - margin, 2.0 + margin), (-0.5 - margin, 1.0 + margin)


def grid_points(noise: float) -> tuple[Floats, Floats]:
    """Coordinates along x1, shape (columns,), and along x2, shape (rows,)."""
    (left, right), (low, high) = extent(noise)
    return np.linspace(left, right, COLUMNS), np.linspace(low, high, ROWS)


def density_grid(noise: float) -> tuple[Floats, Floats, Floats]:
    """Coordinates along x1 and x2, and the exact density there, shape (rows, columns)."""
    x1, x2 = grid_points(noise)
    columns, rows = np.meshgrid(x1, x2)
    points = np.stack([columns.ravel(), rows.ravel()], axis=1)
    return x1, x2, np.exp(log_density(points, noise, nodes=NODES)).reshape(columns.shape)


def grid_frame(x1: Floats, x2: Floats, density: Floats) -> pd.DataFrame:
    """A grid as rows of x1, x2 and density; `density` has shape (rows, columns)."""
    columns, rows = np.meshgrid(x1, x2)
    return pd.DataFrame({"x1": columns.ravel(), "x2": rows.ravel(), "density": density.ravel()})


def exact_density(noise: float) -> pd.DataFrame:
    """The data's exact density, both moons together, a squared data unit.

    Returns:
        Columns x1, x2, density. Data with next to no noise lie on two arcs and have no density
        that a grid could show: then the rows are the arcs, and `density` is missing.
    """
    if noise < CLEAN:
        t = np.linspace(0.0, np.pi, 200)
        upper = np.stack([np.cos(t), np.sin(t)], axis=1)
        gap = np.full((1, 2), np.nan)
        arcs = np.concatenate([upper, gap, np.array([1.0, 0.5]) - upper])
        return pd.DataFrame(arcs, columns=["x1", "x2"]).assign(density=np.nan)
    return grid_frame(*density_grid(noise))


def mass_levels(density: Floats, masses: tuple[float, ...] = MASSES) -> Floats:
    """The density above which each share of it lies, lowest first for shares that fall.

    Args:
        density: on an even grid that holds nearly all of it, any shape.
        masses: shares in (0, 1).
    """
    falling = np.sort(density, axis=None)[::-1]
    cumulative = np.cumsum(falling) / falling.sum()
    return falling[np.searchsorted(cumulative, masses)]
