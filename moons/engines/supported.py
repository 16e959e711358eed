"""What the fused kernel was written for: settings, and the architecture of a model."""

import dataclasses
from collections.abc import Mapping

import torch
from torch import nn

from moons.config import Activation, Config
from moons.labels import label_columns
from moons.models import MODELS, VAE, Decoder, Encoder
from moons.prior import PRIORS

# The settings that the kernel and the loop around it see to, with the values that they know; None
# where those are all that `Config` allows. Any other setting sends a trial to the torch engine, so
# that a new one belongs here only when the kernel computes it.
SUPPORTED: Mapping[str, frozenset[object] | None] = {
    "family": frozenset({"vae", "cvae"}),
    "monitor": frozenset({"val_mse", "val_loss"}),
    **dict.fromkeys(("encoder_hidden", "encoder_layers", "decoder_hidden", "decoder_layers")),
    **dict.fromkeys(("latent_dim", "lr", "batch_size", "beta", "eps_w")),
    **dict.fromkeys(
        ("data", "data_dim", "classes", "n_samples", "noise", "data_seed", "split_seed", "scale")
    ),
    **dict.fromkeys(("max_epochs", "min_epochs", "patience", "plateau_patience")),
    **dict.fromkeys(("schedule", "keep", "prior_components")),
    "objective": frozenset({"elbo", "iwae"}),
    "importance_samples": frozenset(range(1, 129)),  # every sample keeps its activations
    "activation": frozenset({"relu", "tanh", "silu"}),
    "prior": frozenset({"standard", "mixture"}),
}
KNOWN: Mapping[Activation, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "silu": nn.SiLU,
}


def unknown_setting(config: Config) -> str | None:
    """Which setting the kernel does not know, in a sentence, or None."""
    for field in dataclasses.fields(config):
        value, known = getattr(config, field.name), SUPPORTED.get(field.name, frozenset())
        if known is not None and value not in known:
            allowed = f"it knows {', '.join(map(str, known))}" if known else "it does not know that"
            return f"the kernel is not written for {field.name} {value!r}; {allowed}"
    return None


def unknown_architecture(model: nn.Module, config: Config) -> str | None:
    """Why the kernel cannot train the model, in a sentence, or None."""
    kind, activation = type(model).__name__, KNOWN[config.activation]
    if not isinstance(model, VAE) or type(model) not in MODELS.values():
        return f"the kernel is written for {' and '.join(MODELS)}, got the class {kind}"
    n_label, latent = model.label_dim, model.latent_dim
    ends = {
        "encoder": (Encoder, config.data_dim + n_label, 2 * latent),
        "decoder": (Decoder, latent + n_label, config.data_dim),
    }
    for name, (part_type, n_in, n_out) in ends.items():
        part = getattr(model, name, None)
        net = getattr(part, "net", None)
        if type(part) is not part_type or not _is_mlp(net, n_in, n_out, activation):
            got = (
                ", ".join(type(m).__name__ for m in net) if isinstance(net, nn.Sequential) else net
            )
            return (
                f"the kernel is written for {config.activation} MLPs, the {name} of {kind} is {got}"
            )
    linears = sum(isinstance(module, nn.Linear) for module in model.modules())
    if type(model.prior) is not PRIORS[config.prior]:
        return f"the kernel knows the prior {config.prior}, {kind} has {type(model.prior).__name__}"
    if len(model.state_dict()) != 2 * linears + len(model.prior.state_dict()):
        return f"the kernel knows the weights of encoder, decoder and prior alone, {kind} has more"
    if n_label not in (0, label_columns(config.classes)):
        return f"the kernel codes {config.classes} classes otherwise than in {n_label} columns"
    return None


def _is_mlp(net: object, n_in: int, n_out: int, activation: type[nn.Module]) -> bool:
    if type(net) is not nn.Sequential or len(net) % 2 == 0:
        return False
    modules = list(net)
    if any(type(module) is not activation for module in modules[1::2]):
        return False
    for module in modules[::2]:
        if type(module) is not nn.Linear or module.bias is None or module.in_features != n_in:
            return False
        if module.weight.dtype != torch.float32:
            return False
        n_in = int(module.out_features)
    return n_in == n_out
