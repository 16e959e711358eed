"""`python -m analysis.baselines results/<study>`: mixtures and kernel densities, same data."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from analysis.manifest import DamagedRecord, read_manifest


def write_baselines(folder: Path) -> Path:
    """Fits the baselines on the study's data and writes `baselines.parquet`.

    A baseline of the CVAE's kind is given the label, one density a moon. Where a study searches
    the data themselves, the baselines are those of the default data.

    Returns:
        The path written.

    Raises:
        DamagedRecord: the manifest is missing or damaged.
    """
    import pandas as pd

    from moons.baselines import baseline_rows
    from moons.config import Config
    from moons.files import appearing

    manifest = read_manifest(folder / "study.json")
    data = {f.name for f in fields(Config)} & {"n_samples", "noise"}
    fixed = {key: value for key, value in manifest.fixed.items() if key in data}
    config = Config(data_seed=manifest.seed or 0, **fixed)
    path = folder / "baselines.parquet"
    with appearing(path) as draft:
        pd.DataFrame(baseline_rows(config)).to_parquet(draft, index=False)
    return path


def main(argv: Sequence[str]) -> int:
    """Fits a Gaussian mixture and a kernel density estimate, and measures them like a model."""
    parser = argparse.ArgumentParser(prog="python -m analysis.baselines", description=main.__doc__)
    parser.add_argument("study", type=Path, nargs="+", help="a folder such as results/cvae-1")
    for folder in parser.parse_args(argv).study:
        try:
            print(write_baselines(folder))
        except DamagedRecord as error:
            print(f"analysis.baselines: {error}", file=sys.stderr)
            return 4
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
