"""How good a generative model is, in nats and by its draws.

`evaluate` gives one record for a trained model (`moons/evaluated.py`), `measure` one figure for a
rung. Reading order: `source`, `generate`, `importance`, `likelihood`, `excess`, `samples`,
`latents`, `measure`, `whole`.
"""

from moons.evaluated import EVALUATION_SEED, Evaluation, LatentFigures, Likelihood, SampleFigures
from moons.evaluation.excess import excess_nll
from moons.evaluation.generate import generate
from moons.evaluation.importance import ImportanceDraws
from moons.evaluation.measure import Measure, measure, val_energy_distance
from moons.evaluation.samples import energy_distance
from moons.evaluation.whole import DensityModel, evaluate, evaluate_density

__all__ = [
    "EVALUATION_SEED",
    "DensityModel",
    "Evaluation",
    "ImportanceDraws",
    "LatentFigures",
    "Likelihood",
    "Measure",
    "SampleFigures",
    "energy_distance",
    "evaluate",
    "evaluate_density",
    "excess_nll",
    "generate",
    "measure",
    "val_energy_distance",
]
