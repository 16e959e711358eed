"""What an evaluation finds, and the row of a table it becomes."""

import dataclasses
import json
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moons.column import SPLITS, Better, Column, Kind

if TYPE_CHECKING:  # tables need the columns' names, and no numpy
    import numpy as np
    from numpy.typing import NDArray

EVALUATION_SEED = 0  # the same for all studies, so that models meet the same points
Value = float | int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """How well a model's density fits a split; everything in nats, means over its points.

    Attributes:
        points: how many were looked at.
        nll: minus the log density, for a latent variable model its importance-weighted bound.
        excess_nll: nll less that of the exact density on the same points, an estimate of
            KL(p* || p_model); None where the noise is 0.
        excess_nll_se: its standard error over the points; what the importance samples add is less
            but for bad models (`log_likelihood`).
        elbo: evidence lower bound of q(z|x) as the encoder gives it.
        inference_gap: how far the ELBO is below the importance-weighted bound.
        prior_draws, posterior_draws: importance samples, as in `ImportanceDraws`; K is at least
            the first.
        per_point: what `excess_nll` is the mean of, shape (points,); no column of a table.
    """

    points: int
    nll: float
    excess_nll: float | None = None
    excess_nll_se: float | None = None
    elbo: float | None = None
    inference_gap: float | None = None
    prior_draws: int | None = None
    posterior_draws: int | None = None
    per_point: "NDArray[np.float64] | None" = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Exact:
    """How far a model's density is from that of the data, with no points in between.

    Attributes:
        excess_nll: KL(p* || p_model) in nats, by quadrature over the plane.
        excess_nll_se: its standard error, from the integral over the latent; None without one.
    """

    excess_nll: float
    excess_nll_se: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFigures:
    """How draws differ from fresh points; two exact data sets give the floor.

    Attributes:
        energy_distance: 0 for the same distribution, in the data's unit.
        sliced_wasserstein: likewise.
        coverage: share of fresh points near a draw, 0.97 for the same distribution.
        density: how densely draws lie where fresh points do, 1 for the same distribution.
        two_sample_accuracy: of a classifier that tells draws from fresh points; 0.5 is chance.
        label_share: draws whose Bayes label is the label asked for, with no more than the data's
            own noise; None without labels or noise.
    """

    energy_distance: float
    sliced_wasserstein: float
    coverage: float
    density: float
    two_sample_accuracy: float
    label_share: float | None = None


