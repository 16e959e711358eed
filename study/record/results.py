"""A finished or running study, read back from its tables."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moons.checkpoint import WEIGHTS
from moons.files import is_folder
from moons.words import count
from study.record.columns import STATES, State, column_of
from study.record.damage import DamagedRecord, RecordError
from study.record.folder import StudyFolder
from study.record.lock import as_it_stands
from study.record.manifest import Manifest
from study.record.own_model import described, model_of_file, own_model
from study.record.stored import (
    EPOCH_COLUMNS,
    RERUN_COLUMNS,
    empty,
    one_curve,
    read_epochs,
    read_optional,
    read_trials,
)
from study.record.trial import Trial, UnknownTrial

if TYPE_CHECKING:  # pandas takes most of a second: the command lines' --help does without
    import pandas as pd

    from moons.models import VAE

SHOWN = 5  # trials in a notebook's table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyResults:
    """A study as its folder tells it.

    `results[17]` is trial 17, `results.best` the best one; `results.columns` says what is in the
    tables.

    Attributes:
        trials: one row a trial, in order of `trial`.
        epochs: one row an epoch of a trial, in order of both, a mean over replicates; empty where
            there is no table.
        reruns: one row a retraining; empty where nothing was retrained.
        audited: one row a pruned trial that was trained on; None where none was.
        baselines: density estimates on the same data; None where none were fitted.
        confirmed: number of the trial whose config has the best mean over fresh seeds, in a study
            that was confirmed; None in others.
        notes: sentences about tables that are missing, empty or damaged.
        model_class: of a model of somebody's own, where its file was given.
    """

    folder: StudyFolder
    manifest: Manifest
    trials: "pd.DataFrame"
    epochs: "pd.DataFrame"
    reruns: "pd.DataFrame" = field(default_factory=lambda: empty(RERUN_COLUMNS))
    audited: "pd.DataFrame | None" = None
    baselines: "pd.DataFrame | None" = None
    confirmed: int | None = None
    notes: tuple[str, ...] = ()
    model_class: "type[VAE] | None" = None

    def __repr__(self) -> str:
        """Short: the tables are there to be looked at one by one."""
        return f"StudyResults({self.folder.shown}: {count(len(self.trials), 'trial')})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the states, and the best trials with what was searched."""
        states = self.trials["state"].value_counts()
        parts = ", ".join(f"{states[state]} {state}" for state in STATES if state in states)
        searched = [d.name for d in self.manifest.searched if d.name in self.trials]
        shown = ["trial", *self.manifest.metrics, "epochs", *searched]
        best = self.complete.head(SHOWN)[list(dict.fromkeys(shown))]
        said = f"{self.folder.shown}: {count(len(self.trials), 'trial')} ({parts or 'none'})"
        table = best.to_html(index=False, border=0, float_format=lambda value: f"{value:.4g}")
        return f"<p>{escape(said)}</p>{table}"

    def __len__(self) -> int:
        return len(self.trials)

    def __iter__(self) -> Iterator[Trial]:
        return (self[number] for number in self.trials["trial"])

    def __getitem__(self, number: int) -> Trial:
        """The trial of that number.

        Raises:
            UnknownTrial: there is none; says which there are.
        """
        row, epochs = self.trial(number), self.epochs
        number = int(row["trial"])
        curve = epochs[epochs["trial"] == number].reset_index(drop=True)
        space = self.manifest.space
        unknown = own_model(space) is not None and self.model_class is None
        return Trial(
            number=number,
            row=row,
            epochs=curve,
            folder=self.folder.checkpoint(number),
            model_class=self.model_class,
            lacks=described(space) if unknown else None,
        )

    @property
    def best(self) -> Trial:
        """The trial of `best_trial`.

        Raises:
            UnknownTrial: no trial is complete.
        """
        number = self.best_trial
        if number is None:
            raise UnknownTrial(f"{self.folder.shown} has no complete trial, so none is the best")
        return self[number]

    @property
    def columns(self) -> "pd.DataFrame":
        """What is in the tables: a row a column, with its type, its unit and what it holds."""
        import pandas as pd

        tables = {"trials": self.trials, "epochs": self.epochs, "reruns": self.reruns}
        known = [
            (table, name, column.kind, column.unit, column.better, column.what or column.label)
            for table, rows in tables.items()
            for name in rows
            for column in [column_of(str(name))]
        ]
        return pd.DataFrame(known, columns=["table", "column", "type", "unit", "better", "what"])

    def in_state(self, *states: State) -> "pd.DataFrame":
        """The trials in any of these states."""
        return self.trials[self.trials["state"].isin(states)]

    @property
    def complete(self) -> "pd.DataFrame":
        """Complete trials whose metrics are known, best first: the only ones that are ranked."""
        metrics = list(self.manifest.metrics)
        known = self.in_state("complete").dropna(subset=metrics)
        return known.sort_values([*metrics, "trial"], kind="stable")

    @property
    def best_trial(self) -> int | None:
        """Number of the confirmed trial, else of the winner; None where no trial is complete."""
        return self.winner if self.confirmed is None else self.confirmed

    @property
    def winner(self) -> int | None:
        """Number of the complete trial with the least metric, which has luck as well as quality."""
        complete = self.complete
        return int(complete["trial"].iloc[0]) if len(complete) else None

    def trial(self, number: int) -> "pd.Series[Any]":
        """One trial's row.

        Raises:
            UnknownTrial: there is no such trial.
        """
        rows = self.trials[self.trials["trial"] == number]
        if rows.empty:
            numbers = self.trials["trial"]
            allowed = f"{numbers.min()} to {numbers.max()}" if len(numbers) else "none yet"
            raise UnknownTrial(f"{self.folder.shown} has no trial {number}; its trials: {allowed}")
        return rows.iloc[0]

    @property
    def curve_metric(self) -> str:
        """The metric where every epoch has it, else `val_mse`, which every epoch has."""
        metric = self.manifest.metric
        return metric if metric in self.epochs.columns else "val_mse"


