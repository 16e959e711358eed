"""The ablation in words: `README.md` beside its table and figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.stats import Interval
from study.record.labels import label, unit
from tests.benchmarks.ablation.standing import Standing

HEAD = """# What the defaults of `study.run` are worth: `{space}`

Studies with the defaults ({default}) and with other choices, over {seeds} study seeds, each of
which draws data, proposals and training anew. Every study is given the same {budget:,} trained
epochs, all its trials together, whatever became of them; a trial trains {max_epochs:,} at most.
Trials run one after the other. `asha 4/10`: one trial in 4 passes a rung, the first at 10 epochs;
the rungs of `median 4/10` and `hyperband 4/10` are the same.
`ray's states`: Optuna hears that a stopped trial is complete with its last value, as from Ray's own
search; in all other arms it hears that the trial was pruned, with the values of its rungs.

Made by

```console
$ {command}
```

`ablation.parquet` has one row an arm, seed and number of epochs; `ablation.png` draws it.
"""
COLUMNS = "| arm | trials (complete) | {what} | less the default's | better on | Holm's p |"
RULE = "|---|---|---|---|---|---|"
READING = """## How to read it

Means over seeds with 95 % bootstrap intervals; less is better. Differences are paired by seed, and
p is of their t test, corrected for {others} arms. A seed without a value (no complete trial yet, or
a retraining that diverged) is left out of its arm's pairs. Trials, and the complete ones among
them, are means over seeds.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table of the page.

    Attributes:
        title: its heading.
        about: a sentence below it.
        what: the column that is compared, as `study.record.labels` names it.
        standings: the arms, the default first.
        trials: of each arm, trials over and trials complete, means over seeds.
    """

    title: str
    about: str
    what: str
    standings: tuple[Standing, ...]
    trials: dict[str, tuple[float, float]]


def write_page(head: str, sections: Sequence[Section]) -> str:
    """The page, in Markdown."""
    others = len(sections[0].standings) - 1
    parts = [head, *map(_section, sections), READING.format(others=others)]
    return "\n".join(parts)


def _section(section: Section) -> str:
    lines = [f"## {section.title}", "", section.about, ""]
    lines += [COLUMNS.format(what=label(section.what)), RULE]
    lines += [_row(standing, section) for standing in section.standings]
    return "\n".join([*lines, "", verdict(section.standings, unit(section.what)), ""])


def _row(standing: Standing, section: Section) -> str:
    over, complete = section.trials[standing.arm]
    cells = [standing.arm, f"{over:.0f} ({complete:.0f})", shown(standing.mean)]
    if standing is section.standings[0]:
        return f"| {' | '.join([*cells, 'the default', '', ''])} |"
    cells += [shown(standing.difference, signed=True), f"{standing.wins} of {standing.seeds}"]
    return f"| {' | '.join([*cells, f'{standing.p_holm:.2g}'])} |"


def shown(interval: Interval, signed: bool = False) -> str:
    """A mean and its interval with as many digits as the interval's width makes sense of."""
    width = interval.high - interval.low
    digits = next((d for d in range(12) if width * 10**d >= 20), 5)
    mean, low, high = (
        f"{value:{'+' if signed else ''}.{digits}f}"
        for value in (interval.value, interval.low, interval.high)
    )
    return f"{mean} [{low}, {high}]"


def verdict(standings: Sequence[Standing], unit: str) -> str:
    """Which arms are told apart from the default, and which are not."""
    default, *others = standings
    said = [
        f"{'Better' if s.difference.value < 0 else 'Worse'} than {default.arm}: {s.arm}, by "
        f"{shown(s.difference, signed=True)} {unit}."
        for s in others
        if s.told_apart
    ]
    if rest := [s.arm for s in others if not s.told_apart]:
        said.append(f"Not told apart from {default.arm}: {'; '.join(rest)}.")
    return " ".join(said)
