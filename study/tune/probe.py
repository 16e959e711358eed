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
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")


def why_silent(address: str, stop: Callable[[], bool], limit_s: float = LIMIT_S) -> str | None:
    """Why nothing answers there as Ray's GCS would; None where something does.

    It connects and says hello in HTTP/2, which gRPC speaks. `stop` is asked several times a second.
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
        if not _ready(knock, "write", stop, until_s):
            return "stopped" if stop() else f"it did not answer within {limit_s:.0f} s"
        if error_number := knock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return os.strerror(error_number).lower()
        if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
            return None  # it would wait for a handshake
        knock.sendall(PREFACE)
        if not _ready(knock, "read", stop, until_s):
            return "stopped" if stop() else f"it took the call and said nothing for {limit_s:.0f} s"
        try:
            hello = knock.recv(9)
        except OSError as error:
            return str(error.strerror).lower()
    # A frame of HTTP/2 begins with 3 bytes of length and a kind; the first is of kind 4, settings.
    return None if len(hello) >= 4 and hello[3] == 4 else "what answers there is no Ray"


def _ready(knock: socket.socket, way: str, stop: Callable[[], bool], until_s: float) -> bool:
    reading, writing = ([knock], []) if way == "read" else ([], [knock])
    while time.monotonic() < until_s and not stop():
        if any(select.select(reading, writing, [], SLICE_S)):
            return True
    return False


def address_of_auto() -> str | None:
    """Where Ray would look for `auto`; None where a cluster runs on this machine.

    That is RAY_ADDRESS, or the cluster that was started on this machine last, which may be gone.
    """
    if address := os.environ.get("RAY_ADDRESS"):
        return address if address.rpartition(":")[2].isdigit() else None
    if any(process.info["name"] == "gcs_server" for process in psutil.process_iter(["name"])):
        return None
    place = Path(os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp")
    try:
        return (place / "ray" / "ray_current_cluster").read_text().strip() or None
    except OSError:
        return None
