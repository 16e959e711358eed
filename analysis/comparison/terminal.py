"""A comparison on the terminal."""

import math
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from analysis.comparison import Comparison
from analysis.comparison.checks import Level
from analysis.comparison.convergence import meaning
from analysis.comparison.standing import TOP, Standing
from analysis.comparison.winners import shown
from analysis.words import duration, number, with_interval
from moons.layout import Table
from moons.terminal import show_table
from study.record.columns import STATES

MARKS: dict[Level, tuple[str, str]] = {
    "differs": ("differs", "bold red"),
    "note": ("note", "yellow"),
    "same": ("same", "green"),
}
CLOCKS = ("study", "training", "evaluation")
INTERVALS = (
    "Brackets: 95 % intervals. Differences of bests: Welch's over repetitions that differ by "
    "seed. Means over fresh seeds: the bootstrap's. Differences of best configurations: Welch's, "
    "for as many configurations as each was chosen among. p-values are corrected for the number of "
    "pairs (Holm)."
)


def show(comparison: Comparison, console: Console) -> None:
    """Prints checks, standings, pairs, top trials, winners and, last, the findings."""
    console.print(_heading("Are the studies comparable?"))
    for check in comparison.checks:
        mark, style = MARKS[check.level]
        console.print(Text.assemble((f"{mark:>8} ", style), check.sentence), soft_wrap=False)
    for title, table in _tables(comparison):
        console.print(_heading(title))
        show_table(console, table.rich())
    known = [own for own in comparison.standings if len(own.top)]
    if known:
        console.print(Text(INTERVALS, style="dim"))
        repeated = [len(search.members) for search in comparison.searches]
        console.print(Text(meaning(repeated), style="dim"))
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
        title = "One against the other (below 0: the first is better)"
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
    rows = [
        (
            own.name,
            f"{sum(own.states.values()):,}",
            *(f"{own.states.get(state, 0):,}" for state in states),
            f"{own.epochs:,}",
            *(duration(getattr(own.clocks, name, None)) for name in CLOCKS),
        )
        for own in comparison.standings
    ]
    return Table(("study", "trials", *states, "epochs", *CLOCKS), tuple(rows))


def _results(comparison: Comparison) -> Table:
    rows = []
    for own, again in zip(comparison.standings, comparison.again, strict=True):
        mean = "-"
        if again is not None:
            mean = f"{with_interval(again.mean, again.low, again.high)}, {again.config}"
        best = "-" if own.best_trial is None else str(own.best_trial)
        rows.append((own.name, _known(own.best), best, _known(own.median), mean))
    return Table(("study", "best", "by trial", "median", "retrained mean"), tuple(rows))


def _pairs(comparison: Comparison) -> Table:
    rows = []
    for pair in comparison.pairs:
        n = " and ".join(f"{n}" for n in pair.repetitions)
        gaps = {f"best {comparison.metric}, of {n} searches": pair.bests}
        if (again := pair.retrained) is not None:
            gaps[f"mean {again.figure} of the best configs, over {again.basis}"] = again
        for what, gap in gaps.items():
            found, p = gap.interval, "-" if math.isnan(gap.p) else f"{gap.p:.2g}"
            shown = with_interval(found.value, found.low, found.high)
            rows.append((pair.first, pair.second, what, shown, p))
    return Table(("first", "against", "what", "difference", "p"), tuple(rows), words=3)


def _reported(comparison: Comparison) -> Table:
    known = [own for own in comparison.standings if len(own.top)]
    figures = dict.fromkeys(name for own in known for name in own.reported)
    rows = [
        (figure, *(own.reported_with_error(figure) for own in known))
        for figure in figures
        if not figure.endswith("_se")
    ]
    return Table(("figure", *(own.name for own in known)), tuple(rows))


def _winners(comparison: Comparison) -> Table:
    rows = [(parameter.name, *map(str, parameter.choices)) for parameter in comparison.parameters]
    return Table(("hyperparameter", *comparison.names), tuple(rows))


def _top(own: Standing, comparison: Comparison) -> Table:
    names = [p.name for p in comparison.parameters if p.name in own.top]
    rows = [
        (
            str(trial["trial"]),
            number(float(trial[comparison.metric])),
            f"{trial['epochs']:,}",
            *(shown(trial[name]) for name in names),
        )
        for _, trial in own.top.iterrows()
    ]
    return Table(("trial", comparison.metric, "epochs", *names), tuple(rows))


def _known(value: float) -> str:
    return "-" if math.isnan(value) else number(value)
