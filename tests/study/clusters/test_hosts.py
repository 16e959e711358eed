"""A study on hosts that have addresses of their own and see each other by the network alone."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from tests.study.clusters.hosts import made_hosts


@pytest.mark.slow
@pytest.mark.cluster
def test_hosts_with_their_own_addresses_share_a_study(tmp_path: Path) -> None:
    temporary = Path(tempfile.mkdtemp(prefix="moons", dir="/tmp"))  # short: it holds sockets
    with made_hosts(3) as hosts:
        for number in range(3):
            hosts.start_ray(number, temporary)
        words = ["--space", "cvae", "--trials", 9, "--max-epochs", 30, "--scheduler", "none"]
        words += ["--no-report", "--address", hosts.head, "--results", tmp_path, "--name", "s"]
        said = hosts.run(0, sys.executable, "-m", "study.run", *words)
    shutil.rmtree(temporary, ignore_errors=True)
    assert "3 workers" in said
    trials = pd.read_parquet(tmp_path / "s" / "trials.parquet")
    assert len(trials) == 9
    assert trials["worker"].nunique() >= 3
    manifest = json.loads((tmp_path / "s" / "study.json").read_text())
    assert manifest["options"]["address"] == hosts.head
