"""A trial's training between reports, as a worker runs it, without Ray."""

import math
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load as unpack

from moons.config import Config
from moons.evaluation import EVALUATION_SEED, evaluate
from moons.fit import fit, start
from moons.models import CVAE, count_parameters
from study.training.job import Report, TrialJob
from study.training.trial import TrialTraining
from tests.conftest import ROOT
from tests.study.in_process import made_up

CONFIG = Config(family="cvae", n_samples=100, batch_size=30, max_epochs=12, min_epochs=1)
JOB = TrialJob(
    trial=3,
    config=CONFIG,
    seed=11,
    rungs=(2, 5, 10),
    metrics=("val_mse",),
    engine="auto",
)
DIVERGING = replace(JOB, config=replace(CONFIG, lr=10.0, latent_dim=64))


@pytest.fixture(autouse=True)
def quick_evaluation(request, monkeypatch):
    """What is measured at the end takes a second and has its own specification."""
    if "real_evaluation" not in request.fixturenames:
        monkeypatch.setattr("study.training.replicate.evaluate", made_up)


@pytest.fixture
def real_evaluation():
    """Asks for what workers do."""


def reports_of(job: TrialJob) -> list[Report]:
    training = TrialTraining(job)
    reports = [training.advance()]
    while reports[-1].status == "running":
        reports.append(training.advance())
    return reports


def epochs_in(reports: list[Report]) -> list[int]:
    return [
        epoch
        for report in reports
        for block in report.blocks
        for epoch in range(block.first_epoch, block.last_epoch + 1)
    ]


def column(reports: list[Report], name: str) -> list[float]:
    return [v for report in reports for block in report.blocks for v in block.columns[name]]


def without_times(report: Report) -> Report:
    row = {k: v for k, v in report.row.items() if k not in ("train_s", "eval_s")}
    return replace(report, row=row, snapshot=None)


def test_a_trial_reports_at_each_rung_and_at_its_end():
    reports = reports_of(JOB)
    assert [report.epochs for report in reports] == [2, 5, 10, 12]
    assert [report.status for report in reports] == ["running"] * 3 + ["complete"]


def test_without_rungs_there_is_one_report_at_the_end():
    (report,) = reports_of(replace(JOB, rungs=()))
    assert (report.epochs, report.status) == (12, "complete")


def test_the_blocks_hold_every_epoch_once_in_order():
    reports = reports_of(JOB)
    assert epochs_in(reports) == list(range(1, 13))
    assert [len(report.blocks) for report in reports] == [1] * 4


def test_the_epochs_are_those_that_fit_yields():
    run = start(CONFIG, JOB.seed)
    records = list(fit(run))
    reports = reports_of(JOB)
    for name in ("train_loss", "train_mse", "train_kl", "val_loss", "val_mse", "val_kl", "lr"):
        assert column(reports, name) == [getattr(record, name) for record in records]
    best = min(records, key=lambda record: record.val_mse)
    row = reports[-1].row
    assert (row["epochs"], row["best_epoch"]) == (12, best.epoch)
    assert (row["val_mse"], row["val_loss"], row["val_kl"]) == (
        *(best.val_mse, best.val_loss),
        best.val_kl,
    )


def test_only_the_end_carries_weights_and_they_are_the_best_epoch_s():
    run = start(CONFIG, JOB.seed)
    list(fit(run))
    reports = reports_of(JOB)
    assert [report.weights is None for report in reports] == [True, True, True, False]
    sent, expected = unpack(reports[-1].weights), run.best_weights()
    assert sent.keys() == expected.keys()
    assert all(torch.equal(sent[name], expected[name]) for name in expected)


def test_a_metric_is_the_best_value_so_far_at_every_report():
    job = replace(JOB, metrics=("val_mse", "val_loss"), config=replace(CONFIG, lr=0.1))
    reports = reports_of(job)
    values = column(reports, "val_mse")
    for report in reports:
        seen = values[: report.epochs]
        best = seen.index(min(seen))
        assert report.metrics["val_mse"] == seen[best]
        assert report.metrics["val_loss"] == column(reports, "val_loss")[best]
        assert report.row["best_epoch"] == best + 1


def test_the_same_job_gives_the_same_reports_bit_for_bit(real_evaluation):
    first, again = (list(map(without_times, reports_of(JOB))) for _ in range(2))
    assert first == again  # weights are bytes in it


@pytest.mark.parametrize("replicates", [1, 2])
@pytest.mark.parametrize("reported", [1, 2, 3])
def test_a_trial_goes_on_elsewhere_from_its_last_report_as_if_it_had_never_stopped(
    reported, replicates
):
    job = replace(JOB, replicates=replicates)
    undisturbed = reports_of(job)
    lost = TrialTraining(job)
    before = [lost.advance() for _ in range(reported)]
    after = reports_of(replace(job, snapshot=before[-1].snapshot))
    assert list(map(without_times, before + after)) == list(map(without_times, undisturbed))
    assert after[-1].row["train_s"] > before[-1].row["train_s"]


