"""The winner as a folder that others can use, without this project and without Ray."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.exported_code import write_code
from analysis.onnx import can_write_onnx, write_onnx
from moons.checkpoint import pack_weights, save_checkpoint
from moons.code import SpaceCode, model_code
from moons.config import Config
from moons.data import Origin
from moons.files import folder_appearing, write_whole
from moons.sources import source_named
from moons.words import count, number, with_error, with_interval
from study.record.folder import StudyFolder
from study.record.parquet import read_table

if TYPE_CHECKING:
    from moons.models import VAE

HERE = Path(__file__).parent
ABOUT = ("config", "trial", "vary", "seed_index", "seed", "engine", "n_parameters")


def export_winner(
    study: Path,
    out: Path,
    metric: str,
    vary: str,
    *,
    refitted: bool = False,
    own: "type[VAE] | SpaceCode | None" = None,
) -> list[str]:
    """Writes the leaderboard's first config, trained on the seed whose score is the median.

    The median is what to expect of the config; its best seed would be luck again.

    Args:
        study: a folder with `leaderboard.parquet` and `reruns.parquet`.
        out: the folder to make, which appears whole or not at all: `model.safetensors`,
            `config.json`, `metrics.json`, `README.md`, `sample.py`, for a model of somebody's own
            the code it needs, and with the extra `onnx` installed `encoder.onnx` and `decoder.onnx`
            where torch can export them.
        metric: what the configs were ordered by.
        vary: which retrainings count.
        refitted: trains it on training and validation points together, as `moons.refit` does; its
            figures are then those on points that neither training nor choice has seen.
        own: the model, where it is one of somebody's own.

    Returns:
        A sentence for each file that is left out.

    Raises:
        ValueError: no retraining of the config completed, it diverged this time, or the code of the
            model is not known.
    """
    import torch

    from moons.evaluation import EVALUATION_SEED, ImportanceDraws, evaluate
    from moons.evaluation.excess import fit_decoder_noise
    from moons.fit import Diverged, fit, start
    from moons.refit import refit

    if isinstance(own, type):
        raise ValueError(
            f"{own.__name__} can be exported only from a space file, which has its code"
        )
    model_class = None if own is None else own.model()
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
    engine = middle["engine"]
    run = start(config, int(middle["seed"]), engine=engine, model_class=model_class)
    records = list(fit(run))
    best, epochs = run.best, run.epoch
    if best is None:
        raise ValueError(f"{first['config']} diverged when it was trained again for the export")
    sigma_x = None
    if refitted:
        # The first run's: a decoder that has seen the validation points may lie too close to them.
        sigma_x = fit_decoder_noise(run.best_model(), config, ImportanceDraws(), EVALUATION_SEED)
        run = refit(config, run.seed, records[: best.epoch], engine, model_class)
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
    code = None if model_class is None else model_code(model_class, own)
    about = config.family if code is None else str(code["class"])
    with folder_appearing(out) as draft:
        weights = pack_weights(run.best_weights())
        save_checkpoint(draft, weights, config, run.seed, about, code)
        write_whole(draft / "metrics.json", json.dumps(metrics, indent=2) + "\n")
        file = None if own is None else write_code(own, draft)
        write_whole(draft / "sample.py", _script(config, measured, file))
        graphs: list[str] = []
        notes = ['without ONNX, which takes: pip install -e ".[onnx]"']
        if can_write_onnx():
            graphs, notes = write_onnx(model, draft)
        card = {"config": config, "board": board, "measured": measured, "metric": metric}
        card |= _of_data(config)
        write_whole(draft / "README.md", _card(**card, graphs=graphs, code=code))
    return notes


def _script(config: Config, measured: Mapping[str, Any], file: str | None) -> str:
    """`sample.py`: of a model of somebody's own it loads the file, else it needs no code."""
    name = "sample.py.txt" if file is None else "sample_own.py.txt"
    noise = float(measured.get("sigma_x") or config.sigma_x)
    script = (HERE / "templates" / name).read_text().replace("SIGMA_X", repr(noise))
    scaling, names = Origin.of(config).scaling, source_named(config.data)
    if scaling.mean is not None and scaling.std is not None:
        ours = f"torch.tensor({scaling.mean.tolist()}), torch.tensor({scaling.std.tolist()})"
        script = script.replace("MEAN, STD = 0.0, 1.0", f"MEAN, STD = {ours}")
    labels = ", ".join(f"{i} {name}" for i, name in enumerate(names.classes))
    written = {
        "MODEL_FILE": repr(file),
        "COLUMN_NAMES": ", ".join(names.columns),
        "LABEL_NAMES": labels if config.family == "cvae" else "none",
    }
    for word, text in written.items():
        script = script.replace(word, text)
    return script


def _of_data(config: Config) -> dict[str, Any]:
    """What the card says of the data."""
    source = source_named(config.data)
    title = {"moons": "two moons"}.get(config.data, config.data.partition("#")[0])
    if config.data == "moons":
        words = f"`make_moons(n_samples={config.n_samples}, noise={config.noise})`"
    elif source.endless:
        words = f"{count(config.n_samples, 'point')} of {title} with noise {config.noise:g}"
    else:
        words = f"{count(config.n_samples, 'row')} of `{title}`"
    words += ", each column standardised" if config.scale == "standard" else ""
    return {
        "data_title": title,
        "data_words": words,
        "columns": source.columns,
        "classes": source.classes,
    }


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _card(**about: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # it is Markdown
    )
    templates.globals.update(
        count=count, number=number, with_error=with_error, with_interval=with_interval
    )
    return templates.get_template("model_card.md.j2").render(**about)
