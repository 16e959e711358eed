"""A trained model asked from Python: draws of it, and its density, as arrays."""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from moons.evaluation.generate import generate
from moons.evaluation.importance import ImportanceDraws
from moons.evaluation.likelihood import log_likelihood
from moons.models import VAE, evaluation_mode


def sample(
    model: VAE, n: int, label: ArrayLike | None, seed: int, sigma_x: float
) -> NDArray[np.float32]:
    """Draws of p_model(x), or of p_model(x|y) with a label; shape (n, columns).

    Args:
        model: to draw from.
        n: how many.
        label: one for all draws or one for each; None draws all classes alike.
        seed: of the draws.
        sigma_x: standard deviation of the decoder's noise; 0 gives the decoder's means.

    Raises:
        ValueError: an argument is not what it should be; one sentence.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"n must be a whole number above 0, got {n!r}")
    labels = _labels(model, label, int(n))
    with evaluation_mode(model, seed):
        return generate(model, int(n), seed, labels, sigma_x=sigma_x)


def log_density(
    model: VAE, x: ArrayLike, label: ArrayLike | None, seed: int, sigma_x: float
) -> NDArray[np.float64]:
    """The log of p_model(x) of each point in nats, or log p_model(x|y) with a label; shape (n,).

    It is the importance-weighted bound that `excess_nll` is measured with; without a label a
    model that takes one is the mixture over its labels.

    Args:
        model: whose density it is.
        x: points, shape (n, columns), or one of shape (columns,).
        label: one for all points or one for each.
        seed: of the importance samples.
        sigma_x: standard deviation of the decoder's noise, above 0.

    Raises:
        ValueError: an argument is not what it should be; one sentence.
    """
    points = _points(model, x)
    labels = _labels(model, label, len(points))
    if model.label_dim and labels is None:
        every = [np.full(len(points), y) for y in range(model.classes)]
        of_each = [_bounds(model, points, y, seed, sigma_x) for y in every]
        mixed: NDArray[np.float64] = np.logaddexp.reduce(of_each) - np.log(len(every))
        return mixed
    given = np.zeros(len(points), dtype=np.int64) if labels is None else labels
    return _bounds(model, points, given, seed, sigma_x)


def _bounds(
    model: VAE, x: NDArray[np.float32], y: NDArray[np.int64], seed: int, sigma_x: float
) -> NDArray[np.float64]:
    with evaluation_mode(model, seed):
        found = log_likelihood(
            model, torch.tensor(x), torch.tensor(y), sigma_x, ImportanceDraws(), seed
        )
    return np.asarray(found.numpy())


def _points(model: VAE, x: ArrayLike) -> NDArray[np.float32]:
    points = np.atleast_2d(np.asarray(x, dtype=np.float32))
    if points.ndim != 2 or points.shape[1] != model.data_dim:
        raise ValueError(f"x must be points of shape (n, {model.data_dim}), got {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError("x must be finite, got NaN or infinity in it")
    return points


def _labels(model: VAE, label: ArrayLike | None, n: int) -> NDArray[np.int64] | None:
    if label is None:
        return None
    if not model.label_dim:
        raise ValueError("this model takes no label; leave it out, or ask a cvae")
    given = np.asarray(label)
    if given.shape not in ((), (n,)) or not np.isin(given, np.arange(model.classes)).all():
        allowed = " or ".join(map(str, range(model.classes)))
        raise ValueError(f"label must be {allowed}, or {n} of them, got {label!r}")
    return np.broadcast_to(given.astype(np.int64), (n,)).copy()
