"""What studies that are compared are called, and by which metric."""

from collections.abc import Sequence
from pathlib import Path

from analysis.words import listed
from study.record.columns import column_of
from study.record.results import StudyResults


def study_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """What each study is called: its folder, and the folders above where that is not enough.

    Raises:
        ValueError: a study was named twice.
    """
    parts = [path.resolve().parts for path in paths]
    for depth in range(1, max(map(len, parts)) + 1):
        names = tuple("/".join(part[-depth:]) for part in parts)
        if len(set(names)) == len(names):
            return names
    raise ValueError(f"name each study once, got {', '.join(map(str, paths))}")


def choose_metric(studies: Sequence[StudyResults], asked: str | None = None) -> str:
    """The metric that studies are compared by: what was asked for, or what all of them minimise.

    Where they minimise different ones it is the first that every study has values of.

    Raises:
        ValueError: some study lacks it, it is a test figure, or less of it is not better; or none
            was asked for and the studies share none.
    """
    if asked is None:
        wanted = [*(study.manifest.metric for study in studies), "val_mse"]
        shared = [metric for metric in wanted if all(_has(study, metric) for study in studies)]
        if not shared:
            raise ValueError(
                f"the studies have no metric in common: looked for {listed(sorted(set(wanted)))}"
            )
        return shared[0]
    if not asked.startswith("val_"):
        raise ValueError(
            f"--metric must be a validation figure (val_...), got {asked!r}: trials are never "
            "chosen by test data"
        )
    for study in studies:
        known = [
            column
            for column in map(str, study.trials.columns)
            if column in study.manifest.metrics
            or (column.startswith("val_") and column_of(column).better == "less")
        ]
        if asked not in known:
            raise ValueError(
                f"--metric must be one of {', '.join(known)} for {study.folder.shown}, got "
                f"{asked!r}"
            )
    return asked


def _has(study: StudyResults, metric: str) -> bool:
    complete = study.in_state("complete")
    return metric in complete and (complete.empty or bool(complete[metric].notna().any()))
