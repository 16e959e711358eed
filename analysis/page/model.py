"""The best model as the page runs it: its weights, its data, and the exact density's contours."""

import base64
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray

from analysis.plane import MASSES, density_grid, extent, has_density, mass_levels
from moons.checkpoint import WEIGHTS, read_stored
from moons.config import Config
from moons.data import DataSet, Origin, load_data
from moons.words import count
from study.record.results import StudyResults

FAMILIES = ("vae", "cvae")  # what the page can run; a model of somebody's own it cannot
MOST_WEIGHTS = 200_000  # a megabyte of text
MOST_POINTS = 1000
ARC_POINTS = 80

Arrays = Mapping[str, NDArray[np.float32]]


def model_payload(results: StudyResults, trial: int | None = None) -> dict[str, Any]:
    """The best trial's model, or another's, as JSON.

    Raises:
        ValueError: there is none that the page can run; says why.
    """
    number = results.best_trial if trial is None else trial
    if number is None:
        raise ValueError("No trial is complete yet, so there is no model to show.")
    folder = results.folder.checkpoint(number)
    if not (folder / WEIGHTS).is_file():
        raise ValueError(f"Trial {number} has left no weights in {results.folder.shown}.")
    try:
        stored = read_stored(folder)
        own = stored.own or stored.model not in FAMILIES
        weights = {} if own else _arrays(stored.weights)
    except (ValueError, OSError) as error:
        raise ValueError(str(error).replace(str(folder), f"checkpoints/{number}")) from None
    if own:
        return _of_own(results, number)
    config = stored.config
    _check_plane(config)
    size = sum(array.size for array in weights.values())
    if size > MOST_WEIGHTS:
        raise ValueError(f"Trial {number} has {size:,} weights, more than a page should hold.")
    recorded = results.trial(number).get("sigma_x")
    sigma_x = float(recorded) if recorded == recorded and recorded is not None else config.sigma_x
    return {
        "trial": number,
        "conditional": stored.model == "cvae",
        "latent": config.latent_dim,
        "noise": config.noise,
        "sigma": sigma_x,
        "activation": config.activation,
        "encoder": _layers(weights, "encoder"),
        "decoder": _layers(weights, "decoder"),
        "prior": _mixture(weights),
        "redraw": True,
        "still": "",
    } | plane_payload(config)


def _check_plane(config: Config) -> None:
    """Refuses data that the page's plane, with one switch for a label, cannot show."""
    if config.data_dim != 2 or config.classes > 2 or config.scale != "none":
        raise ValueError(
            "The page shows models of points of two columns and at most two classes, unscaled; "
            f"{config.data} has {count(config.data_dim, 'column')}, a label of {config.classes} "
            f"values and the scale {config.scale}. `python -m analysis.figures` draws its models."
        )


def _of_own(results: StudyResults, number: int) -> dict[str, Any]:
    """As `model_payload` has it, for a model that the browser cannot run as a whole."""
    from analysis.page import own_model
    from analysis.trained import load_trial

    trained = load_trial(results, number)
    _check_plane(trained.config)
    layers = own_model.decoder_layers(trained)
    if layers is not None and sum(weight.size for weight, _ in layers) > MOST_WEIGHTS:
        layers = None
    still = "" if layers else own_model.without_slider(type(trained.checkpoint.model).__name__)
    x, y = _some_points(trained.data)
    payload = {
        "trial": number,
        "conditional": trained.conditional,
        "latent": trained.latent_dim,
        "noise": trained.config.noise,
        "sigma": trained.sigma_x,
        "activation": trained.config.activation,
        "encoder": [],
        "decoder": [_layer(weight, bias) for weight, bias in layers or ()],
        "prior": _mixture(own_model.prior_weights(trained)),
        "redraw": layers is not None and own_model.has_known_prior(trained),
        "still": still,
    }
    return payload | own_model.computed(trained, x, y) | plane_payload(trained.config)


def plane_payload(config: Config) -> dict[str, Any]:
    """The data that a config was trained on, and their exact density."""
    origin = Origin.of(config)
    x, y = _some_points(load_data(origin))
    return {
        "data": {"x": _numbers(x[:, 0]), "y": _numbers(x[:, 1]), "moon": y.tolist()},
        "classes": list(origin.source.classes),
        "extent": [list(ends) for ends in extent(origin)],
        "contours": contours(origin),
    }


def contours(origin: Origin) -> list[dict[str, Any]]:
    """Lines that hold 99, 90 and 50 % of the exact density; without noise the two arcs."""
    if not has_density(origin):
        if origin.data != "moons":
            return []
        t = np.linspace(0.0, np.pi, ARC_POINTS)
        upper = np.stack([np.cos(t), np.sin(t)], axis=1)
        arcs = [upper, np.array([1.0, 0.5]) - upper]
        return [{"mass": 1.0, "lines": [_line(arc) for arc in arcs]}]
    x1, x2, density = density_grid(origin)
    generator = contour_generator(x=x1, y=x2, z=density)
    levels = mass_levels(density)
    return [
        {"mass": mass, "lines": [_line(line) for line in generator.lines(level)]}  # type: ignore[arg-type]
        for mass, level in zip(MASSES, levels.tolist(), strict=True)
    ]


def _line(points: NDArray[np.float64]) -> list[list[float]]:
    return [_numbers(points[:, 0]), _numbers(points[:, 1])]


def _numbers(values: NDArray[Any]) -> list[float]:
    return [round(float(value), 4) for value in values]


def _some_points(data: DataSet) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    x = np.concatenate([part.x for part in (data.test, data.val, data.train)])
    y = np.concatenate([part.y for part in (data.test, data.val, data.train)])
    kept = np.random.default_rng(0).permutation(len(x))[:MOST_POINTS]
    return x[kept], y[kept]


def _arrays(weights: bytes) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(weights)
    except SafetensorError as error:
        raise ValueError(f"model.safetensors holds no weights: {error}") from None


def _layers(weights: Arrays, part: str) -> list[dict[str, Any]]:
    found = {
        int(match[1]): array
        for name, array in weights.items()
        if (match := re.fullmatch(rf"{part}\.net\.(\d+)\.weight", name))
    }
    return [_layer(found[place], weights[f"{part}.net.{place}.bias"]) for place in sorted(found)]


def _layer(weight: NDArray[np.float32], bias: NDArray[np.float32]) -> dict[str, Any]:
    outputs, inputs = weight.shape
    numbers = {"weight": _floats(weight), "bias": _floats(bias)}
    return {"inputs": inputs, "outputs": outputs} | numbers


def _floats(array: NDArray[np.float32]) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def _mixture(weights: Arrays) -> dict[str, Any] | None:
    """A learned prior's components: shares, means and standard deviations; None for N(0, I)."""
    if "prior.logits" not in weights:
        return None
    logits = weights["prior.logits"].astype(np.float64)
    shares = np.exp(logits - logits.max())
    return {
        "shares": (shares / shares.sum()).tolist(),
        "means": weights["prior.means"].tolist(),
        "stds": np.exp(0.5 * weights["prior.log_vars"]).tolist(),
    }
