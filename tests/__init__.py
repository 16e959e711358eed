"""The specification of the packages, in their own folders' names.

What holds for every test: one thread for each library, no clock, the same examples in every run.
"""

import os

from hypothesis import settings

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # nets this small gain nothing from more
settings.register_profile("specification", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("specification")
