"""Prometheus and Grafana, set up as the files say, see what the study says of itself."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

import study.monitoring
from study.monitoring.gauges import METRICS, STATES
from tests.study.monitoring.conftest import Running, fetch_json, free_port, wait_for

FILES = Path(study.monitoring.__file__ or "").parent
GRAFANA = json.loads((FILES / "grafana.json").read_text())
EXPRESSIONS = [t["expr"] for panel in GRAFANA["panels"] for t in panel["targets"]]


class Prometheus:
    """A server that scrapes every second."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of every series that answers."""
        answer = fetch_json(f"{self._url}/api/v1/query?query={quote(expression)}")
        assert answer["status"] == "success", answer
        found = answer["data"]["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]


@pytest.fixture(scope="module")
def prometheus(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """The real server with the project's configuration, but for Ray's folder and the pace."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("prometheus is not installed; Debian has it as a package of that name")
    folder = tmp_path_factory.mktemp("prometheus")
    given = (FILES / "prometheus.yml").read_text()
    given = given.replace("/tmp/ray/", f"{running.ray_tmp}/ray/").replace("10s", "1s")
    (folder / "prometheus.yml").write_text(given)
    port = free_port()
    words = ["--config.file", folder / "prometheus.yml", "--storage.tsdb.path", folder / "data"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [binary, *map(str, words), f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log,
            stderr=log,
        ) as server,
    ):
        try:
            yield Prometheus(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()


@pytest.mark.slow
@pytest.mark.cluster
def test_prometheus_answers_with_the_best_value_of_a_running_study(
    running: Running, prometheus: Prometheus
) -> None:
    [(labels, best)] = wait_for(lambda: prometheus.ask("ray_moons_best"))
    assert labels["study"] == "watched"
    assert labels["metric"] == "val_mse"
    assert any(f"[{best}]" in line for line in (running.folder / "journal.log").open())
    assert set(labels) == {"__name__", "instance", "job", "study", "metric"}


@pytest.mark.slow
@pytest.mark.cluster
def test_trials_are_counted_by_state(prometheus: Prometheus) -> None:
    counted = wait_for(lambda: prometheus.ask('ray_moons_trials{study="watched"}'))
    states = {labels["state"]: count for labels, count in counted}
    assert set(states) == {*STATES, "running"}
    assert states["complete"] > 0
    assert 0 < states["running"] <= 64
    assert prometheus.ask("ray_moons_trials_wanted")[0][1] == 5000


@pytest.mark.slow
@pytest.mark.cluster
def test_epochs_a_second_and_the_driver_s_seconds_are_there_and_positive(
    prometheus: Prometheus,
) -> None:
    for metric in ("ray_moons_epochs_per_second", "ray_moons_driver_seconds"):
        [(labels, value)] = wait_for(lambda metric=metric: prometheus.ask(f"{metric} > 0"))
        assert labels["study"] == "watched"
        assert value > 0


@pytest.mark.slow
@pytest.mark.cluster
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_panel_of_the_grafana_dashboard_finds_something(
    prometheus: Prometheus, expression: str
) -> None:
    assert wait_for(lambda: prometheus.ask(expression.replace("$study", "watched")))


def test_the_panels_and_the_scraper_know_every_metric_and_no_other() -> None:
    exported = {f"ray_{metric.name}" for metric in METRICS}
    shown = set(re.findall(r"ray_moons_\w+", " ".join(EXPRESSIONS)))
    assert shown == exported
    scraped = yaml.safe_load((FILES / "prometheus.yml").read_text())["scrape_configs"][0]
    kept = re.compile(scraped["metric_relabel_configs"][0]["regex"])
    queried = exported | set(re.findall(r"ray_\w+", " ".join(EXPRESSIONS)))
    assert all(kept.fullmatch(name) for name in queried)


def test_panels_have_places_of_their_own_on_the_dashboard() -> None:
    places = [
        (x, y)
        for panel in GRAFANA["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) == 23  # Grafana's grid is 24 wide
    assert len({panel["id"] for panel in GRAFANA["panels"]}) == len(GRAFANA["panels"])
