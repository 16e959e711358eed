"""A command outlives who reads what it prints: `study.run ... | head -1` runs to its end."""

import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from typing_extensions import override


class _Outliving(io.TextIOWrapper):
    """A text stream that drops what nobody reads any more."""

    @override
    def write(self, text: str) -> int:
        with suppress(BrokenPipeError):
            return super().write(text)
        return self._drop(text)

    @override
    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._drop("")

    def _drop(self, text: str) -> int:
        """Lets the rest go nowhere, also what libraries write to the descriptor."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
        return len(text)


def outlive_readers() -> None:
    """Has stdout and stderr, where they are pipes, drop what nobody reads any more."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            setattr(sys, name, _outliving(stream))


def _outliving(stream: io.TextIOWrapper) -> TextIO:
    options: dict[str, Any] = {"encoding": stream.encoding, "errors": stream.errors}
    options |= {"line_buffering": True, "write_through": stream.write_through}
    return _Outliving(stream.detach(), **options)
