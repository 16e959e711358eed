"""Tables as Parquet files that carry a checksum of all their bytes."""

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from moons.checksums import checksum
from moons.files import NotPlain, appearing, read_plain
from moons.words import tables_command
from study.record.damage import DamagedRecord

if TYPE_CHECKING:  # pandas takes most of a second: the command lines' --help does without
    import pandas as pd

# In the file's own metadata; the digits are filled in when all else is written.
PLACE, BLANK = re.compile(rb"crc32:([0-9a-f]{8})"), b"crc32:00000000"


def write_table(table: "pd.DataFrame", path: Path) -> None:
    """Writes a table, whole, with a checksum of every page and one of the file.

    Raises:
        DamagedRecord: a folder is in its place.
        OSError: it cannot be written.
    """
    if path.is_dir():
        raise DamagedRecord(f"{path} is a folder, where a table belongs; remove it")
    import pyarrow as pa
    from pyarrow import parquet

    arrow = pa.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**arrow.schema.metadata, b"checksum": BLANK})
    content = io.BytesIO()
    parquet.write_table(arrow, content, write_page_checksum=True)
    written = content.getvalue()
    place = written.rindex(BLANK)
    filled = b"crc32:" + checksum(written).encode()
    with appearing(path) as draft:
        draft.write_bytes(written[:place] + filled + written[place + len(BLANK) :])


def read_table(path: Path, shown: str = "", remedy: str = "") -> "pd.DataFrame":
    """Reads a table; one without a checksum by those of its pages, where it has them.

    Args:
        path: of the file.
        shown: what it is called; by default its path.
        remedy: what to do about a damaged one; by default to derive it again.

    Raises:
        DamagedRecord: it is missing or damaged.
    """
    import pandas as pd

    shown = shown or str(path)
    remedy = remedy or f"make it again with `{tables_command(path.parent)}`"
    try:
        content = read_plain(path)
    except FileNotFoundError:
        raise DamagedRecord(f"{shown} is missing: {remedy}") from None
    except NotPlain as error:
        raise DamagedRecord(f"{shown} is {error.kind}, where a file belongs: {remedy}") from None
    *_, last = (None, *PLACE.finditer(content))
    if last is not None:
        blank = content[: last.start()] + BLANK + content[last.end() :]
        if checksum(blank) != last[1].decode():
            raise DamagedRecord(f"{shown} is damaged, its checksum differs: {remedy}")
    try:
        return pd.read_parquet(io.BytesIO(content), page_checksum_verification=True)
    except Exception:  # of pyarrow's and pandas' own, whatever the damage leads to
        raise DamagedRecord(f"{shown} is damaged, no Parquet table: {remedy}") from None
