import os
import threading

import pytest

from moons.files import (
    NotPlain,
    appearing,
    folder_appearing,
    read_plain,
    scratch_folder,
    sweep,
    write_whole,
)


def test_what_was_written_is_what_is_read(tmp_path):
    write_whole(tmp_path / "text", "größer\n")
    write_whole(tmp_path / "bytes", b"\x00\xff")
    assert (tmp_path / "text").read_text(encoding="utf-8") == "größer\n"
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"


def test_a_file_that_was_there_is_replaced(tmp_path):
    path = tmp_path / "file"
    write_whole(path, "a long first content")
    write_whole(path, "new")
    assert path.read_text() == "new"


def test_a_writer_that_fails_leaves_the_old_file_and_no_draft(tmp_path):
    path = tmp_path / "file"
    write_whole(path, "old")

    def write_half():
        with appearing(path) as draft:
            draft.write_text("half of the n")
            raise RuntimeError("the writer died")

    with pytest.raises(RuntimeError, match="the writer died"):
        write_half()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_nothing_has_the_name_before_the_content_is_whole(tmp_path):
    path = tmp_path / "file"
    with appearing(path) as draft:
        draft.write_text("half")
        assert not path.exists()
        assert draft.parent == tmp_path  # on another disk, it could not be renamed
    assert path.read_text() == "half"


def test_a_reader_sees_the_old_content_or_the_new_and_never_a_part(tmp_path):
    path = tmp_path / "file"
    contents = [letter * 200_000 for letter in "ab"]
    write_whole(path, contents[0])
    over = threading.Event()

    def write_many():
        for turn in range(40):
            write_whole(path, contents[turn % 2])
        over.set()

    writer = threading.Thread(target=write_many)
    writer.start()
    seen = set()
    while not over.is_set():
        seen.add(path.read_text())
    writer.join()
    assert seen <= set(contents)


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "file", "text")


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with folder_appearing(tmp_path / "a" / "whole") as draft:
        (draft / "file").write_text("content")
        assert not (tmp_path / "a" / "whole").exists()
    assert (tmp_path / "a" / "whole" / "file").read_text() == "content"

    def half() -> None:
        with folder_appearing(tmp_path / "half") as draft:
            (draft / "file").write_text("content")
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        half()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def aged(path):
    """The path, as if nobody had touched it for an hour."""
    old = os.path.getmtime(path) - 3600
    os.utime(path, (old, old))
    return path


def test_what_somebody_is_writing_is_not_swept_away_and_what_was_left_is(tmp_path):
    left = tmp_path / ".file.draft-01234567"
    left.write_text("half")
    with appearing(tmp_path / "file") as draft, scratch_folder(tmp_path / "work") as folder:
        draft.write_text("whole")
        for path in (left, draft, folder):
            aged(path)
        sweep(tmp_path)
        assert not left.exists()
        assert draft.exists()
        assert folder.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_draft_that_is_a_link_or_a_pipe_leads_nowhere_and_keeps_nobody_waiting(tmp_path):
    target = tmp_path / "precious"
    target.write_text("kept")
    (tmp_path / ".a.draft-01234567").symlink_to(target)
    os.mkfifo(tmp_path / ".b.draft-01234567")
    sweep(tmp_path)
    assert target.read_text() == "kept"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_only_a_plain_file_is_read(tmp_path, make):
    make(tmp_path / "odd")
    with pytest.raises(NotPlain, match="where a file belongs"):
        read_plain(tmp_path / "odd")
