"""Records to derive tables from, and ways to look at the tables."""

from pathlib import Path

import pandas as pd

STATES = ["complete", "pruned", "pruned", "diverged", "failed", "complete", "running"]


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    return tuple(pd.read_parquet(folder / f"{name}.parquet") for name in ("trials", "epochs"))


def types_of(table: pd.DataFrame) -> dict[str, str]:
    return {name: str(kind) for name, kind in table.dtypes.items()}
