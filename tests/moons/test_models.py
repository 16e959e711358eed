from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moons.config import Config
from moons.models import CVAE, VAE, build_model, count_parameters, mlp

WIDTHS = st.lists(st.integers(1, 40), min_size=1, max_size=3)
LABELS = {"vae": 0, "cvae": 1}


def points(n=16, latent=2):
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(n, 2, generator=rng)
    z = torch.randn(n, latent, generator=rng)
    return x, z, torch.zeros(n, dtype=torch.int64), torch.ones(n, dtype=torch.int64)


def parameters_of(sizes):
    """Weights and biases of dense layers between these sizes."""
    return sum(n_in * n_out + n_out for n_in, n_out in pairwise(sizes))


def test_a_hidden_layer_is_cut_off_at_zero_and_the_output_is_not():
    net = mlp(1, [2], 1)
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        net[0].bias.zero_()
        net[2].weight.copy_(torch.tensor([[-1.0, -1.0]]))
        net[2].bias.zero_()
    x = torch.linspace(-3, 3, 7).unsqueeze(-1)
    torch.testing.assert_close(net(x), -x.abs())  # relu(x) + relu(-x) = |x|


@settings(max_examples=40)
@given(st.sampled_from(["vae", "cvae"]), WIDTHS, st.integers(1, 30), WIDTHS)
def test_a_model_has_the_parameters_of_its_dense_layers(family, encoder, latent, decoder):
    config = Config(
        family=family, encoder_hidden=encoder, latent_dim=latent, decoder_hidden=decoder
    )
    label = LABELS[family]
    expected = parameters_of([2 + label, *encoder, 2 * latent])
    expected += parameters_of([latent + label, *decoder, 2])
    assert count_parameters(config) == expected
    assert sum(p.numel() for p in build_model(config, 0).parameters()) == expected


@pytest.mark.parametrize("family", LABELS)
def test_several_layers_of_one_width_are_the_list_of_that_width(family):
    by_number = Config(family=family, encoder_hidden=8, encoder_layers=3, decoder_layers=2)
    by_list = Config(family=family, encoder_hidden=[8, 8, 8], decoder_hidden=[32, 32])
    weights = build_model(by_number, 1).state_dict()
    for name, tensor in build_model(by_list, 1).state_dict().items():
        assert torch.equal(tensor, weights[name])


@pytest.mark.parametrize("family", LABELS)
@settings(max_examples=25)
@given(n=st.integers(1, 9), latent=st.integers(1, 12))
def test_shapes_are_those_of_the_batch_and_the_latent(family, n, latent):
    model = build_model(Config(family=family, latent_dim=latent), 0)
    x, z, y, _ = points(n, latent)
    mean, log_var = model.encode(x, y)
    assert mean.shape == log_var.shape == (n, latent)
    assert model.decode(z, y).shape == (n, 2)
    x_hat, mean, log_var = model(x, y, z, 0.1)
    assert (x_hat.shape, mean.shape, log_var.shape) == ((n, 2), (n, latent), (n, latent))


@pytest.mark.parametrize("family", LABELS)
@pytest.mark.parametrize("eps_w", [0.0, 0.1, 1.0])
def test_a_point_is_reconstructed_from_the_mean_plus_scaled_noise(family, eps_w):
    model = build_model(Config(family=family), 0)
    x, noise, y, _ = points()
    x_hat, mean, log_var = model(x, y, noise, eps_w)
    z = mean + eps_w * log_var.exp().sqrt() * noise
    torch.testing.assert_close(x_hat, model.decode(z, y))
    for returned, encoded in zip((mean, log_var), model.encode(x, y), strict=True):
        assert torch.equal(returned, encoded)


def test_a_vae_does_not_look_at_the_label():
    model = build_model(Config(family="vae"), 0)
    x, z, upper, lower = points()
    for one, other in zip(model.encode(x, upper), model.encode(x, lower), strict=True):
        assert torch.equal(one, other)
    assert torch.equal(model.decode(z, upper), model.decode(z, lower))


@pytest.mark.parametrize("seed", range(5))
def test_a_cvae_s_posterior_and_its_reconstruction_both_depend_on_the_label(seed):
    model = build_model(Config(family="cvae"), seed)
    x, z, upper, lower = points()
    for one, other in zip(model.encode(x, upper), model.encode(x, lower), strict=True):
        assert (one != other).any(dim=1).all()
    assert (model.decode(z, upper) != model.decode(z, lower)).any(dim=1).all()


def test_a_cvae_looks_at_each_point_s_own_label():
    model = build_model(Config(family="cvae"), 0)
    x, z, upper, lower = points()
    mixed = torch.arange(len(x)) % 2
    chosen = mixed.bool().unsqueeze(-1)
    expected = torch.where(chosen, model.decode(z, lower), model.decode(z, upper))
    torch.testing.assert_close(model.decode(z, mixed), expected)
    expected = torch.where(chosen, model.encode(x, lower)[0], model.encode(x, upper)[0])
    torch.testing.assert_close(model.encode(x, mixed)[0], expected)


@pytest.mark.parametrize("family", LABELS)
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(family):
    config = Config(family=family)
    first, again, other = (build_model(config, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


def test_building_a_model_leaves_torch_s_global_generator_alone():
    before = torch.random.get_rng_state()
    build_model(Config(), 3)
    assert torch.equal(torch.random.get_rng_state(), before)


class Wider(CVAE):
    """A model of somebody's own, with one linear map more."""

    def __init__(self, config):
        super().__init__(config)
        self.extra = torch.nn.Linear(3, 3)


def test_a_model_of_one_s_own_is_built_and_counted_in_place_of_the_family_s():
    config = Config(family="vae")
    assert isinstance(build_model(config, 0, Wider), Wider)
    assert isinstance(build_model(config, 0), VAE)
    own = count_parameters(config, Wider)
    assert own == count_parameters(Config(family="cvae")) + 12
