"""The Ray Tune trainable: a thin adapter around `TrialTraining`."""

import traceback
from typing import TYPE_CHECKING, Any

import ray
from ray import tune
from typing_extensions import override

from moons.code import CannotLoad
from moons.sources import is_known, receive
from study.training.job import Report, TrialJob
from study.tune.internals import name_process

if TYPE_CHECKING:
    from study.training.trial import TrialTraining


class MoonsTrial(tune.Trainable):
    """Trains to ASHA's next rung and reports there, with the epochs in between as one block."""

    @override
    def setup(self, config: dict[str, Any]) -> None:
        import torch  # by workers alone: a driver that starts without it starts sooner

        self._training: TrialTraining | None
        torch.set_num_threads(1)  # one trial a core; nets this small gain nothing from more
        self._begin(config)

    @override
    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Takes the next trial in the same process, so that nothing is imported twice."""
        self._begin(new_config)
        return True

    @override
    def step(self) -> dict[str, Any]:
        # An exception of the training is a result, not a reason to train it again: the same
        # config and seed would raise it again.
        name_process(f"ray::MoonsTrial {self._job}")  # Ray puts its own back after each call
        try:
            if self._training is None:
                print(self._job, flush=True)  # so that the log says which trial a line is of
                from study.training.trial import TrialTraining

                self._training = TrialTraining(self._job)
            return self._training.advance().as_result()
        except CannotLoad as error:  # what one worker cannot run, none can
            return Report(status="failed", epochs=0, error=str(error), fatal=True).as_result()
        except (Exception, SystemExit) as error:  # the latter would end the worker
            print(f"trial {self._job.trial} failed:\n{traceback.format_exc()}", flush=True)
            said = f"{type(error).__name__}: {error}"
            return Report(status="failed", epochs=0, error=said).as_result()

    def _begin(self, config: dict[str, Any]) -> None:
        self._job: TrialJob = config["job"]
        if "points" in config and not is_known(self._job.config.data):
            receive(self._job.config.data, ray.get(config["points"]))
        self._training = None
        self.config: dict[str, Any] = {}  # which would come back to the driver with every report

    def __repr__(self) -> str:
        """What the dashboard calls the actor; Ray asks once, when the actor is made."""
        return f"{self._job}, then others"
