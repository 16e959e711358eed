"""One study seed, many independent streams, each derived by its name."""

import hashlib


def derive_seed(seed: int, *names: str | int) -> int:
    """The seed of the stream called `names` under `seed`, in [0, 2**32).

    The same seed and names give the same stream on every machine; other names give an unrelated
    one, so that adding a stream never changes the ones that were there.
    """
    key = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
