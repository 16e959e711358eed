"""Whether studies can be compared: metric, data, split, and what else has to be known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from analysis.comparison.repetitions import searches
from analysis.words import count, listed
from moons.config import Config
from study.record.columns import column_of
from study.record.results import StudyResults

Level = Literal["same", "note", "differs"]
DATA = ("n_samples", "noise")
DATA_PACKAGES = ("scikit-learn", "numpy")  # what the points are drawn by
SEARCHED = "searched"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: `metric`, `data`, `split`, `objective`, `label`, `budget`, `trials`, `machine` or
            `versions`.
        level: `differs` where values of the studies do not mean the same; `note` where they do,
            but one study had an advantage that has to be known.
        sentence: what was found.
    """

    what: str
    level: Level
    sentence: str


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


def checks(studies: Sequence[StudyResults], metric: str) -> tuple[Check, ...]:
    """What the studies have in common and where they differ, the graver things first."""
    names = study_names([study.folder.path for study in studies])
    said = {name: study for name, study in zip(names, studies, strict=True)}
    found = [
        _metric(said, metric),
        *_data(said, metric),
        *_objective(said, metric),
        *_advantages(said),
    ]
    order: dict[Level, int] = {"differs": 0, "note": 1, "same": 2}
    return tuple(sorted(found, key=lambda check: order[check.level]))


def setting(study: StudyResults, name: str) -> Any:
    """A setting that all trials share, or `SEARCHED`; moons' default where nothing names it."""
    if any(dimension.name == name for dimension in study.manifest.searched):
        return SEARCHED
    if name in study.manifest.fixed:
        return study.manifest.fixed[name]
    if name in study.trials:
        values = study.trials[name].dropna()
        if len(values):
            return values.iloc[0] if values.astype(str).nunique() == 1 else SEARCHED
    return getattr(Config(), name)


def _has(study: StudyResults, metric: str) -> bool:
    complete = study.in_state("complete")
    return metric in complete and (complete.empty or bool(complete[metric].notna().any()))


def _metric(said: Mapping[str, StudyResults], metric: str) -> Check:
    minimised = {name: ", ".join(study.manifest.metrics) for name, study in said.items()}
    if set(minimised.values()) == {metric}:
        return Check("metric", "same", f"All minimise {metric}.")
    if len(set(minimised.values())) == 1:
        other = next(iter(minimised.values()))
        return Check("metric", "note", f"All minimise {other}; they are compared by {metric}.")
    return Check(
        "metric",
        "differs",
        f"They minimise different metrics: {_each(minimised)}. Compared by {metric}, a study that "
        "did not search for it is at a disadvantage.",
    )


def _data(said: Mapping[str, StudyResults], metric: str) -> list[Check]:
    by_setting = {key: {n: setting(s, key) for n, s in said.items()} for key in DATA}
    seeds = {name: setting(study, "data_seed") for name, study in said.items()}
    differing = {key: values for key, values in by_setting.items() if _differ(values)}
    found = []
    for key, values in differing.items():
        found.append(
            Check(
                "data",
                "differs",
                f"{key} differs: {_each(values)}. {metric} is measured on different data, and a "
                "lower value need not be a better model.",
            )
        )
    searched = [key for key, values in by_setting.items() if set(values.values()) == {SEARCHED}]
    if searched:
        text = (
            f"All search {listed(searched)}: trials are measured on different data, and the best "
            "has the easiest data rather than the best model."
        )
        found.append(Check("data", "note", text))
    if not differing and not searched:
        n_samples, noise = (next(iter(values.values())) for values in by_setting.values())
        text = f"All are trained on {count(n_samples, 'point')} with noise {noise}."
        found.append(Check("data", "same", text))
    grouped = searches(list(said), [study.manifest for study in said.values()])
    if not differing and _differ(seeds) and all(search.repeated for search in grouped):
        text = (
            f"Repetitions drew data of their own (data_seed: {_each(seeds)}): the luck of the data "
            "is in how they scatter."
        )
        found.append(Check("split", "note", text))
    elif differing or _differ(seeds):
        why = f"data_seed differs: {_each(seeds)}" if _differ(seeds) else "the data differ"
        text = f"The splits are not the same, since {why}: validation points differ."
        found.append(Check("split", "differs", text))
    else:
        text = f"The same split for all (data_seed {next(iter(seeds.values()))})."
        found.append(Check("split", "same", text))
    for package in DATA_PACKAGES:
        versions = {n: s.manifest.versions.get(package, "unknown") for n, s in said.items()}
        if _differ(versions):
            text = f"{package} differs: {_each(versions)}; the same seed may draw other points."
            found.append(Check("versions", "note", text))
    return found


def _objective(said: Mapping[str, StudyResults], metric: str) -> list[Check]:
    """Where the metric depends on a setting that differs, a lower value says less."""
    found = []
    betas = {name: setting(study, "beta") for name, study in said.items()}
    if metric.endswith("_loss") and (_differ(betas) or SEARCHED in betas.values()):
        text = f"{metric} weighs the KL by beta, which is not the same: {_each(betas)}."
        found.append(Check("objective", "differs", text))
    noises = {name: setting(study, "eps_w") for name, study in said.items()}
    blurred = metric.endswith(("_mse", "_loss"))
    if blurred and (_differ(noises) or SEARCHED in noises.values()):
        text = (
            f"{metric} is taken under latent noise eps_w, which is not the same: {_each(noises)}. "
            "Less noise gives a lower value and no better generator."
        )
        found.append(Check("objective", "note", text))
    families = {name: study.manifest.family for name, study in said.items()}
    if _differ(families) and "cvae" in families.values():
        told = listed([name for name, family in families.items() if family == "cvae"])
        text = f"The models of {told} are told the moon's label, which is a bit of each point."
        found.append(Check("label", "note", text))
    return found


def _advantages(said: Mapping[str, StudyResults]) -> list[Check]:
    found = []
    epochs = {name: study.manifest.max_epochs for name, study in said.items()}
    if _differ(epochs):
        text = f"Trials may take different numbers of epochs: {_each(epochs)}."
        found.append(Check("budget", "note", text))
    counts = {
        name: len(study.in_state("complete", "pruned", "diverged", "failed"))
        for name, study in said.items()
    }
    if _differ(counts):
        text = (
            f"The numbers of trials differ: {_each(counts)}. The best of more trials is "
            "better by luck alone."
        )
        found.append(Check("trials", "note", text))
    machines = {name: _machine(study) for name, study in said.items()}
    if _differ(machines):
        text = "Machines or engines differ: seconds are not the same work."
        found.append(Check("machine", "note", text))
    return found


def _machine(study: StudyResults) -> str:
    engines = sorted(study.trials["engine"].dropna().unique()) if "engine" in study.trials else []
    return f"{sorted(study.manifest.machine.items(), key=str)} {engines}"


def _differ(values: Mapping[str, Any]) -> bool:
    return len({str(value) for value in values.values()}) > 1


def _each(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
