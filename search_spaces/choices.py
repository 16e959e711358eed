"""What a study may be asked for by name, each with what `--help`, errors and documents say of it.

What carries a name out stands elsewhere under the same name: `study/samplers/choice.py`,
`study/record/stopping.py`, `moons/evaluation/measure.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec

from moons.evaluated import SOUGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """Who proposes configs.

    Attributes:
        about: one line.
        objectives: how many metrics it can minimise at once.
        grid: whether it visits every combination of a space's choices once.
        ordered: whether it needs settings whose values have an order.
        package: that it needs beside those that are always installed; also the extra's name.
    """

    about: str
    objectives: int = 2
    grid: bool = False
    ordered: bool = False
    package: str | None = None


SAMPLERS: dict[str, Sampler] = {
    "tpe": Sampler(about="tree-structured Parzen estimators; learns from pruned trials too"),
    "random": Sampler(about="independent draws from the ranges"),
    "grid": Sampler(about="every combination of the choices once", grid=True),
    "gp": Sampler(about="a Gaussian process and its expected improvement"),
    "cmaes": Sampler(
        about="CMA-ES with margin: evolves a normal distribution over the ordered settings",
        objectives=1,
        ordered=True,
        package="cmaes",
    ),
    "qmc": Sampler(about="a scrambled Sobol sequence: random, but evenly spread"),
}
SCHEDULERS: dict[str, str] = {
    "asha": "at each rung, one trial in --reduction of those that reached it goes on",
    "median": "at each rung, a trial that is worse than the median of the others' means ends",
    "hyperband": "ASHA in several brackets, of which some give a trial more epochs at first",
    "none": "every trial runs to its end",
}
# What a search can minimise: the losses of training, and figures of an evaluation.
METRICS = ("val_mse", "val_loss", *(f"val_{figure}" for figure in SOUGHT))


def listed(names: Iterable[str]) -> str:
    """Names as `--help` shows what an option takes."""
    return "|".join(names)


def check_package(sampler: str) -> None:
    """Refuses a sampler whose package is missing.

    Raises:
        ValueError: it is; says how to install it.
    """
    package = SAMPLERS[sampler].package
    if package is not None and find_spec(package) is None:
        raise ValueError(
            f"--sampler {sampler} needs the package {package}, which is not installed; type "
            f"`pip install 'moons-study[{package}]'`, or take another sampler"
        )
