"""The plane that the data live in, drawn: its axes and the exact density's contours."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from analysis.plane import CLEAN as CLEAN
from analysis.plane import MASSES as MASSES
from analysis.plane import NODES as NODES
from analysis.plane import Floats as Floats
from analysis.plane import Limits as Limits
from analysis.plane import axis_names as axis_names
from analysis.plane import exact_density as exact_density
from analysis.plane import extent as extent
from analysis.plane import grid_frame as grid_frame
from analysis.plane import grid_points as grid_points
from analysis.plane import has_density as has_density
from analysis.plane import mass_levels as mass_levels
from moons.data import Origin
from moons.sources.names import NAMED

CONTOUR = "#4D4D4D"


def draw_contours(ax: Axes, exact: pd.DataFrame, colour: str = CONTOUR) -> None:
    """The exact density's contours, or its arcs, from the rows of `exact_density`."""
    if exact["density"].isna().all():
        ax.plot(exact["x1"], exact["x2"], color=colour, linewidth=1.0, zorder=1)
        return
    grid = exact.pivot(index="x2", columns="x1", values="density")
    levels = mass_levels(grid.to_numpy())
    widths = np.linspace(0.6, 1.2, len(levels))
    ax.contour(grid.columns, grid.index, grid, levels, colors=colour, linewidths=widths, zorder=1)


def contour_handles(exact: pd.DataFrame, colour: str = CONTOUR) -> list[Line2D]:
    """The legend's entry for `draw_contours`, if it drew anything."""
    shares = ", ".join(f"{100 * mass:g}" for mass in reversed(MASSES))
    clean = exact["density"].isna().all()
    if exact.empty:
        return []
    text = "the moons without noise" if clean else f"exact density: {shares} % within"
    return [Line2D([], [], color=colour, linewidth=1.0, label=text)]


def plane_axes(ax: Axes, origin: Origin, limits: Limits, title: str = "") -> None:
    """Names and scales the axes; columns of other units than the first get a scale of their own."""
    ax.set_xlim(*limits[0])
    ax.set_ylim(*limits[1])
    named = origin.data in NAMED
    ax.set_aspect("equal" if named else "auto")
    ax.set_title(title)
    ax.grid(False)
    unit = " (data units)" if named else ""
    x1, x2 = axis_names(origin)
    ax.set_xlabel(f"{x1}{unit}")
    ax.set_ylabel(f"{x2}{unit}")


def limits_of(origin: Origin, points: pd.DataFrame) -> Limits:
    """`extent`, widened where points (x1, x2) lie beyond, but never beyond twice its size."""
    limits = []
    for (low, high), column in zip(extent(origin), ("x1", "x2"), strict=True):
        values, half = points[column].dropna(), (high - low) / 2
        margin = 0.05 if origin.data in NAMED else 0.02 * (high - low)
        low_seen = min(low, float(values.min()) - margin) if len(values) else low
        high_seen = max(high, float(values.max()) + margin) if len(values) else high
        limits.append((max(low_seen, low - half), min(high_seen, high + half)))
    return limits[0], limits[1]
