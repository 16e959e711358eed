"""`python -m analysis.baselines results/<study>`: mixtures and kernel densities, same data."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.command import Studies, run_command
from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.parquet import write_table


def write_baselines(folder: Path) -> Path:
    """Fits the baselines on the study's data and writes `baselines.parquet`.

    A baseline of the CVAE's kind is given the label, one density a class. Where a study searches
    the data themselves, the baselines are those of the default data.

    Returns:
        The path written.

    Raises:
        DamagedRecord: the manifest is missing or damaged.
    """
    import pandas as pd

    from moons.baselines import OF_DATA, baseline_rows
    from moons.config import Config

    place = StudyFolder(folder)
    manifest = Manifest.read(place.manifest)
    fixed = {key: value for key, value in manifest.fixed.items() if key in OF_DATA}
    config = Config(data_seed=manifest.data_seed, **fixed)
    write_table(pd.DataFrame(baseline_rows(config)), place.baselines)
    return place.baselines


@dataclass(frozen=True)
class Options(Studies):
    """Fits a Gaussian mixture and a kernel density estimate, and measures them like a model."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    return run_command(fit_all, Options, "python -m analysis.baselines", arguments)


def fit_all(options: Options) -> int:
    """Fits the baselines of what is named and prints the paths; 0.

    Raises:
        ValueError: what is named is no folder.
        DamagedRecord: the manifest of one is missing or damaged.
    """
    for folder in options.folders():
        print(write_baselines(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
