"""The losses of single points, from which it is seen how much of a mean is luck of its points."""

import torch

from moons.config import Config
from moons.data import Moons
from moons.density import Floats
from moons.evaluated import Evaluation
from moons.evaluation.excess import as_tensors
from moons.models import VAE, evaluation_mode
from moons.seeds import derive_seed


def point_losses(
    evaluation: Evaluation, model: VAE, config: Config, seed: int, data: Moons
) -> dict[str, Floats]:
    """What figures of a model are means of, by their columns, each of shape (points,).

    Args:
        evaluation: of the model.
        model: the trained model.
        config: what it was trained as.
        seed: what it was trained from.
        data: what it was trained on.

    Returns:
        `val_mse`, and of each split whose density is known `<split>_excess_nll`.
    """
    found = {"val_mse": squared_errors(model, config, seed, data)}
    for split in ("val", "test"):
        excess = getattr(evaluation, split).per_point
        if excess is not None:
            found[f"{split}_excess_nll"] = excess
    return found


@torch.no_grad()
def squared_errors(model: VAE, config: Config, seed: int, data: Moons) -> Floats:
    """Each validation point's mean squared error a coordinate, under training's latent noise."""
    x, y = as_tensors(data.val)
    generator = torch.Generator().manual_seed(derive_seed(seed, "validation noise"))
    noise = torch.randn(config.latent_dim, len(x), generator=generator).T
    with evaluation_mode(model):
        mean, log_var = model.encode(x, y)
        x_hat = model.decode(mean + config.eps_w * torch.exp(0.5 * log_var) * noise, y)
    errors: Floats = (x - x_hat).square().mean(dim=1).double().numpy()
    return errors
