"""The reference engine's gradient steps, against the formulas written out."""

import pytest
import torch

from moons.config import Config
from moons.data import load_data
from moons.engines import choose_engine
from moons.models import build_model

CLIP_NORM, BETA_1, BETA_2, EPS = 0.5, 0.9, 0.999, 1e-8


def written_out(model, x, y, noise, lr, config):
    """Weights after passes over (x, y) in this order: loss, clip and Adam by their formulas."""
    weights = list(model.parameters())
    first = [torch.zeros_like(w) for w in weights]
    second = [torch.zeros_like(w) for w in weights]
    norms = []
    step = 0
    for epoch_noise in noise:
        for start in range(0, len(x), config.batch_size):
            step += 1
            batch = slice(start, start + config.batch_size)
            mean, log_var = model.encode(x[batch], y[batch])
            z = mean + config.eps_w * (log_var / 2).exp() * epoch_noise[batch]
            squared_error = ((x[batch] - model.decode(z, y[batch])) ** 2).sum()
            kl = (mean**2 + log_var.exp() - log_var - 1).sum() / 2
            loss = (squared_error + config.beta * kl) / x[batch].numel()
            grads = torch.autograd.grad(loss, weights)
            norm = torch.sqrt(sum((g**2).sum() for g in grads))
            norms.append(norm.item())
            scale = min(1.0, CLIP_NORM / norm.item())
            with torch.no_grad():
                for w, g, m, v in zip(weights, grads, first, second, strict=True):
                    m.mul_(BETA_1).add_(scale * g, alpha=1 - BETA_1)
                    v.mul_(BETA_2).add_((scale * g) ** 2, alpha=1 - BETA_2)
                    m_hat, v_hat = m / (1 - BETA_1**step), v / (1 - BETA_2**step)
                    w -= lr * m_hat / (v_hat.sqrt() + EPS)
    return model.state_dict(), norms


@pytest.mark.parametrize("family", ["vae", "cvae"])
@pytest.mark.parametrize("batch_size", [50, 120])  # 120 points: a smaller last batch, or none
def test_the_reference_engine_takes_the_steps_of_the_formulas(family, batch_size):
    config = Config(
        family=family, n_samples=200, batch_size=batch_size, beta=3.0, eps_w=0.7, latent_dim=3
    )
    data = load_data(config)
    rng = torch.Generator().manual_seed(0)
    epochs = [(torch.randperm(120, generator=rng), torch.randn(3, 120, generator=rng))] * 2
    model = build_model(config, 0)
    engine = choose_engine("torch", model, config, data, torch.zeros(3, 40))
    for order, noise in epochs:
        engine.train_epoch(order, noise, 0.01)
    engine.keep()

    order = epochs[0][0]
    x, y = torch.tensor(data.train.x)[order], torch.tensor(data.train.y)[order]
    noises = [noise.T for _, noise in epochs]
    expected, norms = written_out(build_model(config, 0), x, y, noises, 0.01, config)
    for name, weights in engine.kept().items():
        torch.testing.assert_close(weights, expected[name], rtol=1e-4, atol=1e-6)
    assert max(norms) > CLIP_NORM  # or clipping would not have been seen
