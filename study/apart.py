"""A command in a process of its own, for those who call it from Python.

Ray changes the process that it runs in: threads, environment variables and handlers of signals stay
behind, and when it is lost it ends the process. So the caller's process is left alone.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import IO, cast

from study.errors import ExitCode, StudyError
from study.screen import Screen
from study.signals import sigterm_deferred

ROOT = Path(__file__).parents[1]
INSTALLED = ("site-packages", "dist-packages")
LOOK_EVERY_S = 0.2


def run_apart(command: str, words: Sequence[str], *, progress: bool) -> None:
    """Runs a command to its end.

    Ctrl-C has it save what it has; it does the same when this process dies.

    Args:
        command: its module.
        words: of its command line.
        progress: shows what it prints, while it runs.

    Raises:
        StudyError: it failed, with the sentence and the exit code that it ended with.
        KeyboardInterrupt: Ctrl-C; says how to go on where the command does.
    """
    line = [sys.executable, "-m", "study.apart", command, *words]
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        Screen(out, shown=progress) as screen,
        subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=screen.descriptor,
            stderr=err,
            env=_environment(),
            start_new_session=True,  # Ctrl-C reaches this process, which passes it on
        ) as process,
    ):
        code = _wait(process, screen)
        screen.update()
        if code == 130:
            raise KeyboardInterrupt(_last_line(out))
        if code != 0:
            raise StudyError(_sentence(command, _text(err) or _text(out), code), _exit_code(code))


def _environment() -> dict[str, str]:
    """With this project where Python looks for modules, as it is found here."""
    environment = dict(os.environ)
    if ROOT.name not in INSTALLED:
        paths = [str(ROOT), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return environment


def _wait(process: "subprocess.Popen[bytes]", screen: Screen) -> int:
    while True:
        try:
            return process.wait(LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            screen.update()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)  # the second one ends it at once


def _sentence(command: str, said: str, code: int) -> str:
    own = [line for line in said.splitlines() if line.startswith(f"{command}: ")]
    if own:
        return own[-1].removeprefix(f"{command}: ")
    last = (said.strip().splitlines() or ["it said nothing"])[-1]
    return f"{command} was ended by {signal.Signals(-code).name}: {last}" if code < 0 else last


def _exit_code(code: int) -> ExitCode:
    return cast(ExitCode, code)


def _last_line(file: IO[bytes]) -> str:
    lines = _text(file).strip().splitlines()
    saved = [line for line in lines if line.startswith("saved; ")]
    return saved[-1] if saved else "stopped"


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _end_with_the_caller() -> None:
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)  # the command saves what it has


def main(words: Sequence[str]) -> int:
    """Runs the command whose module comes first, for as long as stdin is open."""
    with sigterm_deferred():  # the thread leaves it to the main one
        Thread(target=_end_with_the_caller, daemon=True).start()
    code: int = import_module(words[0]).main(words[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
