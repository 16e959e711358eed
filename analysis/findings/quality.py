"""How good the best configuration is, and whether it can be trusted."""

import math
from collections.abc import Iterator
from typing import Any, Literal

import pandas as pd

from analysis.findings.finding import Finding
from analysis.folder import Dimension, StudyResults
from analysis.labels import short_label, unit
from analysis.reruns import Retrained, retrained
from analysis.words import count, listed, number, state_counts, value_in_words

EDGE = 0.02  # of a range: nearer to its end counts as at the end
TOP = 5
NO_KL = 0.05  # nats a point: the posterior is all but the prior
OF_DATA = ("n_samples", "noise", "data_seed")
HEADLINES = ("excess_nll", "energy_distance")
MOST_HELD_OUT = ("fresh", "test", "val")


def best(results: StudyResults) -> Iterator[Finding]:
    """The best complete trial, its metric and hyperparameters; how the top five compare."""
    complete, metrics = results.complete, results.manifest.metrics
    if complete.empty:
        text = f"No trial is complete, so there is no best one: {state_counts(results)}."
        yield Finding("warning", text)
        return
    row = complete.iloc[0]
    values = [f"{short_label(metric)} {number(row[metric])}" for metric in metrics]
    at = f" at epoch {row['best_epoch']:,}" if _known(row, "best_epoch") else ""
    rivals = f"the best of {len(complete):,} complete trials"
    among = rivals if len(complete) > 1 else "the only complete trial"
    settings = [
        f"{short_label(d.name)} {value_in_words(row[d.name])}"
        for d in results.manifest.searched
        if d.name in row
    ]
    made_of = f" Its hyperparameters: {listed(settings)}." if settings else ""
    yield Finding("result", f"Trial {row['trial']} is {among}: {listed(values)}{at}.{made_of}")
    if len(complete) > TOP:
        middles = (complete[metrics[0]].head(TOP).median(), complete[metrics[0]].median())
        yield Finding(
            "note",
            f"The {TOP} best trials have a median {short_label(metrics[0])} of "
            f"{number(middles[0])}, all complete ones of {number(middles[1])}.",
        )


def unlike(results: StudyResults) -> Iterator[Finding]:
    """Why the metric may not rank the trials: they met other data, or it changed its meaning."""
    complete, metrics = results.complete, results.manifest.metrics
    moved = [
        dimension.name
        for dimension in results.manifest.searched
        if dimension.name in complete and complete[dimension.name].nunique() > 1
    ]
    data = [short_label(name) for name in moved if name in OF_DATA]
    if data:
        yield Finding(
            "warning",
            f"The trials differ in their data ({listed(data)}), so that their metrics do not "
            "compare: the best trial may only have had the easiest data.",
        )
    if "beta" in moved and any(metric.endswith("_loss") for metric in metrics):
        yield Finding(
            "warning",
            "The loss weighs the KL by beta, which was searched: losses at different beta do not "
            "compare.",
        )


def held_out(results: StudyResults) -> Iterator[Finding]:
    """The best trial's headline figures on the data that were furthest from training."""
    if results.best_trial is None:
        return
    row = results.trial(results.best_trial)
    parts = []
    for metric in HEADLINES:
        columns = [f"{split}_{metric}" for split in MOST_HELD_OUT]
        column = next((c for c in columns if _known(row, c)), None)
        if column is None or column in results.manifest.metrics:
            continue
        error = f" ± {number(row[f'{column}_se'])}" if _known(row, f"{column}_se") else ""
        of = f" {unit(column)}" if unit(column) else ""
        parts.append(f"{short_label(column)} {number(row[column])}{error}{of}")
    if parts:
        yield Finding("result", f"Evaluated with the weights of its best epoch: {listed(parts)}.")


