"""The files under `study/clusters/` are what Ray and KubeRay take, and fit this project."""

import json
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray.autoscaler
import yaml

import study.clusters
from study.options import parse
from study.plan import make_plan

FILES = Path(next(iter(study.clusters.__path__)))
ROOT = FILES.parent.parent
HOSTS = yaml.safe_load((FILES / "hosts.yaml").read_text())
CLAIM, JOB = yaml.safe_load_all((FILES / "rayjob.yaml").read_text())
DOCKERFILE = (FILES / "Dockerfile").read_text()
SPEC = JOB["spec"]
CLUSTER = SPEC["rayClusterSpec"]
HEAD, [WORKERS] = CLUSTER["headGroupSpec"], CLUSTER["workerGroupSpecs"]

# KubeRay's ray.io/v1: the fields of these kinds that its CRD knows (an unknown one is dropped
# without a word), and those that it demands.
JOB_FIELDS = {
    *("activeDeadlineSeconds", "backoffLimit", "clusterSelector", "deletionStrategy"),
    *("entrypoint", "entrypointNumCpus", "entrypointNumGpus", "entrypointResources", "jobId"),
    *("managedBy", "metadata", "rayClusterSpec", "runtimeEnvYAML", "shutdownAfterJobFinishes"),
    *("submissionMode", "submitterConfig", "submitterPodTemplate", "suspend"),
    "ttlSecondsAfterFinished",
}
CLUSTER_FIELDS = {
    *("autoscalerOptions", "enableInTreeAutoscaling", "gcsFaultToleranceOptions", "managedBy"),
    *("headGroupSpec", "headServiceAnnotations", "rayVersion", "suspend", "workerGroupSpecs"),
}
HEAD_FIELDS = {"enableIngress", "headService", "rayStartParams", "serviceType", "template"}
WORKER_FIELDS = {
    *("groupName", "idleTimeoutSeconds", "maxReplicas", "minReplicas", "numOfHosts", "replicas"),
    *("rayStartParams", "scaleStrategy", "suspend", "template"),
}


def test_ray_takes_the_cluster_of_hosts() -> None:
    schema = json.loads((Path(ray.autoscaler.__path__[0]) / "ray-schema.json").read_text())
    jsonschema.validate(HOSTS, schema)
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(HOSTS))


def test_as_many_workers_are_allowed_as_there_are_hosts() -> None:
    assert HOSTS["max_workers"] == len(HOSTS["provider"]["worker_ips"])


def test_the_hosts_get_the_project_and_not_its_results() -> None:
    assert HOSTS["file_mounts"] == {"~/moons": "."}
    assert {".venv/**", "results/**"} <= set(HOSTS["rsync_exclude"])


def test_the_job_s_fields_are_those_that_kuberay_knows_and_demands() -> None:
    assert (JOB["apiVersion"], JOB["kind"]) == ("ray.io/v1", "RayJob")
    assert set(SPEC) <= JOB_FIELDS
    assert set(CLUSTER) <= CLUSTER_FIELDS
    assert {"rayStartParams", "template"} <= set(HEAD) <= HEAD_FIELDS
    demanded = {"groupName", "rayStartParams", "template", "maxReplicas", "minReplicas"}
    assert demanded <= set(WORKERS) <= WORKER_FIELDS
    for group in (HEAD, WORKERS):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
    assert WORKERS["minReplicas"] <= WORKERS["replicas"] <= WORKERS["maxReplicas"]


def containers() -> list[dict[str, Any]]:
    return [c for group in (HEAD, WORKERS) for c in group["template"]["spec"]["containers"]]


def test_head_and_workers_have_one_image_the_one_that_the_dockerfile_makes() -> None:
    [image] = {container["image"] for container in containers()}
    assert f"--tag {image} ." in DOCKERFILE


def test_versions_are_the_project_s_own() -> None:
    installed = version("ray")
    assert CLUSTER["rayVersion"] == installed
    assert f"rayproject/ray:{installed}-py311-cpu" in DOCKERFILE
    [torch] = re.findall(r"^TORCH := (torch==\S+)$", (ROOT / "Makefile").read_text(), re.M)
    assert torch in DOCKERFILE
    assert any(torch in command for command in HOSTS["setup_commands"])


def test_the_head_has_no_trials_and_the_volume_of_the_record() -> None:
    assert HEAD["rayStartParams"]["num-cpus"] == "0"
    [container] = HEAD["template"]["spec"]["containers"]
    [volume] = HEAD["template"]["spec"]["volumes"]
    [mount] = container["volumeMounts"]
    assert mount["name"] == volume["name"]
    assert volume["persistentVolumeClaim"]["claimName"] == CLAIM["metadata"]["name"]
    assert "volumeMounts" not in WORKERS["template"]["spec"]["containers"][0]


@pytest.mark.parametrize("container", containers(), ids=lambda c: c["name"])
def test_a_node_has_whole_cpus_and_as_much_as_it_asks_for(container: dict[str, Any]) -> None:
    resources = container["resources"]
    assert resources["requests"] == resources["limits"]
    assert int(resources["requests"]["cpu"]) >= 1


def test_the_command_begins_a_study_and_the_second_time_goes_on_with_it(tmp_path: Path) -> None:
    command = SPEC["entrypoint"].replace("/results", str(tmp_path))
    command = command.replace(
        "python -m study.run", f"{sys.executable} -c 'import sys; print(*sys.argv[1:])'"
    )

    def said() -> list[str]:
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
        return shlex.split(done.stdout)

    plan = make_plan(parse(said()))
    assert plan.folder == tmp_path / "cvae"
    plan.folder.mkdir()
    assert said() == ["--resume", str(plan.folder)]
