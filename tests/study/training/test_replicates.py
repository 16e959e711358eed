"""A trial that is trained on several seeds: what it reports is a mean over them."""

import statistics
from dataclasses import replace

import pytest
from safetensors.torch import load as unpack

from moons.fit import Diverged
from study.record.tables import epochs_table, trials_table
from study.training.job import Report, TrialJob
from study.training.replicate import Replicate, mean_row, seed_errors
from study.training.trial import TrialTraining
from tests.study.in_process import made_up, quick_plan, run_in_process
from tests.study.training.test_trial import CONFIG, JOB, reports_of

THRICE = replace(JOB, replicates=3)


@pytest.fixture(autouse=True)
def quick_evaluation(monkeypatch):
    """What is measured at the end takes a second and has its own specification."""
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)


def alone(job: TrialJob, index: int) -> Replicate:
    """One of a job's replicates, trained to its end."""
    replicate = Replicate(job, index)
    replicate.train(job.config.max_epochs)
    return replicate


def curve(reports: list[Report], index: int) -> list[float]:
    blocks = [b for report in reports for b in report.blocks if b.replicate == index]
    return [value for block in blocks for value in block.columns["val_mse"]]


def test_the_first_replicate_is_the_trial_as_it_would_be_alone():
    single, several = reports_of(JOB), reports_of(THRICE)
    assert curve(several, 0) == curve(single, 0)
    assert several[-1].weights == single[-1].weights
    assert several[-1].row["best_epoch"] == single[-1].row["best_epoch"]


def test_replicates_differ_in_their_seeds():
    reports = reports_of(THRICE)
    curves = [curve(reports, index) for index in range(3)]
    assert all(len(values) == CONFIG.max_epochs for values in curves)
    assert curves[0] != curves[1] != curves[2] != curves[0]


def test_a_metric_is_the_mean_over_replicates_at_every_rung():
    for report, upto in zip(reports_of(THRICE), (2, 5, 10, 12), strict=True):
        curves = [curve(reports_of(THRICE), index)[:upto] for index in range(3)]
        assert report.metrics["val_mse"] == statistics.fmean(map(min, curves))


def test_a_row_has_means_and_their_standard_errors_over_seeds():
    best = [alone(THRICE, index).best()["val_mse"] for index in range(3)]
    row = reports_of(THRICE)[-1].row
    assert row["replicates"] == 3
    assert row["val_mse"] == statistics.fmean(best)
    assert row["val_mse_seed_se"] == statistics.stdev(best) / 3**0.5


def test_one_replicate_has_no_standard_error():
    row = reports_of(JOB)[-1].row
    assert row["replicates"] == 1
    assert not [name for name in row if name.endswith("_seed_se")]


def test_a_metric_of_the_evaluation_gets_a_standard_error_too():
    job = replace(THRICE, metrics=("val_energy_distance",), rungs=())
    row = reports_of(job)[-1].row
    assert (row["val_energy_distance"], row["val_energy_distance_seed_se"]) == (1.5, 0.0)


def test_a_trial_goes_on_until_its_most_patient_replicate_ends():
    impatient = replace(CONFIG, lr=0.1, max_epochs=60, patience=2)
    job = replace(THRICE, config=impatient, rungs=(4, 8, 16, 32))
    reports = reports_of(job)
    ends = [alone(job, index).run.epoch for index in range(3)]
    assert len(set(ends)) > 1
    assert reports[-1].epochs == max(ends)
    assert [len(curve(reports, index)) for index in range(3)] == ends


def test_one_diverging_replicate_is_the_trial_s_divergence_and_named():
    config = replace(CONFIG, lr=10.0, latent_dim=64)
    report = TrialTraining(replace(THRICE, config=config, rungs=())).advance()
    diverged = next(
        index
        for index in range(3)
        if isinstance(alone(replace(THRICE, config=config), index).run.outcome, Diverged)
    )
    assert report.status == "diverged"
    assert f"of replicate {diverged} was not finite" in (report.error or "")


def test_the_mean_of_rows_keeps_what_belongs_to_one_model():
    rows = [
        {"val_mse": 1.0, "best_epoch": 7, "fresh_kl_per_latent": "[1]", "sigma_x": None},
        {"val_mse": 3.0, "best_epoch": 9, "fresh_kl_per_latent": "[2]", "sigma_x": 2.0},
    ]
    assert mean_row(rows) == {
        "val_mse": 2.0,
        "best_epoch": 7,
        "fresh_kl_per_latent": "[1]",
        "sigma_x": None,
    }
    assert seed_errors(rows, ["val_mse"]) == {"val_mse_seed_se": 1.0}


def test_the_tables_hold_every_epoch_of_every_replicate_once(tmp_path):
    plan = quick_plan(tmp_path, "--replicates=2")
    run_in_process(plan)
    trials, epochs = trials_table(plan.folder), epochs_table(plan.folder)
    assert set(trials["replicates"]) == {2}
    assert set(epochs["replicate"]) == {0, 1}
    assert not epochs.duplicated(["trial", "replicate", "epoch"]).any()
    best = epochs.groupby(["trial", "replicate"])["val_mse"].min().groupby("trial").mean()
    assert list(best) == pytest.approx(list(trials["val_mse"]), rel=1e-12)
    assert (trials["val_mse_seed_se"] > 0).all()


def test_weights_are_those_of_the_first_replicate():
    sent = unpack(reports_of(THRICE)[-1].weights or b"")
    kept = alone(THRICE, 0).run.best_weights()
    assert all((sent[name] == kept[name]).all() for name in kept)


def test_a_replicate_that_had_ended_by_patience_stays_ended_where_its_trial_goes_on_elsewhere():
    config = replace(CONFIG, lr=0.1, patience=3, max_epochs=60)  # ends at epochs 20, 6, 6
    job = replace(THRICE, config=config, rungs=(8,), seed=2)
    undisturbed = reports_of(job)
    assert len(undisturbed) == 2
    assert undisturbed[0].snapshot is not None
    ended = [run.finished is not None for run in undisturbed[0].snapshot.runs]
    assert ended == [False, True, True]
    [rest] = reports_of(replace(job, snapshot=undisturbed[0].snapshot))
    assert rest.metrics == undisturbed[1].metrics
    assert rest.weights == undisturbed[1].weights
    assert [b.replicate for b in rest.blocks] == [b.replicate for b in undisturbed[1].blocks]
