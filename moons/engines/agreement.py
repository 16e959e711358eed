"""Whether the kernel computes what the model and the objective do now."""

from functools import cache

import numpy as np
import torch

from moons.config import Config
from moons.data import DataSet
from moons.engines.fused import FusedEngine
from moons.engines.reference import batch_loss
from moons.engines.supported import unknown_architecture, unknown_setting
from moons.models import CVAE, VAE, build_model
from moons.split import Split

# Rounding moves these by less than 1e-6 of themselves; another activation, objective or encoding
# of the label moves them by a large part.
TOLERANCE = 1e-4


def obstacle(model: VAE, config: Config) -> str | None:
    """Why the kernel is not to train the model, in a sentence, or None."""
    problem = unknown_setting(config) or unknown_architecture(model, config)
    if problem is None:
        layers = len(config.encoder_widths), len(config.decoder_widths)
        small = Config(
            family="cvae" if isinstance(model, CVAE) else "vae",
            encoder_hidden=(37,) * layers[0],
            latent_dim=3,
            decoder_hidden=(21,) * layers[1],
            batch_size=50,
            beta=0.7,
            objective=config.objective,
            importance_samples=min(config.importance_samples, 2),
            activation=config.activation,
            prior=config.prior,
            prior_components=3,
            data=config.data,
            data_dim=config.data_dim,
            classes=config.classes,
            eps_w=0.6 if (config.objective, config.prior) == ("elbo", "standard") else 1.0,
        )
        problem = disagreement(small)
    return problem


@cache
def disagreement(config: Config) -> str | None:
    """What differs between kernel and autograd on one batch of a small model, or None.

    Widths such as those above make the kernel use every kind of product.
    """
    family, rng = config.family, np.random.default_rng(0)
    points = rng.normal(size=(config.batch_size, config.data_dim)).astype(np.float32)
    split = Split(points, rng.integers(0, config.classes, config.batch_size))
    order = torch.from_numpy(rng.permutation(config.batch_size))
    rows = config.importance_samples * config.latent_dim
    noise = torch.from_numpy(rng.normal(size=(rows, config.batch_size)).astype(np.float32))
    model = build_model(config, seed=0)
    engine = FusedEngine(model, config, DataSet(split, split, split), noise)
    x, y = torch.from_numpy(split.x), torch.from_numpy(split.y)
    for what, ours, places in (
        ("validation", engine.validate(), slice(None)),
        ("training", engine.train_epoch(order, noise, config.lr), order),
    ):
        loss = batch_loss(model, x[places], y[places], noise, config)
        right = loss.whole(x.shape, config.beta)
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
