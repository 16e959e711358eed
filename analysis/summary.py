"""The tables of a report: few rows, rounded, in the order a reader wants them."""

import pandas as pd

from analysis.board_tables import board_table, held_out_table
from analysis.reruns import board_of
from analysis.words import duration, value_in_words, with_error
from moons.column import SPLITS
from moons.layout import Table
from study.record.clocks import MEANS, Clocks
from study.record.configs import distinct_configs
from study.record.labels import label, metric_label, short_label
from study.record.manifest import Dimension
from study.record.measured import error_of, measured
from study.record.results import StudyResults

# Fresh points stand in for the exact figure in tables older than that.
BASELINE_SPLITS = ("val", "test", "exact", "fresh")
TOP = 10


def top_trials(results: StudyResults) -> Table:
    """The best configs, each by its best complete trial."""
    best = distinct_configs(results.complete, results.manifest.metric).head(TOP)
    return _trials_table(results, best)


def _trials_table(results: StudyResults, trials: pd.DataFrame) -> Table:
    wanted = ["trial", "state", "epochs", "best_epoch", *results.manifest.metrics]
    wanted += ["val_excess_nll", *(dimension.name for dimension in results.manifest.searched)]
    wanted += ["n_parameters", "train_s"]
    if "trials_of_config" in trials and (trials["trials_of_config"] > 1).any():
        wanted.insert(1, "trials_of_config")
    columns = [column for column in dict.fromkeys(wanted) if column in trials]
    columns = [column for column in columns if trials[column].notna().any() or column == "state"]
    names = {"train_s": "training (s)", "best_epoch": "best epoch"}
    headings = tuple(names.get(column, short_label(column)) for column in columns)
    rows = tuple(zip(*(_cells(trials, column) for column in columns), strict=True))
    return Table(headings, rows)


def _cells(rows: pd.DataFrame, column: str) -> list[str]:
    errors = [error_of(row, column) for _, row in rows.iterrows()]
    return [_cell(*pair) for pair in zip(rows[column].tolist(), errors, strict=True)]


def _cell(value: object, error: float | None) -> str:
    if value is None or value is pd.NA or value != value:
        return "-"
    if isinstance(value, float) and error is not None:
        return with_error(value, error)
    return f"{value:,}" if isinstance(value, int) else value_in_words(value)


def evaluation(results: StudyResults) -> Table | None:
    """Every evaluation figure of the best trial, a row a metric and a column a split."""
    if results.best_trial is None:
        return None
    figures = measured(results.trial(results.best_trial))
    splits = [split for split in SPLITS if any(figure.split == split for figure in figures)]
    cells: dict[str, dict[str, str]] = {}
    for figure in figures:
        floor = f" (exact draws: {figure.floor_words})" if figure.floor_words else ""
        shown = figure.words + floor
        cells.setdefault(figure.metric, {})[figure.split] = shown
    if not cells:
        return None
    rows = tuple(
        (metric_label(metric), *(of.get(s, "-") for s in splits)) for metric, of in cells.items()
    )
    notes = []
    if any(figure.error is not None for figure in figures):
        notes.append("± is one standard error.")
    if any(figure.floor is not None for figure in figures):
        notes.append("Exact draws are fresh data in the place of the model's samples.")
    headings = (SPLITS[split].replace("-", " ") for split in splits)
    return Table(("metric", *headings), rows, " ".join(notes))


def baselines(results: StudyResults) -> Table | None:
    """Density estimates of the same kind on the same data, measured like a model."""
    rows = results.baselines
    if rows is None or rows.empty:
        return None
    rows = rows[rows["family"] == results.manifest.family]
    excess = [c for c in (f"{split}_excess_nll" for split in BASELINE_SPLITS) if c in rows]
    beside = ("exact_excess_nll_seed_std", "fresh_energy_distance")
    columns = [*excess[:3], *(c for c in beside if c in rows)]
    named = rows["baseline"].str.replace("_", " ").replace("two arcs", "two arcs, the true family")
    cells = zip(named, *(_cells(rows, column) for column in columns), strict=True)
    return Table(("baseline", *map(label, columns)), tuple(cells))


def retrainings(results: StudyResults) -> Table | None:
    """The leaderboard: configurations under fresh seeds, best validation mean first."""
    board = board_of(results)
    return None if board is None else board_table(board, results.manifest.metric)


def retrainings_held_out(results: StudyResults) -> Table | None:
    """The same retrainings by figures that chose nothing."""
    board = board_of(results)
    return None if board is None else held_out_table(board)


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
    clocks = Clocks.of(results.trials, manifest)
    if clocks is not None:
        names = [name for name in MEANS if name != "report"]
        facts |= {f"{name}: {MEANS[name]}": duration(getattr(clocks, name)) for name in names}
    for group in (manifest.options, manifest.git, manifest.machine, manifest.versions):
        facts |= {str(name): value for name, value in group.items() if name != "metric"}
    rows = tuple((name, "-" if v is None else _plain(v)) for name, v in facts.items())
    return Table(("what", "value"), rows)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)
