"""Which engine trains: the kernel stands aside as soon as it would compute something else."""

import warnings
from dataclasses import fields

import pytest
import torch
from torch import nn

import moons.models
from moons.config import Config
from moons.engines import choose_engine, warm_up
from moons.engines.agreement import disagreement
from moons.engines.supported import SUPPORTED
from moons.models import CVAE, VAE, Encoder
from moons.objective import OBJECTIVES, BatchLoss
from moons.prior import gaussian_kl
from tests.moons.engines.problem import make_problem

SMALL = Config(family="cvae", n_samples=200, batch_size=32)


@pytest.fixture(autouse=True)
def _nothing_remembered():
    disagreement.cache_clear()
    yield
    disagreement.cache_clear()


def chosen(choice, config=SMALL, model_class=None):
    problem = make_problem(config, 40)
    model = model_class(config) if model_class else problem.model
    return choose_engine(choice, model, config, problem.data, problem.val_noise)


def assert_stands_aside(said):
    """`auto` trains with torch and says why in a line; `fused` refuses."""
    with pytest.warns(UserWarning, match=said) as caught:
        assert chosen("auto").name == "torch"
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)
    with pytest.raises(ValueError, match=said):
        chosen("fused")
    assert chosen("torch").name == "torch"


@pytest.mark.parametrize("family", ["vae", "cvae"])
@pytest.mark.parametrize("hidden", [8, (8, 16, 3)])
def test_the_kernel_trains_the_models_it_is_written_for(family, hidden):
    config = Config(family=family, encoder_hidden=hidden, decoder_hidden=hidden)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert chosen("auto", config).name == "fused"
        assert chosen("fused", config).name == "fused"
        assert chosen("torch", config).name == "torch"


def test_every_setting_there_is_is_known_by_name():
    """Whoever adds a setting decides here whether the kernel computes it, and for which values."""
    assert {field.name for field in fields(Config)} == SUPPORTED.keys()


def test_a_setting_that_the_kernel_does_not_know_sends_a_trial_to_torch(monkeypatch):
    monkeypatch.delitem(SUPPORTED, "beta")
    assert_stands_aside("not written for beta 1.0; it does not know that")


def test_a_value_that_the_kernel_does_not_know_sends_a_trial_to_torch(monkeypatch):
    monkeypatch.setitem(SUPPORTED, "monitor", frozenset({"val_loss"}))
    assert_stands_aside("not written for monitor 'val_mse'; it knows val_loss")


def test_another_activation_is_noticed(monkeypatch):
    monkeypatch.setitem(moons.models.ACTIVATIONS, "relu", nn.Tanh)
    model = CVAE(SMALL)
    monkeypatch.undo()
    monkeypatch.setattr(moons.models, "build_model", lambda *_: model)
    monkeypatch.setattr("tests.moons.engines.problem.build_model", lambda *_: model)
    assert_stands_aside("written for relu MLPs")


def test_a_layer_more_is_noticed(monkeypatch):
    class Changed(CVAE):
        def __init__(self, config):
            super().__init__(config)
            self.scale = nn.Parameter(torch.ones(1))

    monkeypatch.setitem(moons.models.MODELS, "cvae", Changed)
    assert_stands_aside("Changed has more")


def test_another_loss_is_noticed(monkeypatch):
    def summed(x, made, prior, beta):
        squared_error = (x - made.x_hat).square().sum()
        kl = gaussian_kl(made.mean, made.log_var).sum()
        return BatchLoss((squared_error + beta * kl) / len(x), squared_error, kl, 0 * kl)

    monkeypatch.setitem(OBJECTIVES, "elbo", summed)
    assert_stands_aside("loss")


def test_another_gradient_is_noticed_where_the_loss_is_the_same(monkeypatch):
    def stopped(x, made, prior, beta):
        squared_error = (x - made.x_hat).square().sum()
        kl = gaussian_kl(made.mean, made.log_var.detach()).sum()
        return BatchLoss((squared_error + beta * kl) / x.numel(), squared_error, kl, 0 * kl)

    monkeypatch.setitem(OBJECTIVES, "elbo", stopped)
    assert_stands_aside("gradient")


def test_another_encoding_of_the_label_is_noticed(monkeypatch):
    def signed(self, values, y):
        return torch.cat([values, 2 * y.to(values.dtype).unsqueeze(-1) - 1], dim=-1)

    monkeypatch.setattr(CVAE, "_with_label", signed)
    assert_stands_aside("kernel's validation")


def test_another_meaning_of_the_encoder_s_output_is_noticed(monkeypatch):
    def softened(self, x):
        mean, log_var = self.net(x).chunk(2, dim=-1)
        return mean, log_var.clamp(min=-0.1)

    monkeypatch.setattr(Encoder, "forward", softened)
    assert_stands_aside("kernel's validation")


class OwnModel(VAE):
    """A user's model that computes something else."""

    def decode(self, z, y):
        return torch.tanh(super().decode(z, y))


def test_a_model_of_one_s_own_is_trained_with_torch_and_that_is_no_news():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert chosen("auto", model_class=OwnModel).name == "torch"
    with pytest.raises(ValueError, match="written for vae and cvae, got the class OwnModel"):
        chosen("fused", model_class=OwnModel)


def test_whether_they_agree_is_asked_once_for_each_depth(monkeypatch):
    chosen("auto")
    before = disagreement.cache_info().misses
    chosen("auto")
    chosen("auto", Config(family="cvae", encoder_hidden=7, latent_dim=9))
    assert disagreement.cache_info().misses == before == 1


def test_warming_up_is_all_that_a_worker_need_do_before_its_first_trial():
    warm_up()
    assert chosen("auto").name == "fused"
