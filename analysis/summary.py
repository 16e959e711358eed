"""The tables of a report: few rows, rounded, in the order a reader wants them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.leaderboard import held_out, verdicts
from analysis.reruns import board_of, retrained
from analysis.words import number, value_in_words
from study.record.columns import SPLITS, STATES
from study.record.labels import METRIC_NAMES, SPLIT_NAMES, label, short_label
from study.record.manifest import Dimension
from study.record.measured import measured
from study.record.results import StudyResults

MOST_ROWS = 1000  # a browser sorts as many at once
TOP = 10


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of text; `note` says what is left out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def top_trials(results: StudyResults) -> Table:
    """The best complete trials."""
    return _trials_table(results, results.complete.head(TOP))


def all_trials(results: StudyResults) -> Table:
    """Complete trials, best first, then the others state by state."""
    order = {state: place for place, state in enumerate(STATES)}
    others = results.trials[~results.trials["trial"].isin(results.complete["trial"])]
    others = others.sort_values("trial").sort_values(
        "state", key=lambda states: states.map(order), kind="stable"
    )
    trials = pd.concat([results.complete, others]) if len(others) else results.complete
    left_out = len(trials) - MOST_ROWS
    note = f"{left_out:,} more trials are in trials.parquet." if left_out > 0 else ""
    return _trials_table(results, trials.head(MOST_ROWS), note)


def _trials_table(results: StudyResults, trials: pd.DataFrame, note: str = "") -> Table:
    wanted = ["trial", "state", "epochs", "best_epoch", *results.manifest.metrics]
    wanted += ["val_excess_nll", *(dimension.name for dimension in results.manifest.searched)]
    wanted += ["n_parameters", "train_s"]
    columns = [column for column in dict.fromkeys(wanted) if column in trials]
    columns = [column for column in columns if trials[column].notna().any() or column == "state"]
    names = {"train_s": "training (s)", "best_epoch": "best epoch"}
    headings = tuple(names.get(column, short_label(column)) for column in columns)
    rows = tuple(zip(*(_cells(trials[column]) for column in columns), strict=True))
    return Table(headings, rows, note)


def _cells(values: "pd.Series[Any]") -> list[str]:
    return [
        "-" if value is None or value is pd.NA or value != value else _cell(value)
        for value in values.tolist()
    ]


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else value_in_words(value)


def evaluation(results: StudyResults) -> Table | None:
    """Every evaluation figure of the best trial, a row a metric and a column a split."""
    if results.best_trial is None:
        return None
    figures = measured(results.trial(results.best_trial))
    splits = [split for split in SPLITS if any(figure.split == split for figure in figures)]
    cells: dict[str, dict[str, str]] = {}
    for figure in figures:
        error = "" if figure.error is None else f" ± {number(figure.error)}"
        floor = "" if figure.floor is None else f" (exact draws: {number(figure.floor)})"
        cells.setdefault(figure.metric, {})[figure.split] = f"{number(figure.value)}{error}{floor}"
    if not cells:
        return None
    rows = tuple(
        (METRIC_NAMES.get(metric, metric.replace("_", " ")), *(of.get(s, "-") for s in splits))
        for metric, of in cells.items()
    )
    notes = []
    if any(figure.error is not None for figure in figures):
        notes.append("± is one standard error.")
    if any(figure.floor is not None for figure in figures):
        notes.append("Exact draws are fresh data in the place of the model's samples.")
    headings = (SPLIT_NAMES[split].replace("-", " ") for split in splits)
    return Table(("metric", *headings), rows, " ".join(notes))


def baselines(results: StudyResults) -> Table | None:
    """Density estimates of the same kind on the same data, measured like a model."""
    rows = results.baselines
    if rows is None or rows.empty:
        return None
    rows = rows[rows["family"] == results.manifest.family]
    wanted = [f"{split}_excess_nll" for split in ("val", "test", "fresh")]
    columns = [c for c in (*wanted, "fresh_energy_distance") if c in rows]
    named = rows["baseline"].str.replace("_", " ")
    cells = zip(named, *(_cells(rows[column]) for column in columns), strict=True)
    return Table(("baseline", *map(label, columns)), tuple(cells))


def retrainings(results: StudyResults) -> Table | None:
    """The leaderboard: configurations under fresh seeds, best validation mean first."""
    board, metric = board_of(results), results.manifest.metric
    if board is None:
        return None
    spread = {config.config: config.std for config in retrained(results)}
    paired = verdicts(board, metric)
    rows = tuple(
        (
            row["config"],
            f"{row['seeds']}" + (f" ({row['lost']} lost)" if row["lost"] else ""),
            *_with_interval(row, metric),  # type: ignore[arg-type]
            _known(spread.get(row["config"])),
            _known(row["search_score"]),
            _known(row["optimism"]),
            "" if row["rank"] == 1 else str(against),
        )
        for row, against in zip(board.to_dict("records"), paired, strict=True)
    )
    columns = ("config", "seeds", "mean", "95 % interval", "std over seeds", "in the search")
    points = "the validation split that chose the configurations"
    if board["vary"].iloc[0] == "data":
        points = "validation splits of data that each seed drew anew"
    return Table(
        (*columns, "optimism", "against the first"),
        rows,
        f"The metric is {label(metric)}, on {points}. The interval is the bootstrap's, over seeds, "
        "and Student's for fewer than five; optimism is the mean less what the search had. Against "
        "the first: paired t-tests on the same seeds, Holm's correction over pairs.",
    )


def retrainings_held_out(results: StudyResults) -> Table | None:
    """The same retrainings by figures that chose nothing."""
    board = board_of(results)
    figures = () if board is None else held_out(board)
    if board is None or not figures:
        return None
    columns, cells = ["config"], [board["config"].tolist()]
    for figure in figures:
        found = [_with_interval(row, figure) for row in board.to_dict("records")]  # type: ignore[arg-type]
        said = ["", *map(str, verdicts(board, figure)[1:])]
        columns += [label(figure), "95 % interval", "against the first"]
        cells += [[mean for mean, _ in found], [ends for _, ends in found], said]
    return Table(
        tuple(columns),
        tuple(zip(*cells, strict=True)),
        "On points that neither trained nor chose anything; the first is the leaderboard's.",
    )


def _with_interval(row: dict[str, Any], figure: str) -> tuple[str, str]:
    low, high = row[f"{figure}_low"], row[f"{figure}_high"]
    return _known(row[figure]), "-" if pd.isna(low) else f"{number(low)} to {number(high)}"


def _known(value: float | None) -> str:
    return "-" if value is None or pd.isna(value) else number(value)


def search_space(results: StudyResults) -> Table:
    """What was searched, over which range, and the best trial's value."""
    best = None if results.best_trial is None else results.trial(results.best_trial)

    def row(dimension: Dimension) -> tuple[str, ...]:
        known = best is not None and dimension.name in best
        value = value_in_words(best[dimension.name]) if best is not None and known else "-"
        return (dimension.name, label(dimension.name), str(dimension), value)

    rows = [row(dimension) for dimension in results.manifest.searched]
    rows += [(name, label(name), "fixed", str(v)) for name, v in results.manifest.fixed.items()]
    return Table(("setting", "meaning", "range", "best trial"), tuple(rows))


