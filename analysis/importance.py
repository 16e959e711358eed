"""Which hyperparameters set good trials apart at a budget, and what noise alone would give."""

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
from analysis.stats import CONFIDENCE
from study.record.manifest import Dimension

LEAST = 20  # trials: the best tenth is then two
MOST = 500  # trials: as many permutations of so many take two seconds
PERMUTATIONS = 99  # of which the fifth largest is exceeded in 5 % of cases where there is no effect


@dataclass(frozen=True, slots=True)
class Importance:
    """How much each hyperparameter sets the best tenth of the trials apart from all.

    Attributes:
        table: `hyperparameter`, `importance` (shares that sum to 1) and `noise` (up to where the
            share comes in 95 % of cases without any effect), most important first.
        noise: up to where the largest share comes in 95 % of cases without any effect. Shares sum
            to 1 whatever there is to share, so that noise alone makes some of them large.
        n_left_out: trials that reached the budget but were left out for speed.
    """

    comparison: Comparison
    table: pd.DataFrame
    noise: float
    n_left_out: int

    @property
    def telling(self) -> list[str]:
        """The hyperparameters whose share is larger than noise makes the largest."""
        return self.table.loc[self.table["importance"] > self.noise, "hyperparameter"].tolist()


def importance(
    comparison: Comparison,
    dimensions: Sequence[Dimension],
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> Importance:
    """PED-ANOVA at one budget, and the same with the values permuted among the trials.

    Args:
        comparison: of at least `LEAST` trials.
        dimensions: the hyperparameters to divide importance among; each varied.
        seed: of the permutations, and of the draw of `MOST` trials where there are more.
        permutations: 0 leaves the noise out, as NaN.
    Source: Watanabe et al. 2023, arXiv:2304.10255; the best tenth against all trials.
    """
    trials = comparison.trials
    rng = np.random.default_rng(seed)
    n_left_out = max(len(trials) - MOST, 0)
    if n_left_out:
        trials = trials.iloc[np.sort(rng.permutation(len(trials))[:MOST])]
    names = [dimension.name for dimension in dimensions]
    study = _as_optuna(trials, dimensions)
    estimate = _shares(study, names)
    permuted = np.full((1, len(names)), np.nan)
    if permutations:
        permuted = np.array([_shares(study, names, rng) for _ in range(permutations)])
    place = max(round(CONFIDENCE * (permutations + 1)) - 1, 0)
    noise = np.sort(permuted, axis=0)[place]
    table = pd.DataFrame({"hyperparameter": names, "importance": estimate, "noise": noise})
    table = table.sort_values("importance", ascending=False, ignore_index=True)
    return Importance(comparison, table, float(np.sort(permuted.max(axis=1))[place]), n_left_out)


class _Permuted(Study):
    """A study whose trials' values can be permuted; adding them again would copy each deeply."""

    chosen: list[FrozenTrial]

    @override
    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        return self.chosen


def _as_optuna(trials: pd.DataFrame, dimensions: Sequence[Dimension]) -> _Permuted:
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
    study_of_trials = _Permuted("compared", storage)
    study_of_trials.chosen = study.get_trials(deepcopy=False)
    for (
        trial
    ) in study_of_trials.chosen:  # one object for all: comparing equal ones takes most of the time
        trial.distributions = distributions
    return study_of_trials


def _shares(
    study: _Permuted, names: list[str], rng: np.random.Generator | None = None
) -> list[float]:
    """The shares, with the values as they are or, given `rng`, permuted once more."""
    if rng is not None:
        values = rng.permutation([float(trial.value or 0.0) for trial in study.chosen])
        for trial, value in zip(study.chosen, values.tolist(), strict=True):
            trial.value = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the best tenth may be few trials
        found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(), params=names)
    return [float(found[name]) for name in names]
