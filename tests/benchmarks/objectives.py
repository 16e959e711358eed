"""An epoch by importance weights: the fused kernel's beside the torch engine's and the ELBO's."""

import time
from dataclasses import replace
from itertools import pairwise

from moons.config import Config
from moons.fit import fit, start
from tests.benchmarks.measured import Measured, compared

RECIPE = Config(
    family="vae",
    encoder_hidden=(32, 32),
    latent_dim=1,
    decoder_hidden=(64, 64),
    batch_size=32,
    beta=0.045,
    eps_w=1.0,
    activation="tanh",
    keep="last",
)
SAMPLES, EPOCHS, TORCH_EPOCHS, REPEATS = (1, 8, 32), 40, 3, 3


def epoch_ms(config: Config, engine: str, epochs: int) -> float:
    """An epoch's milliseconds; the first one, which loads what is compiled, is left out."""
    records = fit(start(replace(config, max_epochs=epochs + 1), 0, engine=engine))
    next(records)
    began = time.perf_counter()
    n = sum(1 for _ in records)
    return (time.perf_counter() - began) / n * 1e3


def objective_cases() -> list[Measured]:
    """For each number of samples, a row against torch and one against the ELBO of one sample."""
    import torch

    torch.set_num_threads(1)
    rows = []
    for samples in SAMPLES:
        for prior in ("standard", "mixture"):
            config = replace(RECIPE, objective="iwae", importance_samples=samples, prior=prior)
            pairs = [
                (epoch_ms(config, "fused", EPOCHS), epoch_ms(config, "torch", TORCH_EPOCHS))
                for _ in range(REPEATS)
            ]
            what = f"epoch, iwae of {samples}, {prior} prior, against torch"
            rows.append(compared(what, "ms", pairs))
        config = replace(RECIPE, objective="iwae", importance_samples=samples)
        pairs = [
            (epoch_ms(config, "fused", EPOCHS), epoch_ms(RECIPE, "fused", EPOCHS))
            for _ in range(REPEATS)
        ]
        note = f"{multiplications(config) / multiplications(RECIPE):.1f} times its multiplications"
        rows.append(compared(f"epoch, iwae of {samples}, against the ELBO", "ms", pairs, note))
    return rows


def multiplications(config: Config) -> int:
    """Of a point's way through encoder and decoder; the gradient takes twice as many."""
    encoder = 2, *config.encoder_widths, 2 * config.latent_dim
    decoder = config.latent_dim, *config.decoder_widths, 2
    once, each = (sum(a * b for a, b in pairwise(widths)) for widths in (encoder, decoder))
    return once + config.importance_samples * each
