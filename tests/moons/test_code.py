"""A space file runs the same in the driver and wherever else its code is sent."""

import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from moons.code import CannotLoad, SpaceCode
from moons.config import Config
from moons.models import build_model
from search_spaces.load import load_space

ROOT = Path(__file__).parents[2]
FILE = """
from moons.models import VAE
from search_spaces.space import Float, SearchSpace
{imports}

class Mine(VAE):
    def decode(self, z, y):
        {body}
        return super().decode(z, y)

SPACE = SearchSpace(
    name="mine", about="", family="vae", searched={{"lr": Float({low}, 0.1)}}, model=Mine
)
"""


def write(folder, files=None, *, imports="", body="pass", low="0.01"):
    folder.mkdir(exist_ok=True)
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    path = folder / "mine.py"
    path.write_text(FILE.format(imports=imports, body=body, low=low))
    return path


def decoded(code):
    """What the model of a code that was sent here computes."""
    model = build_model(Config(), 0, pickle.loads(pickle.dumps(code)).model())
    return model.decode(torch.ones(1, 2), None).shape


@pytest.mark.parametrize(
    ("files", "imports", "body"),
    [
        ({"helpers.py": "LR = 0.01"}, "from helpers import LR", "assert LR == 0.01"),
        ({"helpers.py": "LR = 0.01"}, "import helpers as h", "assert h.LR == 0.01"),
        ({"helpers.py": "LR = 0.01"}, "", "import helpers; assert helpers.LR == 0.01"),
        (
            {"helpers.py": "from more import LR", "more.py": "LR = 0.01"},
            "import helpers",
            "assert helpers.LR == 0.01",
        ),
        (
            {"kit/__init__.py": "", "kit/deep/__init__.py": "from ..low import LR",
             "kit/low.py": "LR = 0.01"},
            "from kit.deep import LR",
            "assert LR == 0.01",
        ),
        ({"random.py": "raise RuntimeError"}, "import random", "assert random.random() < 1"),
    ],
    ids=["a name", "a module", "inside a method", "by another one", "a package", "no stdlib"],
)  # fmt: skip
def test_a_module_beside_the_file_is_there_in_every_process(tmp_path, files, imports, body):
    path = write(tmp_path / "here", files, imports=imports, body=body)
    code = load_space(str(path)).code
    for name in [*files, "mine.py"]:
        (tmp_path / "here" / name).unlink()
    assert decoded(code) == (1, 2)


def test_another_process_that_has_nothing_but_the_code_runs_it(tmp_path):
    path = write(tmp_path, {"helpers.py": "LR = 0.01"}, imports="import helpers")
    code = load_space(str(path)).code
    path.unlink(), (tmp_path / "helpers.py").unlink()
    program = "import pickle, sys; print(pickle.load(sys.stdin.buffer).model().__name__)"
    said = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(code),
        capture_output=True,
        cwd="/",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert said.stdout == b"Mine\n"


def test_a_range_may_come_from_a_module_beside_the_file(tmp_path):
    path = write(tmp_path, {"ranges.py": "LOW = 0.02"}, imports="import ranges", low="ranges.LOW")
    assert load_space(str(path)).searched["lr"].low == 0.02


def test_modules_of_one_name_beside_two_files_are_two(tmp_path):
    lows = []
    for place, low in (("a", "0.02"), ("b", "0.03"), ("a", "0.02")):
        path = write(
            tmp_path / place, {"ranges.py": f"LOW = {low}"}, imports="import ranges",
            low="ranges.LOW",
        )  # fmt: skip
        lows.append(load_space(str(path)).searched["lr"].low)
    assert lows == [0.02, 0.03, 0.02]


def test_the_hash_is_of_the_file_and_of_what_it_imports_alone(tmp_path):
    def digest(place, **changed):
        files = {"helpers.py": "LR = 0.01", "other.py": ""} | changed.pop("files", {})
        usual = {"imports": "import helpers"}
        return SpaceCode.load(write(tmp_path / place, files, **usual | changed))[0].digest

    assert digest("a") == digest("b")
    assert digest("a", files={"other.py": "# edited"}) == digest("b")
    assert digest("a", files={"helpers.py": "LR = 0.02"}) != digest("b")
    assert digest("a", body="z = z + 1") != digest("b")


