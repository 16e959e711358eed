"""`make rays`: the oldest and the newest Ray that `pyproject.toml` admits run a study each.

Each has an environment of its own in `.rays/`, which later calls use again. What is tried there is
what the tests with the mark `rays` try: a study from its start to its tables, a killed worker, a
resume, and each private name of Ray.
"""

import argparse
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
TESTING = ("pytest>", "hypothesis")


def main() -> int:
    """Tries both, the second also where the first fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("torch", help="what to install of torch, such as torch==2.13.0")
    parser.add_argument("--only", choices=["oldest", "newest"])
    options = parser.parse_args()
    dependencies = [Requirement(text) for text in _project()["dependencies"]]
    [ray] = [d for d in dependencies if d.name == "ray"]
    others = [str(d) for d in dependencies if d.name not in ("ray", "torch")]
    wanted = {"oldest": oldest(ray), "newest": str(ray)}
    failed = 0
    for which, requirement in wanted.items():
        if options.only in (None, which):
            print(f"the {which} Ray: {requirement}", flush=True)
            python = environment(ROOT / ".rays" / which, options.torch, requirement, others)
            failed |= subprocess.call(
                [python, "-m", "pytest", "-q", "-m", "rays", "tests/study"],
                cwd=ROOT,
            )
    return failed


def oldest(ray: Requirement) -> str:
    """The requirement of the lower bound alone."""
    [low] = [s.version for s in ray.specifier if s.operator == ">="]
    return f"ray[{','.join(sorted(ray.extras))}]=={low}"


def environment(folder: Path, torch: str, ray: str, others: list[str]) -> Path:
    """The Python of an environment with these packages and no other Ray's."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    test = [t for t in _project()["optional-dependencies"]["test"] if t.startswith(TESTING)]
    for packages in ([torch], ["--upgrade", ray], [torch, ray, *others, *test]):
        subprocess.check_call([*map(str, install), *packages])
    subprocess.check_call(
        [
            python,
            "-c",
            "import ray, sys; print('Python', sys.version.split()[0], 'Ray', ray.__version__)",
        ]
    )
    return python


def _project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


if __name__ == "__main__":
    sys.exit(main())
