"""What is said of a search's trials: importance, rank correlations, and what an audit estimates."""

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from analysis.audit import share_interval
from analysis.budget import Budget, Comparison
from analysis.importance import importance
from analysis.stats import spearman_interval
from study.record.manifest import Dimension
from tests.benchmarks.coverage.case import Case, coverage, error


def noise(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """How often a share of importance is beyond noise where no hyperparameter has an effect."""
    widths = (2, 4, 8, 16, 32, 64, 128)
    names = ("encoder_hidden", "latent_dim", "decoder_hidden")
    rate = Dimension(name="lr", kind="float", low=1e-4, high=0.1, log=True)
    searched = [rate, *(Dimension(name=name, kind="choice", options=widths) for name in names)]
    n, times = 32, max(repeats // 20, 20)
    told = []
    for _ in range(times):
        columns = {name: rng.choice(widths, n) for name in names}
        rates = 10 ** rng.uniform(-4, -1, n)
        trials = pd.DataFrame(columns | {"lr": rates, "value": rng.standard_normal(n)})
        seed = int(rng.integers(2**32))
        found = importance(Comparison(Budget(None, "val_mse"), trials), searched, seed)
        told.append(bool(found.telling))
    yield error("largest share of importance", "normal", n, "no effect", np.mean(told), times)


def others(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Rank correlations between rungs, and the share that an audit estimates."""
    for n, rho in product((10, 30, 100), (0.0, 0.7)):
        truth = 6 / math.pi * math.asin(rho / 2)
        pairs = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], (repeats, n))
        found = [spearman_interval(float(stats.spearmanr(p).statistic), n) for p in pairs]
        held = np.mean([each.low <= truth <= each.high for each in found])
        yield coverage("rank correlation", "normal", n, f"rho {rho}", held, repeats)
    for n, share in product((5, 10, 20), (0.05, 0.3)):
        counts = np.arange(n + 1)
        ends = [share_interval(int(k), n) for k in counts]
        held = sum(
            float(stats.binom.pmf(k, n, share))
            for k, (low, high) in zip(counts, ends, strict=True)
            if low <= share <= high
        )
        yield coverage("share in an audit", "binomial", n, f"share {share}", held, 0)
