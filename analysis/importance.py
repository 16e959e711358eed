"""Which hyperparameters set good trials apart at a budget, with intervals."""

import warnings
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.storages import InMemoryStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial
from typing_extensions import override

from analysis.budget import Comparison
from study.record.manifest import Dimension

LEAST = 20  # trials: the best tenth is then two
MOST = 500  # trials: a hundred resamples of so many take three seconds
RESAMPLES = 100


@dataclass(frozen=True, slots=True)
class Importance:
    """How much each hyperparameter sets the best tenth of the trials apart from all.

    Attributes:
        table: `hyperparameter`, `importance` (shares that sum to 1), `low` and `high` (the middle
            95 % of bootstrap resamples), most important first.
        n_left_out: trials that reached the budget but were left out for speed.
    """

    comparison: Comparison
    table: pd.DataFrame
    n_left_out: int


def importance(
    comparison: Comparison,
    dimensions: Sequence[Dimension],
    seed: int = 0,
    n_resamples: int = RESAMPLES,
) -> Importance:
    """PED-ANOVA at one budget, with bootstrap intervals over trials.

    Args:
        comparison: of at least `LEAST` trials.
        dimensions: the hyperparameters to divide importance among; each varied.
        seed: of the resamples, and of the draw of `MOST` trials where there are more.
        n_resamples: 0 leaves the intervals out, as NaN.
    Source: Watanabe et al. 2023, arXiv:2304.10255; the best tenth against all trials.
    """
    trials = comparison.trials
    rng = np.random.default_rng(seed)
    n_left_out = max(len(trials) - MOST, 0)
    if n_left_out:
        trials = trials.iloc[np.sort(rng.permutation(len(trials))[:MOST])]
    names = [dimension.name for dimension in dimensions]
    study = _as_optuna(trials, dimensions)
    frozen = study.chosen
    estimate = _shares(study, frozen, names)
    draws = rng.integers(len(frozen), size=(n_resamples, len(frozen)))
    resampled = np.array([_shares(study, [frozen[i] for i in draw], names) for draw in draws])
    low = high = np.full(len(names), np.nan)
    if n_resamples:
        low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    table = pd.DataFrame(
        {"hyperparameter": names, "importance": estimate, "low": low, "high": high}
    )
    table = table.sort_values("importance", ascending=False, ignore_index=True)
    return Importance(comparison, table, n_left_out)


class _Resample(Study):
    """A study of chosen trials of another one; adding them again would copy each deeply."""

    chosen: list[FrozenTrial]

    @override
    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        return self.chosen


def _as_optuna(trials: pd.DataFrame, dimensions: Sequence[Dimension]) -> _Resample:
    distributions: dict[str, BaseDistribution] = {}
    columns: dict[str, list[Any]] = {}
    for dimension in dimensions:
        name, low, high = dimension.name, dimension.low, dimension.high
        if dimension.kind == "choice":
            distributions[name] = CategoricalDistribution([str(o) for o in dimension.options])
            columns[name] = trials[name].astype(str).tolist()
        elif dimension.kind == "int":
            distributions[name] = IntDistribution(int(low), int(high), log=dimension.log)
            columns[name] = trials[name].astype(int).tolist()
        else:
            distributions[name] = FloatDistribution(low, high, log=dimension.log)
            columns[name] = trials[name].astype(float).clip(low, high).tolist()
    storage = InMemoryStorage()
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # no line about a new study
    study = optuna.create_study(storage=storage, study_name="compared")
    optuna.logging.set_verbosity(verbosity)
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    study.add_trials(
        create_trial(params=params, distributions=distributions, value=value)
        for params, value in zip(rows, trials["value"], strict=True)
    )
    resample = _Resample("compared", storage)
    resample.chosen = study.get_trials(deepcopy=False)
    for trial in resample.chosen:  # one object for all: comparing equal ones takes most of the time
        trial.distributions = distributions
    return resample


def _shares(study: _Resample, trials: list[FrozenTrial], names: list[str]) -> list[float]:
    study.chosen = trials
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a resample may hold few distinct trials
        found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(), params=names)
    return [float(found[name]) for name in names]
