"""What our own workers do while Ray starts: import what trials need, and load the kernels."""

import os
from contextlib import suppress

os.environ.setdefault("OMP_NUM_THREADS", "1")  # Ray's own word for it comes after these imports

import study.training.trial
import study.tune.trainable  # noqa: F401
from moons.engines import warm_up

with suppress(Exception):  # the first trial meets it again, and can say what it is
    warm_up()
