"""Ray's callback for a tracker, with its store in the study's folder unless people have one."""

import logging
import os
from pathlib import Path

from ray.tune.logger import LoggerCallback

from study.trackers.choice import Tracker
from study.trackers.view import TrialView

MLFLOW_URI = "MLFLOW_TRACKING_URI"


def open_tracker(tracker: Tracker, study: str, folder: Path) -> LoggerCallback:
    """The callback, ready for its first trial.

    Args:
        tracker: which.
        study: the name of the experiment, or of the group of runs.
        folder: for a store of its own, and for its files of each trial.
    """
    folder.mkdir(parents=True, exist_ok=True)
    opened = {"tensorboard": _tensorboard, "mlflow": _mlflow, "wandb": _wandb}
    return opened[tracker](study, folder.absolute())


def _tensorboard(study: str, folder: Path) -> LoggerCallback:
    from ray.tune.logger import TBXLoggerCallback

    return TBXLoggerCallback()


def _mlflow(study: str, folder: Path) -> LoggerCallback:
    from ray.air.integrations.mlflow import MLflowLoggerCallback

    logging.getLogger("mlflow").setLevel(logging.WARNING)  # it would tell of every table it makes
    given = os.environ.get(MLFLOW_URI)
    # MLflow 3 refuses its old store of plain files; Optuna brings what SQLite needs.
    store = given or f"sqlite:///{folder / 'mlflow.db'}"
    callback = MLflowLoggerCallback(tracking_uri=store, experiment_name=study)
    callback.setup()
    if given is None:
        os.environ.pop(MLFLOW_URI, None)  # MLflow puts it there, for every later study to find
    return callback


def _wandb(study: str, folder: Path) -> LoggerCallback:
    from ray.air.integrations.wandb import WandbLoggerCallback

    class InFolder(WandbLoggerCallback):
        """With the folder that its process for each trial works in, which Tune would make."""

        def log_trial_start(self, trial: TrialView) -> None:
            trial.init_local_path()
            super().log_trial_start(trial)

    callback = InFolder(
        project=os.environ.get("WANDB_PROJECT", "moons"),
        group=study,
        # Said, as its processes are Ray's and have the environment that Ray was started in.
        mode=os.environ.get("WANDB_MODE", "online"),
        dir=str(folder),
        settings={"silent": True},
    )
    callback.setup()
    return callback
