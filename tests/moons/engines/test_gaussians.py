"""Sums of Gaussians around many centres, beside the same by torch in float64."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from moons.evaluation.weighing import PlaneSamples


def log_means(x: torch.Tensor, centres: torch.Tensor, sigma: float) -> torch.Tensor:
    squared = torch.cdist(x.double(), centres.double()).square()
    log_normal = -squared / (2 * sigma**2) - torch.log(torch.tensor(2 * torch.pi * sigma**2))
    return torch.logsumexp(log_normal, dim=1) - torch.log(torch.tensor(float(len(centres))))


def samples(n_points: int, n_centres: int, scale: float, seed: int) -> PlaneSamples:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n_points, 2, generator=generator)
    centres = scale * torch.randn(n_centres, 2, generator=generator)
    return PlaneSamples.of(torch.arange(n_points), x, centres)


@given(
    st.integers(1, 20),
    st.integers(1, 70),
    st.floats(0.01, 10.0),
    st.floats(0.0, 100.0),
    st.integers(0, 100),
)
def test_a_point_s_log_mean_is_that_of_all_its_centres_whatever_their_number(
    n_points, n_centres, sigma, scale, seed
):
    made = samples(n_points, n_centres, scale, seed)
    exact = log_means(made.x, made.centres[:, :n_centres].T, sigma)
    found = made.log_mean_weights(sigma)
    assert torch.allclose(found, exact, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("sigma", [0.02, 0.15, 2.0])
def test_thousands_of_centres_add_up_to_float32_s_accuracy(sigma):
    made = samples(200, 8192, 1.0, 0)
    exact = log_means(made.x, made.centres.T, sigma)
    difference = (made.log_mean_weights(sigma) - exact).abs()
    assert float((difference / exact.abs().clamp(min=1.0)).max()) < 2e-5


def test_every_other_point_has_the_values_it_had():
    made = samples(21, 100, 1.0, 0)
    assert torch.equal(made.thinned(4).log_mean_weights(0.2), made.log_mean_weights(0.2)[::4])
    assert torch.equal(made.thinned(4).points, made.points[::4])


def test_a_centre_far_away_is_no_overflow():
    made = PlaneSamples.of(torch.arange(1), torch.zeros(1, 2), torch.tensor([[1e14, 0.0]]))
    assert torch.isfinite(made.log_mean_weights(1.0)).all()


def test_a_centre_that_is_no_number_leaves_no_density_anywhere():
    for centre in ([torch.nan, 0.0], [0.0, torch.nan]):
        centres = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
        centres[7] = torch.tensor(centre)
        made = PlaneSamples.of(torch.arange(3), torch.randn(3, 2), centres)
        assert made.log_mean_weights(0.3).isnan().all()
