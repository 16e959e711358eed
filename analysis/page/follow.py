"""What a study's record says from moment to moment: only what was appended is read again."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.page.answer import answer, linked_findings, meta_line
from analysis.page.columns import Column, columns_of, rows_of, short
from analysis.page.model import model_payload
from analysis.page.payload import CURVES, MANY, about_study, as_json, kept_epochs, rungs_of
from analysis.page.write import detail_tables, numbers_of, palette, render
from study.record.clocks import Clocks
from study.record.columns import TRIALS
from study.record.folder import StudyFolder
from study.record.lock import as_it_stands
from study.record.manifest import Manifest
from study.record.results import StudyResults, read_results
from study.record.tables import flat_config, typed

# Optuna's journal: what an operation does, by its code.
CREATE, INTERMEDIATE, USER_ATTR = 4, 7, 8


class Tail:
    """The whole lines that a file has got since it was last looked at."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0

    def lines(self) -> list[dict[str, Any]]:
        """The new ones; a line that cannot be read is left out: watching repairs nothing."""
        if not self._path.is_file():
            return []
        with self._path.open("rb") as file:
            file.seek(self._at)
            content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._at += len(whole)
        return [found for line in whole.splitlines() if (found := _object(line)) is not None]


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class Follower:
    """One reader of one study; `news` is what the page has to be told."""

    def __init__(self, path: Path) -> None:
        self.folder = StudyFolder(path)
        self._begin()

    def _begin(self) -> None:
        self._journal, self._curves = Tail(self.folder.journal), Tail(self.folder.curves)
        self._attrs: list[dict[str, Any]] = []
        self._epochs: dict[int, int] = {}
        self._columns: tuple[Column, ...] = ()
        self._known = self._best = -1
        self._complete: dict[int, tuple[float, ...]] = {}  # their metrics, by number
        self._ended: str | None = None
        self._state = ""

    def news(self) -> dict[str, Any] | None:
        """A message for the page, or None where nothing has happened."""
        manifest = as_it_stands(Manifest.read(self.folder.manifest), self.folder.lock)
        if manifest.ended and manifest.ended != self._ended and self.folder.trials.is_file():
            self._ended = manifest.ended
            return self._whole()
        if manifest.ended:
            return None
        if self._ended is not None:  # it goes on
            self._begin()
        changed, curves = self._read(manifest)
        first = not self._columns
        if manifest.outcome != self._state:
            self._state, changed = manifest.outcome, set(range(len(self._attrs)))
        elif not (changed or curves or first):
            return None
        return self._part(manifest, changed, curves, first)

    def _read(self, manifest: Manifest) -> tuple[set[int], dict[int, dict[str, list[Any]]]]:
        changed = set()
        for operation in self._journal.lines():
            code = operation.get("op_code")
            if code == CREATE:
                self._attrs.append({"rungs": {}} | operation.get("user_attrs", {}))
            elif code in (INTERMEDIATE, USER_ATTR) and operation["trial_id"] < len(self._attrs):
                number, attrs = operation["trial_id"], self._attrs[operation["trial_id"]]
                if code == USER_ATTR:
                    attrs |= operation["user_attr"]
                else:
                    attrs["rungs"][str(operation["step"])] = operation["intermediate_value"]
                changed.add(number)
        names = self._names(manifest)
        curves: dict[int, dict[str, list[Any]]] = {}
        for block in self._curves.lines():
            if block.get("replicate") != 0 or names[0] not in block:
                continue
            trial, first = block["trial"], block["first_epoch"]
            at = np.arange(first, first + len(block[names[0]]))
            values = np.array(block[names[0]], dtype=np.float64)
            kept = kept_epochs(at, values, manifest.rungs)
            curve = curves.setdefault(trial, {name: [] for name in ("epoch", *names)})
            curve["epoch"] += at[kept].tolist()
            for name in names:
                of = np.array(block[name], dtype=np.float64)[kept]
                curve[name] += [short(value) for value in of.tolist()]
            self._epochs[trial] = max(int(at[-1]), self._epochs.get(trial, 0))
            changed.add(trial)
        return changed, curves

    def _names(self, manifest: Manifest) -> list[str]:
        metric = manifest.metric if manifest.metric in CURVES else CURVES[0]
        names = list(dict.fromkeys((metric, *CURVES)))
        return names[:1] if manifest.n_trials > MANY else names

    def _rows(self, numbers: Sequence[int]) -> pd.DataFrame:
        rows = []
        for number in numbers:
            attrs = self._attrs[number] if number < len(self._attrs) else {}
            if not {"slot", "seed", "config"} <= set(attrs):
                continue  # it waits, or is a warm start's history
            row: dict[str, Any] = {"trial": number, "state": "running"}
            row |= {"epochs": self._epochs.get(number, 0)}
            row |= {"seed": attrs["seed"], "slot": attrs["slot"]} | flat_config(attrs["config"])
            row |= attrs.get("outcome", {})
            row["rungs"] = json.dumps(attrs["rungs"]) if attrs["rungs"] else None
            rows.append(row)
        return typed(rows, TRIALS)

    def _part(
        self, manifest: Manifest, changed: set[int], curves: dict[int, Any], first: bool
    ) -> dict[str, Any]:
        complete = self._complete
        for number in changed:
            outcome = self._attrs[number].get("outcome", {}) if number < len(self._attrs) else {}
            if outcome.get("state") == "complete":
                found = (outcome.get(name) for name in manifest.metrics)
                complete[number] = tuple(math.inf if v is None else float(v) for v in found)
        message: dict[str, Any] = {"append": not first, "curves": curves}
        message["state"] = manifest.outcome
        if first or len(complete) >= 2 * max(1, self._known):  # what was measured may be new
            changed, self._known = set(range(len(self._attrs))), len(complete)
            self._columns = columns_of(manifest, self._rows(sorted(changed)))
            about = {"curves": self._names(manifest), "palette": palette()}
            message |= {"columns": as_json(self._columns), "about": about_study(manifest) | about}
        trials = self._rows(sorted(changed))
        message["rows"] = rows_of(trials, self._columns, manifest.metric)
        message["rungs"] = rungs_of(trials)
        best = min(complete, key=lambda number: (complete[number], number), default=None)
        so_far = self._results(manifest, self._rows([] if best is None else [best]))
        done = sum(_state(attrs) != "running" for attrs in self._attrs)
        counts = f"{done:,} of {manifest.n_trials:,} trials ended, {len(complete):,} complete"
        message["html"] = {"meta": f"space {manifest.space_name} · {counts}"}
        if first or so_far.best_trial is not None:
            message["html"]["answer"] = render(
                "answer.html.j2", answer=answer(so_far, len(complete))
            )
        message |= self._model(so_far)
        return message

    def _results(self, manifest: Manifest, trials: pd.DataFrame) -> StudyResults:
        return StudyResults(
            folder=self.folder, manifest=manifest, trials=trials, epochs=pd.DataFrame()
        )

    def _model(self, results: StudyResults) -> dict[str, Any]:
        if results.best_trial is None or results.best_trial == self._best:
            return {}
        try:
            payload = model_payload(results)
        except ValueError as error:
            return {"no_model": str(error)}
        self._best = results.best_trial
        return {"model": payload}

    def _whole(self) -> dict[str, Any]:
        """All of a study that has ended, as its own page has it."""
        results = read_results(self.folder.path)
        self._best = -1
        html = {
            "meta": meta_line(results),
            "answer": render("answer.html.j2", answer=answer(results)),
            "findings": render("findings.html.j2", findings=linked_findings(results)),
            "tables": render("tables.html.j2", tables=detail_tables(results)),
        }
        return numbers_of(results) | self._model(results) | {"html": html, "state": "ended"}


