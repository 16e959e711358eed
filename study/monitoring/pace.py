"""Epochs a second over the last minute."""

from collections import deque

WINDOW_S = 60.0  # trials report at rungs, so that a few seconds see lumps or nothing


class Pace:
    """The mean rate of a growing count, over a window that slides."""

    def __init__(self, count: int, now_s: float) -> None:
        self._seen = deque([(now_s, count)])

    def per_second(self, count: int, now_s: float) -> float:
        """The rate since the oldest sight of the count that is still in the window."""
        seen = self._seen
        seen.append((now_s, count))
        while len(seen) > 2 and seen[1][0] <= now_s - WINDOW_S:
            seen.popleft()
        since_s, before = seen[0]
        return (count - before) / (now_s - since_s) if now_s > since_s else 0.0