def read_results(path: Path | str, model: "Path | str | type[VAE] | None" = None) -> StudyResults:
    """Reads a study's folder.

    Args:
        path: the folder.
        model: a model of somebody's own: its class, or its file, which is then run.

    Raises:
        RecordError: `path` is not a study's folder, or the file not that of its model.
        DamagedRecord: the manifest or `trials.parquet` is missing or damaged, which is named.
    """
    path = Path(path)
    folder = StudyFolder(path)
    if not is_folder(path):
        raise RecordError(f"{path} is not a folder: name one that a study left, results/<study>")
    if not folder.single and not os.path.lexists(folder.manifest):
        raise RecordError(f"{path} is not a study's folder: it holds no {folder.manifest.name}")
    manifest = as_it_stands(Manifest.read(folder.manifest), folder.lock)
    own = Path(model) if isinstance(model, str) else model
    model_class = model_of_file(manifest, own, path) if isinstance(own, Path) else own
    trials = read_trials(folder, manifest)
    unknown = sorted(map(str, set(trials["state"]) - set(STATES)))
    if unknown:
        raise DamagedRecord(
            f"{folder.trials}: state must be one of {', '.join(STATES)}, got {', '.join(unknown)}"
        )
    notes = [] if len(trials) else [f"{folder.trials.name} has no rows: no trial was recorded."]
    epochs, note = read_epochs(folder)
    if epochs is None:
        notes.append(note or f"{folder.epochs.name} is missing: there are no learning curves.")
        epochs = empty(EPOCH_COLUMNS)
    reruns, reruns_note = read_optional(folder.reruns, RERUN_COLUMNS, folder)
    audited, audit_note = read_optional(folder.audit, (*RERUN_COLUMNS, "rungs"), folder)
    if audited is not None and "rungs" not in trials:
        audited, audit_note = None, f"{folder.trials.name} has no rungs: the audit is left out."
    baselines, baselines_note = read_optional(folder.baselines, ("baseline", "family"), folder)
    board, board_note = read_optional(folder.leaderboard, ("rank", "trial", "vary"), folder)
    optional = (reruns_note, audit_note, baselines_note, board_note)
    return StudyResults(
        folder=folder,
        manifest=manifest,
        trials=trials.sort_values("trial", ignore_index=True),
        epochs=one_curve(epochs).sort_values(["trial", "epoch"], ignore_index=True),
        reruns=empty(RERUN_COLUMNS) if reruns is None else reruns,
        audited=audited,
        baselines=baselines,
        confirmed=None if board is None else _confirmed(board, trials),
        notes=(
            *notes,
            *filter(None, (*optional, _lost_weights(folder, trials))),
        ),
        model_class=model_class,
    )


def _confirmed(board: "pd.DataFrame", trials: "pd.DataFrame") -> int | None:
    """The first of the leaderboard whose retrainings validated on points of their own."""
    complete = trials.loc[trials["state"] == "complete", "trial"]
    first = board[(board["vary"] == "split") & (board["rank"] == 1) & board["trial"].isin(complete)]
    return int(first["trial"].iloc[0]) if len(first) else None


def _lost_weights(folder: StudyFolder, trials: "pd.DataFrame") -> str:
    """Says that weights are missing; not of a folder that was published without its record."""
    complete = trials.loc[trials["state"] == "complete", "trial"]
    lost = [n for n in complete if not (folder.checkpoint(n) / WEIGHTS).is_file()]
    if not lost or not folder.journal.exists():
        return ""
    of = f"{folder.checkpoints.name}/{lost[0]}/{WEIGHTS}"
    return f"{count(len(lost), 'complete trial')} without weights: {of} is missing."
