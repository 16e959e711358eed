"""`python -m tests.readme` prints README's results and writes them into it; see `results.md`."""

import re
import sys
from pathlib import Path

import jinja2

from moons.files import write_whole
from tests.conftest import ROOT
from tests.readme import facts

README = ROOT / "README.md"
TEMPLATES = Path(__file__).parent
BEGIN, END = "<!-- results: python -m tests.readme -->\n", "<!-- end of results -->"
PLACE = re.compile(f"({re.escape(BEGIN)}).*?({END})", re.DOTALL)


def rendered() -> str:
    """The section, with every number as the reference studies have it."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    room = jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    room.filters["digits"] = lambda value, n: f"{value:.{n}f}"
    return room.get_template("results.md").render(facts.all_facts()).strip() + "\n"


def with_results(text: str, section: str) -> str:
    """The README's text with the section in its place."""
    found, n_places = PLACE.subn(lambda place: place[1] + section + place[2], text)
    assert n_places == 1, f"{README.name} has {n_places} places for results, not one"
    return found


def main() -> int:
    """The command; 0."""
    section = rendered()
    write_whole(README, with_results(README.read_text(), section))
    print(section, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
