"""Checksums that lines and files of JSON carry in themselves: a CRC-32, as eight hex digits."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

KEY = "checksum"  # in an object that is a file of its own
HEAD, TAIL = b',"crc":"', b'"}'  # at the end of a line
SEAL = len(HEAD) + 8 + len(TAIL)


def checksum(content: bytes, before: str = "0") -> str:
    """Of `content`, and of what the checksum `before` was taken of."""
    return f"{zlib.crc32(content, int(before, 16)):08x}"


def seal_line(line: bytes, before: str) -> tuple[bytes, str]:
    """A line with the checksum of itself and of all lines before, and that checksum.

    Args:
        line: a JSON object that is not empty, without a line break.
        before: the checksum of the line before.
    """
    now = checksum(line[:-1], before)
    return line[:-1] + HEAD + now.encode() + TAIL, now


def seal_of(line: bytes) -> str | None:
    """The checksum that a line carries, if it carries one."""
    sealed = line[-SEAL:].startswith(HEAD) and line.endswith(TAIL)
    return line[-SEAL + len(HEAD) : -len(TAIL)].decode("ascii", "replace") if sealed else None


def sealed_text(fields: Mapping[str, Any]) -> str:
    """A JSON file of the fields and their checksum."""
    return json.dumps(dict(fields) | {KEY: _of_fields(fields)}, indent=2) + "\n"


def read_sealed(text: bytes) -> dict[str, Any]:
    """The fields of such a file; one whose checksum is null, as after an edit, is taken as it is.

    Raises:
        ValueError: it holds no JSON object, or another than was written.
    """
    fields = read_json(text)
    if not isinstance(fields, dict):
        raise ValueError("it holds no JSON object")
    if KEY not in fields and fields.get("format", 1) != 1:  # format 1 had none
        raise ValueError("it lacks its checksum, which is null after an edit")
    written = fields.pop(KEY, None)
    if written is not None and written != _of_fields(fields):
        raise ValueError("its checksum differs; after an edit, set it to null")
    return fields


def read_json(text: bytes) -> Any:
    """What a text in UTF-8 holds.

    Raises:
        ValueError: it is no JSON, or more deeply nested than anything written here.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is too deeply nested") from None


def _of_fields(fields: Mapping[str, Any]) -> str:
    plain = json.loads(json.dumps(fields))  # as it will be read: lists for tuples, text for keys
    return checksum(json.dumps(plain, sort_keys=True).encode())
