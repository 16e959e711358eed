"""Studies side by side: are they comparable, which is better, by how much, how sure is that.

`compare` computes everything once; `as_table` is what `comparison.parquet` holds, `terminal` and
`analysis.comparison.figures` show it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from typing import TYPE_CHECKING

from analysis.comparison.comparable import choose_metric, study_names
from study.record.results import StudyResults

if TYPE_CHECKING:  # pandas takes most of a second: --help does without
    import pandas as pd

    from analysis.comparison.checks import Check
    from analysis.comparison.pairs import Pair
    from analysis.comparison.repetitions import Search
    from analysis.comparison.standing import Standing
    from analysis.comparison.winners import Parameter
    from analysis.reruns import Retrained


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two or more studies by one metric.

    Attributes:
        metric: a column of `trials.parquet`; less is better.
        names: of the studies, in the order given.
        checks: what makes them comparable or not, the graver first.
        searches: the studies, repetitions of one search together.
        standings: one a study.
        values: of the complete trials, best first; columns study, trial, value.
        curves: the best so far of each search; columns study, spent, x, best, low, high.
        pairs: every two searches that have a complete trial.
        again: of each study the configuration that is best under fresh seeds, if any was retrained.
        parameters: what the winners of each study have.
        findings: the outcome in sentences, the verdict first.
    """

    metric: str
    names: tuple[str, ...]
    checks: "tuple[Check, ...]"
    searches: "tuple[Search, ...]"
    standings: "tuple[Standing, ...]"
    values: "pd.DataFrame"
    curves: "pd.DataFrame"
    pairs: "tuple[Pair, ...]"
    again: "tuple[Retrained | None, ...]"
    parameters: "tuple[Parameter, ...]"
    findings: tuple[str, ...]

    def __repr__(self) -> str:
        """Short: its tables are there to be looked at one by one."""
        return f"Comparison({', '.join(self.names)}, by {self.metric})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the findings."""
        return "<ul>" + "".join(f"<li>{escape(said)}</li>" for said in self.findings) + "</ul>"

    @property
    def table(self) -> "pd.DataFrame":
        """All numbers, one a row, as `comparison.parquet` holds them."""
        from analysis.comparison.table import as_table

        return as_table(self)


def compare(
    studies: Sequence[StudyResults],
    metric: str | None = None,
    step: Callable[[str], None] = lambda what: None,
) -> Comparison:
    """Compares studies.

    Args:
        studies: two or more.
        metric: a validation figure; by default what the studies minimise.
        step: is told what is about to be computed.

    Raises:
        ValueError: there are fewer than two studies, one twice, or the metric will not do.
    """
    from analysis.comparison.checks import checks
    from analysis.comparison.convergence import as_search, convergence_data
    from analysis.comparison.findings import findings
    from analysis.comparison.pairs import corrected, pair
    from analysis.comparison.repetitions import searches
    from analysis.comparison.standing import ranked, standing
    from analysis.comparison.winners import parameters
    from analysis.reruns import retrained

    if len(studies) < 2:
        raise ValueError(f"a comparison takes two studies or more, got {len(studies)}")
    names = study_names([study.folder.path for study in studies])
    metric = choose_metric(studies, metric)
    standings, values, again = [], [], []
    for name, study in zip(names, studies, strict=True):
        step(name)
        standings.append(standing(name, study, metric))
        complete = ranked(study, metric)[["trial", metric]].rename(columns={metric: "value"})
        values.append(complete.assign(study=name))
        again.append(next(iter(retrained(study, metric)), None))
    grouped = searches(names, [study.manifest for study in studies])
    curves = []
    for search in grouped:
        own = [as_search(studies[place], metric) for place in search.members]
        curves.append(convergence_data(own).assign(study=search.name))
    able = [s for s in grouped if any(len(standings[place].top) for place in s.members)]
    pairs = corrected(
        [pair(two, standings, studies, again, metric) for two in combinations(able, 2)]
    )
    found_checks, found_parameters = checks(studies, metric), parameters(studies, standings)
    return Comparison(
        metric=metric,
        names=names,
        checks=found_checks,
        searches=grouped,
        standings=tuple(standings),
        values=_together(values),
        curves=_together(curves),
        pairs=pairs,
        again=tuple(again),
        parameters=found_parameters,
        findings=findings(
            metric, found_checks, grouped, standings, pairs, again, found_parameters, studies
        ),
    )


def _together(frames: "Sequence[pd.DataFrame]") -> "pd.DataFrame":
    import pandas as pd

    return pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True)
