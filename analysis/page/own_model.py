"""A model of somebody's own as the page shows it: what it computes, worked out by torch before.

The browser runs its decoder where that is the built-in network; the page has no slider otherwise.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from analysis.trained import Floats, TrainedTrial
from moons.models import ACTIVATIONS, VAE
from moons.prior import Prior, prior_of
from moons.split import Split

TRIED, CLOSE = 64, 1e-4  # latents that the layers are tried on; in the data's own unit
DRAWS = 1000
Layers = list[tuple[NDArray[np.float32], NDArray[np.float32]]]  # weight (outputs, inputs) and bias


def computed(trained: TrainedTrial, x: NDArray[np.float32], y: NDArray[np.int64]) -> dict[str, Any]:
    """Where the model puts the points, where it puts them back, and what it draws."""
    shown = Split(x, y)
    means, _ = trained.posterior(shown)
    labels = np.arange(DRAWS) % 2
    drawn = trained.generate(DRAWS, "samples", labels, sigma_x=trained.sigma_x)
    return {
        "means": _rounded(means),
        "kl": trained.kl_per_latent(shown).tolist(),
        "rebuilt": _rounded(trained.decode(means, y)),
        "drawn": _rounded(drawn),
    }


def decoder_layers(trained: TrainedTrial) -> Layers | None:
    """The layers of its decoder, where they compute what the model's `decode` does; else None."""
    layers = _named_layers(trained.checkpoint.model)
    z = trained.rng("page").standard_normal((TRIED, trained.latent_dim))
    y = np.arange(TRIED) % 2
    found = run_layers(layers, trained, z, y)
    fits = found is not None and np.allclose(found, trained.decode(z, y), atol=CLOSE)
    return layers if fits else None


def run_layers(
    layers: Layers, trained: TrainedTrial, z: Floats, y: NDArray[np.int64]
) -> Floats | None:
    """What the browser computes, shape (n, 2); None where the layers do not fit each other."""
    act = ACTIVATIONS[trained.config.activation]()
    values = np.column_stack([z, y]) if trained.conditional else z
    for place, (weight, bias) in enumerate(layers):
        if weight.shape[1] != values.shape[1]:
            return None
        values = values @ weight.T.astype(float) + bias
        if place < len(layers) - 1:
            values = act(torch.tensor(values)).numpy()
    return values if layers and values.shape[1] == 2 else None


def _named_layers(model: VAE) -> Layers:
    """The linear layers of `decoder.net`, as the built-in decoder has them."""
    net = getattr(getattr(model, "decoder", None), "net", None)
    parts = net if isinstance(net, nn.Sequential) else ()
    linear = [part for part in parts if isinstance(part, nn.Linear) and part.bias is not None]
    return [
        (part.weight.detach().float().numpy(), part.bias.detach().float().numpy())
        for part in linear
    ]


def prior_weights(trained: TrainedTrial) -> dict[str, NDArray[np.float32]]:
    """The weights of its prior by their names in the model."""
    learned = prior_of(trained.checkpoint.model).state_dict()
    return {f"prior.{name}": tensor.float().numpy() for name, tensor in learned.items()}


def has_known_prior(trained: TrainedTrial) -> bool:
    """Whether the browser can draw from the model's prior."""
    return type(prior_of(trained.checkpoint.model)).__module__ == Prior.__module__


def without_slider(name: str) -> str:
    """Why the page has none."""
    return (
        f"No slider: the page runs the built-in decoder alone, and {name} decodes otherwise. What "
        "it draws and where it puts the data were computed when the page was made."
    )


def _rounded(points: NDArray[Any]) -> list[list[float]]:
    return [[round(float(value), 4) for value in point] for point in points]
