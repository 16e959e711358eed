"""The losses of single points, from which it is seen how much of a mean is luck of its points."""

import torch

from moons.config import Config
from moons.data import DataSet
from moons.evaluated import Evaluation
from moons.evaluation.excess import as_tensors
from moons.models import VAE, evaluation_mode
from moons.seeds import derive_seed
from moons.sources.source import Floats


def point_losses(
    evaluation: Evaluation, model: VAE, config: Config, seed: int, data: DataSet
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
def squared_errors(model: VAE, config: Config, seed: int, data: DataSet) -> Floats:
    """Each validation point's mean squared error a coordinate, under training's latent noise."""
    x, y = as_tensors(data.val)
    generator = torch.Generator().manual_seed(derive_seed(seed, "validation noise"))
    samples = config.importance_samples
    noise = torch.randn(samples * config.latent_dim, len(x), generator=generator)
    drawn = noise.view(samples, -1, len(x)).transpose(1, 2)  # (samples, points, latent)
    with evaluation_mode(model):
        mean, log_var = model.encode(x, y)
        z = mean + config.eps_w * torch.exp(0.5 * log_var) * drawn
        x_hat = model.decode(z.flatten(0, 1), y.repeat(samples)).view(samples, *x.shape)
    errors: Floats = (x - x_hat).square().mean(dim=2).mean(dim=0).double().numpy()
    return errors
