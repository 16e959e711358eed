"""How well the best trial generates, and what its latents carry."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.findings.advice import toward_density
from analysis.findings.finding import Finding, warning
from analysis.words import count, listed, number, with_error
from study.record.labels import short_label, unit
from study.record.measured import Measured, error_of, measured
from study.record.results import StudyResults

HEADLINES = ("excess_nll", "energy_distance")
MOST_HELD_OUT = ("exact", "fresh", "test", "val")
LIMIT = "two_arcs"  # the family that the data are of: no rival, but the best that can be had
FAR = 10  # times the distance of fresh data: seen at a glance in a figure
NO_KL = 0.05  # nats a point: the posterior is all but the prior


def held_out(results: StudyResults) -> Iterator[Finding]:
    """The best trial's headline figures on the data that were furthest from training."""
    figures = [f for f in _headlines(results) if f.column not in results.manifest.metrics]
    parts = [_in_words(figure) for figure in figures]
    if parts:
        yield Finding("result", f"Evaluated with the weights of its best epoch: {listed(parts)}.")


def samples(results: StudyResults) -> Iterator[Finding]:
    """Whether samples of the best trial look like data; a metric of reconstruction cannot tell."""
    for figure in _headlines(results):
        if figure.metric == "energy_distance" and figure.floor is not None:
            times = figure.value / figure.floor if figure.floor > 0 else math.inf
            if times > FAR:
                yield warning(
                    f"Samples of the best trial do not look like the data: their energy distance "
                    f"is {figure.words}, {number(round(times))} times that of fresh data "
                    f"({figure.floor_words}).",
                    toward_density(results),
                )
        if figure.metric == "excess_nll" and results.baselines is not None:
            yield from _against_baselines(figure, results, results.baselines)


def _against_baselines(
    figure: Measured, results: StudyResults, baselines: pd.DataFrame
) -> Iterator[Finding]:
    rows = baselines[
        (baselines["family"] == results.manifest.family) & (baselines["baseline"] != LIMIT)
    ]
    if figure.column not in rows or rows[figure.column].isna().all():
        return
    best = rows.sort_values(figure.column).iloc[0]
    value, kind = float(best[figure.column]), str(best["baseline"]).replace("_", " ")
    kind = kind.replace("gaussian", "Gaussian")
    name, theirs = short_label(figure.column), with_error(value, error_of(best, figure.column))
    if value < figure.value:
        yield warning(
            f"A {kind} fitted on the same data is the better model: its {name} is "
            f"{theirs}, the best trial's {figure.words}.",
            toward_density(results),
        )
    else:
        yield Finding(
            "result",
            f"The best trial beats the baselines: its {name} is {figure.words}, that of a "
            f"{kind} fitted on the same data {theirs}.",
        )


def _headlines(results: StudyResults) -> list[Measured]:
    """Each headline metric of the best trial on the split furthest from training."""
    if results.best_trial is None:
        return []
    figures = {(f.metric, f.split): f for f in measured(results.trial(results.best_trial))}
    chosen = [
        next((figures[metric, s] for s in MOST_HELD_OUT if (metric, s) in figures), None)
        for metric in HEADLINES
    ]
    return [figure for figure in chosen if figure is not None]


def _in_words(figure: Measured) -> str:
    of = f" {unit(figure.column)}" if unit(figure.column) else ""
    return f"{short_label(figure.column)} {figure.words}{of}"


def latents(results: StudyResults) -> Iterator[Finding]:
    """Which latents of the best trial its decoder needs."""
    if results.best_trial is None:
        return
    row = results.trial(results.best_trial)
    column = next((c for c in map(str, row.index) if c.endswith("_carrying")), None)
    if column is not None and _known(row, column) and _known(row, "latent_dim"):
        carrying, latent = int(row[column]), int(row["latent_dim"])
        if carrying == 0:
            yield warning(
                "The decoder of the best trial uses none of its latents: with their means in "
                "their place it reconstructs as well.",
                toward_density(results),
            )
        elif carrying < latent:
            yield Finding(
                "note",
                f"Of the {count(latent, 'latent dimension')} of the best trial {carrying} "
                f"{'carries' if carrying == 1 else 'carry'} something: with the means of the "
                f"other {latent - carrying} in their place, all together, the decoder "
                "reconstructs as well.",
            )
    elif _known(row, "val_kl") and row["val_kl"] < NO_KL:
        kl = f"The best trial's KL is {number(row['val_kl'])} nats a point"
        if _known(row, "eps_w") and row["eps_w"] < 1:
            yield warning(
                f"{kl}: its posterior is all but the prior, and it reconstructs because eps_w = "
                f"{number(row['eps_w'])} shrinks the noise. Samples drawn from the prior are "
                f"unlikely to look like the data.",
                toward_density(results),
            )
        else:
            yield warning(
                f"{kl}: its latents can tell the decoder no more than that of a point.",
                toward_density(results),
            )


def _known(row: "pd.Series[Any]", column: str) -> bool:
    return column in row and not pd.isna(row[column])
