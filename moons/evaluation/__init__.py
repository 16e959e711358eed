"""How good a generative model is, in nats and by its draws.

`evaluate` gives one record for a trained model (`moons/evaluated.py`), `measure` one figure for a
rung. Reading order: `points`, `generate`, `weighing`, `importance`, `likelihood`, `exact`,
`excess`, `samples`, `latents`, `measure`, `whole`.
"""

from moons.evaluated import (
    EVALUATION_SEED,
    Evaluation,
    Exact,
    LatentFigures,
    Likelihood,
    SampleFigures,
)
from moons.evaluation.exact import exact_excess
from moons.evaluation.excess import excess_nll
from moons.evaluation.generate import generate
from moons.evaluation.importance import ImportanceDraws
from moons.evaluation.measure import MEASURES, val_energy_distance
from moons.evaluation.samples import energy_distance
from moons.evaluation.whole import DensityModel, evaluate, evaluate_density

__all__ = [
    "EVALUATION_SEED",
    "MEASURES",
    "DensityModel",
    "Evaluation",
    "Exact",
    "ImportanceDraws",
    "LatentFigures",
    "Likelihood",
    "SampleFigures",
    "energy_distance",
    "evaluate",
    "evaluate_density",
    "exact_excess",
    "excess_nll",
    "generate",
    "val_energy_distance",
]
