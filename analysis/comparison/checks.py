"""Whether studies can be compared: metric, data, split, and what else has to be known.

Whatever differs is said with what to do about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from analysis.comparison.advice import (
    as_many_trials,
    by_condition,
    by_density,
    own_metric,
    retrain_here,
    same_data,
    same_epochs,
    same_metric,
    same_split,
    told_the_label,
)
from analysis.comparison.comparable import study_names
from analysis.comparison.repetitions import searches
from analysis.words import count, listed
from moons.config import Config
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


def _metric(said: Mapping[str, StudyResults], metric: str) -> Check:
    studies = tuple(said.values())
    minimised = {name: ", ".join(study.manifest.metrics) for name, study in said.items()}
    if set(minimised.values()) == {metric}:
        return Check("metric", "same", f"All minimise {metric}.")
    if len(set(minimised.values())) == 1:
        other = next(iter(minimised.values()))
        text = f"All minimise {other}; they are compared by {metric}. {own_metric(studies)}"
        return Check("metric", "note", text)
    return Check(
        "metric",
        "differs",
        f"They minimise different metrics: {_each(minimised)}. Compared by {metric}, a study that "
        f"did not search for it is at a disadvantage. {same_metric(studies)}",
    )


def _data(said: Mapping[str, StudyResults], metric: str) -> list[Check]:
    modelled = {name: study.manifest.data.name for name, study in said.items()}
    if _differ(modelled):
        text = f"data differs: {_each(modelled)}. No value of one says anything of the other."
        return [Check("data", "differs", text)]
    by_setting = {key: {n: setting(s, key) for n, s in said.items()} for key in DATA}
    seeds = {name: setting(study, "data_seed") for name, study in said.items()}
    differing = {key: values for key, values in by_setting.items() if _differ(values)}
    studies, found = tuple(said.values()), []
    to_same_data = same_data(studies, _known(differing)) if differing else ""
    for key, values in differing.items():
        text = (
            f"{key} differs: {_each(values)}. {metric} is measured on different data, and a "
            f"lower value need not be a better model. {to_same_data}"
        )
        found.append(Check("data", "differs", text))
    searched = [key for key, values in by_setting.items() if set(values.values()) == {SEARCHED}]
    if searched:
        text = (
            f"All search {listed(searched)}: trials are measured on different data, and the best "
            f"has the easiest data rather than the best model. {by_condition(studies)}"
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
        known = _known({"data_seed": seeds})["data_seed"]
        split = same_split(studies, known) if _differ(seeds) else to_same_data
        text = f"The splits are not the same, since {why}: validation points differ. {split}"
        found.append(Check("split", "differs", text))
    else:
        text = f"The same split for all (data_seed {next(iter(seeds.values()))})."
        found.append(Check("split", "same", text))
    for package in DATA_PACKAGES:
        versions = {n: s.manifest.versions.get(package, "unknown") for n, s in said.items()}
        if _differ(versions):
            text = f"{package} differs: {_each(versions)}; the same seed may draw other points."
            text += f" {retrain_here(studies)}"
            found.append(Check("versions", "note", text))
    return found


def _objective(said: Mapping[str, StudyResults], metric: str) -> list[Check]:
    """Where the metric depends on a setting that differs, a lower value says less."""
    studies, found = tuple(said.values()), []
    betas = {name: setting(study, "beta") for name, study in said.items()}
    if metric.endswith("_loss") and (_differ(betas) or SEARCHED in betas.values()):
        text = f"{metric} weighs the KL by beta, which is not the same: {_each(betas)}."
        text += f" {by_density(studies)}"
        found.append(Check("objective", "differs", text))
    noises = {name: setting(study, "eps_w") for name, study in said.items()}
    blurred = metric.endswith(("_mse", "_loss"))
    if blurred and (_differ(noises) or SEARCHED in noises.values()):
        text = (
            f"{metric} is taken under latent noise eps_w, which is not the same: {_each(noises)}. "
            f"Less noise gives a lower value and no better generator. {by_density(studies)}"
        )
        found.append(Check("objective", "note", text))
    families = {name: study.manifest.family for name, study in said.items()}
    if _differ(families) and "cvae" in families.values():
        told = listed([name for name, family in families.items() if family == "cvae"])
        text = f"The models of {told} are told the moon's label, which is a bit of each point."
        text += f" {told_the_label(studies)}"
        found.append(Check("label", "note", text))
    return found


def _advantages(said: Mapping[str, StudyResults]) -> list[Check]:
    studies, found = tuple(said.values()), []
    epochs = {name: study.manifest.max_epochs for name, study in said.items()}
    if _differ(epochs):
        text = f"Trials may take different numbers of epochs: {_each(epochs)}."
        text += f" {same_epochs(studies)}"
        found.append(Check("budget", "note", text))
    counts = {
        name: len(study.in_state("complete", "pruned", "diverged", "failed"))
        for name, study in said.items()
    }
    if _differ(counts):
        text = (
            f"The numbers of trials differ: {_each(counts)}. The best of more trials is "
            f"better by luck alone. {as_many_trials(studies, list(counts.values()))}"
        )
        found.append(Check("trials", "note", text))
    machines = {name: _machine(study) for name, study in said.items()}
    if _differ(machines):
        text = "Machines or engines differ: seconds are not the same work."
        text += f" {retrain_here(studies)}"
        found.append(Check("machine", "note", text))
    return found


def _machine(study: StudyResults) -> str:
    engines = sorted(study.trials["engine"].dropna().unique()) if "engine" in study.trials else []
    return f"{sorted(study.manifest.machine.items(), key=str)} {engines}"


def _known(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values of settings, study by study; None where the trials of one differ in it."""
    return {
        name: [None if value == SEARCHED else value for value in values.values()]
        for name, values in settings.items()
    }


def _differ(values: Mapping[str, Any]) -> bool:
    return len({str(value) for value in values.values()}) > 1


def _each(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
