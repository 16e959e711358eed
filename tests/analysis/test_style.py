import io
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from analysis.figures.axes import is_log, log_axis, positions, scale_axis, scale_metric, time_unit
from analysis.figures.paper import new_figure, png_bytes
from analysis.figures.style import OKABE_ITO, theme
from study.record.manifest import Dimension
from tests.analysis.known import LATENT, LR


def test_a_small_png_keeps_the_colours() -> None:
    with theme():
        figure = new_figure(height=2.0, width=4.0)
        ax = figure.subplots()
        ax.imshow(np.linspace(0, 1, 400).reshape(1, -1), aspect="auto", cmap="cividis")
        for place, colour in enumerate(OKABE_ITO):
            ax.plot(40 * place, 0, "s", color=colour, markersize=3)
        full = io.BytesIO()
        figure.savefig(full, format="png", dpi=120)
        small = png_bytes(figure)
    images = [
        np.asarray(Image.open(b).convert("RGB")).astype(int) for b in (full, io.BytesIO(small))
    ]
    assert np.abs(images[0] - images[1]).max() < 20
    assert len(small) < len(full.getvalue())


def test_labels_of_axes_that_keep_their_aspect_are_not_cut_off() -> None:
    with theme():
        figure = new_figure(height=3.4)
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        for ax in (left, right):
            ax.set(xlim=(-4, 4), ylim=(-3, 3), aspect="equal", xlabel="x1", title="moons")
        left.plot([], [], label="points")
        figure.legend(loc="outside upper center")
        png_bytes(figure)
        box = left.xaxis.label.get_window_extent()
    assert box.y0 > 0


def test_options_stand_at_their_places_and_unknown_ones_nowhere() -> None:
    np.testing.assert_array_equal(positions(pd.Series([8, 2, 5]), LATENT), [2.0, 0.0, np.nan])
    np.testing.assert_array_equal(positions(pd.Series([0.01]), LR), [0.01])


def test_an_axis_has_the_scale_and_the_ends_of_its_range() -> None:
    ax = new_figure().subplots()
    scale_axis(ax, "x", LR)
    scale_axis(ax, "y", Dimension(name="noise", kind="float", low=0.0, high=1.0))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert ax.get_xlim()[0] < 1e-4 < 0.1 < ax.get_xlim()[1]
    assert ax.get_xlabel() == "learning rate"
    scale_axis(ax, "y", LATENT)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["2", "4", "8"]


def test_a_whole_number_has_whole_ticks() -> None:
    ax = new_figure().subplots()
    scale_axis(ax, "x", Dimension(name="layers", kind="int", low=1, high=2))
    assert [tick for tick in ax.get_xticks() if 1 <= tick <= 2] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("values", "log"),
    [
        ([0.01, 1.0], True),
        ([0.9, 1.0], False),
        ([-1.0, 1.0], False),
        ([0.0, 1.0], False),
        ([], False),
    ],
)
def test_a_metric_is_logarithmic_where_that_tells_its_values_apart(
    values: list[float], log: bool
) -> None:
    series = pd.Series(values, dtype=float)
    assert is_log(series) == log
    ax = new_figure().subplots()
    scale_metric(ax, "y", series, "val_mse")
    assert ax.get_yscale() == ("log" if log else "linear")
    assert ax.get_ylabel() == "validation MSE (squared data units)"


def test_seconds_are_divided_into_the_unit_that_reads_best() -> None:
    assert [time_unit(s) for s in (10, 1000, 100_000)] == [(1.0, "s"), (60.0, "min"), (3600.0, "h")]


@pytest.mark.parametrize(("low", "high"), [(1e-12, 1e2), (1e-4, 0.1), (2.0, 3e7), (0.02, 0.5)])
def test_labels_of_a_logarithmic_axis_do_not_overlap_however_many_decades_it_has(
    low: float, high: float
) -> None:
    with theme():
        figure = new_figure(height=2.4, width=1.9)
        ax = figure.subplots()
        log_axis(ax, "x", low, high)
        ax.tick_params(labelsize="x-small")
        figure.draw_without_rendering()
        shown = [tick for tick in ax.get_xticklabels() if tick.get_text()]
        boxes = [t.get_window_extent() for t in shown if low <= t.get_position()[0] <= high]
    assert len(boxes) >= 2
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
