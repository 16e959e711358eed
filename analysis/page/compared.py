"""The page of a comparison: what was found, and figures whose studies can be muted."""

from collections.abc import Sequence
from itertools import cycle

import pandas as pd
from bokeh.document import Document
from bokeh.embed import components
from bokeh.models import ColumnDataSource, HoverTool, Legend, Plot, Whisker
from bokeh.plotting import figure

from analysis.comparison import Comparison
from analysis.page.blank import FONT
from analysis.page.write import bokeh_inline, render, static
from study.record.labels import label, short_label

# Okabe and Ito's, in the tones that stand out from light and from dark grounds alike.
COLOURS = ("#3b8fc4", "#d9762b", "#1aa37a", "#c277a6", "#c99700", "#8a8a8a")
SPENT = {
    "trials": "trials ended",
    "epochs": "epochs trained",
    "seconds": "seconds of training and evaluation",
}


def comparison_page(comparison: Comparison, command: str) -> str:
    """The page, as HTML; `command` is what it was made by."""
    colours = dict(zip(_searches(comparison), cycle(COLOURS), strict=False))
    plots = {
        f"spent_{spent}": _convergence(comparison, str(spent), colours)
        for spent in comparison.curves["spent"].unique()
    }
    plots["distribution"] = _distribution(comparison)
    if any(config is not None for config in comparison.again):
        plots["again"] = _again(comparison)
    document = Document()
    with document.models.freeze():
        for plot in plots.values():
            document.add_root(plot)
    script, divs = components(plots)
    scripts = ("data.js", "views.js", "compare.js")
    return render(
        "comparison.html.j2",
        title=" and ".join(comparison.names),
        metric=short_label(comparison.metric),
        comparison=comparison,
        spent=SPENT,
        bokeh=bokeh_inline(),
        css=static("page.css"),
        js="\n".join(map(static, scripts)),
        script=script,
        divs=divs,
        command=command,
    )


def _searches(comparison: Comparison) -> Sequence[str]:
    return [str(name) for name in comparison.curves["study"].unique()]


def _empty(x: str, y: str, **how: object) -> Plot:
    plot = figure(
        height=320, sizing_mode="stretch_width", toolbar_location=None, tools=[],
        outline_line_color=None, background_fill_color=None, border_fill_color=None,
        x_axis_label=x, y_axis_label=y, **how,
    )  # fmt: skip
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_font_style = "normal"
    return plot


def _source(rows: pd.DataFrame, *names: str) -> ColumnDataSource:
    return ColumnDataSource({name: rows[name].to_numpy() for name in names})


def _with_legend(plot: Plot, entries: list[tuple[str, list[object]]]) -> Plot:
    legend = Legend(
        items=entries, click_policy="mute", background_fill_color=None, border_line_color=None,
        label_text_font=FONT, orientation="horizontal", tags=["label_text:ink"],
    )  # fmt: skip
    plot.add_layout(legend, "above")
    return plot


def _convergence(comparison: Comparison, spent: str, colours: dict[str, str]) -> Plot:
    plot = _empty(SPENT.get(spent, spent), label(comparison.metric), x_axis_type="log")
    entries: list[tuple[str, list[object]]] = []
    curves = comparison.curves[comparison.curves["spent"] == spent]
    for name, rows in curves.groupby("study", sort=False):
        colour = colours[str(name)]
        source = _source(rows.dropna(subset=["best"]), "x", "best", "low", "high")
        drawn = []
        if rows["low"].notna().any():
            drawn.append(
                plot.varea_step("x", "low", "high", source=source, step_mode="after",
                                fill_color=colour, fill_alpha=0.18, muted_alpha=0.03)
            )  # fmt: skip
        line = plot.step("x", "best", source=source, mode="after", line_color=colour,
                         line_width=2.5, muted_alpha=0.12)  # fmt: skip
        entries.append((str(name), [line, *drawn]))
        tips = [("study", str(name)), (SPENT.get(spent, spent), "@x"), ("best so far", "@best")]
        plot.add_tools(HoverTool(renderers=[line], tooltips=tips, visible=False))
    return _with_legend(plot, entries)


def _distribution(comparison: Comparison) -> Plot:
    plot = _empty(label(comparison.metric), "share of complete trials", x_axis_type="log")
    if (comparison.values["value"] <= 0).any():
        plot = _empty(label(comparison.metric), "share of complete trials")
    entries: list[tuple[str, list[object]]] = []
    studies = comparison.values.groupby("study", sort=False)
    for (name, rows), colour in zip(studies, cycle(COLOURS), strict=False):
        ordered = rows.sort_values("value")
        ordered = ordered.assign(share=[(i + 1) / len(ordered) for i in range(len(ordered))])
        source = _source(ordered, "trial", "value", "share")
        line = plot.step("value", "share", source=source, mode="after", line_color=colour,
                         line_width=2, muted_alpha=0.12)  # fmt: skip
        dots = plot.scatter("value", "share", source=source, size=6, color=colour,
                            muted_alpha=0.08)  # fmt: skip
        tips = [("study", str(name)), ("trial", "@trial"), ("value", "@value")]
        plot.add_tools(HoverTool(renderers=[dots], tooltips=tips, visible=False))
        entries.append((str(name), [line, dots]))
    return _with_legend(plot, entries)


def _again(comparison: Comparison) -> Plot:
    """Each study's best config under fresh seeds: a dot a seed, the mean with its interval."""
    known = [
        (name, config)
        for name, config in zip(comparison.names, comparison.again, strict=True)
        if config is not None
    ]
    plot = _empty("", label(comparison.metric), x_range=[name for name, _ in known])
    seeds = {
        "x": [n for n, c in known for _ in c.values],
        "y": [v for _, c in known for v in c.values],
    }
    plot.scatter("x", "y", source=ColumnDataSource(seeds), size=6, color=COLOURS[-1], alpha=0.5)
    means = ColumnDataSource(
        {
            "x": [name for name, _ in known],
            "config": [config.config for _, config in known],
            "mean": [config.mean for _, config in known],
            "low": [config.low for _, config in known],
            "high": [config.high for _, config in known],
        }
    )
    dots = plot.scatter("x", "mean", source=means, size=12, color=COLOURS[0])
    plot.add_layout(
        Whisker(base="x", lower="low", upper="high", source=means, line_width=2,
                line_color=COLOURS[0])
    )  # fmt: skip
    tips = [("config", "@config"), ("mean", "@mean"), ("95 % interval", "@low to @high")]
    plot.add_tools(HoverTool(renderers=[dots], tooltips=tips, visible=False))
    return plot