def _state(attrs: dict[str, Any]) -> str:
    return str(attrs.get("outcome", {}).get("state", "running"))


def standing(path: Path) -> dict[str, Any]:
    """One line of the index: name, space, state, trials, best, seconds and the best so far.

    Raises:
        RecordError: the study cannot be read.
    """
    folder = StudyFolder(path)
    manifest = as_it_stands(Manifest.read(folder.manifest), folder.lock)
    line = {"name": manifest.name, "space": manifest.space_name, "state": manifest.outcome}
    line |= {"metric": manifest.metric, "started": (manifest.started or "")[:16].replace("T", " ")}
    if manifest.ended and folder.trials.is_file():
        trials = read_results(path).trials
    else:
        follower = Follower(path)
        follower._read(manifest)
        trials = follower._rows(range(len(follower._attrs)))
    complete = trials[trials["state"] == "complete"].dropna(subset=[manifest.metric])
    values = complete.sort_values("end_s")[manifest.metric].cummin().tolist()
    ended = int((trials["state"] != "running").sum())
    clocks = Clocks.of(trials, manifest)
    return line | {
        "trials": f"{ended:,} of {manifest.n_trials:,}",
        "best": short(values[-1]) if values else None,
        "seconds": None if clocks is None else round(clocks.study, 1),
        "spark": [short(value) for value in values],
    }
