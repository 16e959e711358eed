"""What Ray's dashboard and Optuna's show of a running study."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.study.monitoring.conftest import Running, fetch, fetch_json, free_port, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.cluster]


def ask(running: Running, path: str) -> Any:
    """The answer of Ray's dashboard, which wants Ray's token."""
    token = (Path.home() / ".ray" / "auth_token").read_text().strip()
    return json.loads(fetch(running.url + path, token))


def trial_actors(running: Running) -> list[dict[str, Any]]:
    actors = ask(running, "/logical/actors")["data"]["actors"].values()
    return [actor for actor in actors if actor["actorClass"] == "MoonsTrial"]


def test_ray_s_dashboard_lists_the_study_as_a_job(running: Running) -> None:
    [job] = [job for job in ask(running, "/api/jobs/") if job["status"] == "RUNNING"]
    assert (job["type"], job["metadata"]["job_name"]) == ("DRIVER", running.folder.name)


def test_trials_are_actors_named_by_family_number_and_config(running: Running) -> None:
    actors = wait_for(lambda: [a for a in trial_actors(running) if a["reprName"]])
    for actor in actors:
        assert actor["reprName"].startswith("vae trial ")
        assert "lr=" in actor["reprName"]


def test_the_dashboard_and_the_list_of_processes_show_the_trial_under_way(
    running: Running,
) -> None:
    [node] = ask(running, "/nodes?view=summary")["data"]["summary"]
    number = node["raylet"]["nodeId"]

    def trials() -> set[str]:
        workers = ask(running, f"/nodes/{number}")["data"]["detail"]["workers"]
        titles = {worker["cmdline"][0] for worker in workers}
        return {title for title in titles if title.startswith("ray::MoonsTrial vae trial ")}

    seen = wait_for(trials)
    assert wait_for(lambda: trials() - seen)  # a worker takes other trials and says so


def test_a_trial_s_log_names_each_trial_that_the_worker_took(running: Running) -> None:
    def logged() -> set[str]:
        actor = trial_actors(running)[0]
        query = f"node_id={actor['address']['nodeId']}&actor_id={actor['actorId']}"
        token = (Path.home() / ".ray" / "auth_token").read_text().strip()
        log = fetch(f"{running.url}/api/v0/logs/file?{query}", token).decode()
        return {line for line in log.splitlines() if "vae trial " in line}

    assert wait_for(lambda: len(logged()) >= 2)


def test_optuna_dashboard_shows_the_study_and_never_disturbs_it(
    running: Running, tmp_path: Path
) -> None:
    journal = running.folder / "journal.log"
    port = free_port()
    words = [str(journal), "--host", "127.0.0.1", "--port", str(port)]
    program = Path(sys.executable).with_name("optuna-dashboard")
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen([program, *words], stdout=log, stderr=log) as server,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            [shown] = wait_for(lambda: fetch_json(f"{url}/api/studies")["study_summaries"])
            assert shown["study_name"] == "watched"
            number = shown["study_id"]
            detail = fetch_json(f"{url}/api/studies/{number}?after=0")
            assert detail["objective_names"] == ["val_mse"]

            def complete() -> list[Any]:
                detail = fetch_json(f"{url}/api/studies/{number}?after=0")
                return [t for t in detail["trials"] if t["state"] == "Complete"]

            before = wait_for(complete)
            assert wait_for(lambda: len(complete()) > len(before))  # the study goes on, and shows
            fetch(f"{url}/dashboard")
            opened = psutil.Process(server.pid).open_files()
        finally:
            server.terminate()
    assert all(file.mode == "r" for file in opened if file.path == str(journal))
    writers = {json.loads(line)["worker_id"] for line in journal.read_text().splitlines()[:-1]}
    assert len(writers) == 1  # the driver alone
    assert [path.name for path in running.folder.glob("journal.log*")] == ["journal.log"]
