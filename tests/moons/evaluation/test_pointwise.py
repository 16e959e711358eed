"""The losses of single points are what the figures are means of."""

import pytest

from moons.config import Config
from moons.evaluation import evaluate
from moons.evaluation.pointwise import point_losses
from moons.fit import fit, start
from moons.models import MODELS


@pytest.mark.parametrize("family", ["vae", "cvae"])
@pytest.mark.parametrize("samples", [1, 8])
def test_losses_average_to_the_figures_of_the_table(family: str, samples: int) -> None:
    config = Config(
        family=family,  # type: ignore[arg-type]
        max_epochs=3,
        n_samples=200,
        latent_dim=2,
        objective="elbo" if samples == 1 else "iwae",
        importance_samples=samples,
        eps_w=0.1 if samples == 1 else 1.0,
    )
    run = start(config, 5, engine="torch")
    for _ in fit(run):
        pass
    model = MODELS[config.family](config)
    model.load_state_dict(run.best_weights())
    found = evaluate(model.eval(), config)
    losses = point_losses(found, model, config, run.seed, run.data)
    assert run.best is not None
    assert losses["val_mse"].mean() == pytest.approx(run.best.val_mse, rel=1e-5)
    row = found.as_row()
    for column in ("val_excess_nll", "test_excess_nll"):
        assert losses[column].mean() == pytest.approx(row[column])
    assert "val_per_point" not in row
