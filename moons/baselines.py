"""What a user would compare a VAE with, and the limit: the family that the data are of."""

import copy
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from moons.config import Config, Family
from moons.data import load_data
from moons.evaluated import Value
from moons.evaluation.excess import FIT_POINTS
from moons.evaluation.points import thinned
from moons.evaluation.samples import Points
from moons.evaluation.whole import DensityModel, evaluate_density
from moons.seeds import derive_seed
from moons.sources import source_named
from moons.sources.source import Floats
from moons.split import Split
from moons.two_arcs import fit_two_arcs

Kind = Literal["gaussian_mixture", "kernel_density"]
KINDS: tuple[Kind, ...] = ("gaussian_mixture", "kernel_density")
FAMILIES: tuple[Family, ...] = ("vae", "cvae")
OF_DATA = ("data", "data_dim", "classes", "n_samples", "noise", "data_seed")
SEEDS = 20  # of the mixture's start, as many as a config is trained again on

COMPONENTS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32)  # for all points, or for each class
BANDWIDTHS = tuple(float(width) for width in np.geomspace(0.02, 0.5, 25).round(4))


@dataclass(frozen=True, slots=True)
class Baseline:
    """A fitted density of scikit-learn; a `DensityModel`.

    Attributes:
        kind: which estimator.
        setting: the number of components, or the bandwidth in the data's unit.
        estimators: one for all points, or one for each class.
    """

    kind: Kind
    setting: float
    estimators: tuple[Any, ...]

    @property
    def columns(self) -> int:
        """Of a point."""
        return int(self.estimators[0].n_features_in_)

    @property
    def conditional(self) -> bool:
        """Whether its density is that given the label."""
        return len(self.estimators) > 1

    def log_density(self, x: Points, y: NDArray[np.int64]) -> Floats:
        """The log of p(x), or of p(x|y), in nats, shape (n,)."""
        out = np.empty(len(x))
        for estimator, members in zip(self.estimators, self._members(y), strict=True):
            if members.any():
                out[members] = estimator.score_samples(x[members])
        return out

    def draw(self, n: int, seed: int, y: NDArray[np.int64]) -> Points:
        """Draws, shape (n, columns), for the labels y where the baseline is conditional."""
        out = np.empty((n, self.columns), dtype=np.float32)
        members = self._members(y) if self.conditional else [np.ones(n, dtype=bool)]
        for label, (estimator, of_label) in enumerate(zip(self.estimators, members, strict=True)):
            if of_label.any():
                stream = derive_seed(seed, "baseline", label)
                out[of_label] = _sample(self.kind, estimator, int(of_label.sum()), stream)
        return out

    def _members(self, y: NDArray[np.int64]) -> Sequence[NDArray[np.bool_]]:
        if not self.conditional:
            return [np.ones(len(y), dtype=bool)]
        return [y == label for label in range(len(self.estimators))]


def fit_baseline(kind: Kind, config: Config, seed: int = 0) -> Baseline:
    """The estimator whose setting has the largest validation likelihood.

    Args:
        kind: `gaussian_mixture`, with full covariances, or `kernel_density`, with a Gaussian
            kernel.
        config: names the data; for a CVAE the baseline has one estimator for each class, all of
            the same setting.
        seed: of the mixture's initial means.
    """
    val = thinned(load_data(config).val, FIT_POINTS)
    least = min(map(len, _parts(config)))
    settings = COMPONENTS if kind == "gaussian_mixture" else _bandwidths(config)
    usable = [s for s in settings if kind == "kernel_density" or s <= least]
    fitted = [_fitted(kind, setting, config, seed) for setting in usable]
    return max(fitted, key=lambda b: _likelihood(b, val))


