"""The winner as a folder that others can use, without this project and without Ray."""

import json
import logging
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from moons.checkpoint import pack_weights, save_checkpoint
from moons.config import Config
from moons.files import folder_appearing, write_whole
from moons.words import count, with_error, with_interval
from study.record.folder import StudyFolder
from study.record.parquet import read_table

if TYPE_CHECKING:
    from moons.models import VAE

HERE = Path(__file__).parent
ABOUT = ("config", "trial", "vary", "seed_index", "seed", "engine", "n_parameters")
ONNX_TOLERANCE = 1e-4  # in the data's own unit, where the noise is about 0.1


def export_winner(
    study: Path, out: Path, metric: str, vary: str, *, refitted: bool = False
) -> Path:
    """Writes the leaderboard's first config, trained on the seed whose score is the median.

    The median is what to expect of the config; its best seed would be luck again.

    Args:
        study: a folder with `leaderboard.parquet` and `reruns.parquet`.
        out: the folder to make: `model.safetensors`, `config.json`, `metrics.json`, `README.md`,
            `sample.py`, and with the extra `onnx` installed `encoder.onnx` and `decoder.onnx`.
        metric: what the configs were ordered by.
        vary: which retrainings count.
        refitted: trains it on training and validation points together, as `moons.refit` does; its
            figures are then those on points that neither training nor choice has seen.

    Returns:
        `out`, which appears whole or not at all.

    Raises:
        ValueError: no retraining of the config completed, it diverged this time, or the ONNX files
            do not compute what torch does.
    """
    import torch

    from moons.evaluation import EVALUATION_SEED, ImportanceDraws, evaluate
    from moons.evaluation.excess import fit_decoder_noise
    from moons.fit import Diverged, fit, start
    from moons.refit import refit

    boards = read_table(StudyFolder(study).leaderboard)
    first = boards[boards["vary"] == vary].iloc[0].to_dict()
    reruns = read_table(StudyFolder(study).reruns)
    runs = reruns[(reruns["config"] == first["config"]) & (reruns["vary"] == vary)]
    runs = runs[runs["state"] == "complete"].dropna(subset=[metric])
    if runs.empty:
        raise ValueError(f"{study} has no complete retraining of {first['config']} to be exported")
    middle = runs.sort_values(metric).iloc[(len(runs) - 1) // 2].to_dict()
    config = Config.from_row(middle, "reruns.parquet")
    torch.set_num_threads(1)  # as a worker has it
    run = start(config, int(middle["seed"]), engine=middle["engine"])
    records = list(fit(run))
    best, epochs = run.best, run.epoch
    if best is None:
        raise ValueError(f"{first['config']} diverged when it was trained again for the export")
    sigma_x = None
    if refitted:
        # Fitted on points that the first run had not seen; the second has.
        sigma_x = fit_decoder_noise(run.best_model(), config, ImportanceDraws(), EVALUATION_SEED)
        run = refit(config, run.seed, records[: best.epoch], engine=middle["engine"])
        if isinstance(run.outcome, Diverged):
            raise ValueError(f"{first['config']} diverged on training and validation points")
    model = run.best_model()
    # Measured again, as another machine than the retraining's ends in other last digits.
    found: dict[str, Any] = {"best_epoch": best.epoch, "val_mse": best.val_mse}
    found |= {"epochs": epochs, "val_loss": best.val_loss, "val_kl": best.val_kl}
    found |= evaluate(model, config, EVALUATION_SEED, sigma_x).as_row()
    if refitted:  # the retraining's figures are another model's, and validation points are seen
        middle = {key: middle[key] for key in (*config.as_dict(), *ABOUT) if key in middle}
        found = {key: value for key, value in found.items() if not key.startswith("val_")}
    measured = {str(key): _plain(value) for key, value in (middle | found).items()}
    measured["trained_on"] = "train and val" if refitted else "train"
    board = {str(key): _plain(value) for key, value in first.items()}
    metrics = {
        "leaderboard": board,
        "this_model": measured,
        "intervals": "95 %, of a mean over seeds, and over points where `_basis` says so",
    }
    noise = float(measured.get("sigma_x") or config.sigma_x)
    script = (HERE / "templates" / "sample.py.txt").read_text()
    with folder_appearing(out) as draft:
        save_checkpoint(draft, pack_weights(run.best_weights()), config, run.seed, config.family)
        write_whole(draft / "metrics.json", json.dumps(metrics, indent=2) + "\n")
        write_whole(draft / "sample.py", script.replace("SIGMA_X", repr(noise)))
        if can_write_onnx():
            write_onnx(model, draft)
        card = _card(config, board, measured, metric, can_write_onnx())
        write_whole(draft / "README.md", card)
    return out


def can_write_onnx() -> bool:
    """Whether the extra `onnx` is installed."""
    return all(find_spec(package) is not None for package in ("onnxscript", "onnxruntime"))


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def write_onnx(model: "VAE", out: Path) -> None:
    """Writes `encoder.onnx` and `decoder.onnx`, and checks both against torch.

    Raises:
        ValueError: they do not compute what torch does.
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
    y = torch.arange(7) % 2
    points = torch.randn(7, 2, generator=rng)
    latents = torch.randn(7, model.latent_dim, generator=rng)
    _write_one(Encoder(), "x", points, y, out / "encoder.onnx", ["mean", "log_var"])
    _write_one(Decoder(), "z", latents, y, out / "decoder.onnx", ["x"])


def _write_one(module: Any, name: str, value: Any, y: Any, path: Path, outputs: list[str]) -> None:
    import numpy as np
    import onnxruntime
    import torch

    batch = torch.export.Dim("batch")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses packages nobody needs here
    with warnings.catch_warnings():
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
    with torch.no_grad():
        expected = module(value, y)
    expected = expected if isinstance(expected, tuple) else (expected,)
    for one, other in zip(found, expected, strict=True):
        if not np.allclose(one, other.numpy(), atol=ONNX_TOLERANCE):
            raise ValueError(f"{path.name} does not compute what torch does; it was not exported")


def _card(
    config: Config, board: dict[str, Any], measured: dict[str, Any], metric: str, with_onnx: bool
) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # it is Markdown
    )
    templates.globals.update(count=count, with_error=with_error, with_interval=with_interval)
    return templates.get_template("model_card.md.j2").render(
        config=config, board=board, measured=measured, metric=metric, with_onnx=with_onnx
    )
