"""What a command in another process prints, shown while it runs, in notebooks too."""

import os
import sys
from types import TracebackType
from typing import IO, Any, Self


class Screen:
    """Where the command prints to, and how that is shown.

    On a terminal the command has the terminal. Elsewhere it prints to a file, whose new lines are
    printed here as `print` does; in a notebook the count of trials stays one line.
    """

    def __init__(self, file: IO[bytes], *, shown: bool) -> None:
        self._file = file
        self._shown = shown
        self._on_terminal = shown and _is_terminal()
        self._read = 0
        self._rest = b""
        self._line: Any = None  # of a notebook, which can be changed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.update()

    @property
    def descriptor(self) -> int:
        """What the command gets as stdout."""
        return sys.stdout.fileno() if self._on_terminal else self._file.fileno()

    def update(self) -> None:
        """Shows what was printed since the last time."""
        if not self._shown or self._on_terminal:
            return
        # `pread` leaves the file's offset alone, which the command writes at.
        new = os.pread(self._file.fileno(), 1 << 20, self._read)
        self._read += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            self._show(line.decode(errors="replace"))

    def _show(self, line: str) -> None:
        if _counts_trials(line) and _in_notebook():
            self._replace(line)
        else:
            print(line, flush=True)

    def _replace(self, line: str) -> None:
        from IPython.display import display

        said = {"text/plain": line}
        if self._line is None:
            self._line = display(said, raw=True, display_id=True)
        else:
            self._line.update(said, raw=True)


def _counts_trials(line: str) -> bool:
    """Whether it is a line of `study.monitoring.progress`, of which the last one says it all."""
    done, slash, rest = line.partition("/")
    return done.isdigit() and bool(slash) and rest[:1].isdigit()


def _is_terminal() -> bool:
    try:
        return sys.stdout.isatty() and sys.stdout.fileno() >= 0
    except (AttributeError, OSError, ValueError):  # no file, or closed
        return False


def _in_notebook() -> bool:
    """Whether what is printed goes to the cells of a notebook."""
    kernel = sys.modules.get("ipykernel.iostream")
    return kernel is not None and isinstance(sys.stdout, kernel.OutStream)
