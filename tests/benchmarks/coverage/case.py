"""One kind of interval or verdict in one case, and what was counted of it."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.stats import CONFIDENCE, Floats

Law = Literal["normal", "skewed"]
LAWS: tuple[Law, ...] = ("normal", "skewed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of interval or verdict in one case.

    Attributes:
        law: of the scores over seeds.
        n: seeds, repetitions or trials.
        about: what else the case is made of.
        claim: what is said: the share of intervals that hold the truth, or of errors.
        bound: whether the share must be at least or at most the claim, or equal to it.
        share: what was counted in `repeats` cases.
    """

    what: str
    law: str
    n: int
    about: str
    claim: float
    bound: Literal["at least", "at most", "equal"]
    share: float
    repeats: int

    @property
    def margin(self) -> float:
        """Twice the standard error of the share, were the claim true; 0 where it is exact."""
        variance = self.claim * (1 - self.claim)
        return 2 * math.sqrt(variance / self.repeats) if self.repeats else 0.0

    @property
    def holds(self) -> bool:
        """Whether the claim stands, within one and a half times the margin."""
        slack = 1.5 * self.margin + 1e-12
        low, high = self.claim - slack, self.claim + slack
        at_least, at_most = self.share >= low, self.share <= high
        return {"at least": at_least, "at most": at_most, "equal": at_least and at_most}[self.bound]


def scores(law: Law, rng: np.random.Generator, *shape: int) -> Floats:
    """Draws of mean 0 and standard deviation 1."""
    drawn = rng.standard_normal(shape) if law == "normal" else rng.standard_exponential(shape) - 1
    return np.asarray(drawn, dtype=np.float64)


def coverage(
    what: str, law: str, n: int, about: str, share: float, repeats: int, claim: float = CONFIDENCE
) -> Case:
    return Case(
        what=what, law=law, n=n, about=about, claim=claim, bound="at least",
        share=float(share), repeats=repeats,
    )  # fmt: skip


def error(
    what: str, law: str, n: int, about: str, share: float, repeats: int, claim: float = 0.05
) -> Case:
    return Case(
        what=what, law=law, n=n, about=about, claim=claim, bound="at most",
        share=float(share), repeats=repeats,
    )  # fmt: skip
