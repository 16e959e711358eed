"""Hosts with addresses of their own on this machine: network namespaces on one bridge."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

RAY = str(Path(sys.executable).with_name("ray"))
PORT = 6379


class Hosts:
    """The head's address, and commands on any of the hosts."""

    def __init__(self, mark: str, count: int) -> None:
        self._mark = mark
        self._environment = {
            "PYTHONPATH": str(ROOT),
            "RAY_AUTH_MODE": "token",  # a head asks for one; nodes and drivers have to be told so
            "RAY_AUTH_TOKEN": secrets.token_hex(16),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        self.addresses = [f"10.213.77.{number + 1}" for number in range(count)]
        self.head = f"{self.addresses[0]}:{PORT}"

    def namespace(self, number: int) -> str:
        return f"{self._mark}{number}"

    def command(self, number: int, *words: object) -> list[str]:
        """The command as it runs on a host."""
        return ["ip", "netns", "exec", self.namespace(number), *map(str, words)]

    def run(self, number: int, *words: object) -> str:
        done = subprocess.run(
            self.command(number, *words),
            cwd=ROOT,
            env=os.environ | self._environment,
            capture_output=True,
            text=True,
            timeout=170,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_ray(self, number: int, temporary: Path) -> None:
        """Makes a host a node with one CPU: the first of them the head."""
        own = ["--num-cpus", 1, "--node-ip-address", self.addresses[number]]
        if number == 0:
            own += ["--head", "--port", PORT, "--temp-dir", temporary]
            own += ["--include-dashboard", "false"]
        else:
            own += ["--address", self.head]
        self.run(number, RAY, "start", "--disable-usage-stats", *own)

    def stop(self) -> None:
        """Ends what runs on the hosts, and takes them away."""
        for number in range(len(self.addresses)):
            listed = subprocess.run(
                ["ip", "netns", "pids", self.namespace(number)], capture_output=True, text=True
            )
            for pid in listed.stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), 9)
            subprocess.run(["ip", "netns", "del", self.namespace(number)], capture_output=True)
        subprocess.run(["ip", "link", "del", f"{self._mark}br"], capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def made_hosts(count: int) -> Iterator[Hosts]:
    """Hosts on a network of their own; skips where the test may not make them."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    mark = f"mn{os.getpid() % 10000}x"
    hosts = Hosts(mark, count)
    try:
        try:
            _ip("link", "add", f"{mark}br", "type", "bridge")
            _ip("link", "set", f"{mark}br", "up")
            for number, address in enumerate(hosts.addresses):
                inside, outside = f"{mark}i{number}", f"{mark}o{number}"
                _ip("netns", "add", hosts.namespace(number))
                _ip("link", "add", inside, "type", "veth", "peer", "name", outside)
                _ip("link", "set", outside, "master", f"{mark}br", "up")
                _ip("link", "set", inside, "netns", hosts.namespace(number))
                _ip("-n", hosts.namespace(number), "addr", "add", f"{address}/24", "dev", inside)
                _ip("-n", hosts.namespace(number), "link", "set", inside, "up")
                _ip("-n", hosts.namespace(number), "link", "set", "lo", "up")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"network namespaces are not allowed here: {error.stderr!r}")
        yield hosts
    finally:
        hosts.stop()
