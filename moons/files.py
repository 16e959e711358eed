"""Files appear whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; on leaving it is synced to disk and takes its name.

    Raises:
        OSError: the folder is not writable or full; `path` is as it was.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(3)}")
    try:
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def folder_appearing(path: Path) -> Iterator[Path]:
    """A folder beside `path` to fill; on leaving it takes its name, on an error it is gone.

    Raises:
        OSError: it cannot be written, or there is something at `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(3)}")
    draft.mkdir()
    try:
        yield draft
        draft.rename(path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_whole(path: Path, content: bytes | str) -> None:
    """Writes a small file so that a reader sees the old content or the new, never a part."""
    with appearing(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
