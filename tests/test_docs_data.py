"""What docs/data.md says of data is so."""

import re
from pathlib import Path

from moons.sources.names import NAMED

PAGE = (Path(__file__).parents[1] / "docs" / "data.md").read_text()


def test_the_page_names_every_source_with_its_classes():
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (\d+) \|$", PAGE, flags=re.MULTILINE))
    assert rows == {name: str(len(names.classes)) for name, names in NAMED.items()}


def test_the_page_s_source_is_trained_and_measured_against_its_density():
    *_, example = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    names = {}
    exec(example, names)
    assert 0.0 <= names["evaluation"].exact.excess_nll < 0.2
