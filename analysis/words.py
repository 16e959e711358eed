"""What a study holds in words; numbers and lists are in `moons.words`."""

from moons.words import alike as alike
from moons.words import count as count
from moons.words import duration as duration
from moons.words import ends as ends
from moons.words import listed as listed
from moons.words import number as number
from moons.words import percent as percent
from moons.words import with_error as with_error
from moons.words import with_interval as with_interval
from study.record.columns import STATES
from study.record.results import StudyResults


def state_counts(results: StudyResults) -> str:
    """How many trials ended how: `10 complete, 88 pruned and 2 diverged`."""
    counts = results.trials["state"].value_counts()
    return listed([f"{counts[state]:,} {state}" for state in STATES if state in counts])


def value_in_words(value: object) -> str:
    """A hyperparameter's value; numbers rounded, all else as it is."""
    return number(float(value)) if isinstance(value, float) else str(value)
