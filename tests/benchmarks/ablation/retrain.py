"""What a chosen config is worth: trained to its end on seeds that no search has seen."""

import math
from typing import Any

from typing_extensions import override

from moons.config import Config
from moons.data import Origin
from moons.evaluation import EVALUATION_SEED, ImportanceDraws, exact_excess
from moons.evaluation.excess import fit_decoder_noise
from moons.models import evaluation_mode
from moons.seeds import derive_seed
from study.training.job import TrialJob
from tests.benchmarks.ablation.simulate import MetricAlone

# The search's own metric meets the validation split; the score meets no points where it can.
SCORES = {"val_excess_nll": "exact_excess_nll"}


class ExactExcess(MetricAlone):
    """Training that ends with the exact excess NLL beside the metric."""

    @override
    def _evaluate(self) -> dict[str, Any]:
        model, config = self._replicates[0].model(), self._job.config
        with evaluation_mode(model):
            sigma_x = fit_decoder_noise(model, config, ImportanceDraws(), EVALUATION_SEED)
            found = exact_excess(model, Origin.of(config), sigma_x, EVALUATION_SEED)
        return {"exact_excess_nll": None if found is None else found.excess_nll}


def score_name(metric: str) -> str:
    """The figure that `score` gives for configs that were searched by `metric`."""
    return SCORES.get(metric, metric)


def score(config: Config, metric: str, study_seed: int, replicates: int) -> float:
    """The mean over retrainings of `score_name(metric)`; less is better.

    All arms of a study seed meet the same training seeds, so their scores are paired. NaN where a
    retraining diverges, as the config is then worth nothing that can be averaged.

    Args:
        config: what to train.
        metric: what the study minimises.
        study_seed: of the study that chose the config.
        replicates: how many retrainings.
    """
    name = score_name(metric)
    kind = ExactExcess if name == "exact_excess_nll" else MetricAlone
    found = []
    for replicate in range(replicates):
        job = TrialJob(
            trial=replicate,
            config=config,
            seed=derive_seed(study_seed, "ablation", replicate),
            rungs=(),
            metrics=(name,),
            engine="auto",
        )
        found.append(kind(job).advance().metrics.get(name, math.nan))
    return sum(found) / replicates
