"""Serves studies as they run: `python -m analysis.live results`, on this machine alone."""

import importlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

import tyro

from analysis.command import run_command
from moons.command_line import AnyPath
from study.record.damage import RecordError
from study.record.folder import StudyFolder
from study.record.lock import in_use

HOST = "127.0.0.1"
EVERY_S = 0.5  # between looks at a record
STILL_S = 10.0  # without news: then an empty line shows whether the reader is still there
RETRY_MS = 1000  # between a reader's tries to reach a server that is gone
LAST_S = 10.0  # for what has begun to be answered when the server stops
DEEP = 2  # folders below the root: results/<study> and results/reference/<study>


class Server(ThreadingHTTPServer):
    """The studies below a folder, each followed from its record."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, root: Path, port: int) -> None:
        """Listens, which begins with `serve_forever`.

        Raises:
            OSError: the port is taken.
        """
        self.root = root
        self._standings: dict[Path, tuple[object, dict[str, Any]]] = {}
        self.stopping = threading.Event()
        self._answering, self._answered = 0, threading.Condition()
        super().__init__((HOST, port), Handler)

    @contextmanager
    def answer(self) -> Iterator[None]:
        """Around an answer that is to be whole although the server stops meanwhile."""
        with self._answered:
            self._answering += 1
        try:
            yield
        finally:
            with self._answered:
                self._answering -= 1
                self._answered.notify_all()

    def server_close(self) -> None:
        """Takes no more readers, and tells those it has the last news."""
        super().server_close()
        self.stopping.set()
        with self._answered:
            self._answered.wait_for(lambda: self._answering == 0, LAST_S)

    @property
    def address(self) -> str:
        """Where the index is."""
        return f"http://{HOST}:{self.server_port}/"

    @cached_property
    def hosts(self) -> set[str]:
        """Names this server goes by; under others a foreign page may be behind the request."""
        return {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    def studies(self) -> dict[str, Path]:
        """The folders of studies by their path below the root."""
        found: dict[str, Path] = {}
        for depth in range(DEEP + 1):
            for manifest in sorted(self.root.glob("/".join(["*"] * depth + ["study.json"]))):
                path = manifest.parent
                found[path.relative_to(self.root).as_posix() if depth else path.name] = path
        return found

    def standings(self) -> list[dict[str, Any]]:
        """The lines of the index, the newest first; each is read again where its record grew."""
        from analysis.page.follow import standing

        lines = []
        for name, path in self.studies().items():
            seen = _seen(path)
            if self._standings.get(path, (None,))[0] != seen:
                try:
                    line = standing(path)
                except (RecordError, ValueError, OSError) as error:
                    line = {"wrong": str(error), "started": ""}
                self._standings[path] = (seen, line)
            lines.append({"path": name} | self._standings[path][1])
        return sorted(lines, key=lambda line: str(line["started"]), reverse=True)


def _seen(path: Path) -> object:
    """What is another as soon as a study's line in the index may be."""
    names = ("study.json", "journal.log", "trials.parquet")
    found = [(path / name).stat() for name in names if (path / name).is_file()]
    driven = False
    with suppress(RecordError, OSError):  # the line itself says what is wrong
        driven = in_use(StudyFolder(path).lock)  # a driver that is killed changes no file
    return driven, [(file.st_mtime_ns, file.st_size) for file in found]


class Handler(BaseHTTPRequestHandler):
    """Answers one reader."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The index, its numbers, a study's page, or what happens to it."""
        with self.server.answer(), suppress(BrokenPipeError, ConnectionResetError):
            self._get()

    def _get(self) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            return self._answer("text/plain", "this server answers this machine alone", 403)
        path = unquote(urlsplit(self.path).path).strip("/")
        from analysis.page.write import bokeh_js, render, static

        if path == "":
            page = render("index.html.j2", css=static("page.css"), root=str(self.server.root))
            return self._answer("text/html", page)
        if path == "studies.json":
            return self._answer("application/json", json.dumps(self.server.standings()))
        if path == "bokeh.js":
            return self._answer("text/javascript", bokeh_js(), keep=True)
        name, _, last = path.rpartition("/")
        studies = self.server.studies()
        if last == "events" and name in studies:
            return self._events(studies[name])
        if path in studies:
            return self._page(studies[path])
        return self._answer("text/plain", f"there is no study {path}", 404)

    def _page(self, folder: Path) -> None:
        from analysis.page.write import live_page

        try:
            self._answer("text/html", live_page(folder))
        except (RecordError, OSError, ValueError) as error:
            self._answer("text/plain", str(error), 500)

    def _events(self, folder: Path) -> None:
        """What the record gains, as server-sent events, until the reader goes."""
        from analysis.page.follow import Follower

        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b"retry: %d\n\n" % RETRY_MS)
        follower, said, last = Follower(folder), time.monotonic(), False
        while not last:
            last = self.server.stopping.wait(EVERY_S)
            news = self._news(follower)
            if news is not None:
                self.wfile.write(b"data: " + json.dumps(news).encode() + b"\n\n")
            elif time.monotonic() - said > STILL_S:
                self.wfile.write(b":\n\n")
            else:
                continue
            said = time.monotonic()

    @staticmethod
    def _news(follower: Any) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] | None = follower.news()
        except RecordError:
            return None  # it is being written, or damaged, which the index says
        return found

    def _answer(self, kind: str, content: str, status: int = 200, keep: bool = False) -> None:
        body = content.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=3600" if keep else "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing of single requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Serves an index of studies and the page of each, which follows the study as it runs."""

    results: Annotated[AnyPath, tyro.conf.Positional] = Path("results")
    """Where studies are kept."""
    port: int = 8264
    """Where to listen on 127.0.0.1; 0 takes one that is free."""
    while_input: tyro.conf.FlagCreatePairsOff[bool] = False
    """Stops when its standard input ends, as it does with the process that started it; a port that
    is taken is then replaced by one that is free."""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    return run_command(serve, Options, "python -m analysis.live", arguments)


def serve(options: Options) -> int:
    """Serves until it is stopped.

    Raises:
        ValueError: there is no such folder, or the port is taken.
    """
    if not options.results.is_dir():
        raise ValueError(f"RESULTS must be a folder with studies, got {options.results}")
    server = _listening(options)
    print(server.address, flush=True)
    # Here, as readers who come at once would otherwise import at once.
    importlib.import_module("analysis.page.follow")
    if options.while_input:
        threading.Thread(target=_stop_with_input, args=(server,), daemon=True).start()
    with server:
        server.serve_forever()
    return 0


def _listening(options: Options) -> Server:
    try:
        return Server(options.results, options.port)
    except OSError:
        if options.while_input and options.port:
            return Server(options.results, 0)
        raise ValueError(
            f"--port {options.port} is taken on {HOST}: name another, or 0 for one that is free"
        ) from None


def _stop_with_input(server: Server) -> None:
    while sys.stdin.read(1):
        pass
    server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
