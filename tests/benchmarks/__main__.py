"""`make bench`: ratios measured side by side on this machine, in one table and one parquet file.

Everything is alternated and repeated; medians and the spread (least to most) are given. Nothing
here is a test: no figure of it passes or fails.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from tests.benchmarks.measured import ROOT, Measured, compared, timed

BATCHES, SIZES = (32, 64, 256), ((4, 4, 4), (32, 32, 32), (8, 128, 128))
EPOCHS, PLAIN_EPOCHS, REPEATS = 60, 4, 3


def epoch_cases() -> list[Measured]:
    """An epoch of the fused engine against the plain loop."""
    import torch

    from moons.config import Config
    from moons.engines import warm_up
    from moons.fit import fit, start
    from tests.benchmarks.peers import plain_epochs

    torch.set_num_threads(1)
    warm_up()
    list(fit(start(Config(family="cvae", max_epochs=2), 0)))  # the engine's own check, once

    def case(batch_size: int, sizes: tuple[int, int, int]) -> Measured:
        encoder, latent, decoder = sizes
        config = Config(
            family="cvae",
            batch_size=batch_size,
            encoder_hidden=encoder,
            latent_dim=latent,
            decoder_hidden=decoder,
        )

        def ours() -> float:
            run = start(replace(config, max_epochs=EPOCHS), 0, engine="fused")
            began = time.perf_counter()
            epochs = sum(1 for _ in fit(run))
            return (time.perf_counter() - began) / epochs * 1e3

        def plain() -> float:
            epochs = plain_epochs(replace(config, max_epochs=PLAIN_EPOCHS), 0)
            next(epochs)
            began = time.perf_counter()
            n = sum(1 for _ in epochs)
            return (time.perf_counter() - began) / n * 1e3

        name = f"epoch, batch {batch_size}, sizes {encoder}/{latent}/{decoder}"
        return compared(name, "ms", [(ours(), plain()) for _ in range(REPEATS)])

    cases = [case(batch, sizes) for batch in BATCHES for sizes in SIZES]
    ratio, low, high = (
        statistics.geometric_mean(getattr(c, key) for c in cases)
        for key in ("ratio", "ratio_low", "ratio_high")
    )
    ours = statistics.geometric_mean(c.ours for c in cases)
    plain = statistics.geometric_mean(c.peer for c in cases)
    return [*cases, Measured("epoch, geometric mean", "ms", ours, plain, ratio, low, high)]


def our_study(folder: Path, seed: int, trials: int, *words: str) -> tuple[float, float]:
    """Wall time of `study.run`, and the least validation MSE of any epoch."""
    name = f"bench-{seed}-{trials}-{time.monotonic_ns()}"
    common = ["--space", "cvae", "--no-report", "--results", str(folder), "--name", name]
    wall, _ = timed(["study.run", *common, "--seed", str(seed), "--trials", str(trials), *words])
    epochs = pd.read_parquet(folder / name / "epochs.parquet")
    return wall, float(epochs["val_mse"].min())


def studies(peer: str, trials: int, seeds: tuple[int, ...]) -> Iterator[Measured]:
    """Whole studies as whole processes, Ray's start included."""
    bests: dict[str, list[float]] = {"ours": [], peer: []}
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            own, own_best = our_study(Path(folder), seed, trials)
            words = ["tests.benchmarks.peers", peer, "--trials", str(trials)]
            other, said = timed([*words, "--seed", str(seed)])
            pairs.append((own, other))
            bests["ours"].append(own_best)
            bests[peer].append(json.loads(said.splitlines()[-1])["best_val_mse"])
            print(f"seed {seed}: {own:.1f} s, {peer} {other:.1f} s", file=sys.stderr, flush=True)
    medians = {name: statistics.median(values) for name, values in bests.items()}
    note = f"best val_mse, median: {medians['ours']:.5f} against {medians[peer]:.5f}"
    yield compared(f"study of {trials} trials against {peer}", "s", pairs, note)


def replicates(trials: int, seeds: tuple[int, ...]) -> Iterator[Measured]:
    """A study of four seeds a trial, beside four studies of one."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = []
        for seed in seeds:
            four, _ = our_study(Path(folder), seed, trials, "--replicates", "4")
            one, _ = our_study(Path(folder), seed, trials)
            pairs.append((four, 4 * one))
    yield compared(f"{trials} trials of 4 replicates, against 4 times 1", "s", pairs)


def measured(parts: Mapping[str, Callable[[], Iterable[Measured]]]) -> pd.DataFrame:
    """The parts' rows; each is said on stderr as it comes, for the whole takes long."""
    rows = []
    for part, run in parts.items():
        for row in run():
            spread = f"{row.ratio_low:.1f} to {row.ratio_high:.1f}"
            print(f"{row.what}: {row.ratio:.1f} ({spread})", file=sys.stderr, flush=True)
            rows.append({"part": part} | asdict(row))
    return pd.DataFrame(rows)


def keep(rows: pd.DataFrame, path: Path) -> None:
    """Writes the rows, beside those of parts that were not measured this time."""
    if path.exists():
        before = pd.read_parquet(path)
        rows = pd.concat([before[~before["part"].isin(rows["part"])], rows], ignore_index=True)
    rows.to_parquet(path, index=False)


def show(rows: pd.DataFrame) -> None:
    """Prints the table."""
    table = Table(box=box.SIMPLE, title="ours against the peer; a ratio above 1 is in our favour")
    for head in ("what", "ours", "peer", "ratio", "spread", ""):
        table.add_column(head, justify="left" if head in ("what", "") else "right")
    for row in rows.itertuples():
        table.add_row(
            row.what,
            f"{row.ours:.3g} {row.unit}",
            f"{row.peer:.3g} {row.unit}",
            f"{row.ratio:.1f}",
            f"{row.ratio_low:.1f} to {row.ratio_high:.1f}",
            row.note,
        )
    Console(width=120).print(table)


def main() -> None:
    """Measures what is asked for, prints it, and keeps it."""
    from tests.benchmarks.driver import driver_cost
    from tests.benchmarks.objectives import objective_cases
    from tests.benchmarks.reruns import rerun_time
    from tests.benchmarks.start import start_up
    from tests.benchmarks.tables import epoch_tables

    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parts = [
        "epoch",
        "objectives",
        "tables",
        "start",
        "driver",
        "optuna",
        "pool",
        "pool-1000",
        "tune",
        "replicates",
        "rerun",
    ]
    parser.add_argument("--only", choices=parts, default=None)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    seeds = tuple(options.seeds)
    wanted = {
        "epoch": epoch_cases,
        "objectives": objective_cases,
        "tables": epoch_tables,
        "start": start_up,
        "driver": driver_cost,
        "optuna": lambda: studies("optuna", options.trials, seeds),
        "pool": lambda: studies("pool", options.trials, seeds),
        "pool-1000": lambda: studies("pool", 1000, seeds[:1]),
        "tune": lambda: studies("tune", options.trials, seeds),
        "replicates": lambda: replicates(options.trials, seeds),
        "rerun": rerun_time,
    }
    rows = measured({p: run for p, run in wanted.items() if options.only in (None, p)})
    show(rows)
    path = ROOT / "results" / "benchmarks.parquet"
    keep(rows, path)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
