"""What `analysis` offers to Python: `analysis.read` and `analysis.compare`."""

from pathlib import Path

from analysis.comparison import Comparison
from analysis.comparison import compare as compare_results
from study.record.results import StudyResults, read_results

read = read_results


def compare(*studies: StudyResults | Path | str, metric: str | None = None) -> Comparison:
    """Says which of some studies is better, by how much, and how sure that is.

    Args:
        studies: two or more, read or as folders.
        metric: a validation figure; by default what the studies minimise.

    Returns:
        The comparison: `findings` in sentences, `table` with every number; nothing is written.

    Raises:
        ValueError: there are fewer than two, one twice, or the metric will not do.
        RecordError: a folder is no study's, or damaged.
    """
    read_ones = [s if isinstance(s, StudyResults) else read(s) for s in studies]
    return compare_results(read_ones, metric)
