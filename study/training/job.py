"""What goes to a worker and what comes back: `TrialJob` and `Report`."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from moons.code import SpaceCode
from moons.config import Config, EngineChoice
from moons.data import DataSet, load_data
from moons.snapshot import Snapshot
from moons.sources import source_named
from study.record.curves import Block

if TYPE_CHECKING:
    from moons.models import VAE

OwnModel = type | SpaceCode  # a class that any process can import, or the file that has it
Status = Literal["running", "complete", "diverged", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSnapshot:
    """A trial as it stood at a rung: from here it goes on where its worker was lost.

    Attributes:
        runs: one of each replicate.
        train_s: seconds of training so far.
        eval_s: seconds of evaluation so far.
    """

    runs: tuple[Snapshot, ...]
    train_s: float
    eval_s: float


def drawn(config: Config) -> DataSet | None:
    """The data that go with a job."""
    return load_data(config) if source_named(config.data).endless else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialJob:
    """A trial as a worker gets it: everything that its numbers depend on.

    Attributes:
        trial: its number.
        slot: its place in the study, by which the scheduler knows it; a retraining has none.
        config: what to train.
        seed: what to train it from.
        rungs: epochs at which to report, ascending; the end is reported in any case.
        metrics: what the study minimises, to be in every report.
        replicates: how many seeds to train it on; its figures are means over them.
        model_class: a model of one's own in place of the family's, or the code that has it.
        data: what the config's data settings draw, so that no worker draws it again; None for a
            file, whose points every worker is sent once.
        snapshot: where to go on from; the trial begins where there is none.
        keep_losses: whether the last report brings the losses of single points.
    """

    trial: int
    config: Config
    seed: int
    rungs: tuple[int, ...]
    metrics: tuple[str, ...]
    engine: EngineChoice
    replicates: int = 1
    model_class: OwnModel | None = None
    data: DataSet | None = None
    snapshot: TrialSnapshot | None = None
    keep_losses: bool = False
    slot: int = -1

    def own_model(self) -> "type[VAE] | None":
        """The class of the model of one's own.

        Raises:
            CannotLoad: its code cannot be run here.
        """
        if self.model_class is None or isinstance(self.model_class, type):
            return self.model_class
        return self.model_class.model()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Itself, which nobody changes: Tune would copy its data for every trial, and keep them."""
        return self

    def __str__(self) -> str:
        """Family, number and config, as logs, the dashboard and the list of processes show it."""
        return self.config.label(self.trial)

    __repr__ = __str__  # Tune makes a tag of every config


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a trial says at a rung or at its end.

    Attributes:
        status: `running` at a rung; otherwise how the trial ended.
        epochs: trained so far.
        blocks: the epochs since the last report.
        metrics: the study's metrics, at the best epoch so far; empty where there is none.
        row: columns of `trials.parquet` that the worker knows.
        weights: of the best epoch, in the safetensors format, when the trial is complete.
        losses: of single points, as `study.record.point_losses` packs them, where the job asked.
        error: why it failed, or where it diverged.
        fatal: whether every other trial of the study would fail likewise.
        snapshot: of a running trial, to go on from should its worker be lost.
    """

    status: Status
    epochs: int
    blocks: tuple[Block, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    row: dict[str, Any] = field(default_factory=dict)
    weights: bytes | None = None
    losses: bytes | None = None
    error: str | None = None
    fatal: bool = False
    snapshot: TrialSnapshot | None = None

    def __repr__(self) -> str:
        """Short: Tune writes every result into a debug message, also where nobody reads it."""
        return f"Report({self.status} at epoch {self.epochs})"

    def as_result(self) -> dict[str, Any]:
        """In the form that Tune wants: its scheduler sees `epochs` and the metrics.

        Metrics are left out where the trial diverged or failed, so that they reach no rung.
        """
        sound = self.status in ("running", "complete")
        head = {"report": self, "epochs": self.epochs, "done": self.status != "running"}
        return head | (self.metrics if sound else {})