def test_what_cannot_be_run_elsewhere_is_said_in_a_sentence(tmp_path):
    (tmp_path / "table.txt").write_text("0.01")
    imports = (
        "import pathlib; LOW = float((pathlib.Path(__file__).parent / 'table.txt').read_text())"
    )
    path = write(tmp_path, imports=imports, low="LOW")
    code = load_space(str(path)).code
    (tmp_path / "table.txt").unlink()
    with pytest.raises(CannotLoad, match=r"mine.py: FileNotFoundError: .*table.txt"):
        decoded(code)


@pytest.mark.parametrize("ending", ["import sys; sys.exit('no')", "raise SystemExit('no')"])
def test_a_file_cannot_end_the_process(tmp_path, ending):
    with pytest.raises(CannotLoad, match=r"mine.py: it ends the process .SystemExit: no."):
        load_space(str(write(tmp_path, imports=ending)))


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "mine.py").write_bytes(b"\xff\xfe")
    with pytest.raises(CannotLoad, match=r"mine.py: "):
        load_space(str(tmp_path / "mine.py"))


READS = """
from pathlib import Path
import numpy as np
from search_spaces.space import Float, SearchSpace

POINTS = np.loadtxt(Path(__file__).parent / "points" / "some.csv")
SPACE = SearchSpace(
    name="mine", about="", family="vae", searched={"lr": Float(1e-3, 1e-1)}, files=FILES
)
"""


def reading(folder, files):
    (folder / "points").mkdir(parents=True)
    (folder / "points" / "some.csv").write_text("1.5\n2.5\n")
    (folder / "mine.py").write_text(READS.replace("FILES", repr(files)))
    return folder / "mine.py"


def test_data_files_that_a_space_names_are_sent_and_are_part_of_its_identity(tmp_path):
    file = reading(tmp_path / "here", ("points/some.csv",))
    code = load_space(file).code
    shutil.rmtree(tmp_path / "here")  # as on another machine
    elsewhere = pickle.loads(pickle.dumps(code)).run()
    assert elsewhere.POINTS.tolist() == [1.5, 2.5]
    again = load_space(reading(tmp_path / "there", ("points/some.csv",))).code
    assert again.digest == code.digest
    (tmp_path / "there" / "points" / "some.csv").write_text("1.5\n2.6\n")
    assert load_space(tmp_path / "there" / "mine.py").code.digest != code.digest
    assert again.run().POINTS.tolist() == [1.5, 2.5]  # as it was when the study began


def test_a_data_file_that_no_space_names_is_missed_on_another_machine_with_what_to_do(tmp_path):
    code = load_space(reading(tmp_path / "here", ())).code
    shutil.rmtree(tmp_path / "here")
    with pytest.raises(CannotLoad, match=r"points/some.csv.*name data files .* `files`"):
        code.run()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("none.csv",), "files must name files in its folder, got 'none.csv'"),
        (("../mine.py",), "files must name files in its folder, got '../mine.py'"),
        (("points",), "files must name files in its folder, got 'points'"),
        ("points/some.csv", "files must list names"),
        ((7,), "files must list names"),
    ],
)
def test_files_that_cannot_be_sent_are_refused(tmp_path, files, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        load_space(reading(tmp_path / "here", files))


def test_data_that_are_too_large_to_be_sent_are_refused(tmp_path):
    file = reading(tmp_path / "here", ("points/some.csv", "large.bin"))
    (tmp_path / "here" / "large.bin").write_bytes(bytes(4_000_001))
    with pytest.raises(ValueError, match=r"4,000,000 bytes together, got 4,000,009; put larger"):
        load_space(file)


def test_a_file_within_a_package_imports_from_it_relatively(tmp_path):
    package = tmp_path / "my project" / "inner"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package / "ranges.py").write_text("from ..base import LOW\nHIGH = 0.1\n")
    (package.parent / "base.py").write_text("LOW = 0.001\n")
    (package / "mine.py").write_text(
        "from .ranges import HIGH, LOW\nfrom search_spaces.space import Float, SearchSpace\n"
        "SPACE = SearchSpace(name='mine', about='', family='vae', "
        "searched={'lr': Float(LOW, HIGH)})\n"
    )
    code = load_space(package / "mine.py").code
    shutil.rmtree(tmp_path / "my project")
    assert code.run().SPACE.searched["lr"].low == 0.001


@pytest.mark.parametrize(
    "written",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: b"# -*- coding: latin-1 -*-\n# Gr\xfc\xdfe\n" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
    ids=["with a byte order mark", "in Latin-1", "with Windows' line ends"],
)
def test_a_file_is_read_as_python_reads_it(tmp_path, written):
    file = write(tmp_path)
    file.write_bytes(written(file.read_text()))
    assert decoded(load_space(file).code) == (1, 2)
