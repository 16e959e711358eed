"""What to do about studies that do not compare as they stand, with the command."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.findings.advice import go_on, repetition, search_again, study_command
from moons.words import listed, shell
from study.record.results import StudyResults

DENSITY = "val_excess_nll"  # depends neither on beta nor on eps_w
SEEDS = 20


def same_metric(studies: Sequence[StudyResults]) -> str:
    """How to search by the same metric."""
    first, *others = studies
    metrics = first.manifest.metrics
    odd = next(study for study in others if study.manifest.metrics != metrics)
    return f"`{search_again(odd, '--metric', ','.join(metrics))}` searches by what the first does."


def own_metric(studies: Sequence[StudyResults]) -> str:
    """How to compare by what the studies minimise."""
    return f"`{_compare(studies)}` compares by that."


def by_density(studies: Sequence[StudyResults]) -> str:
    """How to compare by a figure that no latent noise and no weight of the KL changes."""
    known = all(DENSITY in s.complete and s.complete[DENSITY].notna().any() for s in studies)
    if known:
        return f"`{_compare(studies, '--metric', DENSITY)}` compares by density."
    return f"`{search_again(studies[-1], '--metric', DENSITY)}` searches by density."


def same_data(studies: Sequence[StudyResults], settings: Mapping[str, Sequence[Any]]) -> str:
    """How to search on the same data; `settings` are those that differ, None where searched."""
    rows = list(zip(*settings.values(), strict=True))
    place = next((i for i, row in enumerate(rows) if None not in row), None)
    if place is None:
        return by_condition(studies)
    wanted = {name: values[place] for name, values in settings.items()}
    odd = next(study for study, row in zip(studies, rows, strict=True) if row != rows[place])
    return f"`{search_again(odd, changes=wanted)}` searches on the same data."


def same_split(studies: Sequence[StudyResults], seeds: Sequence[Any]) -> str:
    """How to search on the same split; a seed is None where it was searched."""
    known = next((seed for seed in seeds if seed is not None), None)
    if known is None:
        return by_condition(studies)
    odd = next(study for study, seed in zip(studies, seeds, strict=True) if seed != known)
    return f"`{search_again(odd, '--data-seed', known)}` searches on the same split."


def by_condition(studies: Sequence[StudyResults]) -> str:
    """How to see trials data by data."""
    command = shell(
        "python", "-m", "analysis.figures", studies[0].folder.shown, "--only", "interaction"
    )
    return f"`{command}` shows them data by data."


def told_the_label(studies: Sequence[StudyResults]) -> str:
    """How to have models that are told as much."""
    untold = next(study for study in studies if study.manifest.family != "cvae")
    name = untold.manifest.space_name
    other = f"c{name}" if name.split("-")[0] == "vae" else "cvae"
    command = shell("python", "-m", "study.run", "--space", other)
    return f"`{command}` searches models that are told it as well."


def same_epochs(studies: Sequence[StudyResults]) -> str:
    """How to give all trials the same number of epochs."""
    most = max(study.manifest.max_epochs for study in studies)
    odd = next(study for study in studies if study.manifest.max_epochs != most)
    return f"`{search_again(odd, '--max-epochs', most)}` gives its trials as many."


def as_many_trials(studies: Sequence[StudyResults], counts: Sequence[int]) -> str:
    """How to have as many trials."""
    odd = studies[min(range(len(counts)), key=counts.__getitem__)]
    return go_on(odd, max(counts))


def retrain_here(studies: Sequence[StudyResults], seeds: int = SEEDS) -> str:
    """How to train the winners on one machine, with one version of all packages."""
    found = [f"`{study_command('study.rerun', s, '--top', 5, '--seeds', seeds)}`" for s in studies]
    return f"{listed(found)} {'retrains' if len(found) == 1 else 'retrain'} the best here and now."


def repeat(studies: Sequence[StudyResults]) -> str:
    """How to repeat the searches with another seed."""
    return f"{listed([f'`{repetition(study)}`' for study in studies])}, and so on"


def _compare(studies: Sequence[StudyResults], *words: object) -> str:
    folders = [study.folder.shown for study in studies]
    return shell("python", "-m", "analysis.compare", *folders, *words)
