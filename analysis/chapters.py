"""What a report holds of each study, and of several together: findings, pictures and tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from analysis import summary
from analysis.comparison import compare
from analysis.comparison.figures import NAMES as COMPARISON_FIGURES
from analysis.comparison.figures import draw_comparison, load_comparison_figure
from analysis.figures import MODEL_FIGURES, STUDY_FIGURES
from analysis.findings import Finding, findings
from analysis.layout import Table
from analysis.pictures import LeftOut, Picture, make_picture, model_pictures, study_picture
from moons.words import shell
from study.record.results import StudyResults

GROUPS = {"The search": STUDY_FIGURES, "The best model": MODEL_FIGURES}
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """All that a report holds of one study.

    Attributes:
        pictures: by heading.
    """

    results: StudyResults
    findings: tuple[Finding, ...]
    pictures: dict[str, tuple[Picture, ...]]
    left_out: tuple[LeftOut, ...]
    tables: dict[str, Table]
    all_trials: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What a report holds of several studies side by side."""

    table: Table
    findings: tuple[Finding, ...]
    pictures: tuple[Picture, ...]
    left_out: tuple[LeftOut, ...]


def count_figures(n_studies: int) -> int:
    """How many figures are tried for a report over so many studies."""
    of_each = sum(map(len, GROUPS.values()))
    return n_studies * of_each + (len(COMPARISON_FIGURES) if n_studies > 1 else 0)


def chapter(results: StudyResults, step: Step) -> Chapter:
    """Computes all that is said and shown of a study; `step` is told each figure's name."""
    pictures: dict[str, list[Picture]] = {heading: [] for heading in GROUPS}
    left_out: list[LeftOut] = []
    with model_pictures(results) as picture_of_model:
        for heading, names in GROUPS.items():
            for figure in names:
                step(figure)
                of_model = figure in MODEL_FIGURES
                drawn = picture_of_model(figure) if of_model else study_picture(results, figure)
                _put(drawn, pictures[heading], left_out)
    tables = {
        "Best trials": summary.top_trials(results),
        "Evaluation of the best trial": summary.evaluation(results),
        "Baselines on the same data": summary.baselines(results),
        "Retrained under fresh seeds": summary.retrainings(results),
        "Retrained, on held-out points": summary.retrainings_held_out(results),
        "Search space": summary.search_space(results),
        "How it was run": summary.about(results),
    }
    return Chapter(
        results=results,
        findings=findings(results),
        pictures={heading: tuple(shown) for heading, shown in pictures.items() if shown},
        left_out=tuple(left_out),
        tables={title: table for title, table in tables.items() if table and table.rows},
        all_trials=summary.all_trials(results),
    )


def together(studies: Sequence[StudyResults], step: Step) -> Together:
    """Compares the studies; where they cannot be compared, that is the finding."""
    table = summary.side_by_side(studies)
    step("comparison")
    try:
        comparison = compare(studies)
    except ValueError as error:
        refusal = Finding("warning", f"The studies were not compared: {error}.")
        return Together(table=table, findings=(refusal,), pictures=(), left_out=())
    said = [Finding("result", sentence) for sentence in comparison.findings]
    for check in comparison.checks:
        if check.level != "same":
            said.append(Finding("warning" if check.level == "differs" else "note", check.sentence))
    command = shell("python", "-m", "analysis.compare", *(s.folder.shown for s in studies))
    about = f"studies {' and '.join(comparison.names)}"
    pictures: list[Picture] = []
    left_out: list[LeftOut] = []
    for figure in COMPARISON_FIGURES:
        step(figure)
        draw = partial(draw_comparison, figure, comparison)
        drawn = make_picture(load_comparison_figure(figure), about, command, draw)
        _put(drawn, pictures, left_out)
    return Together(
        table=table, findings=tuple(said), pictures=tuple(pictures), left_out=tuple(left_out)
    )


def _put(drawn: Picture | LeftOut, pictures: list[Picture], left_out: list[LeftOut]) -> None:
    if isinstance(drawn, Picture):
        pictures.append(drawn)
    else:
        left_out.append(drawn)
