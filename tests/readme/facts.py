"""Every number in README's results, from the tables of `results/reference` alone."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.budget import comparisons
from analysis.importance import LEAST, importance
from analysis.reruns import board_of
from analysis.stats import Interval, spearman_interval
from study.record.results import StudyResults, read_results
from tests.conftest import ROOT

REFERENCE = ROOT / "results" / "reference"
EXCESS = ("exact_excess_nll", "fresh_excess_nll")  # the second in tables older than the first
BEST = 10


def all_facts() -> dict[str, Any]:
    """What the template asks for, by its names."""
    studies = {
        name.replace("-", "_"): read_results(REFERENCE / name)
        for name in ("vae", "cvae", "vae-generative", "cvae-generative", "vae-proba", "cvae-proba")
    }
    proba = {"VAE": studies["vae_proba"], "CVAE": studies["cvae_proba"]}
    return {
        **{name: Searched.of(study) for name, study in studies.items()},
        "baselines": _baselines(studies["vae_generative"]),
        "planes": {name: _plane(study) for name, study in proba.items()},
        "sizes": _sizes(read_results(REFERENCE / "data")),
        "exact": EXCESS[0] in studies["vae_generative"].trials,
    }


def excess_of(table: pd.DataFrame) -> str:
    """The column that says how far from the truth a model is, with no split that chose it."""
    return next(name for name in EXCESS if name in table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrainings:
    """One config on fresh seeds.

    Attributes:
        trial: the number of the trial that it is of.
        metric, excess: means over seeds, with the 95 % intervals of the leaderboard.
    """

    trial: int
    metric: Interval
    excess: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search came to.

    Attributes:
        trial, metric, excess, row: the number, metric, excess and whole row of the best trial: the
            confirmed one where the search was confirmed, else its winner.
        won, won_by: the number of the search's winner, and its metric.
        complete: how many trials were complete.
        best: ranges of hyperparameters among the ten best trials.
        favourites: of those that are no numbers, the most frequent value there and its count.
        agreement: rank correlation of the metric with the excess, over complete trials.
        retrained: as the leaderboard has them, the best by validation first.
        leading: the most important hyperparameter at each budget, in words.
    """

    trial: int
    won: int
    won_by: float
    metric: float
    excess: str
    row: dict[str, Any]
    complete: int
    best: dict[str, tuple[float, float]]
    favourites: dict[str, tuple[str, int]]
    agreement: Interval
    retrained: list[Retrainings]
    leading: list[str]

    @property
    def answer(self) -> Retrainings | None:
        """The best trial's config on fresh seeds."""
        return self._retraining(self.trial)

    @property
    def winner(self) -> Retrainings | None:
        """The search's own winner on fresh seeds."""
        return self._retraining(self.won)

    def _retraining(self, trial: int) -> Retrainings | None:
        return next((each for each in self.retrained if each.trial == trial), None)

    @classmethod
    def of(cls, study: StudyResults) -> "Searched":
        """From the study's tables."""
        complete, metric = study.complete, study.manifest.metric
        column = excess_of(complete)
        pairs = complete[[metric, column]].dropna()
        correlation = float(pairs.corr(method="spearman").iloc[0, 1])
        assert study.best_trial is not None
        assert study.winner is not None
        row: dict[str, Any] = {
            str(k): v for k, v in study.trial(study.best_trial).to_dict().items()
        }
        head = complete[[d.name for d in study.manifest.searched]].head(BEST)
        numbers = head.select_dtypes("number")
        return cls(
            trial=study.best_trial,
            won=study.winner,
            won_by=float(complete[metric].iloc[0]),
            metric=float(row[metric]),
            excess=_with_error(row, column),
            row=row,
            complete=len(complete),
            best={str(name): (numbers[name].min(), numbers[name].max()) for name in numbers},
            favourites={
                str(name): (str(head[name].mode().iloc[0]), int(head[name].value_counts().iloc[0]))
                for name in head
                if name not in numbers
            },
            agreement=spearman_interval(correlation, len(pairs)),
            retrained=_retrained(study),
            leading=_leading(study),
        )


def _with_error(row: dict[str, Any], column: str) -> str:
    error = row.get(f"{column}_se")
    # Of an exact figure less than half a digit.
    if error is None or pd.isna(error) or error < 0.0005:
        return f"{row[column]:.3f}"
    return f"{row[column]:.3f} ± {error:.3f}"


def _retrained(study: StudyResults) -> list[Retrainings]:
    board = board_of(study)
    if board is None:
        return []
    metric, figure = study.manifest.metric, next(name for name in EXCESS if name in board)
    return [
        Retrainings(
            trial=int(row["trial"]), metric=_of_board(row, metric), excess=_of_board(row, figure)
        )
        for row in board.to_dict("records")
    ]


def _of_board(row: dict[Hashable, Any], figure: str) -> Interval:
    """Over seeds, and over the points they share where the figure is a mean over points."""
    return Interval(row[figure], row[f"{figure}_low"], row[f"{figure}_high"])


def _leading(study: StudyResults) -> list[str]:
    told = []
    for comparison in comparisons(study):
        varied = [
            d
            for d in study.manifest.searched
            if comparison.trials[d.name].astype(str).nunique() > 1
        ]
        if len(comparison.trials) < LEAST or not varied:
            continue
        found = importance(comparison, varied)
        first = found.table.iloc[0]
        beyond = "" if first["importance"] > found.noise else "not "
        told.append(
            f"`{first['hyperparameter']}` at {comparison.budget} ({first['importance']:.2f}, "
            f"{beyond}beyond the {found.noise:.2f} that chance alone reaches)"
        )
    return told


def _baselines(study: StudyResults) -> dict[str, dict[str, Any]]:
    """The rows of baselines by name and family, `text` the excess in words."""
    rows = study.baselines
    if rows is None:
        return {}
    found = {}
    for row in rows.to_dict("records"):
        column = excess_of(rows)
        spread = row.get("exact_excess_nll_seed_std")
        text = _with_error({str(k): v for k, v in row.items()}, column)
        if spread is not None and not pd.isna(spread):
            text = f"{row[column]:.3f}, seeds ± {spread:.3f}"
        found[f"{row['baseline']}_{row['family']}"] = {**row, "value": row[column], "text": text}
    return found


def _plane(study: StudyResults) -> dict[str, Any]:
    """What beta and eps_w do over a plane of random trials."""
    rows = study.complete
    column = excess_of(rows)
    ranks = rows[["eps_w", "val_mse", column]].corr(method="spearman")["eps_w"]
    sharp = rows[(rows["eps_w"] < 0.01) & (rows["beta"] > 10)]
    soft = rows[(rows["eps_w"] > 0.1) & (rows["beta"] < 1)]
    carrying = rows.get("fresh_carrying")
    return {
        "n": len(rows),
        "mse": ranks["val_mse"],
        "excess": ranks[column],
        "parts": [
            {"n": len(part), "mse": part["val_mse"].median(), "excess": part[column].median()}
            for part in (sharp, soft)
        ],
        "heavy": None if carrying is None else carrying[rows["beta"] > 1].median(),
        "light": None if carrying is None else carrying[rows["beta"] < 1].median(),
    }


def _sizes(study: StudyResults) -> list[dict[str, Any]]:
    """Of the data's sizes at noise 0.15, the validation MSE and the excess."""
    rows = study.complete[study.complete["noise"] == 0.15].sort_values("n_samples")
    column = excess_of(rows)
    return [
        {"n": int(row["n_samples"]), "mse": row["val_mse"], "excess": row[column]}
        for row in rows.to_dict("records")
    ]
