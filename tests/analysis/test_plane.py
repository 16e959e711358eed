"""The exact density on a grid, and its contours."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.figures.plane import contour_handles, exact_density, extent, limits_of, mass_levels
from moons.data import Origin


def moons(noise):
    return Origin("moons", 2000, noise, 42)


def cell_area(frame):
    return np.diff(np.unique(frame["x1"])).mean() * np.diff(np.unique(frame["x2"])).mean()


@pytest.mark.parametrize("noise", [0.05, 0.15, 0.5])
def test_the_grid_holds_nearly_all_of_the_exact_density(noise):
    frame = exact_density(moons(noise))
    assert frame["density"].sum() * cell_area(frame) == pytest.approx(1.0, abs=0.01)


def test_the_exact_density_is_the_same_turned_by_half_a_circle_about_the_middle():
    grid = exact_density(moons(0.15)).pivot(index="x2", columns="x1", values="density").to_numpy()
    np.testing.assert_allclose(grid, grid[::-1, ::-1], rtol=1e-6)


def test_data_without_noise_are_shown_as_arcs_of_radius_one():
    arcs = exact_density(moons(0.0))
    assert arcs["density"].isna().all()
    from_centres = np.minimum(
        abs(np.hypot(arcs["x1"], arcs["x2"]) - 1),
        abs(np.hypot(arcs["x1"] - 1, arcs["x2"] - 0.5) - 1),
    )
    assert from_centres.max() < 1e-12


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 0.99))
def test_the_level_of_a_normal_density_is_what_its_chi_squared_says(mass):
    axis = np.linspace(-6, 6, 301)
    density = np.exp(-(axis[:, None] ** 2 + axis**2) / 2) / (2 * np.pi)
    # Within radius r lies 1 - exp(-r^2 / 2), so the level there is peak * (1 - mass).
    assert mass_levels(density, (mass,))[0] == pytest.approx((1 - mass) / (2 * np.pi), rel=0.03)


def test_levels_rise_as_their_masses_fall():
    levels = mass_levels(exact_density(moons(0.2))["density"].to_numpy())
    assert np.all(np.diff(levels) > 0)


def test_limits_hold_points_beyond_the_moons_but_are_not_stretched_without_end():
    inside = pd.DataFrame({"x1": [0.0, 1.0], "x2": [0.0, 1.0]})
    assert limits_of(moons(0.15), inside) == extent(moons(0.15))
    (left, right), _ = limits_of(moons(0.15), inside.assign(x1=[0.0, 3.0]))
    assert (left, right) == (extent(moons(0.15))[0][0], 3.05)
    (left, right), _ = limits_of(moons(0.15), inside.assign(x1=[0.0, 1e6]))
    assert right < 6.0


@pytest.mark.parametrize("noise", [0.0, 0.001])
def test_without_a_density_to_show_other_data_than_moons_have_no_legend_of_it(noise):
    assert contour_handles(exact_density(Origin("circles", 200, noise, 42))) == []
    assert len(contour_handles(exact_density(moons(0.0)))) == 1