def seed_noise(results: StudyResults) -> Iterator[Finding]:
    """What retraining under fresh seeds says of the winner, and of its lead."""
    configs = retrained(results)
    if not configs:
        return
    name, winner = short_label(results.manifest.metric), configs[0]
    spread = "" if math.isnan(winner.std) else f" and a standard deviation of {number(winner.std)}"
    interval = ""
    if winner.low is not None and winner.high is not None:
        interval = f" (95 % interval {number(winner.low)} to {number(winner.high)})"
    yield Finding(
        "result",
        f"Retrained under {count(winner.n_seeds, 'fresh seed')}, the configuration of trial "
        f"{winner.trial} has a mean {name} of {number(winner.mean)}{interval}{spread}; the search "
        f"had given {number(winner.searched)}.",
    )
    if len(configs) > 1:
        second = configs[1]
        noise = math.sqrt((winner.std**2 + second.std**2) / 2)
        rival = f"trial {second.trial}, retrained alike"
        yield from _lead(winner, second.mean - winner.mean, noise, rival)
    elif len(results.complete) > 1:
        first_two = results.complete[results.manifest.metric].head(2).tolist()
        rival = "the second best trial of the search"
        yield from _lead(winner, first_two[1] - first_two[0], winner.std, rival)


def _lead(winner: Retrained, gain: float, noise: float, rival: str) -> Iterator[Finding]:
    if math.isnan(noise):
        return
    over = f"The gain of trial {winner.trial} over {rival}, {number(gain)}"
    spread = f"the noise of the seeds, {number(noise)} (standard deviation)"
    if gain < noise:
        warning = "which of the two is better is not settled by one run of each"
        yield Finding("warning", f"{over}, is smaller than {spread}: {warning}.")
    else:
        yield Finding("note", f"{over}, is larger than {spread}.")


def edges(results: StudyResults) -> Iterator[Finding]:
    """Hyperparameters whose best value is at an end of what was searched."""
    complete = results.complete
    parts = []
    for dimension in results.manifest.searched:
        if dimension.name not in complete or complete[dimension.name].astype(str).nunique() < 2:
            continue
        sides = [edge_of(value, dimension) for value in complete[dimension.name].head(TOP)]
        if sides[0] is not None:
            parts.append(
                f"{short_label(dimension.name)} {value_in_words(complete[dimension.name].iloc[0])} "
                f"({sides[0]} edge of {dimension.span}, in {sides.count(sides[0])} of the "
                f"{len(sides)} best trials)"
            )
    if parts:
        yield Finding(
            "warning",
            f"The best trial is at the edge of what was searched: {listed(parts)}. Better "
            "values may lie beyond.",
        )


def edge_of(value: Any, dimension: Dimension) -> Literal["lower", "upper"] | None:
    """Which end of its range a value is at, if any; options without an order have no ends."""
    if dimension.kind == "choice":
        ordered = all(isinstance(option, int | float) for option in dimension.options)
        if not ordered or len(dimension.options) < 3:
            return None
        low, high = min(dimension.options), max(dimension.options)
        return "lower" if value == low else "upper" if value == high else None
    place, low, high = float(value), dimension.low, dimension.high
    if dimension.log:
        place, low, high = math.log(place), math.log(low), math.log(high)
    share = (place - low) / (high - low) if high > low else 0.5
    return "lower" if share <= EDGE else "upper" if share >= 1 - EDGE else None


def collapsed_latents(results: StudyResults) -> Iterator[Finding]:
    """Latents of the best trial that carry nothing."""
    if results.best_trial is None:
        return
    row = results.trial(results.best_trial)
    column = next((c for c in map(str, row.index) if c.endswith("active_units")), None)
    if column is not None and _known(row, column) and _known(row, "latent_dim"):
        active, latent = int(row[column]), int(row["latent_dim"])
        if active < latent:
            yield Finding(
                "warning",
                f"Of the {count(latent, 'latent dimension')} of the best trial "
                f"{latent - active} collapsed onto the prior and carry nothing; "
                f"{active} {'is' if active == 1 else 'are'} active.",
            )
    elif _known(row, "val_kl") and row["val_kl"] < NO_KL:
        text = f"The best trial's KL is {number(row['val_kl'])} nats a point: its latents all but "
        if _known(row, "eps_w") and row["eps_w"] < 1:
            text += (
                "collapsed onto the prior, and reconstruct only because eps_w = "
                f"{number(row['eps_w'])} shrinks their noise. Samples drawn from the prior are "
                "unlikely to look like the data."
            )
        else:
            text += "collapsed onto the prior and carry nothing."
        yield Finding("warning", text)


def _known(row: "pd.Series[Any]", column: str) -> bool:
    return column in row and not pd.isna(row[column])
