"""A study's results by another metric than the one that it minimised."""

from dataclasses import replace

from study.record.columns import column_of
from study.record.results import StudyResults


def by_metric(results: StudyResults, metric: str | None, *, beside: bool = False) -> StudyResults:
    """The results as if the study had minimised `metric`; as they are where it is None.

    Rungs know the metric that the scheduler saw, so that by another one trials compare at their
    end alone.

    Args:
        results: the study's.
        metric: a figure of its trials.
        beside: whether `metric` is a second one, beside what the study minimised first.

    Raises:
        ValueError: the trials have no such figure, or less of it is not better.
    """
    if metric is None or metric == results.manifest.metric:
        return results
    known = [str(name) for name in results.trials if _minimised(results, str(name))]
    if metric not in known:
        raise ValueError(
            f"metric must be a figure of the trials of {results.folder.shown} of which less is "
            f"better, got {metric!r}; allowed: {', '.join(known)}"
        )
    metrics = f"{results.manifest.metric},{metric}" if beside else metric
    options = {**results.manifest.options, "metric": metrics}
    return replace(
        results,
        manifest=replace(results.manifest, options=options),
        trials=results.trials.drop(columns="rungs", errors="ignore"),
    )


def _minimised(results: StudyResults, name: str) -> bool:
    column = results.trials[name]
    number = getattr(column.dtype, "kind", "") in ("i", "u", "f") and column.notna().any()
    error = name.endswith(("_se", "_error", "_floor", "_std"))
    return bool(number) and column_of(name).better == "less" and not error
