"""Whether the kernel computes what the model, the objective and the reference engine do now."""

from functools import cache

import torch

from moons.config import Config, Family
from moons.data import load_moons
from moons.engines import Engine
from moons.engines.fused import FusedEngine, unknown_architecture
from moons.engines.reference import TorchEngine
from moons.models import CVAE, VAE, build_model

# Rounding moves a loss by about 1e-7 of it and a weight by 1e-5 steps of the learning rate; another
# objective, activation or optimizer moves both by a large part of themselves.
LOSS_TOLERANCE, WEIGHT_TOLERANCE = 1e-4, 0.02


def obstacle(model: VAE, config: Config) -> str | None:
    """Why the kernel is not to train the model, in a sentence, or None."""
    problem = unknown_architecture(model)
    if problem is None:
        family: Family = "cvae" if isinstance(model, CVAE) else "vae"
        layers = len(config.encoder_widths), len(config.decoder_widths)
        problem = disagreement(family, *layers)
    return problem


@cache
def disagreement(family: Family, encoder_layers: int, decoder_layers: int) -> str | None:
    """What differs between the engines on a small model, in a sentence, or None.

    Both train the same weights for an epoch of three steps, the last of a smaller batch, and
    validate. The widths are such that every kind of product in the kernel is used.
    """
    config = Config(
        family=family,
        encoder_hidden=(37,) * encoder_layers,
        latent_dim=3,
        decoder_hidden=(21,) * decoder_layers,
        batch_size=50,
        beta=0.7,
        eps_w=0.6,
        lr=0.01,
        n_samples=200,
    )
    data = load_moons(config.n_samples, config.noise, config.data_seed)
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(data.train), generator=generator)
    noise, val_noise = (
        torch.randn(config.latent_dim, len(split), generator=generator)
        for split in (data.train, data.val)
    )
    model = build_model(config, seed=0)
    engines: list[Engine] = [
        kind(model, config, data, val_noise) for kind in (FusedEngine, TorchEngine)
    ]
    ours, theirs = (
        (engine.train_epoch(order, noise, config.lr), engine.validate()) for engine in engines
    )
    for split, mine, right in zip(("training", "validation"), ours, theirs, strict=True):
        for term in ("loss", "mse", "kl"):
            a, b = getattr(mine, term), getattr(right, term)
            if not abs(a - b) <= LOSS_TOLERANCE * abs(b):
                return f"the kernel's {split} {term} of a {family} is {a:.6g}, torch's is {b:.6g}"
    for engine in engines:
        engine.keep()
    fused, torch_ = (engine.kept() for engine in engines)
    for name, weight in torch_.items():
        if not torch.allclose(fused[name], weight, rtol=0.0, atol=WEIGHT_TOLERANCE * config.lr):
            return f"the kernel moves {name} of a {family} otherwise than torch does"
    return None
