"""Files of a record that are damaged at random are refused or repaired, never read as if whole."""

import pytest

from tests.benchmarks.damage import BAD, FILES, storm


@pytest.mark.parametrize("seed", [1, 2])
def test_no_damage_loses_or_changes_anything_in_silence(seed):
    counted = storm(40, seed)
    assert counted.total() == 40
    assert {file for file, _, _ in counted} <= set(FILES)
    assert {key: times for key, times in counted.items() if key[2] in BAD} == {}
    assert any(end == "refused" for _, _, end in counted)
