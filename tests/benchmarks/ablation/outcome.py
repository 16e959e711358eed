"""What an ablation leaves behind: a table, a figure and a page."""

from pathlib import Path

import pandas as pd

from analysis.figures.paper import save_figure
from analysis.figures.style import theme
from moons.files import appearing, write_whole
from search_spaces.load import load_space
from study.record.labels import label
from tests.benchmarks.ablation.arms import Arm, Factor, arms_by_factor, default_arm
from tests.benchmarks.ablation.figure import draw_ablation
from tests.benchmarks.ablation.readme import HEAD, Section, write_page
from tests.benchmarks.ablation.retrain import score_name
from tests.benchmarks.ablation.standing import bands, standings


def write_outcome(
    table: pd.DataFrame, space: str, max_epochs: int, command: str, folder: Path
) -> tuple[Path, ...]:
    """Writes `ablation.parquet`, `ablation.png` and `README.md`; their paths.

    Args:
        table: every study's curve, the default arm's first.
        space: what was searched.
        max_epochs: a trial's largest budget.
        command: that made it.
        folder: where to.

    Raises:
        OSError: the folder is not writable.
    """
    metric, default = load_space(space).metrics[0], default_arm(space)
    score, budget = score_name(metric), int(table["epochs"].max())
    paths = tuple(folder / name for name in ("ablation.parquet", "ablation.png", "README.md"))
    folder.mkdir(parents=True, exist_ok=True)
    with appearing(paths[0]) as draft:
        table.to_parquet(draft, index=False)
    with theme():
        figure = draw_ablation(
            bands(table, "best"),
            _compared(default, set(table["arm"])),
            standings(table, "best", budget),
            standings(table, "selected_score", budget),
            metric,
            score,
        )
        save_figure(figure, paths[1])
    head = HEAD.format(
        space=load_space(space).name,
        default=default.name,
        seeds=table["seed"].nunique(),
        budget=budget,
        max_epochs=max_epochs,
        command=command,
    )
    choice, best = _sections(table, metric, score, budget)
    earlier, _ = _sections(table, metric, score, budget // 2)
    write_whole(paths[2], write_page(head, [choice, best, earlier]))
    return paths


def _compared(default: Arm, known: set[str]) -> dict[Factor, tuple[Arm, ...]]:
    """The arms of each choice that the table knows, where there is one to compare."""
    arms = {
        factor: tuple(arm for arm in arms if arm.name in known)
        for factor, arms in arms_by_factor(default).items()
    }
    return {factor: of for factor, of in arms.items() if len(of) > 1}


def _sections(table: pd.DataFrame, metric: str, score: str, epochs: int) -> tuple[Section, Section]:
    at = table[table["epochs"] == epochs]
    counts = at.groupby("arm")[["trials", "complete"]].mean()
    trials = {str(arm): (float(row.iloc[0]), float(row.iloc[1])) for arm, row in counts.iterrows()}
    return (
        Section(
            title=f"The chosen config, after {epochs:,} epochs",
            about=(
                "Each arm's own choice, the least value that Optuna holds, trained to its end on "
                f"fresh seeds: its mean {label(score)}."
            ),
            what=score,
            standings=standings(table, "selected_score", epochs),
            trials=trials,
        ),
        Section(
            title=f"The best complete trial, after {epochs:,} epochs",
            about="What the search itself saw: the best of more trials is better by luck alone.",
            what=metric,
            standings=standings(table, "best", epochs),
            trials=trials,
        ),
    )
