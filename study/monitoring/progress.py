"""The live view of a running study: one panel on a terminal, plain lines elsewhere."""

import threading
from types import TracebackType
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from moons.terminal import console, say, say_whole
from moons.words import count, duration, number
from study.monitoring.tally import Tally
from study.tune.cluster import Cluster

PLAIN_EVERY_S = 5.0
REFRESH_PER_S = 4
BAR_WIDTH = 40  # where there is room for it


def announce(title: str, workers: int | None, address: str | None) -> None:
    """Says what is about to be done, and what is waited for until it can be."""
    to = console()
    say(to, f"{title}, {count(workers, 'worker')}" if workers else title)
    say(to, "starting Ray ..." if address is None else f"connecting to Ray at {address} ...")


class Progress:
    """Shows the tally for as long as it is entered; a thread of its own draws it."""

    def __init__(self, tally: Tally, cluster: Cluster) -> None:
        self._tally, self._cluster = tally, cluster
        self._console = console()
        self._live: Live | None = None
        self._over = threading.Event()
        self._lines: threading.Thread | None = None

    def __enter__(self) -> Self:
        cluster = self._cluster
        counted = f"{count(cluster.workers, 'worker')}, " if cluster.grows else ""
        say_whole(self._console, f"{counted}dashboard {cluster.dashboard}")
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self.panel, console=self._console, refresh_per_second=REFRESH_PER_S
            )
            self._live.start()
        else:
            self._lines = threading.Thread(target=self._print_lines, daemon=True)
            self._lines.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self._lines is not None:
            self._over.set()
            self._lines.join()
            say(self._console, status_line(self._tally))

    def _print_lines(self) -> None:
        said = -1
        while not self._over.wait(PLAIN_EVERY_S):
            if self._tally.epochs != said:
                said = self._tally.epochs
                say(self._console, status_line(self._tally))

    def panel(self) -> RenderableType:
        """What a terminal shows."""
        tally = self._tally
        wanted = count(tally.wanted, "trial")
        said = f"{tally.finished}/{wanted}", f"{duration(tally.left_s)} left"
        room = self._console.width - sum(map(len, said)) - len(said)
        bar = Table.grid(padding=(0, 1))
        width = max(1, min(BAR_WIDTH, room))
        bar.add_row(ProgressBar(tally.wanted, tally.finished, width=width), *said)
        return Group(bar, Text(status_line(tally)), Text(best_line(tally), style="bold"))


def status_line(tally: Tally) -> str:
    """Counts and pace in one line."""
    parts = [
        f"{tally.finished}/{count(tally.wanted, 'trial')}:",
        f"{tally.states['complete']} complete,",
        f"{tally.states['pruned']} pruned,",
        f"{tally.states['diverged']} diverged,",
        f"{tally.states['failed']} failed,",
        f"{tally.running} running;",
        f"{count(tally.epochs, 'epoch')},",
        f"study {duration(tally.study_s)},",
        f"{duration(tally.left_s)} left",
    ]
    if tally.best is not None:
        value, name, _ = tally.best
        parts[-1] += f"; best {number(value)} ({name})"
    return " ".join(parts)


def best_line(tally: Tally) -> str:
    """The best complete trial with its config."""
    if tally.best is None:
        return "no trial is complete yet"
    value, _, label = tally.best
    return f"best {number(value)}: {label}"
