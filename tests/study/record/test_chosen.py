"""The front against its definition."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from study.record.chosen import on_front


def beaten(row, rows):
    return any(
        all(a <= b for a, b in zip(other, row, strict=True)) and other != row for other in rows
    )


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_the_front_is_what_no_other_beats_equals_included(rows):
    values = pd.DataFrame(
        rows, columns=["val_mse", "val_kl"], index=[f"r{i}" for i in range(len(rows))]
    )
    found = on_front(values)
    assert list(found.index) == list(values.index)
    assert found.tolist() == [not beaten(row, rows) for row in rows]