def baseline_rows(config: Config, seed: int = 0) -> list[dict[str, Value]]:
    """The baselines as rows of a table, with the columns of a trial's evaluation.

    `baseline` names the estimator: `two_arcs` is the family that two moons are of, the limit of
    what can be learnt from so many points, and has a row for moons with noise alone. `family`
    is what to compare it with: `vae` for p(x), `cvae` for p(x|y); `components` or `bandwidth` is
    what validation chose, else None. A mixture of so many components is fitted on `seeds` seeds:
    figures are means over them, and `exact_excess_nll_seed_std` is their standard deviation. The
    family of `config` plays no part.

    Args:
        config: names the data.
        seed: of the fits, and of the evaluation, as in `evaluate`.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # fits so small spend most of their time waking threads
        families = FAMILIES if config.classes > 1 else FAMILIES[:1]
        return [row for family in families for row in _family_rows(family, config, seed)]


def _family_rows(family: Family, config: Config, seed: int) -> Iterator[dict[str, Value]]:
    kept = {key: getattr(config, key) for key in OF_DATA}
    data = Config(family=family, **kept)
    for kind in KINDS:
        chosen = fit_baseline(kind, data, seed)
        seeds = range(SEEDS if kind == "gaussian_mixture" else 0)
        again = [_fitted(kind, chosen.setting, data, derive_seed(seed, "again", i)) for i in seeds]
        yield _row(kind, chosen.setting, data, again or [chosen], seed)
    if config.data == "moons" and config.noise > 0:
        limit = fit_two_arcs(load_data(data).train, data.noise, family == "cvae")
        yield _row("two_arcs", None, data, [limit], seed)


def _row(
    name: str, setting: float | None, config: Config, fits: Sequence[DensityModel], seed: int
) -> dict[str, Value]:
    found = [evaluate_density(fit, config, seed).as_row() for fit in fits]
    exact = [row["exact_excess_nll"] for row in found]
    known = [value for value in exact if isinstance(value, float)]
    return {
        "baseline": name,
        "family": config.family,
        "components": int(setting or 0) if name == "gaussian_mixture" else None,
        "bandwidth": setting if name == "kernel_density" else None,
        "seeds": len(fits),
        "exact_excess_nll_seed_std": statistics.stdev(known) if len(known) > 1 else None,
        **{key: getattr(config, key) for key in OF_DATA},
        **{column: _mean([row[column] for row in found]) for column in found[0]},
    }


def _mean(values: Sequence[Value]) -> Value:
    """The mean of numbers; else the first value."""
    numbers = [value for value in values if isinstance(value, int | float)]
    return statistics.fmean(numbers) if len(numbers) == len(values) else values[0]


def _fitted(kind: Kind, setting: float, config: Config, seed: int) -> Baseline:
    fits = tuple(_fit(kind, setting, part, seed) for part in _parts(config))
    return Baseline(kind, setting, fits)


def _parts(config: Config) -> list[Points]:
    """The training points, for a CVAE each class's."""
    train = load_data(config).train
    if config.family == "vae":
        return [train.x]
    return [train.x[train.y == label] for label in range(config.classes)]


def _bandwidths(config: Config) -> tuple[float, ...]:
    """What is tried: for a file's points, whose unit may be any, by their mean spread."""
    if source_named(config.data).endless:
        return BANDWIDTHS
    spread = float(load_data(config).train.x.std(axis=0).mean())
    return tuple(width * spread for width in BANDWIDTHS)


def _likelihood(baseline: Baseline, val: Split) -> float:
    return float(baseline.log_density(val.x, val.y).mean())


def _fit(kind: Kind, setting: float, x: Points, seed: int) -> Any:
    if kind == "kernel_density":
        from sklearn.neighbors import KernelDensity

        return KernelDensity(bandwidth=setting, rtol=1e-5).fit(x)  # thrice as fast as exact
    from sklearn.mixture import GaussianMixture

    stream = derive_seed(seed, "mixture")
    return GaussianMixture(int(setting), random_state=stream).fit(x)


def _sample(kind: Kind, estimator: Any, n: int, seed: int) -> Points:
    if kind == "kernel_density":
        return np.asarray(estimator.sample(n, random_state=seed), dtype=np.float32)
    # A mixture draws from the seed it was fitted with, and lists its draws by component.
    drawn, _ = copy.copy(estimator).set_params(random_state=seed).sample(n)
    return np.asarray(np.random.default_rng(seed).permutation(drawn), dtype=np.float32)
