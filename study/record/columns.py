"""What the tables of a study hold."""

from typing import Literal, get_args

State = Literal["complete", "pruned", "diverged", "failed", "running", "interrupted"]
STATES: tuple[State, ...] = get_args(State)
SPLITS = ("train", "val", "test", "fresh", "exact")