def about(results: StudyResults) -> Table:
    """How the study was run, a setting a row."""
    manifest = results.manifest
    facts: dict[str, object] = {
        "search space": f"{manifest.space_name} ({manifest.space_hash})",
        "metric, minimised": ", ".join(manifest.metrics),
        "rungs": ", ".join(map(str, manifest.rungs)) or "none",
        "started": manifest.started,
        "ended": manifest.ended,
        "outcome": manifest.outcome,
    }
    for group in (manifest.options, manifest.git, manifest.machine, manifest.versions):
        facts |= {str(name): value for name, value in group.items() if name != "metric"}
    rows = tuple((name, "-" if v is None else _plain(v)) for name, v in facts.items())
    return Table(("what", "value"), rows)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)


def side_by_side(studies: Sequence[StudyResults]) -> Table:
    """The studies of a report, a row each."""
    rows = []
    for results in studies:
        complete, metric = results.complete, results.manifest.metric
        values = complete[metric]
        known = len(values) > 0
        rows.append(
            (
                results.manifest.name,
                results.manifest.space_name,
                metric,
                f"{len(results.trials):,}",
                f"{len(complete):,}",
                number(values.iloc[0]) if known else "-",
                number(values.head(5).median()) if known else "-",
                number(values.median()) if known else "-",
            )
        )
    metrics = {results.manifest.metric for results in studies}
    note = (
        ""
        if len(metrics) == 1
        else "The studies minimised different metrics: their values do not compare."
    )
    columns = (
        "study",
        "space",
        "metric",
        "trials",
        "complete",
        "best",
        "median of best 5",
        "median",
    )
    return Table(columns, tuple(rows), note)
