"""The plane that the data live in: its axes, the exact density on a grid, contours."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from moons.density import log_density

X1, X2 = "x1 (data units)", "x2 (data units)"
COLUMNS, ROWS = 168, 108  # grid points along x1 and x2
MASSES = (0.99, 0.9, 0.5)  # shares of the density within the contours, outermost first
CLEAN = 0.02  # noise below which the density is finer than the grid: the arcs stand for it
NODES = 256  # of the exact density: 0.6 of a standard deviation apart at the finest noise
CONTOUR = "#4D4D4D"

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
    x1, x2 = grid_points(noise)
    columns, rows = np.meshgrid(x1, x2)
    points = np.stack([columns.ravel(), rows.ravel()], axis=1)
    density = np.exp(log_density(points, noise, nodes=NODES))
    return grid_frame(x1, x2, density.reshape(columns.shape))


def mass_levels(density: Floats, masses: tuple[float, ...] = MASSES) -> Floats:
    """The density above which each share of it lies, lowest first for shares that fall.

    Args:
        density: on an even grid that holds nearly all of it, any shape.
        masses: shares in (0, 1).
    """
    falling = np.sort(density, axis=None)[::-1]
    cumulative = np.cumsum(falling) / falling.sum()
    return falling[np.searchsorted(cumulative, masses)]


def draw_contours(ax: Axes, exact: pd.DataFrame, colour: str = CONTOUR) -> None:
    """The exact density's contours, or its arcs, from the rows of `exact_density`."""
    if exact["density"].isna().all():
        ax.plot(exact["x1"], exact["x2"], color=colour, linewidth=1.0, zorder=1)
        return
    grid = exact.pivot(index="x2", columns="x1", values="density")
    levels = mass_levels(grid.to_numpy())
    widths = np.linspace(0.6, 1.2, len(levels))
    ax.contour(grid.columns, grid.index, grid, levels, colors=colour, linewidths=widths, zorder=1)


def contour_handle(exact: pd.DataFrame, colour: str = CONTOUR) -> Line2D:
    """The legend's entry for `draw_contours`."""
    shares = ", ".join(f"{100 * mass:g}" for mass in reversed(MASSES))
    clean = exact["density"].isna().all()
    text = "the moons without noise" if clean else f"exact density: {shares} % within"
    return Line2D([], [], color=colour, linewidth=1.0, label=text)


def plane_axes(ax: Axes, limits: Limits, title: str = "", outer: bool = True) -> None:
    """Names and scales the axes; without `outer` the names are left to a neighbour."""
    ax.set_xlim(*limits[0])
    ax.set_ylim(*limits[1])
    ax.set_aspect("equal")
    ax.set_title(title)
    ax.grid(False)
    ax.set_xlabel(X1)
    ax.set_ylabel(X2 if outer else "")


def limits_of(noise: float, points: pd.DataFrame) -> Limits:
    """`extent`, widened where points (x1, x2) lie beyond, but never beyond twice its size."""
    limits = []
    for (low, high), column in zip(extent(noise), ("x1", "x2"), strict=True):
        values, half = points[column].dropna(), (high - low) / 2
        low_seen = min(low, float(values.min()) - 0.05) if len(values) else low
        high_seen = max(high, float(values.max()) + 0.05) if len(values) else high
        limits.append((max(low_seen, low - half), min(high_seen, high + half)))
    return limits[0], limits[1]
