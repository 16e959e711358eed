"""One definition of every duration: they add up, and say the same wherever they stand."""

import pandas as pd
import pytest

from study.record.clocks import MEANS, Clocks
from study.record.manifest import Manifest


def manifest(seconds=20.0, **options):
    space = {"name": "cvae", "family": "cvae", "searched": {}, "fixed": {}}
    made = Manifest.new(
        name="s", space=space, space_hash="", options={"workers": 2} | options, rungs=()
    )
    return made.end("complete", made.options, seconds)


TRIALS = pd.DataFrame(
    {
        "start_s": [6.0, 7.0, None],
        "end_s": [9.0, 16.0, None],
        "train_s": [2.0, 6.0, None],
        "eval_s": [0.5, 2.0, None],
    }
)


def test_start_trials_and_end_make_up_the_study():
    found = Clocks.of(TRIALS, manifest())
    assert (found.start, found.trials, found.end, found.study) == (6.0, 10.0, 4.0, 20.0)
    assert found.start + found.trials + found.end == found.study


def test_training_and_evaluation_are_sums_over_the_workers():
    found = Clocks.of(TRIALS, manifest())
    assert (found.training, found.evaluation, found.workers) == (8.0, 2.5, 2)


def test_a_study_that_runs_has_taken_as_long_as_its_last_event():
    assert Clocks.of(TRIALS, manifest(seconds=0.0)).study == 16.0


def test_without_a_trial_there_is_nothing_to_say():
    assert Clocks.of(TRIALS.tail(1), manifest()) is None


@pytest.mark.parametrize(("confirm", "end"), [(0, "end 4"), (8, "retrainings and end 4")])
def test_the_sentence_names_every_clock(confirm, end):
    said = str(Clocks.of(TRIALS, manifest(confirm=confirm)))
    assert f", {end} s (training 8 s and evaluation 2.5 s, summed over 2 workers)" in said
    assert all(name in said for name in MEANS if name != "report")
