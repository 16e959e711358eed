"""Files appear whole or not at all, and are read only where they are plain files."""

import contextlib
import errno
import fcntl
import itertools
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

DRAFT = re.compile(r"\..+\.draft-[0-9a-f]{8}")
ABANDONED_S = 60  # between a draft's birth and its lock lie microseconds


class NotPlain(ValueError):
    """Something else lies where a file belongs: a link, a folder, a pipe, a device."""

    def __init__(self, path: Path) -> None:
        mode = os.lstat(path).st_mode
        kinds = {stat.S_IFLNK: "a symbolic link", stat.S_IFDIR: "a folder"}
        self.kind = kinds.get(stat.S_IFMT(mode), "a pipe or a device")
        super().__init__(f"{path} is {self.kind}, where a file belongs")


def open_plain(path: Path, flags: int = os.O_RDONLY) -> FileIO:
    """Opens a file, without a buffer; follows no link and never waits, as a pipe would make it.

    Args:
        path: of the file.
        flags: of `os.open`; what is written is appended.

    Raises:
        NotPlain: what is there is no file.
        OSError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise NotPlain(path) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotPlain(path)
    return FileIO(descriptor, "rb" if flags == os.O_RDONLY else "ab")


def read_plain(path: Path) -> bytes:
    """The content of a file.

    Raises:
        NotPlain, OSError: as `open_plain`.
    """
    with open_plain(path) as file:
        return file.read()


def is_folder(path: Path) -> bool:
    """Whether a folder is there; no for a name that no file system takes."""
    try:
        return path.is_dir()
    except OSError:  # such as a name of over 255 bytes
        return False


def free_place(path: Path) -> Path:
    """The path, or with `-2`, `-3`, ... behind it the first at which nothing is yet."""
    numbers = itertools.count(2)
    found = path
    while os.path.lexists(found):
        found = path.with_name(f"{path.name}-{next(numbers)}")
    return found


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; on leaving it is synced to disk and takes its name.

    Raises:
        OSError: the folder is not writable or full; `path` is as it was.
    """
    draft = draft_of(path)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        _hold(descriptor)
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        os.close(descriptor)
        draft.unlink(missing_ok=True)


@contextmanager
def folder_appearing(path: Path) -> Iterator[Path]:
    """A folder beside `path` to fill; on leaving it takes its name, on an error it is gone.

    Raises:
        FileExistsError: there is something at `path`.
        OSError: it cannot be written.
    """
    make_folder(path.parent)
    with scratch_folder(path, 0o777) as draft:
        yield draft
        sync_folder(draft)
        try:
            draft.rename(path)
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise FileExistsError(errno.EEXIST, "there is something already", path) from None
            raise
        sync_folder(path.parent)


@contextmanager
def scratch_folder(path: Path, mode: int = 0o700) -> Iterator[Path]:
    """A folder beside `path`, whose name it resembles; gone on leaving, and after a kill some day.

    Raises:
        OSError: it cannot be made.
    """
    sweep(path.parent)
    draft = draft_of(path)
    draft.mkdir(mode)
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        _hold(descriptor)
        yield draft
    finally:
        os.close(descriptor)
        shutil.rmtree(draft, ignore_errors=True)


def draft_of(path: Path) -> Path:
    """A name beside `path` that nobody has; one that is too long is cut."""
    return path.with_name(f".{path.name[:200]}.draft-{secrets.token_hex(4)}")


def _hold(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sweep(folder: Path) -> None:
    """Removes the drafts in a folder that nobody is writing any more: their writer was killed."""
    for draft in folder.iterdir():
        if not DRAFT.fullmatch(draft.name):
            continue
        with contextlib.suppress(OSError):
            descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                about = os.fstat(descriptor)
                if abs(time.time() - about.st_mtime) < ABANDONED_S:
                    continue
                if stat.S_ISDIR(about.st_mode):
                    shutil.rmtree(draft)
                else:
                    draft.unlink()
            finally:
                os.close(descriptor)


def write_whole(path: Path, content: bytes | str) -> None:
    """Writes a small file so that a reader sees the old content or the new, never a part."""
    with appearing(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, where they are missing, and their names durable."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in missing:
        sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
