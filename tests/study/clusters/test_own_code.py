"""A space of one's own on a node that has none of its files, and another working directory."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from study.tune.cluster import ENVIRONMENT
from tests.conftest import ROOT, Driver

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

SPACE = """
from pathlib import Path
import numpy as np
from shapes.act import act
from moons.models import VAE
from search_spaces.space import Float, SearchSpace

SCALE = np.loadtxt(Path(__file__).parent / "scale.csv")

class Own(VAE):
    def decode(self, z, y):
        return super().decode(act(z), y) * float(SCALE)

SPACE = SearchSpace(
    name="own", about="", family="vae", searched={"lr": Float(1e-3, 1e-1, log=True)},
    fixed={"n_samples": 100}, model=Own, files=("scale.csv",),
)
"""


def test_a_node_without_the_files_trains_with_them(
    monkeypatch: pytest.MonkeyPatch, driver: Callable[..., Driver], tmp_path: Path
) -> None:
    from ray.cluster_utils import Cluster

    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    (here / "shapes").mkdir(parents=True)
    elsewhere.mkdir()
    (here / "own.py").write_text(SPACE)
    (here / "scale.csv").write_text("1.25\n")
    (here / "shapes" / "__init__.py").touch()
    (here / "shapes" / "act.py").write_text("from torch.nn.functional import silu as act\n")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        monkeypatch.chdir(elsewhere)
        cluster.add_node(num_cpus=1)
        words = ["--space", here / "own.py", "--name", "s", "--results", tmp_path, "--trials", 3]
        words += ["--max-epochs", 12, "--grace", 4, "--address", cluster.address]
        one = driver(*words)
        one.wait_for((tmp_path / "s" / "study.json").exists)
        here.rename(tmp_path / "gone")  # the driver has read it; no worker has
        ended = one.end()
    finally:
        cluster.shutdown()
    assert ended.code == 0, ended.out
    trials = pd.read_parquet(tmp_path / "s" / "trials.parquet")
    assert set(trials["state"]) <= {"complete", "pruned"}
    assert len(trials) == 3
