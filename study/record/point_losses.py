"""The losses of single points of each retraining: one small file each, beside `reruns.jsonl`.

Half precision is enough: they say how a mean varies, and the mean itself stands in the table.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moons.checksums import checksum
from moons.files import NotPlain, read_plain, sync_folder, write_whole
from study.record.folder import StudyFolder

LARGEST = 60_000.0  # of half precision

Floats = NDArray[np.float64]


def pack_losses(losses: Mapping[str, Floats]) -> bytes:
    """Losses by column in the safetensors format, to be sent or written."""
    from safetensors.numpy import save

    clipped = {name: np.clip(values, -LARGEST, LARGEST) for name, values in losses.items()}
    return save({name: values.astype(np.float16) for name, values in clipped.items()})


def save_losses(folder: Path, key: str, packed: bytes) -> str:
    """Writes a retraining's losses; returns the file's name, which holds their checksum."""
    whose = hashlib.sha256(key.encode()).hexdigest()[:16]
    name = f"{whose}-{checksum(packed)}.safetensors"
    path = StudyFolder(folder).point_losses(name)
    path.parent.mkdir(exist_ok=True)  # not its parents: a folder that was moved is not made anew
    sync_folder(folder)
    write_whole(path, packed)
    return name


def load_losses(folder: Path, names: Iterable[str], column: str) -> dict[str, Floats]:
    """The losses of a column, by file; those that are missing or damaged are left out."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    found = {}
    for name in names:
        try:
            content = read_plain(StudyFolder(folder).point_losses(name))
            if f"-{checksum(content)}." not in name:
                continue
            losses = load(content)
        except (OSError, NotPlain, SafetensorError):
            continue
        if column in losses:
            found[name] = losses[column].astype(np.float64)
    return found
