"""One contract for every model of a user's own: its training is a function of config and seed."""

import pickle
import random

import numpy as np
import pytest
import torch
from torch import nn

from moons.checkpoint import load_checkpoint, pack_weights, save_checkpoint
from moons.config import Config
from moons.evaluation import MEASURES, evaluate, generate
from moons.fit import fit, start
from moons.models import CVAE, VAE, build_model, count_parameters, evaluation_mode, try_out
from moons.randomness import reachable_generators
from moons.weights import Held
from tests.moons.own_models import (
    DRAWING,
    OWN,
    Buffered,
    Dropped,
    Frozen,
    Generating,
    Normed,
    Plain,
)

EPOCHS, LEFT_AT = 6, 3
every_model = pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.__name__)


def config_of(kind, **settings):
    family = "cvae" if issubclass(kind, CVAE) else "vae"
    usual = {"n_samples": 100, "batch_size": 16, "max_epochs": EPOCHS, "lr": 0.01}
    return Config(family=family, **usual | settings)


def started(kind, seed=7, **settings):
    return start(config_of(kind, **settings), seed, model_class=kind)


def trained(kind, seed=7, **settings):
    run = started(kind, seed, **settings)
    return run, list(fit(run))


def same_weights(ours, theirs):
    return ours.keys() == theirs.keys() and all(ours[n].equal(theirs[n]) for n in ours)


def plain(value):
    if isinstance(value, torch.Tensor | np.ndarray):
        return value.tolist()
    if isinstance(value, Held):
        return plain(value.attributes)
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def drawn_from_the_process():
    return torch.rand(3).tolist(), np.random.random(3).tolist(), random.random()


@every_model
def test_the_same_seed_trains_the_same_model_whatever_was_drawn_before(kind):
    run, records = trained(kind)
    drawn_from_the_process()
    again, repeated = trained(kind)
    assert records == repeated
    assert same_weights(run.best_weights(), again.best_weights())


@pytest.mark.parametrize("kind", DRAWING)
def test_another_seed_draws_something_else(kind):
    generators = [reachable_generators(started(kind).engine._model) for _ in range(2)]
    assert len(generators[0]) == (5 if kind is Generating else 2)  # two are of the files
    streams = [started(kind, seed).engine._stream.state for seed in (1, 2)]
    assert all(plain(a) != plain(b) for a, b in zip(*streams, strict=True))


@every_model
def test_a_run_goes_on_elsewhere_to_the_last_bit(kind):
    whole, records = trained(kind)
    first = started(kind)
    training = fit(first)
    before = [next(training) for _ in range(LEFT_AT)]
    snapshot = pickle.dumps(first.snapshot())
    next(training)  # it goes on where it was, and draws
    second = started(kind)
    second.restore(pickle.loads(snapshot))
    assert before + list(fit(second)) == records
    assert same_weights(second.best_weights(), whole.best_weights())


@every_model
def test_two_runs_that_take_turns_do_not_disturb_each_other(kind):
    _, records = trained(kind)
    ours, theirs = started(kind), started(kind, seed=8)
    taken = [record for record, _ in zip(fit(ours), fit(theirs), strict=True)]
    assert taken == records


@every_model
def test_training_and_evaluating_leave_the_generators_of_the_process_alone(kind):
    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    expected = drawn_from_the_process()
    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    run, _ = trained(kind)
    MEASURES["val_energy_distance"](run.best_model(), run.config, 0)
    count_parameters(run.config, kind)
    assert drawn_from_the_process() == expected


@every_model
def test_validation_is_what_the_checkpoint_computes(kind, tmp_path):
    run, _ = trained(kind)
    save_checkpoint(tmp_path, pack_weights(run.best_weights()), run.config, run.seed, kind.__name__)
    model = load_checkpoint(tmp_path, kind).model
    assert run.engine.losses_of(model).mse == pytest.approx(run.best.val_mse, rel=1e-6)
    assert run.engine.losses_of(model) == run.engine.losses_of(model)


@every_model
def test_validating_changes_nothing(kind):
    run = started(kind)
    next(fit(run))
    before = plain(run.engine.state())
    run.engine.validate()
    assert plain(run.engine.state()) == before


@every_model
def test_it_is_evaluated_the_same_each_time_and_left_in_its_mode(kind):
    run, _ = trained(kind)
    model = run.best_model()
    model.train()
    for module in list(model.modules())[1:2]:
        module.eval()
    modes = [module.training for module in model.modules()]
    for figure in MEASURES:
        assert MEASURES[figure](model, run.config, 0) == MEASURES[figure](model, run.config, 0)
    assert [module.training for module in model.modules()] == modes


@every_model
def test_it_offers_what_is_asked_of_it(kind):
    config = config_of(kind)
    model = build_model(config, 0, kind)
    try_out(model, config)
    assert (model.latent_dim, model.label_dim) == (2, int(issubclass(kind, CVAE)))
    assert generate(model, 5, 0, sigma_x=0.1).shape == (5, 2)


