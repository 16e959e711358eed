"""What the best configuration is, and whether its lead can be trusted."""

import math
from collections.abc import Iterator
from typing import Any, Literal

import pandas as pd

from analysis.findings.advice import by_metric, go_on, other_range, retrain, toward_density
from analysis.findings.finding import Finding, warning
from analysis.leaderboard import basis_in_words, deciding, held_out, verdicts
from analysis.reruns import Retrained, board_of, fresh_reruns, retrained
from analysis.words import alike, count, ends, listed, number, state_counts, value_in_words
from study.record.configs import distinct_configs
from study.record.labels import short_label
from study.record.manifest import Dimension
from study.record.results import StudyResults

EDGE = 0.02  # of a range: nearer to its end counts as at the end
TOP = 5
OF_DATA = ("n_samples", "noise", "data_seed")
LATENT_NOISE = ("eps_w", "beta")  # less of either rebuilds better, whatever is drawn


def best(results: StudyResults) -> Iterator[Finding]:
    """The best complete trial, its metric and hyperparameters; how the top five compare."""
    complete, metrics = results.complete, results.manifest.metrics
    if complete.empty:
        text = f"No trial is complete, so there is no best one: {state_counts(results)}."
        yield warning(text, go_on(results))
        return
    row = complete.iloc[0]
    values = [f"{short_label(metric)} {number(row[metric])}" for metric in metrics]
    known = "best_epoch" in row and not pd.isna(row["best_epoch"])
    at = f" at epoch {row['best_epoch']:,}" if known else ""
    rivals = f"the best of {len(complete):,} complete trials"
    among = rivals if len(complete) > 1 else "the only complete trial"
    settings = [
        f"{short_label(d.name)} {value_in_words(row[d.name])}"
        for d in results.manifest.searched
        if d.name in row
    ]
    made_of = f" Its hyperparameters: {listed(settings)}." if settings else ""
    yield Finding("result", f"Trial {row['trial']} is {among}: {listed(values)}{at}.{made_of}")
    configs = distinct_configs(complete, metrics[0])
    if len(configs) > TOP:
        middles = (configs[metrics[0]].head(TOP).median(), complete[metrics[0]].median())
        yield Finding(
            "note",
            f"The {TOP} best configurations have a median {short_label(metrics[0])} of "
            f"{number(middles[0])}, all complete trials of {number(middles[1])}.",
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
        yield warning(
            f"The trials differ in their data ({listed(data)}), so that their metrics do not "
            "compare: the best trial may only have had the easiest data.",
            f"`python -m analysis.figures {results.folder.shown} --only interaction` shows them "
            "data by data.",
        )
    if "beta" in moved and any(metric.endswith("_loss") for metric in metrics):
        yield warning(
            "The loss weighs the KL by beta, which was searched: losses at different beta do not "
            "compare.",
            by_metric(results, "val_excess_nll"),
        )


def seed_noise(results: StudyResults) -> Iterator[Finding]:
    """What retraining under fresh seeds says of the winner, and of its lead."""
    configs = retrained(results)
    if not configs:
        return
    name, winner = short_label(results.manifest.metric), configs[0]
    mean, *half = alike((winner.high - winner.low) / 2, winner.mean, winner.std)
    spread = "" if math.isnan(winner.std) else f" and a standard deviation of {half[0]}"
    interval = "" if math.isnan(winner.low) else f" (95 % interval {ends(winner.low, winner.high)})"
    gave = (
        "" if math.isnan(winner.searched) else f"; the search had given {number(winner.searched)}"
    )
    fresh = fresh_reruns(results)
    drawn = "init" if fresh is None else str(fresh["vary"].iloc[0])
    data = {"data": ", each with new data", "split": ", each validated on other points"}.get(
        drawn, ""
    )
    yield Finding(
        "result",
        f"Retrained under {count(winner.n_seeds, 'fresh seed')}{data}, the configuration of "
        f"{winner.config} has a mean {name} of {mean}{interval}{spread}{gave}.",
    )
    more = retrain(results, max(20, 2 * winner.n_seeds))
    if len(configs) > 1:
        second = configs[1]
        noise = math.sqrt((winner.std**2 + second.std**2) / 2)
        rival = f"{second.config}, retrained alike"
        gain = second.mean - winner.mean  # below 0 where the second lost seeds
        # Of a larger one, and of two that are told apart, `ties` says more.
        if 0 < gain < noise and not _told(results, second.config):
            yield from _lead(winner, gain, noise, rival, more)
    elif len(results.complete) > 1:
        first_two = distinct_configs(results.complete, results.manifest.metric).head(2)
        gain = first_two[results.manifest.metric].diff().iloc[-1]
        rival = "the second best configuration of the search"
        if len(first_two) > 1:
            yield from _lead(winner, float(gain), winner.std, rival, more)


def ties(results: StudyResults) -> Iterator[Finding]:
    """Which configurations fresh seeds tell from the first of the leaderboard."""
    board = board_of(results)
    if board is None or len(board) < 2:
        return
    metric = results.manifest.metric
    decides = deciding(board, metric)
    if said := _told_apart(board, decides):
        beaten = all(against.word == "worse" for against in verdicts(board, decides)[1:])
        text = f"On fresh seeds, by {said}."
        more = retrain(results, 2 * int(board["seeds"].max()))
        yield Finding("result", text) if beaten else warning(text, more)
    figures = list(dict.fromkeys((metric, *held_out(board))))
    for figure in figures:
        if figure != decides and (said := _told_apart(board, figure)):
            yield Finding("result", f"The same trainings, by {said}.")
    given = [f for f in figures if board[f"{f}_basis"].iloc[0] == "points as given"]
    if given:
        yield Finding(
            "note",
            f"By {listed([short_label(figure) for figure in given])} no configuration is called "
            "better or worse: all meet the same points, whose luck does not average out over "
            "seeds, and the losses of single points are not on record. Retraining records them.",
        )


def _told(results: StudyResults, config: str) -> bool:
    """Whether the figure that decides tells the configuration from the first."""
    board = board_of(results)
    if board is None:
        return False
    said = dict(
        zip(board["config"], verdicts(board, deciding(board, results.manifest.metric)), strict=True)
    )
    return said[config].word in ("worse", "better")


def _told_apart(board: "pd.DataFrame", figure: str) -> str:
    first, *others = board["config"]
    words = {"tie": "is not told from", "worse": "is better than", "better": "is worse than"}
    groups: dict[str, list[str]] = {}
    for config, paired in zip(others, verdicts(board, figure)[1:], strict=True):
        if paired.word is not None:
            groups.setdefault(words[paired.word], []).append(config)
    said = [
        f"{how} {listed(configs[:TOP])}"
        + (f" and {len(configs) - TOP} more" if len(configs) > TOP else "")
        for how, configs in groups.items()
    ]
    over = basis_in_words(board, figure)
    method = f"t tests paired by seed, over {over}; Holm's correction over all pairs, level 5 %"
    return f"{short_label(figure)}, {first} {listed(said)} ({method})" if said else ""


def _lead(
    winner: Retrained, gain: float, noise: float, rival: str, advice: str
) -> Iterator[Finding]:
    if math.isnan(noise):
        return
    shown, scatter = alike(noise, gain, noise)
    over = f"The gain of {winner.config} over {rival}, {shown}"
    spread = f"the noise of the seeds, {scatter} (standard deviation)"
    if gain < noise:
        unsettled = "which of the two is better is not settled by one run of each"
        yield warning(f"{over}, is smaller than {spread}: {unsettled}.", advice)
    else:
        yield Finding("note", f"{over}, is larger than {spread}.")


def edges(results: StudyResults) -> Iterator[Finding]:
    """Hyperparameters whose best value is at an end of what was searched."""
    complete = results.complete
    configs = distinct_configs(complete, results.manifest.metric)
    beyond: list[str] = []
    away: list[str] = []
    for dimension in results.manifest.searched:
        if dimension.name in OF_DATA:  # the best at an end had the easiest data
            continue
        if dimension.name not in complete or complete[dimension.name].astype(str).nunique() < 2:
            continue
        sides = [edge_of(value, dimension) for value in configs[dimension.name].head(TOP)]
        if sides[0] is not None:
            by_noise = dimension.name in LATENT_NOISE and sides[0] == "lower"
            parts = away if by_noise and results.manifest.metric.endswith("_mse") else beyond
            parts.append(
                f"{short_label(dimension.name)} {value_in_words(complete[dimension.name].iloc[0])} "
                f"({sides[0]} edge of {dimension.span}, in {sides.count(sides[0])} of the "
                f"{count(len(sides), 'best configuration')})"
            )
    if beyond:
        yield warning(
            f"The best trial is at the edge of what was searched: {listed(beyond)}. Better "
            "values may lie beyond.",
            other_range(results),
        )
    if away:
        yield warning(
            f"The best trial is at the edge of what was searched: {listed(away)}. A smaller value "
            "reconstructs better and leads away from samples that look like the data, so that "
            "there is nothing to be found beyond.",
            toward_density(results),
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
