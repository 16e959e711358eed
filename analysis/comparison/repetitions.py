"""Studies that differ by their seed alone are repetitions of one search."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from study.record.manifest import Manifest

LEAST = 3  # repetitions: what two scatter by says next to nothing of a third
# What may differ between repetitions: the seeds, and what no trial's numbers depend on.
APART = (
    *("seed", "data_seed", "workers", "address", "time_budget_s", "log", "engine", "name"),
    *("results", "results_given", "no_report"),
)


@dataclass(frozen=True, slots=True)
class Search:
    """A search and the studies that repeated it.

    Attributes:
        name: the study's, or what the names of its repetitions have in common.
        members: places of the studies among those that are compared.
    """

    name: str
    members: tuple[int, ...]

    @property
    def repeated(self) -> bool:
        """Whether there are repetitions enough to see how searches differ from seed to seed."""
        return len(self.members) >= LEAST


def searches(names: Sequence[str], manifests: Sequence[Manifest]) -> tuple[Search, ...]:
    """Studies grouped into searches, in the order of their first ones.

    A study with the seed of another one is its copy and no repetition: it stands alone.

    Args:
        names: what each study is called.
        manifests: of the studies.
    """
    groups: dict[str, list[int]] = {}
    seen: Counter[str] = Counter()
    for place, manifest in enumerate(manifests):
        options = {k: v for k, v in manifest.options.items() if k not in APART}
        key = json.dumps([manifest.space_hash or place, options], sort_keys=True, default=str)
        copy = f"{key} {manifest.seed} {manifest.data_seed}"
        groups.setdefault(f"{key} {seen[copy]}", []).append(place)
        seen[copy] += 1
    found: list[Search] = []
    for members in groups.values():
        own = [names[place] for place in members]
        shared = _common_start(own).rstrip("-_. /0123456789")
        taken = {search.name for search in found}
        unclear = len(members) == 1 or not shared or shared in taken
        found.append(Search(own[0] if unclear else shared, tuple(members)))
    return tuple(found)


def _common_start(names: Sequence[str]) -> str:
    alike = (len(set(letters)) == 1 for letters in zip(*names, strict=False))
    return names[0][: sum(takewhile(bool, alike))]
