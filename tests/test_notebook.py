"""The notebook runs, is kept with what it shows, and is small."""

from pathlib import Path

import nbformat
import pytest

from tests.notebook import NOTEBOOK, executed

ROOT = Path(__file__).parents[1]
LARGEST = 2_000_000  # bytes


def test_the_notebook_is_kept_with_what_it_shows_and_is_small():
    cells = [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = [output.output_type for cell in cells for output in cell.outputs]
    assert "error" not in kinds
    assert kinds.count("display_data") >= 4  # figures among them
    assert NOTEBOOK.stat().st_size < LARGEST
    assert "site-packages" not in NOTEBOOK.read_text()
    assert str(ROOT) not in NOTEBOOK.read_text()


@pytest.mark.slow
def test_the_notebook_runs_on_the_real_library(tmp_path):
    notebook = executed(tmp_path)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    assert all(output.output_type != "error" for output in outputs)
