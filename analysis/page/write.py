"""Puts the page together: one HTML file that needs nothing else."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from analysis import summary
from analysis.page.answer import answer, linked_findings, meta_line
from analysis.page.columns import columns_of, rows_of
from analysis.page.model import model_payload
from analysis.page.payload import (
    about_study,
    as_json,
    curve_names,
    curves_of,
    packed,
    rungs_of,
)
from moons.layout import Table
from moons.words import shell
from study.record.folder import StudyFolder
from study.record.labels import short_label
from study.record.manifest import Manifest
from study.record.own_model import report_command
from study.record.results import StudyResults

PARTS = ("data", "views", "selection", "table", "umap", "model", "live", "main")


def study_page(results: StudyResults) -> str:
    """The page of a study, as HTML."""
    try:
        model, no_model = packed(model_payload(results)), ""
    except ValueError as error:
        model, no_model = "", str(error)
    manifest, folder = results.manifest, results.folder.shown
    return page(
        searched=[dimension.name for dimension in manifest.searched],
        title=manifest.name,
        classes=manifest.data.classes,
        metric=short_label(manifest.metric),
        meta=meta_line(results),
        answer=render("answer.html.j2", answer=answer(results)),
        findings=render("findings.html.j2", findings=linked_findings(results)),
        details=render("tables.html.j2", tables=detail_tables(results)),
        numbers=packed(numbers_of(results)),
        model=model,
        no_model=no_model,
        footer=(
            f"Drawn by: {report_command(folder, manifest)}. Figures for papers, and how "
            f"much each setting matters: {shell('python', '-m', 'analysis.figures', folder)}"
        ),
    )


def live_page(folder: Path) -> str:
    """The page of a study that `live.js` fills and follows.

    Raises:
        DamagedRecord: the manifest cannot be read.
    """
    manifest = Manifest.read(StudyFolder(folder).manifest)
    return page(
        searched=[dimension.name for dimension in manifest.searched],
        live=True,
        title=manifest.name,
        classes=manifest.data.classes,
        metric=short_label(manifest.metric),
        meta="",
        answer="",
        findings="",
        details="",
        numbers="",
        model="",
        no_model="No trial is complete yet, so there is no model to show.",
        footer="",
    )


def page(*, searched: list[str], live: bool = False, **content: Any) -> str:
    """The page around given content."""
    script, divs = _empty_figures(tuple(searched))
    slices = [(name, short_label(name)) for name in searched]
    return render(
        "page.html.j2",
        bokeh='<script src="/bokeh.js"></script>' if live else bokeh_inline(),
        css=static("page.css"),
        js="\n".join(static(f"{part}.js") for part in PARTS),
        script=script,
        divs=divs,
        slices=slices,
        live=live,
        **content,
    )


@cache
def _empty_figures(searched: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The script that makes the figures, and their places by name; half a second, once."""
    from bokeh.document import Document
    from bokeh.embed import components

    from analysis.page.model_plots import model_plots
    from analysis.page.plots import study_plots

    plots = {**study_plots(searched), **model_plots()}
    document = Document()
    with document.models.freeze():  # else each root that joins costs a walk over all models
        for plot in plots.values():
            document.add_root(plot)
    script, divs = components(plots)
    return script, divs


def numbers_of(results: StudyResults) -> dict[str, Any]:
    """All numbers of the page, as the scripts take them in."""
    manifest, trials = results.manifest, results.trials
    columns = columns_of(manifest, trials)
    names = curve_names(results.curve_metric, results.epochs, len(trials))
    return {
        "about": about_study(manifest) | {"curves": names, "palette": palette()},
        "columns": as_json(columns),
        "rows": rows_of(trials, columns, manifest.metric),
        "rungs": rungs_of(trials),
        "curves": curves_of(results.epochs, names, manifest.rungs),
    }


def detail_tables(results: StudyResults) -> Mapping[str, Table]:
    """What stands in full below the figures."""
    tables = {
        "The best configs": summary.top_trials(results),
        "Evaluation of the best trial": summary.evaluation(results),
        "Baselines on the same data": summary.baselines(results),
        "Retrained under fresh seeds": summary.retrainings(results),
        "Retrained, on held-out points": summary.retrainings_held_out(results),
        "Search space": summary.search_space(results),
        "How it was run": summary.about(results),
    }
    return {title: table for title, table in tables.items() if table and table.rows}


@cache
def static(name: str) -> str:
    """A script or style sheet of the page."""
    return (files("analysis.page") / "static" / name).read_text()


@cache
def palette() -> tuple[str, ...]:
    """Cividis in 64 steps: dark is low; made for colour-blind readers."""
    from bokeh.palettes import cividis

    return tuple(cividis(64))


def bokeh_inline() -> str:
    """Bokeh's own script, as it stands in a file that is read offline."""
    return f"<script>{bokeh_js()}</script>"


@cache
def bokeh_js() -> str:
    """Bokeh's own script."""
    from bokeh.resources import Resources

    scripts = Resources(mode="inline", components=["bokeh"], log_level="error").js_raw
    return "\n".join(scripts).replace("</script", "<\\/script")


def render(template: str, **content: Any) -> str:
    """A template of the page, filled."""
    return str(_environment().get_template(template).render(**content))


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("analysis.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
