import json
import pickle
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moons.checkpoint import CONFIG, WEIGHTS, load_checkpoint, pack_weights, save_checkpoint
from moons.config import Config
from moons.models import CVAE, MODELS, VAE, build_model

ANY_FOLDER = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


def saved(folder: Path, config: Config, seed: int = 3, model_class: type[VAE] | None = None):
    """Saves a model with fresh weights, and returns it."""
    model = build_model(config, seed, model_class)
    name = model_class.__name__ if model_class else config.family
    save_checkpoint(folder, pack_weights(model.state_dict()), config, seed, name)
    return model


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        Config(family="cvae", latent_dim=5, beta=0.045, lr=0.1 + 0.2),
        Config(family="cvae", encoder_hidden=(16, 8), decoder_hidden=[4, 4, 4]),
    ],
)
def test_a_checkpoint_comes_back_bit_for_bit(tmp_path, config):
    model = saved(tmp_path / "new" / "folder", config, seed=2**32 - 1)
    back = load_checkpoint(tmp_path / "new" / "folder")
    assert (back.config, back.seed) == (config, 2**32 - 1)
    assert type(back.model) is MODELS[config.family]
    assert not back.model.training
    weights = back.model.state_dict()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, weights[name])
    assert weights.keys() == model.state_dict().keys()


def test_numbers_that_text_would_round_come_back_too(tmp_path):
    model = build_model(Config(), 0)
    odd = torch.tensor([1e-45, -0.0, 3.4028235e38, 1 / 3])
    with torch.no_grad():
        model.decoder.net[0].bias[:4] = odd
    save_checkpoint(tmp_path, pack_weights(model.state_dict()), Config(), 0, "vae")
    bias = load_checkpoint(tmp_path).model.decoder.net[0].bias[:4].detach()
    assert bias.view(torch.int32).tolist() == odd.view(torch.int32).tolist()


def test_weights_that_do_not_lie_in_a_row_are_packed_as_they_read(tmp_path):
    model = build_model(Config(), 0)
    weights = model.state_dict()
    strided = {name: torch.stack([t, t], dim=-1)[..., 0] for name, t in weights.items()}
    assert not any(tensor.is_contiguous() for tensor in strided.values())
    packed = pack_weights(strided)
    save_checkpoint(tmp_path, packed, Config(), 0, "vae")
    for name, tensor in load_checkpoint(tmp_path).model.state_dict().items():
        assert torch.equal(tensor, weights[name])


def test_saving_again_replaces_the_checkpoint(tmp_path):
    saved(tmp_path, Config(), seed=1)
    newer = saved(tmp_path, Config(latent_dim=7), seed=2)
    back = load_checkpoint(tmp_path)
    assert (back.config.latent_dim, back.seed) == (7, 2)
    assert torch.equal(back.model.encoder.net[0].weight, newer.encoder.net[0].weight)
    assert sorted(path.name for path in tmp_path.iterdir()) == [CONFIG, WEIGHTS]


@pytest.mark.parametrize("missing", [CONFIG, WEIGHTS])
def test_a_missing_file_is_named(tmp_path, missing):
    saved(tmp_path, Config())
    (tmp_path / missing).unlink()
    with pytest.raises(FileNotFoundError, match=missing):
        load_checkpoint(tmp_path)


@ANY_FOLDER
@given(share=st.floats(0, 1, exclude_max=True))
def test_weights_cut_off_anywhere_are_refused_by_name(tmp_path, share):
    saved(tmp_path, Config())
    content = (tmp_path / WEIGHTS).read_bytes()
    (tmp_path / WEIGHTS).write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=f"{WEIGHTS} is damaged"):
        load_checkpoint(tmp_path)


@ANY_FOLDER
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_config_cut_off_anywhere_is_refused_by_name(tmp_path, share):
    saved(tmp_path, Config())
    content = (tmp_path / CONFIG).read_text().strip()
    (tmp_path / CONFIG).write_text(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=f"{CONFIG} is not a checkpoint's config"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    "about",
    [
        [],
        None,
        {"model": "vae", "seed": 3},
        {"model": "vae", "seed": "three", "config": {}},
        {"model": "vae", "seed": None, "config": {}},
        {"model": "vae", "seed": 3, "config": ["lr"]},
        {"model": "vae", "seed": 3, "config": None},
        {"model": ["vae"], "seed": 3, "config": {}},
        {"model": "vae", "seed": 3, "config": {"latent_dim": 0}},
        {"model": "vae", "seed": 3, "config": {"learning_rate": 0.1}},
    ],
)
def test_a_config_that_holds_something_else_is_refused_by_name(tmp_path, about):
    saved(tmp_path, Config())
    (tmp_path / CONFIG).write_text(json.dumps(about))
    with pytest.raises(ValueError, match=CONFIG):
        load_checkpoint(tmp_path)


def test_weights_of_another_architecture_are_refused_by_name(tmp_path):
    saved(tmp_path, Config(latent_dim=3))
    about = json.loads((tmp_path / CONFIG).read_text())
    about["config"]["latent_dim"] = 4
    del about["checksum"]
    (tmp_path / CONFIG).write_text(json.dumps(about))
    with pytest.raises(ValueError, match=f"{WEIGHTS} does not hold the weights of vae"):
        load_checkpoint(tmp_path)


class Touch:
    """What an attacker would pickle: unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_pickle_in_place_of_a_file_is_refused_and_never_run(tmp_path, name):
    saved(tmp_path, Config())
    (tmp_path / name).write_bytes(pickle.dumps(Touch(tmp_path / "ran")))
    with pytest.raises(ValueError, match=name):
        load_checkpoint(tmp_path)
    assert not (tmp_path / "ran").exists()
    pickle.loads((tmp_path / name).read_bytes())
    assert (tmp_path / "ran").exists()  # the trap works


class Own(CVAE):
    """A model of somebody's own."""


def test_a_model_of_one_s_own_comes_back_as_its_class_and_not_without_it(tmp_path):
    model = saved(tmp_path, Config(), model_class=Own)
    with pytest.raises(ValueError, match="was trained with 'Own', a model of somebody's own"):
        load_checkpoint(tmp_path)
    back = load_checkpoint(tmp_path, Own).model
    assert type(back) is Own
    assert torch.equal(back.encoder.net[0].weight, model.encoder.net[0].weight)
