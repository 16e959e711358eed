"""What to do about a warning, with the command."""

from moons.words import shell
from study.record.own_model import file_words
from study.record.results import StudyResults


def _study(command: str, results: StudyResults, *words: object) -> str:
    """The command with the study's folder, and the file of a model of one's own."""
    file = file_words(results.manifest)
    return shell("python", "-m", *command.split(), results.folder.shown, *words, *file)


def _search(results: StudyResults, *words: object) -> str:
    """The command that searches the same space anew, with what was set in it."""
    manifest = results.manifest
    settings = [word for text in manifest.options.get("set", ()) for word in ("--set", text)]
    space = ["--space", manifest.space_option]
    return shell("python", "-m", "study.run", *space, *settings, *words)


def toward_density(results: StudyResults) -> str:
    """How to get at a model that generates."""
    manifest = results.manifest
    if manifest.metric.endswith(("_excess_nll", "_energy_distance")):
        return go_on(results)
    command = f"python -m study.run --space {manifest.family}-generative"
    return f"`{command}` searches by density for models that generate."


def go_on(results: StudyResults) -> str:
    """How to search on from where the study is."""
    n_trials = 2 * results.manifest.n_trials
    return f"`{_study('study.run --resume', results, '--trials', n_trials)}` goes on."


def finish(results: StudyResults) -> str:
    """How to have the trials that are missing."""
    return f"`{_study('study.run --resume', results)}` makes up for what is missing."


def other_range(results: StudyResults) -> str:
    """How to search over another range."""
    place = results.folder.shown
    warm = shell("python", "-m", "study.run", "--space", "FILE.py", "--warm-start", place)
    return f"`{warm}` searches the ranges of a file of your own, and learns from these trials."


def retrain(results: StudyResults, n_seeds: int) -> str:
    """How to tell luck from quality."""
    command = _study("study.rerun", results, "--top", 5, "--seeds", n_seeds)
    return f"`{command}` compares the best on the same seeds."


def by_metric(results: StudyResults, metric: str) -> str:
    """How to search by something else."""
    command = _search(results, "--metric", metric)
    return f"`{command}` chooses by a figure that does."


def later_rung(results: StudyResults) -> str:
    """How to prune with more patience."""
    command = _search(results, "--grace", 4 * results.manifest.rungs[0])
    return f"`{command}` stops none before."