@pytest.mark.parametrize("kind", [Plain, Generating])
def test_a_whole_evaluation_is_the_same_each_time(kind):
    run, _ = trained(kind)
    assert evaluate(run.best_model(), run.config) == evaluate(run.best_model(), run.config)


class Ending(VAE):
    """Its constructor ends the process."""

    def __init__(self, config):
        raise SystemExit(3)


class Growing(CVAE):
    """Makes a part when it is first called, which no optimiser and no checkpoint knows."""

    def __init__(self, config):
        super().__init__(config)
        self.head = None

    def decode(self, z, y):
        self.head = self.head or nn.Linear(z.shape[-1], z.shape[-1])
        return super().decode(self.head(z), y)


class Changing(VAE):
    """Computes in the tensor that it is given: a batch of the data."""

    def encode(self, x, y):
        x -= 0.5
        return super().encode(x, y)


def test_a_constructor_that_ends_the_process_is_refused():
    with pytest.raises(ValueError, match="Ending raises SystemExit: 3"):
        build_model(Config(), 0, Ending)


def test_a_part_that_is_made_after_the_constructor_is_named():
    run, _ = trained(Growing)
    with pytest.raises(ValueError, match=r"head.weight is not .* its constructor must make all"):
        run.best_model()


def test_a_method_that_changes_the_data_is_named():
    with pytest.raises(ValueError, match=r"Changing\.encode changes what it is given"):
        try_out(build_model(Config(), 0, Changing), Config())


def test_dropout_is_off_where_a_model_is_validated_and_on_where_it_is_trained():
    run = started(Dropped)
    model, modes = run.engine._model, []
    model.drop.register_forward_hook(lambda module, *_: modes.append(module.training))
    next(fit(run))
    assert modes == [True] * 4 + [False]


def test_batch_statistics_are_those_of_training_points_alone():
    run = started(Normed)
    model = run.engine._model
    run.engine.validate()
    assert model.norm.num_batches_tracked == 0
    next(fit(run))
    assert model.norm.num_batches_tracked == 4


def test_a_buffer_that_no_state_dict_has_is_kept_with_the_weights():
    run, _ = trained(Buffered)
    assert run.best_weights()["centre"].abs().sum() > 0
    assert run.best_model().centre.equal(run.best_weights()["centre"])


def test_what_has_nothing_to_learn_is_trained_to_no_effect():
    run, records = trained(Frozen)
    assert len({record.val_mse for record in records}) == 1
    assert count_parameters(run.config, Frozen) == 0
    assert (
        same_weights(run.best_weights(), build_model(run.config, 0, Frozen).state_dict()) is False
    )


class Forgetful(VAE):
    """What it computes depends on a number that no checkpoint has."""

    def __init__(self, config):
        super().__init__(config)
        self.scale = 1.0

    def decode(self, z, y):
        self.scale += 0.1 * self.training
        return super().decode(z, y) * self.scale


def test_a_model_that_does_not_come_back_from_its_weights_is_refused():
    run, _ = trained(Forgetful)
    with pytest.raises(ValueError, match=r"Forgetful does not come back .* parameters or buffers"):
        run.best_model()


class NoModule:
    def __init__(self, config):
        pass


class NoDecode(nn.Module):
    def __init__(self, config):
        super().__init__()

    def forward(self, x, y, noise, eps_w):
        return x, x, x

    def encode(self, x, y):
        return x, x


@pytest.mark.parametrize(
    ("kind", "said"),
    [(NoModule, "must be a torch.nn.Module, got NoModule"), (NoDecode, "NoDecode has no decode")],
)
def test_what_is_no_model_is_refused(kind, said):
    with pytest.raises(ValueError, match=said):
        build_model(Config(), 0, kind)


def raising(self, *_):
    raise RuntimeError("mat1 and mat2 shapes\ncannot be multiplied")


@pytest.mark.parametrize("method", ["encode", "decode", "forward"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (raising, "raises RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
        (lambda self, *_: torch.zeros(3), "must return tensors of shape"),
        (lambda self, *_: None, "must return tensors of shape"),
    ],
)
def test_a_method_that_does_something_else_is_named(method, wrong, said):
    kind = type("Wrong", (VAE,), {method: wrong})
    model = build_model(Config(), 0, kind)
    with pytest.raises(ValueError, match=said) as caught:
        try_out(model, Config())
    assert str(caught.value).startswith("Wrong.")
    assert "\n" not in str(caught.value)
    assert model.training


def test_the_mode_of_every_module_comes_back_also_after_an_error():
    model = build_model(Config(), 0)
    model.encoder.eval()
    with pytest.raises(KeyError), evaluation_mode(model):
        raise KeyError if not model.decoder.training else ValueError
    assert (model.training, model.encoder.training, model.decoder.training) == (True, False, True)
