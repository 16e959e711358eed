"""Whether a Ray cluster answers at an address, before Ray tries for minutes."""

import os
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil

LIMIT_S = 15.0
SLICE_S = 0.2
QUESTION = "/ray.rpc.NodeInfoGcsService/CheckAlive"


def why_silent(address: str, stop: Callable[[], bool], limit_s: float = LIMIT_S) -> str | None:
    """Why nothing answers there as Ray's GCS would; None where something does.

    It connects, and asks what the GCS can answer. `stop` is asked several times a second.
    """
    host, _, port = address.rpartition(":")
    until_s = time.monotonic() + limit_s
    try:
        places = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except OSError as error:
        return f"the host {host} is not known ({error.strerror})"
    family, kind, protocol, _, place = places[0]
    with socket.socket(family, kind, protocol) as knock:
        knock.setblocking(False)
        knock.connect_ex(place)
        if not _ready(knock, stop, until_s):
            return "stopped" if stop() else f"it did not answer within {limit_s:.0f} s"
        if error_number := knock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return os.strerror(error_number).lower()
    if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
        return None  # Ray's own certificates decide
    return _why_no_gcs(address, stop, until_s)


def _why_no_gcs(address: str, stop: Callable[[], bool], until_s: float) -> str | None:
    import grpc

    # Straight there, as Ray goes.
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        answer = channel.unary_unary(QUESTION).future(b"")
        while not answer.done() and time.monotonic() < until_s and not stop():
            time.sleep(SLICE_S / 4)
        if not answer.done():
            return "stopped" if stop() else "it took the call and said nothing"
        code, details = answer.code(), str(answer.details())
    # One that wants a token, or does not know the question any more, is a gRPC server all the same.
    if code == grpc.StatusCode.UNAVAILABLE or "http2 header" in details.lower():
        return "what answers there is no Ray"
    return None


def _ready(knock: socket.socket, stop: Callable[[], bool], until_s: float) -> bool:
    while time.monotonic() < until_s and not stop():
        if any(select.select([], [knock], [], SLICE_S)):
            return True
    return False


def address_of_auto() -> str | None:
    """Where Ray would look for `auto`; None where a cluster runs on this machine.

    That is RAY_ADDRESS, or the cluster that was started on this machine last, which may be gone.
    """
    if address := os.environ.get("RAY_ADDRESS"):
        return address if address.rpartition(":")[2].isdigit() else None
    if _a_cluster_runs_here():
        return None
    place = Path(os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp")
    try:
        return (place / "ray" / "ray_current_cluster").read_text().strip() or None
    except OSError:
        return None


def _a_cluster_runs_here() -> bool:
    return any(process.info["name"] == "gcs_server" for process in psutil.process_iter(["name"]))
