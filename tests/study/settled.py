"""What a study's record holds so far, read from outside."""

from pathlib import Path

import pandas as pd

from study.record.tables import trials_table


def lines(path: Path) -> int:
    """Whole lines of a file; 0 where there is none."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def settled(folder: Path) -> pd.DataFrame:
    """The rows of trials that are over and count."""
    trials = trials_table(folder)
    return trials[~trials["state"].isin(["running", "interrupted"])].reset_index(drop=True)
