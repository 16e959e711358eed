"""A comparison on the terminal."""

import math
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.comparison import Comparison
from analysis.comparison.comparable import Level
from analysis.comparison.convergence import MEANING, RESAMPLES, WINDOW
from analysis.comparison.standing import TOP, Standing
from analysis.comparison.superiority import RESAMPLES as PAIR_RESAMPLES
from analysis.comparison.superiority import Estimate
from analysis.comparison.winners import shown
from analysis.words import duration, number
from study.record.columns import STATES

MARKS: dict[Level, tuple[str, str]] = {
    "differs": ("differs", "bold red"),
    "note": ("note", "yellow"),
    "same": ("same", "green"),
}
INTERVALS = (
    f"Brackets: 95 % intervals; from {PAIR_RESAMPLES} bootstrap resamples of each study's trials "
    "or seeds, and by Newcombe's method for the probabilities of single trials. Trials count as "
    "independent draws of their search, which those of TPE are only roughly."
)


def show(comparison: Comparison, console: Console) -> None:
    """Prints checks, standings, pairs, top trials, winners and, last, the findings."""
    console.print(_heading("Are the studies comparable?"))
    for check in comparison.checks:
        mark, style = MARKS[check.level]
        console.print(Text.assemble((f"{mark:>8} ", style), check.sentence), soft_wrap=False)
    for title, table in _tables(comparison):
        console.print(_heading(title))
        console.print(table)
    known = [own for own in comparison.standings if len(own.top)]
    if known:
        console.print(Text(INTERVALS, style="dim"))
        console.print(Text(MEANING.format(resamples=RESAMPLES, window=WINDOW), style="dim"))
    console.print(_heading("Findings"))
    for finding in comparison.findings or ("No study has a complete trial: nothing is ranked.",):
        console.print(Text(f"- {finding}"))


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _tables(comparison: Comparison) -> Iterator[tuple[str, Table]]:
    yield "Trials", _trials(comparison)
    if any(len(own.top) for own in comparison.standings):
        yield f"Results by {comparison.metric}, complete trials only", _results(comparison)
    if comparison.pairs:
        title = "One against the other (below 0 and above 1/2: the first is better)"
        yield title, _pairs(comparison)
    if any(own.reported for own in comparison.standings):
        yield "The best trial's figures on data it was not chosen by", _reported(comparison)
    if comparison.parameters and any(len(own.top) for own in comparison.standings):
        title = f"The winners: best trial's value, and the range of the top {TOP}"
        yield title, _winners(comparison)
    for own in comparison.standings:
        if len(own.top):
            yield f"Top {len(own.top)} of {own.name}", _top(own, comparison)


def _trials(comparison: Comparison) -> Table:
    states = [s for s in STATES if any(s in own.states for own in comparison.standings)]
    table = _table("study", "trials", *states, "epochs", "time of all")
    for own in comparison.standings:
        counts = [f"{own.states.get(state, 0):,}" for state in states]
        total = f"{sum(own.states.values()):,}"
        table.add_row(own.name, total, *counts, f"{own.epochs:,}", duration(own.seconds))
    return table


def _results(comparison: Comparison) -> Table:
    table = _table("study", "best", "by trial", "median", "retrained mean")
    for own, again in zip(comparison.standings, comparison.again, strict=True):
        mean = "-"
        if again is not None:
            mean = f"{_bracketed(Estimate(again.mean, again.low, again.high))}, {again.config}"
        best = "-" if own.best_trial is None else str(own.best_trial)
        table.add_row(own.name, _bracketed(Estimate(own.best)), best, _bracketed(own.median), mean)
    return table


def _pairs(comparison: Comparison) -> Table:
    table = _table("first", "against", "what", "value", left=3)
    for pair in comparison.pairs:
        equal = f"{pair.bests.n_trials:,} trials each, resampled"
        chance, gap = pair.retrained_chance, pair.retrained_difference
        rows = {
            "best less best": number(pair.bests.observed),
            f"best less best, {equal}": _bracketed(pair.bests.equal),
            f"P(best is lower), {equal}": _probability(Estimate(pair.bests.chance)),
            "median less median": _bracketed(pair.medians),
            "P(random complete trial is lower)": _probability(pair.trials),
        }
        if gap is not None and chance is not None:
            rows["mean over fresh seeds less mean"] = _bracketed(gap)
            rows["P(retraining is lower)"] = _probability(chance)
        for place, (what, value) in enumerate(rows.items()):
            names = (pair.first, pair.second) if place == 0 else ("", "")
            table.add_row(*names, what, value)
    return table


def _reported(comparison: Comparison) -> Table:
    known = [own for own in comparison.standings if len(own.top)]
    table = _table("figure", *(own.name for own in known))
    for figure in dict.fromkeys(name for own in known for name in own.reported):
        if not figure.endswith("_se"):
            table.add_row(figure, *(own.reported_with_error(figure) for own in known))
    return table


def _winners(comparison: Comparison) -> Table:
    table = _table("hyperparameter", *comparison.names)
    for parameter in comparison.parameters:
        style = "bold" if parameter.shared and parameter.apart else ""
        table.add_row(parameter.name, *map(str, parameter.choices), style=style)
    return table


def _top(own: Standing, comparison: Comparison) -> Table:
    names = [p.name for p in comparison.parameters if p.name in own.top]
    table = _table("trial", comparison.metric, "epochs", *names)
    for _, trial in own.top.iterrows():
        settings = [shown(trial[name]) for name in names]
        value = number(float(trial[comparison.metric]))
        table.add_row(str(trial["trial"]), value, f"{trial['epochs']:,}", *settings)
    return table


def _table(*names: str, left: int = 1) -> Table:
    """An empty table whose first `left` columns hold words."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, name in enumerate(names):
        table.add_column(name, justify="left" if place < left else "right", overflow="fold")
    return table


def _bracketed(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "-"
    if math.isnan(estimate.low):
        return number(estimate.value)
    low, high = (
        number(end) if math.isfinite(end) else "no bound" for end in (estimate.low, estimate.high)
    )
    return f"{number(estimate.value)} ({low} to {high})"


def _probability(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "-"
    interval = "" if math.isnan(estimate.low) else f" ({estimate.low:.2f} to {estimate.high:.2f})"
    return f"{estimate.value:.2f}{interval}"
