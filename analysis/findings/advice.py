"""What to do about a warning, with the command."""

from collections.abc import Mapping

from moons.words import shell
from study.record.own_model import file_words
from study.record.results import StudyResults

# What a search has unless it is told otherwise: any, and one of the base spaces.
USUAL = {"trials": 100, "reduction": 4, "replicates": 1}
BASE = {
    **{"max_epochs": 1000, "grace": 10, "scheduler": "asha"},
    **{"metric": "val_mse", "sampler": "tpe", "confirm": 0},
}


def study_command(command: str, results: StudyResults, *words: object) -> str:
    """The command with the study's folder, and the file of a model of one's own."""
    file = file_words(results.manifest)
    return shell("python", "-m", *command.split(), results.folder.shown, *words, *file)


def search_again(
    results: StudyResults, *words: object, changes: Mapping[str, object] | None = None
) -> str:
    """The command that searches the same space anew, with what was set in it.

    Args:
        results: of the study.
        words: options besides.
        changes: settings to be fixed at other values.
    """
    manifest, changes = results.manifest, changes or {}
    was_set = [text for text in manifest.options.get("set", ()) if _name(text) not in changes]
    settings = [*was_set, *(f"{name}={value}" for name, value in changes.items())]
    given = [word for text in settings for word in ("--set", text)]
    return shell("python", "-m", "study.run", "--space", manifest.space_option, *given, *words)


def repetition(results: StudyResults) -> str:
    """The command that repeats the search with the next seed, on the same data."""
    manifest, options = results.manifest, results.manifest.options
    usual = USUAL | (BASE if manifest.space_name in ("vae", "cvae") else {})
    unlike = {name: options.get(name) for name in (*USUAL, *BASE)}
    given = [
        (name, value) for name, value in unlike.items() if value not in (None, usual.get(name))
    ]
    words = [word for name, value in given for word in (f"--{name.replace('_', '-')}", value)]
    seed = manifest.seed or 0
    seeds = ["--seed", seed + 1, "--data-seed", manifest.data_seed]
    return search_again(results, *words, *seeds)


def _name(setting: str) -> str:
    return setting.partition("=")[0].strip()


def toward_density(results: StudyResults) -> str:
    """How to get at a model that generates."""
    manifest = results.manifest
    if manifest.metric.endswith(("_excess_nll", "_energy_distance")):
        return go_on(results)
    command = f"python -m study.run --space {manifest.family}-generative"
    return f"`{command}` searches by density for models that generate."


def go_on(results: StudyResults, n_trials: int | None = None) -> str:
    """How to search on from where the study is, to twice as many trials or as many as given."""
    n_trials = n_trials or 2 * results.manifest.n_trials
    return f"`{study_command('study.run --resume', results, '--trials', n_trials)}` goes on."


def finish(results: StudyResults) -> str:
    """How to have the trials that are missing."""
    return f"`{study_command('study.run --resume', results)}` makes up for what is missing."


def other_range(results: StudyResults) -> str:
    """How to search over another range."""
    place = results.folder.shown
    warm = shell("python", "-m", "study.run", "--space", "FILE.py", "--warm-start", place)
    return f"`{warm}` searches the ranges of a file of your own, and learns from these trials."


def retrain(results: StudyResults, n_seeds: int) -> str:
    """How to tell luck from quality."""
    command = study_command("study.rerun", results, "--top", 5, "--seeds", n_seeds)
    return f"`{command}` compares the best on the same seeds."


def by_metric(results: StudyResults, metric: str) -> str:
    """How to search by something else."""
    command = search_again(results, "--metric", metric)
    return f"`{command}` chooses by a figure that does."


def later_rung(results: StudyResults) -> str:
    """How to prune with more patience."""
    command = search_again(results, "--grace", 4 * results.manifest.rungs[0])
    return f"`{command}` stops none before."
