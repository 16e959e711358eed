"""`python -m tests.benchmarks.experience`: TPE over a thousand trials beside TPE over all of them.

Goes on with a study of a thousand trials twice: looking at all that is known at every proposal, and
at the best and a sample of the rest. Trials are a formula, so that thousands take minutes.
"""

import argparse
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
from optuna.study import Study

from analysis.stats import mean_interval
from moons.seeds import derive_seed
from search_spaces.load import load_space
from study.samplers.experience import MOST, Experience
from study.samplers.seeded import SeededTPE

SPACE = load_space("cvae")
NOISE = 0.05  # of a value: what seeds do to a config
LATE = 0.25  # of the second part: whose proposals say where the search has got to


class Everything(Experience):
    """All trials at every proposal."""

    def of(self, study: Study) -> Study:
        """The study itself."""
        return study


def true_value(params: dict[str, Any]) -> float:
    """What a config is worth: a bent valley in the learning rate, and wider nets up to a point."""
    batch, widths = math.log2(params["batch_size"] / 32), ("encoder_hidden", "decoder_hidden")
    value = (math.log10(params["lr"]) + 2.2 - 0.25 * batch) ** 2
    value += sum(0.05 * (math.log2(params[width]) - 5) ** 2 for width in widths)
    return value + 0.1 * abs(math.log2(params["latent_dim"]) - 2)


def go_on(study: Study, seed: int, first: int, trials: int) -> tuple[list[float], float]:
    """The true values of so many further trials, and the seconds that a proposal took."""
    noise, values, began = np.random.default_rng(derive_seed(seed, "noise", first)), [], 0.0
    for slot in range(first, first + trials):
        study.sampler.reseed(derive_seed(seed, "sampler", slot), slot)  # type: ignore[attr-defined]
        start = time.process_time()
        trial = study.ask(SPACE.distributions())
        began += time.process_time() - start
        values.append(true_value(trial.params))
        study.tell(trial, values[-1] + NOISE * noise.standard_normal())
    return values, began / trials


def compare(seed: int, trials: int) -> dict[str, tuple[float, float, float]]:
    """The best late value, the mean late one and a proposal's seconds, by who looks at what."""
    found = {}
    start = optuna.create_study(sampler=SeededTPE())
    go_on(start, seed, 0, MOST)
    ways: dict[str, Callable[[], Experience]] = {"all": Everything, "a thousand": Experience}
    for name, experience in ways.items():
        sampler = SeededTPE()
        sampler._experience = experience()
        study = optuna.create_study(sampler=sampler)
        study.add_trials(start.get_trials(deepcopy=False))
        values, seconds = go_on(study, seed, MOST, trials)
        late = values[-int(LATE * trials) :]
        found[name] = (min(values), float(np.mean(late)), seconds)
    return found


def main() -> None:
    """Prints a line a seed, and the mean difference."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.experience")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=2000, help="after the first thousand")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    differences = []
    for seed in range(1, options.seeds + 1):
        found = compare(seed, options.trials)
        for name, (best, late, seconds) in found.items():
            print(
                f"seed {seed}, {name}: best {best:.5f}, late {late:.5f}, {seconds * 1e3:.1f} ms",
                flush=True,
            )
        differences.append([a - b for a, b in zip(found["a thousand"], found["all"], strict=True)])
    for name, column in zip(("best", "late"), np.array(differences).T, strict=False):
        gap = mean_interval(column)
        print(f"{name}: {gap.value:+.5f} [{gap.low:+.5f}, {gap.high:+.5f}] by a thousand")


if __name__ == "__main__":
    main()