def mean_figures(figures: Sequence[SampleFigures]) -> tuple[SampleFigures, SampleFigures]:
    """The mean of each figure and its standard error; None where one lacks it."""
    means: dict[str, float] = {}
    errors: dict[str, float] = {}
    for part in dataclasses.fields(SampleFigures):
        values = [getattr(one, part.name) for one in figures]
        if None not in values:
            means[part.name] = statistics.fmean(values)
            errors[part.name] = statistics.stdev(values) / math.sqrt(len(values))
    return SampleFigures(**means), SampleFigures(**errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentFigures:
    """What the latents know of fresh points.

    All but the first are of q(z|x) as the encoder gives it: with an `eps_w` below 1 the decoder
    was trained on less noise than that, and may know more of x.

    Attributes:
        carrying: latents that the decoder reconstructs worse without (`carrying_latents`).
        active_units: latents whose posterior mean varies; None unless `eps_w` is 1.
        kl: mean KL to the prior, in nats.
        kl_per_latent: the same of each latent, in the model's order.
        mutual_information: I(x; z), for a CVAE I(x; z | y), in nats.
        mutual_information_error: its standard error and the width of its bracket, together.
    """

    carrying: int
    active_units: int | None
    kl: float
    kl_per_latent: tuple[float, ...]
    mutual_information: float
    mutual_information_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All that is measured of one model on one source of data.

    Attributes:
        exact: the density, against that of the data; None where these have none.
        val, test: the density, split by split.
        val_energy_distance, val_energy_distance_se: draws against the validation split, the mean
            over four sets of draws and its standard error; the split's points are given.
        val_energy_distance_floor, val_energy_distance_floor_se: the same for exact draws.
        samples, samples_se: draws against fresh points of the source, means over four sets of
            either and their standard errors; of a file against its test points, and None where
            these are fewer than 80.
        floor, floor_se: the same for draws of the data in the model's place.
        sigma_x: standard deviation of the decoder's noise, as `fit_decoder_noise` has it.
        latents: None for a model without any.
        val_right_loss, val_shuffled_loss: the training loss with the right labels and with the
            labels shuffled, under the same latent noise; None for a model without labels.
    """

    val: Likelihood
    test: Likelihood
    val_energy_distance: float
    val_energy_distance_se: float
    val_energy_distance_floor: float
    val_energy_distance_floor_se: float
    samples: SampleFigures | None
    samples_se: SampleFigures | None
    floor: SampleFigures | None
    floor_se: SampleFigures | None
    exact: Exact | None = None
    sigma_x: float | None = None
    latents: LatentFigures | None = None
    val_right_loss: float | None = None
    val_shuffled_loss: float | None = None

    def as_row(self) -> dict[str, Value]:
        """One flat row: the split in front of each name, `_floor` behind a floor's.

        Every evaluation has the same columns; what was not computed, or is not finite, is None,
        and `fresh_kl_per_latent` is a JSON list.
        """
        return {name: _plain(self._at(way)) for name, way in _places()}

    def _at(self, way: tuple[str, ...]) -> object:
        found: object = self
        for name in way:
            found = getattr(found, name, None)
        return found


def _places() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each column of a row, with the way to its value."""
    yield "sigma_x", ("sigma_x",)
    for split, kind in (("exact", Exact), ("val", Likelihood), ("test", Likelihood)):
        for part in dataclasses.fields(kind):
            if part.name != "per_point":
                yield f"{split}_{part.name}", (split, part.name)
    for name in ("val_energy_distance", "val_energy_distance_floor"):
        yield name, (name,)
        yield f"{name}_se", (f"{name}_se",)
    for part in dataclasses.fields(SampleFigures):
        for ending, place in (("", "samples"), (FLOOR, "floor")):
            yield f"fresh_{part.name}{ending}", (place, part.name)
            yield f"fresh_{part.name}{ending}_se", (f"{place}_se", part.name)
    for part in dataclasses.fields(LatentFigures):
        yield f"fresh_{part.name}", ("latents", part.name)
    for name in ("val_right_loss", "val_shuffled_loss"):
        yield name, (name,)


def column_types() -> dict[str, Kind]:
    """The columns of `Evaluation.as_row`, whatever was measured, with their types in a table."""
    found = {name: figure_of(name) for name, _ in _places()}
    return {name: "float64" if of is None else of[1].kind for name, of in found.items()}


def _plain(value: object) -> Value:
    if isinstance(value, tuple):
        return json.dumps([float(f"{number:.4g}") for number in value])
    if isinstance(value, float) and not math.isfinite(value):
        return None
    assert value is None or isinstance(value, float | int | str)
    return value


# Every figure: its name without the split in front, label, unit, which values are better, and what
# it is. `_se` and `_error` end its standard error's column, `_floor` that of exact draws.
ABOUT: tuple[tuple[str, str, str, Better, str], ...] = (
    (
        "sigma_x",
        "",
        "data units",
        None,
        "noise of the decoder (std), fitted on validation points; by `iwae` on training points too",
    ),
    (
        *("excess_nll", "excess NLL", "nats a point", "less"),
        "an estimate of KL(p* || p_model), `nll` less that of the exact density on these points; "
        "`exact_` by quadrature over the plane, for a CVAE given y; null without noise",
    ),
    ("points", "", "", None, "points looked at"),
    ("nll", "NLL", "nats a point", "less", "-log p(x), by its importance-weighted bound"),
    ("elbo", "ELBO", "nats a point", "more", "evidence lower bound of q(z|x) as it is encoded"),
    ("inference_gap", "", "nats a point", "less", "importance-weighted bound less ELBO"),
    ("prior_draws", "", "", None, "importance samples from the prior"),
    ("posterior_draws", "", "", None, "importance samples from q(z|x)"),
    (
        *("energy_distance", "", "data units", "less"),
        "draws against points, 0 for the same: 1,000 against the validation split, the mean over "
        "four sets of draws; 2,000 against 2,000 fresh points, the mean over four sets of either, "
        "as for what follows",
    ),
    (
        *("sliced_wasserstein", "sliced Wasserstein distance", "data units", "less"),
        "root of the mean over directions of the squared Wasserstein-2 distance of the projections",
    ),
    ("coverage", "", "share", "more", "points near a draw; 0.97 for the same distribution"),
    ("density", "", "share", None, "how densely draws lie where points do; 1 for the same"),
    (
        *("two_sample_accuracy", "two-sample accuracy", "0.5 is chance", "less"),
        "of a classifier that tells draws from points",
    ),
    (
        *("label_share", "samples with the label asked for", "share", "more"),
        "CVAE: draws whose exact Bayes label is the label asked for",
    ),
    (
        *("carrying", "latents that carry something", "", None),
        "how many the decoder needs: with the means of all others in their place, together, its "
        "MSE rises by no more than 1 %, or three standard errors",
    ),
    (
        *("active_units", "active latent units", "", None),
        "latents with Var(E[z|x]) above 0.01; null where `eps_w` is not 1, as the count supposes a "
        "decoder that was trained on draws of q(z|x)",
    ),
    ("kl", "KL", "nats a point", None, "mean KL of q(z|x) to the prior"),
    ("kl_per_latent", "KL of each latent", "nats a point", None, "a JSON list, in order"),
    ("mutual_information", "", "nats", None, "I(x; z) under q(z|x), for a CVAE given y"),
    ("right_loss", "loss with the right labels", "", "less", "CVAE: under fixed latent noise"),
    ("shuffled_loss", "loss with the labels shuffled", "", None, "CVAE: likewise"),
)
FIGURES: Mapping[str, Column] = {
    name: Column(
        name=name,
        kind="string" if name.endswith("per_latent") else "float64",
        label=label,
        unit=unit,
        better=better,
        what=what,
        merit=name not in ("points", "prior_draws", "posterior_draws"),
    )
    for name, label, unit, better, what in ABOUT
}
ERRORS, FLOOR = ("_se", "_error"), "_floor"
# What a search can minimise on the validation split; `moons.evaluation.measure.MEASURES` takes it.
SOUGHT = ["energy_distance", "excess_nll", "nll"]


def figure_of(name: str) -> tuple[str, Column] | None:
    """The split and the figure that a column of an evaluation is of; None for other columns."""
    split, _, rest = name.partition("_")
    for ending in (*ERRORS, FLOOR):
        rest = rest.removesuffix(ending)
    return (split, FIGURES[rest]) if split in SPLITS and rest in FIGURES else None