def test_a_report_at_a_rung_is_opened_without_loading_torch():
    """Or the driver would load it when the first report comes, and all workers wait."""
    report = TrialTraining(JOB).advance()
    assert report.snapshot is not None
    code = (
        "import pickle, sys; pickle.loads(sys.stdin.buffer.read()); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(report), capture_output=True, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == (b"False\n", b"")


def test_a_trial_that_is_over_leaves_no_snapshot():
    assert [report.snapshot is None for report in reports_of(JOB)] == [False] * 3 + [True]


def test_a_complete_trial_s_row_holds_what_is_measured_of_its_best_weights(real_evaluation):
    (report,) = reports_of(replace(JOB, rungs=()))
    run = start(CONFIG, JOB.seed)
    list(fit(run))
    model = CVAE(CONFIG)
    model.load_state_dict(run.best_weights())
    measured = evaluate(model, CONFIG, EVALUATION_SEED).as_row()
    assert {name: report.row[name] for name in measured} == measured
    assert report.row["test_excess_nll"] > 0


def test_a_trial_that_is_not_over_or_diverged_is_not_evaluated(monkeypatch):
    monkeypatch.setattr(
        "study.training.replicate.evaluate", lambda *_: pytest.fail("it was evaluated")
    )
    assert TrialTraining(JOB).advance().status == "running"
    assert reports_of(DIVERGING)[-1].status == "diverged"


def test_another_seed_gives_other_reports():
    other = reports_of(replace(JOB, seed=12))
    assert column(other, "val_mse") != column(reports_of(JOB), "val_mse")


def test_the_rungs_do_not_change_what_is_trained():
    often = reports_of(replace(JOB, rungs=(1, 2, 3, 4)))
    assert column(often, "val_loss") == column(reports_of(JOB), "val_loss")
    assert often[-1].weights == reports_of(JOB)[-1].weights


def test_a_trial_whose_patience_ends_at_a_rung_is_complete_there():
    impatient = replace(CONFIG, lr=0.1, max_epochs=50, patience=1)
    whole = reports_of(replace(JOB, config=impatient, rungs=()))[0]
    end = whole.epochs
    assert end < 50
    last = reports_of(replace(JOB, config=impatient, rungs=(end,)))
    assert [(report.epochs, report.status) for report in last] == [(end, "complete")]
    assert last[0].weights == whole.weights


def test_a_trial_that_diverges_says_where_and_reports_no_metric():
    (report,) = reports_of(DIVERGING)
    assert report.status == "diverged"
    assert report.metrics == {}
    assert report.weights is None
    assert report.error == f"train_loss was not finite in epoch {report.epochs}"
    assert epochs_in([report]) == list(range(1, report.epochs + 1))
    assert not math.isfinite(column([report], "train_loss")[-1])
    result = report.as_result()
    assert result["done"] is True
    assert "val_mse" not in result  # so that no rung and no sampler sees it


def test_a_sound_report_shows_the_scheduler_its_epochs_and_metrics():
    running, *_, complete = reports_of(JOB)
    assert running.as_result() == {
        "report": running,
        "epochs": 2,
        "done": False,
        "val_mse": running.metrics["val_mse"],
    }
    assert complete.as_result()["done"] is True
    assert complete.as_result()["val_mse"] == complete.metrics["val_mse"]


def test_a_report_says_what_trained_where_and_for_how_long():
    row = reports_of(JOB)[-1].row
    assert row["n_parameters"] == count_parameters(CONFIG)
    assert row["engine"] in ("fused", "torch")
    assert 0 < row["train_s"] < 600
    assert ":" in row["worker"]


def test_the_engine_asked_for_is_the_one_that_trains():
    (report,) = reports_of(replace(JOB, engine="torch", rungs=()))
    assert report.row["engine"] == "torch"


class Wide(CVAE):
    """A model of somebody's own."""

    def __init__(self, config):
        super().__init__(replace(config, decoder_hidden=48))


def test_a_model_of_one_s_own_is_trained_and_counted():
    (report,) = reports_of(replace(JOB, model_class=Wide, rungs=()))
    assert report.status == "complete"
    assert unpack(report.weights)["decoder.net.0.weight"].shape == (48, 3)
    assert report.row["n_parameters"] == count_parameters(CONFIG, Wide)


def test_a_job_reads_as_its_family_number_and_settings():
    text = str(JOB)
    for part in ("cvae", "trial 3", "lr=0.001", "batch=30", "latent=2", "beta=1", "eps_w=0.1"):
        assert part in text


@pytest.mark.parametrize("max_epochs", [1, 2, 3])
def test_a_budget_below_or_at_a_rung_is_reported_once(max_epochs):
    job = replace(JOB, config=replace(CONFIG, max_epochs=max_epochs), rungs=(2,))
    reports = reports_of(job)
    assert reports[-1].epochs == max_epochs
    assert epochs_in(reports) == list(range(1, max_epochs + 1))
    assert reports[-1].status == "complete"
