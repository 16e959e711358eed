"""A comparison as one long table, a number a row: what `comparison.parquet` holds."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from study.record.columns import COMPARISON, types

if TYPE_CHECKING:
    from analysis.comparison import Comparison

COLUMNS = types(COMPARISON)

Row = dict[str, Any]


def as_table(comparison: "Comparison") -> pd.DataFrame:
    """Everything that was computed, in the columns of `study.record.columns.COMPARISON`."""
    rows = [
        *({"part": "finding", "text": text} for text in comparison.findings),
        *(
            {"part": "check", "quantity": check.what, "text": f"{check.level}: {check.sentence}"}
            for check in comparison.checks
        ),
        *_standings(comparison),
        *_pairs(comparison),
        *_retrained(comparison),
        *_winners(comparison),
    ]
    curves = comparison.curves.rename(columns={"spent": "quantity", "best": "value"})
    texts = dict.fromkeys((n for n, kind in COLUMNS.items() if kind == "string"), "object")
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(texts)
    if len(curves):
        curves = curves.assign(part="curve").reindex(columns=list(COLUMNS))
        table = pd.concat([table, curves.astype(texts)], ignore_index=True)
    return table.astype(COLUMNS)


def _standings(comparison: "Comparison") -> Iterator[Row]:
    metric = comparison.metric
    for own in comparison.standings:
        row = {"part": "study", "study": own.name}
        for state, n_trials in own.states.items():
            yield row | {"quantity": state, "value": n_trials}
        yield row | {"quantity": "epochs", "value": own.epochs}
        for clock in () if own.clocks is None else ("study", "training", "evaluation"):
            yield row | {"quantity": f"{clock} (s)", "value": getattr(own.clocks, clock)}
        if own.top.empty:
            continue
        yield row | {"quantity": "best_trial", "value": own.best_trial}
        yield row | {"quantity": f"best {metric}", "value": own.best}
        yield row | {"quantity": f"median {metric}", "value": own.median}
        for figure, value in own.reported.items():
            yield row | {"quantity": figure, "value": value, "text": "of the best trial"}
        settings = [parameter.name for parameter in comparison.parameters]
        for rank, (_, trial) in enumerate(own.top.iterrows(), start=1):
            for column in ["trial", metric, *(name for name in settings if name in own.top)]:
                yield {"part": "top", "study": own.name, "quantity": column, "x": rank} | _cell(
                    trial[column]
                )


def _pairs(comparison: "Comparison") -> Iterator[Row]:
    for pair in comparison.pairs:
        row = {"part": "pair", "study": pair.first, "against": pair.second}
        for what, gap in (("bests", pair.bests), ("retrained means", pair.retrained)):
            if gap is None:
                continue
            found = gap.interval
            ends = {"value": found.value, "low": found.low, "high": found.high}
            yield (
                row | {"quantity": f"difference of {what}, {gap.figure}", "text": gap.basis} | ends
            )
            yield row | {"quantity": f"p of no difference of {what}", "value": gap.p}


def _retrained(comparison: "Comparison") -> Iterator[Row]:
    for name, own in zip(comparison.names, comparison.again, strict=True):
        if own is None:
            continue
        row = {"part": "retrained", "study": name}
        yield row | {"quantity": "config", "text": own.config}
        mean = {"value": own.mean, "low": own.low, "high": own.high}
        yield row | {"quantity": f"mean {comparison.metric}"} | mean
        yield row | {"quantity": "luck", "value": own.luck}
        for place, value in enumerate(own.values, start=1):
            yield row | {"quantity": comparison.metric, "x": place, "value": value}


def _winners(comparison: "Comparison") -> Iterator[Row]:
    for parameter in comparison.parameters:
        for choice in parameter.choices:
            low, high = choice.span or (None, None)
            yield {
                "part": "winner",
                "study": choice.study,
                "quantity": parameter.name,
                "value": choice.top[0] if choice.span else None,
                "low": low,
                "high": high,
                "text": f"{choice.role}: {choice}",
            }


def _cell(value: Any) -> Row:
    try:
        return {"value": float(value)}
    except (TypeError, ValueError):
        return {"text": str(value)}
