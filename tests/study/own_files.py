"""Space files as users write them: a model from a module beside the file, which has one more."""

from pathlib import Path

from moons.models import CVAE
from study.options import parse
from study.plan import make_plan

MODELS = Path(__file__).parents[1] / "moons"
FILE = """
from own_models import {kind} as Model
from search_spaces.space import Choice, Float, SearchSpace

{more}
SPACE = SearchSpace(
    name="own",
    about="a model of somebody's own",
    family="{family}",
    searched={{"lr": Float(1e-3, 1e-1, log=True), "beta": Choice(0.1, 1, 10)}},
    fixed={{"n_samples": 100, "encoder_hidden": (4, 3), "eps_w": 1, "min_epochs": 1}},
    model=Model,
)
"""


def file_of(folder, kind, more=""):
    """A space file, with the models and their helpers beside it."""
    helpers = (MODELS / "own_helpers.py").read_text()
    (folder / "own_helpers.py").write_text(helpers)
    models = (MODELS / "own_models.py").read_text()
    (folder / "own_models.py").write_text(models.replace("from tests.moons import", "import"))
    family = "cvae" if issubclass(kind, CVAE) else "vae"
    path = folder / "own.py"
    path.write_text(FILE.format(kind=kind.__name__, family=family, more=more))
    return path


def plan_of(file, results, name="s"):
    """A study of it: three trials of six epochs with rungs at 2 and 4."""
    words = [f"--space={file}", f"--results={results}", f"--name={name}", "--trials=3"]
    words += ["--grace=2", "--reduction=2", "--max-epochs=6", "--workers=1"]
    return make_plan(parse(words))
