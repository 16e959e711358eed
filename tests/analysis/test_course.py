"""What is said of how a study went: trials that were lost, pruned or late, and its time."""

import dataclasses

import pandas as pd

from tests.analysis.known import known_results
from tests.analysis.test_findings import said


def test_diverged_trials_are_told_apart_by_what_they_have_in_common() -> None:
    fine = [{"val_mse": 0.1, "lr": 0.001 * n} for n in range(1, 9)]
    lost = [{"state": "diverged", "lr": 0.05 + 0.001 * n} for n in range(5)]
    warned = said(known_results([*fine, *lost]), "warning")
    assert (
        "5 of 13 trials (38 %) diverged, mostly at a high learning rate (median 0.052, against "
        "0.0045 of the others)."
    ) in warned


def test_failures_are_named_by_their_commonest_reason() -> None:
    failed = {"state": "failed", "error": "Traceback\n  line\nValueError: no such width"}
    warned = said(known_results([{"val_mse": 0.1}, failed, failed]), "warning")
    assert "2 of 3 trials (67 %) failed, most often with: ValueError: no such width." in warned


def test_pruning_and_its_savings_are_noted() -> None:
    trials = [{"val_mse": 0.1, "epochs": 100}, {"state": "pruned", "epochs": 10}]
    assert (
        "1 of 2 trials (50 %) was pruned. Had each gone on for the 100 epochs that a complete "
        "trial takes, the study would have trained 90 epochs more than its 110: pruning saved "
        "45 %."
    ) in said(known_results(trials), "note")


def test_a_late_best_trial_says_that_the_search_was_still_improving() -> None:
    falling = [{"val_mse": 1.0 / n} for n in range(1, 31)]
    assert "as number 30 of 30 that ended" in said(known_results(falling), "warning")
    assert "came late" not in said(known_results(falling[::-1]), "warning")


def test_a_study_cut_off_says_so() -> None:
    results = known_results(
        [{"val_mse": 0.1}, {"state": "running"}], n_trials=50, outcome="interrupted"
    )
    assert (
        "Of 50 trials asked for 1 ended: 1 complete and 1 running. The study is not finished; "
        "its outcome is 'interrupted'."
    ) in said(results, "warning")


def test_time_is_counted_over_all_workers() -> None:
    trials = [{"val_mse": 0.1, "start_s": 0.0, "end_s": 30.0}, {"start_s": 0.0, "end_s": 60.0}]
    assert (
        "Until the last trial's end 75 % of the time of 2 workers was used; the median trial "
        "lasted 45 s."
    ) in said(known_results(trials), "note")


def test_an_audit_is_a_warning_where_pruning_stopped_a_trial_that_would_have_been_good() -> None:
    trials = [{"val_mse": 0.1 * n, "rungs": '{"10": 0.5}'} for n in range(1, 7)]
    trials.append({"val_mse": 0.9, "state": "pruned", "epochs": 10, "rungs": '{"10": 0.9}'})
    ended = {"trial": 6, "state": "complete", "epochs": 100, "rungs": '{"10": 0.9}'}
    for end, level in ((0.05, "warning"), (0.95, "result")):
        results = known_results(trials, rungs=(10,))
        audited = dataclasses.replace(results, audited=pd.DataFrame([ended | {"val_mse": end}]))
        assert "Audit of the pruning: of 1 pruned trial 1 was trained" in said(audited, level)
