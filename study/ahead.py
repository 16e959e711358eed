"""What a worker of our own cluster imports while Ray starts, before it is given a trial."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # Ray's own word for it comes after these imports

import study.training  # noqa: F401
