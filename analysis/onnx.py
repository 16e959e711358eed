"""A trained model's encoder and decoder in the ONNX format, checked against torch."""

import logging
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moons.models import VAE

TOLERANCE = 1e-4  # in the data's own unit, where the noise is about 0.1


def can_write_onnx() -> bool:
    """Whether the extra `onnx` is installed."""
    return all(find_spec(package) is not None for package in ("onnxscript", "onnxruntime"))


def write_onnx(model: "VAE", out: Path) -> tuple[list[str], list[str]]:
    """Writes `encoder.onnx` and `decoder.onnx`, as far as torch can export the model.

    Returns:
        The files that are there and compute what torch does, and a sentence for each that is not.
    """
    import torch
    from torch import Tensor, nn

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            return self.model.encode(x, y)

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, z: Tensor, y: Tensor) -> Tensor:
            return self.model.decode(z, y)

    rng = torch.Generator().manual_seed(0)
    y = torch.arange(7) % model.classes
    points = torch.randn(7, model.data_dim, generator=rng)
    latents = torch.randn(7, model.latent_dim, generator=rng)
    written, notes = [], []
    for part, name, value, outputs in (
        (Encoder().eval(), "x", points, ["mean", "log_var"]),
        (Decoder().eval(), "z", latents, ["x"]),
    ):
        path = out / f"{type(part).__name__.lower()}.onnx"
        try:
            _write_one(part, name, value, y, path, outputs)
        except Exception as error:  # of a model that torch's exporter cannot follow
            path.unlink(missing_ok=True)
            why = (str(error).strip().splitlines() or [type(error).__name__])[0]
            notes.append(f"without {path.name}: {type(model).__name__} cannot be exported: {why}")
        else:
            written.append(path.name)
    return written, notes


def _write_one(module: Any, name: str, value: Any, y: Any, path: Path, outputs: list[str]) -> None:
    import numpy as np
    import onnxruntime
    import torch

    from moons.models import evaluation_mode

    batch = torch.export.Dim("batch")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses packages nobody needs here
    with evaluation_mode(module), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecations inside the exporter
        torch.onnx.export(
            module,
            (value, y),
            path,
            input_names=[name, "y"],
            output_names=outputs,
            dynamic_shapes={name: {0: batch}, "y": {0: batch}},
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    session = onnxruntime.InferenceSession(path)
    fed = {name: value.numpy(), "y": y.numpy()}
    taken = {i.name for i in session.get_inputs()}  # a VAE's graph has no label
    found = session.run(None, {key: array for key, array in fed.items() if key in taken})
    for seed in range(2):  # what draws in evaluation is no function, which a graph has to be
        with evaluation_mode(module, seed), torch.no_grad():
            expected = module(value, y)
        expected = expected if isinstance(expected, tuple) else (expected,)
        for one, other in zip(found, expected, strict=True):
            if not np.allclose(one, other.numpy(), atol=TOLERANCE):
                raise ValueError("the graph does not compute what torch does")
