"""Whether the kernel computes what the model and the objective do now."""

from functools import cache

import numpy as np
import torch

from moons.config import Config, Family
from moons.data import Moons, Split
from moons.engines.fused import FusedEngine, unknown_architecture, unknown_setting
from moons.engines.reference import batch_loss
from moons.models import CVAE, VAE, build_model

# Rounding moves these by less than 1e-6 of themselves; another activation, objective or encoding
# of the label moves them by a large part.
TOLERANCE = 1e-4


def obstacle(model: VAE, config: Config) -> str | None:
    """Why the kernel is not to train the model, in a sentence, or None."""
    problem = unknown_setting(config) or unknown_architecture(model)
    if problem is None:
        family: Family = "cvae" if isinstance(model, CVAE) else "vae"
        layers = len(config.encoder_widths), len(config.decoder_widths)
        problem = disagreement(family, *layers)
    return problem


@cache
def disagreement(family: Family, encoder_layers: int, decoder_layers: int) -> str | None:
    """What differs between kernel and autograd on one batch of a small model, or None.

    The widths are such that every kind of product in the kernel is used.
    """
    config = Config(
        family=family,
        encoder_hidden=(37,) * encoder_layers,
        latent_dim=3,
        decoder_hidden=(21,) * decoder_layers,
        batch_size=50,
        beta=0.7,
        eps_w=0.6,
    )
    rng = np.random.default_rng(0)
    points = rng.normal(size=(config.batch_size, 2)).astype(np.float32)
    split = Split(points, rng.integers(0, 2, config.batch_size))
    order = torch.from_numpy(rng.permutation(config.batch_size))
    noise = torch.from_numpy(rng.normal(size=(3, config.batch_size)).astype(np.float32))
    model = build_model(config, seed=0)
    engine = FusedEngine(model, config, Moons(split, split, split), noise)
    x, y = torch.from_numpy(split.x), torch.from_numpy(split.y)
    for what, ours, places in (
        ("validation", engine.validate(), slice(None)),
        ("training", engine.train_epoch(order, noise, config.lr), order),
    ):
        loss = batch_loss(model, x[places], y[places], noise, config)
        right = loss.whole(config.batch_size, config.beta)
        pairs = {
            "loss": (ours.loss, loss.loss.item()),
            "mse": (ours.mse, right.mse),
            "kl": (ours.kl, right.kl),
        }
        for term, (mine, theirs) in pairs.items():
            if not abs(mine - theirs) <= TOLERANCE * abs(theirs):
                return f"the kernel's {what} {term} of a {family} is {mine:g}, torch's {theirs:g}"
    named = dict(model.named_parameters())
    gradients = torch.autograd.grad(loss.loss, list(named.values()))
    for name, right_one in zip(named, gradients, strict=True):
        error = torch.linalg.vector_norm(engine.gradient()[name] - right_one)
        if not error <= TOLERANCE * torch.linalg.vector_norm(right_one):
            return f"the kernel's gradient of a {family} by {name} differs from torch's"
    return None
