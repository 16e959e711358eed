"""What a study prints at its end."""

from io import StringIO
from pathlib import Path

import pandas as pd
from rich.console import Console

from study.final_table import saved_by_pruning, top_table
from tests.study.local import plan


def printed(table: object) -> str:
    console = Console(width=200, file=StringIO(), record=True)
    console.print(table)
    return console.export_text()


def trials(rates: list[float]) -> pd.DataFrame:
    n = len(rates)
    columns = {
        "trial": range(n),
        "state": "complete",
        "val_mse": [0.1 + 0.01 * k for k in range(n)],
    }
    settings = {"batch_size": 64, "encoder_hidden": 8, "latent_dim": 2, "decoder_hidden": 8}
    return pd.DataFrame(columns | {"best_epoch": 5, "epochs": 12, "lr": rates} | settings)


def test_one_config_that_was_tried_four_times_is_one_row(tmp_path: Path) -> None:
    shown = printed(top_table(trials([0.5, 0.5, 0.25, 0.5, 0.5]), plan(tmp_path)))
    assert [shown.count(rate) for rate in ("0.5", "0.25")] == [1, 1]
    assert "config" in shown.partition("\n")[2]  # how many trials had it


def test_where_no_config_was_tried_twice_none_is_counted(tmp_path: Path) -> None:
    shown = printed(top_table(trials([0.5, 0.25]), plan(tmp_path)))
    assert "of_" not in shown


def test_one_pruned_trial_is_one_trial(tmp_path: Path) -> None:
    pruned = trials([0.5]).assign(state="pruned")
    assert saved_by_pruning(pruned, plan(tmp_path)) == "1 trial pruned"


def test_a_metric_with_an_error_is_rounded_by_it(tmp_path: Path) -> None:
    found = trials([0.5]).assign(val_mse=1.405, val_mse_se=0.007651)
    assert "1.4050 ± 0.0077" in printed(top_table(found, plan(tmp_path)))
