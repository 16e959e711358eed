"""`python -m tests.readme` writes what README and `docs/results.md` say of the reference studies.

`headline.md` and `results.md` here are the texts, `picture.py` draws README's picture.
"""

import re
import sys
from pathlib import Path

import jinja2

from moons.files import write_whole
from study.record.results import read_results
from tests.conftest import ROOT
from tests.readme import facts

WRITTEN = {"headline.md": ROOT / "README.md", "results.md": ROOT / "docs" / "results.md"}
PICTURE = ROOT / "docs" / "samples.png"
TEMPLATES = Path(__file__).parent
BEGIN, END = "<!-- results: python -m tests.readme -->\n", "<!-- end of results -->"
PLACE = re.compile(f"({re.escape(BEGIN)}).*?({END})", re.DOTALL)


def rendered(template: str) -> str:
    """The text, with every number as the reference studies have it."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    room = jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    room.filters["digits"] = lambda value, n: f"{value:.{n}f}"
    return room.get_template(template).render(facts.all_facts()).strip() + "\n"


def with_results(text: str, section: str) -> str:
    """A page's text with the section in its place."""
    found, n_places = PLACE.subn(lambda place: place[1] + section + place[2], text)
    assert n_places == 1, f"the page has {n_places} places for results, not one"
    return found


def main() -> int:
    """The command; 0."""
    from tests.readme.picture import draw_samples

    for template, page in WRITTEN.items():
        write_whole(page, with_results(page.read_text(), rendered(template)))
        print(page)
    by_mse, by_density = (read_results(facts.REFERENCE / n) for n in ("cvae", "cvae-generative"))
    draw_samples(by_mse, by_density, PICTURE)
    print(PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
