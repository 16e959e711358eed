"""What a model has learnt, by name, and what else its epochs may have changed."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from moons.randomness import DEEPEST, is_of_user

PLAIN = (int, float, complex, bool, str, bytes, type(None), np.ndarray, np.generic)
OF_TORCH = frozenset(vars(nn.Module()))  # a module's own bookkeeping


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Copies of all parameters and buffers by name, also of those that `state_dict` leaves out."""
    return {name: tensor.detach().clone() for name, tensor in _tensors(model).items()}


def load_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Puts weights in the place of a model's own.

    Raises:
        ValueError: they are of another model; names what is missing, too much or of another shape.
    """
    own = _tensors(model)
    problems = [f"{name} is missing" for name in own if name not in weights]
    problems += [f"{name} is not in the model" for name in weights if name not in own]
    problems += [
        f"{name} is {tuple(weights[name].shape)}, in the model {tuple(tensor.shape)}"
        for name, tensor in own.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    if problems:
        raise ValueError("; ".join(problems[:3]))
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(weights[name])


@dataclass(frozen=True, slots=True)
class Held:
    """Copies of what an object of a user's own class holds; the object itself is not copied."""

    attributes: Mapping[str, Any]


def attributes_of(model: nn.Module) -> dict[str, dict[str, Any]]:
    """Copies of the numbers, texts, arrays and tensors that modules hold as plain attributes.

    Those that they hold in objects of a user's own classes are among them.
    """
    return {
        name: _held({key: v for key, v in vars(module).items() if key not in OF_TORCH})
        for name, module in model.named_modules()
    }


def set_attributes(model: nn.Module, attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """Puts the attributes of a model that was made alike in the place of the model's own."""
    for name, module in model.named_modules():
        _set(module, attributes[name])


def _held(attributes: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in attributes.items():
        if _is_plain(value):
            found[key] = _copy(value)
        elif _is_held(value) and depth < DEEPEST:
            found[key] = Held(_held(vars(value), depth + 1))
    return found


def _is_held(value: object) -> bool:
    of_user = is_of_user(type(value)) and not isinstance(value, nn.Module)
    return of_user and hasattr(value, "__dict__")


def _set(target: object, attributes: Mapping[str, Any]) -> None:
    for key, value in attributes.items():
        if isinstance(value, Held):
            _set(getattr(target, key), value.attributes)
        else:
            object.__setattr__(target, key, _copy(value))


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    parameters = model.named_parameters(remove_duplicate=False)
    return dict(parameters) | dict(model.named_buffers(remove_duplicate=False))


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_plain, value))
    return isinstance(value, PLAIN) or (isinstance(value, Tensor) and type(value) is Tensor)


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_copy, value))
    return deepcopy(value)
