"""What a study searches: `SearchSpace`, made of `Float`, `Int` and `Choice`."""

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from moons.code import SpaceCode, model_code
from moons.config import CHOICES, Config, Family, check_value
from moons.sources.chosen import Data
from search_spaces.choices import METRICS, SAMPLERS, SCHEDULERS
from search_spaces.domain import Choice, Domain, Float, Int, domain_from_dict

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

    from moons.models import VAE
    from moons.sources.source import Source

__all__ = ["Choice", "Domain", "Float", "Int", "SearchSpace"]  # a space needs this import alone

# A study without a name takes the space's and the time, and that names its folder.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
# What a study sets for all of its trials; a space that set them would contradict its options.
STUDY_KEYS = ("family", "data", "data_dim", "classes", "data_seed", "split_seed", "max_epochs")


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """What a study searches, and what it holds still.

    Attributes:
        name: as `--space` takes it.
        about: one line for `--list-spaces`.
        family: `vae` or `cvae`.
        searched: domains by the names of `moons.config.Config`'s settings.
        fixed: settings that differ from `Config`'s defaults in every trial.
        sampler: who proposes, a name of `search_spaces.choices.SAMPLERS`.
        metric: what is minimised; two, joined by a comma, give a Pareto front.
        trials: how many, where `--trials` does not say; a grid has as many as points.
        scheduler: who stops trials early, a name of `SCHEDULERS`, where `--scheduler` does not say;
            `none` where the metric does not compare trials.
        grace: epochs before a trial may be stopped, where `--grace` does not say: as many as
            it takes for the metric to tell good configs from bad ones.
        max_epochs: a trial's largest budget, where `--max-epochs` does not say.
        confirm: fresh seeds that the best configs are trained on at the end, where `--confirm` does
            not say.
        top: how many configs those are, where `--top` does not say.
        model: a class of your own in place of the family's model.
        data: what is modelled, where `--data` does not say: a name, a file's path, or a class of
            your own.
        files: data files in the folder of the space's file that it or the model reads.
        code: of the file that the space is from; None for a space that comes with the project.
    """

    name: str
    about: str
    family: Family
    searched: Mapping[str, Domain]
    fixed: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    sampler: str = "tpe"
    metric: str = "val_mse"
    trials: int = 100
    scheduler: str = "asha"
    grace: int = 10
    max_epochs: int = 1000
    confirm: int = 0
    top: int = 5
    model: "type[VAE] | None" = None
    data: "Data | str | Source | type[Source]" = "moons"
    files: tuple[str, ...] = ()
    code: SpaceCode | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise ValueError(f"name must match {NAME.pattern}, got {self.name!r}")
        if self.family not in CHOICES["family"]:
            raise ValueError(f"family must be one of vae, cvae, got {self.family!r}")
        for key, names in (("sampler", SAMPLERS), ("scheduler", SCHEDULERS)):
            if (value := getattr(self, key)) not in [*names]:
                raise ValueError(f"{key} must be one of {', '.join(names)}, got {value!r}")
        if not isinstance(self.metric, str):
            raise ValueError(f"metric must be a text such as val_mse, got {self.metric!r}")
        check_metric(self.metric)
        for key in ("trials", "grace", "max_epochs", "confirm", "top"):
            least = 0 if key == "confirm" else 1
            value = getattr(self, key)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise ValueError(f"{key} must be a whole number above {least - 1}, got {value!r}")
            object.__setattr__(self, key, int(value))
        if isinstance(self.files, str) or not all(isinstance(n, str) for n in self.files):
            raise ValueError(f'files must list names, as in ("points.csv",), got {self.files!r}')
        object.__setattr__(self, "files", tuple(self.files))
        data = self._data()
        object.__setattr__(self, "data", data)
        searched, fixed = _mapping("searched", self.searched), _mapping("fixed", self.fixed)
        if not searched:
            raise ValueError("searched is empty: name at least one setting and its domain")
        for key, value in fixed.items():
            self._check_key(key)
            fixed[key] = check_value(key, value)
            if key in searched:
                raise ValueError(f"{key} is both searched and fixed; keep one")
        for key, domain in searched.items():
            self._check_key(key)
            if not isinstance(domain, Float | Int | Choice):
                raise ValueError(f"{key} must be a Float, an Int or a Choice, got {domain!r}")
            searched[key] = domain.of(key)
            if self.is_grid and not isinstance(domain, Choice):
                raise ValueError(f"{key} must be a Choice, as the sampler is a grid, got {domain}")
            for value in searched[key].ends():  # each possible alone, yet not with what is fixed?
                Config(**data.defaults | fixed | {key: value} | data.settings)
        data.check(fixed, searched)
        Config(**data.defaults | fixed | data.settings | {"family": self.family})
        object.__setattr__(self, "searched", searched)
        object.__setattr__(self, "fixed", fixed)
        self._check_sampler()
        self._check_model()

    def _data(self) -> Data:
        said = self.data
        if isinstance(said, Data):
            if said.source is None:
                return said
            said = said.source  # its name comes from the code, which may be known only now
        return Data.read(said) if isinstance(said, str) else Data.own(said, self.code)

    def _check_sampler(self) -> None:
        chosen = SAMPLERS[self.sampler]
        if len(self.metrics) > chosen.objectives:
            able = [name for name, other in SAMPLERS.items() if other.objectives > 1]
            raise ValueError(
                f"sampler {self.sampler} minimises one metric, got {self.metric}; for two take one "
                f"of {', '.join(able)}"
            )
        if chosen.ordered and not any(domain.ordered for domain in self.searched.values()):
            raise ValueError(
                f"sampler {self.sampler} needs at least one setting to search whose values have an "
                f"order, got {', '.join(self.searched)}; take another sampler"
            )

    def _check_model(self) -> None:
        if self.model is None:
            return
        if not isinstance(self.model, type):
            raise ValueError(f"model must be a class, see moons.models.VAE, got {self.model!r}")
        if self.model.__module__ == "moons.models":
            raise ValueError(
                f"model must be a class of your own, got {self.model.__name__}, which comes with "
                "the project: say family vae or cvae and leave model out"
            )

    def _check_key(self, key: str) -> None:
        if key in STUDY_KEYS:
            raise ValueError(f"{key} belongs to the study, not to a space; leave it out")
        if key not in Config.__dataclass_fields__:
            allowed = ", ".join(k for k in Config.__dataclass_fields__ if k not in STUDY_KEYS)
            raise ValueError(f"unknown key {key!r}; allowed keys: {allowed}")

    @property
    def modelled(self) -> Data:
        """The data that are modelled."""
        assert isinstance(self.data, Data)
        return self.data

    @property
    def metrics(self) -> tuple[str, ...]:
        """The objectives, first the one that the scheduler follows."""
        return tuple(self.metric.split(","))

    @property
    def is_grid(self) -> bool:
        """Whether the trials are the points of a grid."""
        return SAMPLERS[self.sampler].grid

    @property
    def model_name(self) -> str:
        """The family, or the class of the model in its place."""
        return self.model.__name__ if self.model else self.family

    @property
    def sent_model(self) -> "type[VAE] | SpaceCode | None":
        """The model of your own in a form that another process can load."""
        return self.code if self.model and self.code else self.model

    def distributions(self) -> "dict[str, BaseDistribution]":
        """What is searched, in Optuna's terms."""
        return {key: domain.distribution() for key, domain in self.searched.items()}

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every combination of the choices, the last key's changing fastest."""
        choices = [domain.ends() for domain in self.searched.values()]
        for values in itertools.product(*choices):
            yield dict(zip(self.searched, values, strict=True))

    def config(self, params: Mapping[str, Any], *, data_seed: int, max_epochs: int) -> Config:
        """The training run that `params`, a point of the space, stands for.

        Raises:
            ValueError: a setting is not possible, which the sentence names.
        """
        data = self.modelled
        settings = data.defaults | dict(self.fixed) | dict(params) | data.settings
        settings |= {"family": self.family}
        return Config.from_mapping(
            settings | {"data_seed": data_seed, "max_epochs": max_epochs}, f"space {self.name}"
        )

    def as_dict(self) -> dict[str, Any]:
        """As the manifest holds it; `code` says which class of your own is trained."""
        more = {"code": model_code(self.model, self.code)} if self.model else {}
        more |= {} if self.modelled == Data() else {"data": self.modelled.as_dict()}
        return {
            "name": self.name,
            "family": self.family,
            "sampler": self.sampler,
            "metric": self.metric,
            "model": self.model_name,
            "searched": {key: domain.as_dict() for key, domain in self.searched.items()},
            "fixed": {k: list(v) if isinstance(v, tuple) else v for k, v in self.fixed.items()},
            **more,
        }

    @classmethod
    def from_dict(
        cls,
        fields: Mapping[str, Any],
        model: "type[VAE] | None" = None,
        code: SpaceCode | None = None,
    ) -> "SearchSpace":
        """The space that `as_dict` gave `fields` for; data alone, nothing is imported.

        Raises:
            ValueError: the fields are no space.
        """
        try:
            return cls(
                name=fields["name"],
                about="",
                family=fields["family"],
                searched={k: domain_from_dict(v) for k, v in fields["searched"].items()},
                fixed=fields["fixed"],
                sampler=fields["sampler"],
                metric=fields["metric"],
                data=Data.from_dict(fields.get("data")),
                model=model,
                code=code,
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            why = error if isinstance(error, ValueError) else repr(error)
            raise ValueError(f"not a search space: {why}") from None

    def digest(self) -> str:
        """A hash of all that decides what a trial is; the same for the same space anywhere."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _mapping(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        example = '{"lr": Float(1e-4, 1e-1, log=True)}' if name == "searched" else '{"lr": 1e-3}'
        raise ValueError(f"{name} must map settings, as in {example}, got {value!r}")
    return dict(value)


def check_metric(metric: str) -> None:
    """Refuses what cannot be minimised.

    Raises:
        ValueError: one sentence with what it got and what is allowed.
    """
    names = metric.split(",")
    if len(names) > 2 or len(set(names)) < len(names) or not set(names) <= set(METRICS):
        raise ValueError(
            f"metric must be one of {', '.join(METRICS)}, or two of them joined by a comma, "
            f"got {metric!r}"
        )
