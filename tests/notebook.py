"""`python -m tests.notebook`: runs docs/generative_moons.ipynb and keeps what it shows."""

import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "generative_moons.ipynb"
STUDIES = ("cvae", "cvae-generative")
LONGEST_CELL_S = 300


def executed(around: Path) -> nbformat.NotebookNode:
    """The notebook with new outputs, run in a folder that holds the studies that it reads."""
    for study in STUDIES:
        place = Path("results", "reference", study)
        shutil.copytree(ROOT / place, around / place)  # a link would show where it leads
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(around)}}
    client = NotebookClient(notebook, timeout=LONGEST_CELL_S, resources=where)
    client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when each cell ran
    return notebook


def main() -> int:
    """The command; 0."""
    with tempfile.TemporaryDirectory() as around:
        notebook = executed(Path(around))
    nbformat.write(notebook, NOTEBOOK)
    print(NOTEBOOK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
