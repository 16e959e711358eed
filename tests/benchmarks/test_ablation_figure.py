"""The ablation's figure on made-up arms."""

import numpy as np
import pandas as pd

from tests.benchmarks.ablation.arms import Arm, all_arms, arms_by_factor
from tests.benchmarks.ablation.figure import draw_ablation
from tests.benchmarks.ablation.standing import bands, standings

DEFAULT = Arm(sampler="tpe", scheduler="asha", grace=10, reduction=4)


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        {"arm": arm.name, "seed": seed, "epochs": epochs, "best": rng.normal(10 / epochs, 0.001)}
        for arm in all_arms(DEFAULT)
        for seed in range(5)
        for epochs in (100, 200, 400)
    ]
    return pd.DataFrame(rows).assign(selected_score=lambda t: t["best"] + 0.01)


def test_the_figure_has_a_panel_a_factor_and_a_row_an_arm_with_units() -> None:
    known = table()
    factors = arms_by_factor(DEFAULT)
    best, score = (standings(known, name, 400) for name in ("best", "selected_score"))
    figure = draw_ablation(bands(known, "best"), factors, best, score, "val_mse", "val_mse")
    panels = figure.axes
    assert len(panels) == len(factors) + 2
    for ax, arms in zip(panels, factors.values(), strict=False):
        drawn = [text.get_text() for text in ax.get_legend().get_texts()]
        assert drawn == [arm.name for arm in arms]
        assert ax.get_xlabel() == "epochs, all trials"
    assert "squared data units" in panels[0].get_ylabel()
    for ax in panels[len(factors) :]:
        assert len(ax.get_yticks()) == len(all_arms(DEFAULT)) - 1
        assert "squared data units" in ax.get_xlabel()
        assert "less the default's" in ax.get_xlabel()
