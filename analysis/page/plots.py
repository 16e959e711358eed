"""The page's figures, laid out and still empty; `static/` fills and links them.

Every figure of trials draws from one source, a trial a row: what is selected or hovered in one is
so in all. Coordinates are in [0, 1] with ticks of their own, so that axes and scales can be
chosen. A tag such as `line:ink` names the colour of the page's theme that a glyph takes.
"""

from collections.abc import Sequence

from bokeh.core.properties import value
from bokeh.models import (
    BooleanFilter,
    BoxSelectTool,
    CDSView,
    ColumnDataSource,
    CustomJS,
    GlyphRenderer,
    HBar,
    IntersectionFilter,
    MultiLine,
    Plot,
    Quad,
    Scatter,
    Segment,
    Step,
    TapTool,
    Text,
)

from analysis.page.blank import FONT, blank, hover

TRIAL_COLUMNS = ("trial", "colour", "lane", "start", "end")
XY = ("history", "scatter")
LINES = ("parallel", "curves", "rungs")


def study_plots(searched: Sequence[str]) -> dict[str, Plot]:
    """The figures of a study's trials, by name."""
    names = [*TRIAL_COLUMNS, *(f"{plot}_{axis}" for plot in (*XY, *LINES) for axis in "xy")]
    names += [f"slice_{place}" for place in range(len(searched))]
    source = ColumnDataSource({name: [] for name in names}, name="trials")
    shown, drawn = BooleanFilter(name="shown"), BooleanFilter(name="drawn")
    view = CDSView(filter=shown)
    lines = CDSView(filter=IntersectionFilter(operands=[shown, drawn]))  # thousands are too many
    plots = {
        "parallel": _parallel(source, lines),
        "history": _history(source, view),
        "curves": _curves(source, lines),
        "scatter": _points("scatter", source, view, "scatter_x", "scatter_y", height=360),
        "rungs": _rungs(source, lines),
        "timeline": _timeline(source, view),
    }
    for place in range(len(searched)):
        name = f"slice_{place}"
        plots[name] = _points(name, source, view, name, "history_y", height=190, size=6)
    return plots


def _link(plot: Plot, renderer: GlyphRenderer, what: str = "trial") -> None:
    """Lets people select by a box or a click, and see a trial by pointing at it."""
    box = BoxSelectTool(renderers=[renderer], visible=False)
    box.overlay.tags = ["fill:accent", "line:accent"]
    box.overlay.fill_alpha = 0.12
    tap = TapTool(renderers=[renderer], visible=False)
    plot.add_tools(box, tap, hover([renderer], what))
    plot.toolbar.active_drag = None if what == "line" else box
    plot.toolbar.active_tap = tap


def _dots(x: str, y: str, size: float) -> dict[str, Scatter]:
    return {
        "glyph": Scatter(
            x=x, y=y, size=size, fill_color="colour", line_width=0.7, tags=["line:ground"]
        ),
        "selection_glyph": Scatter(
            x=x, y=y, size=size + 2, fill_color="colour", line_width=1.2, tags=["line:ink"]
        ),
        "nonselection_glyph": Scatter(
            x=x, y=y, size=size - 1, fill_alpha=0.3, line_color=None, tags=["fill:faint"]
        ),
        "hover_glyph": Scatter(
            x=x, y=y, size=size + 5, fill_color="colour", line_width=2.5, tags=["line:ink"]
        ),
    }


def _strokes(name: str, width: float = 1.5) -> dict[str, MultiLine]:
    xs, ys = f"{name}_x", f"{name}_y"
    return {
        "glyph": MultiLine(
            xs=xs, ys=ys, line_color="colour", line_width=width, line_alpha=0.8, line_join="round"
        ),
        "selection_glyph": MultiLine(
            xs=xs, ys=ys, line_color="colour", line_width=width + 0.5, line_join="round"
        ),
        "nonselection_glyph": MultiLine(
            xs=xs, ys=ys, line_width=1, line_alpha=0.18, tags=["line:faint"]
        ),
        "hover_glyph": MultiLine(xs=xs, ys=ys, line_width=3.5, tags=["line:ink"]),
    }


def _points(
    name: str,
    source: ColumnDataSource,
    view: CDSView,
    x: str,
    y: str,
    *,
    height: int,
    size: float = 8,
) -> Plot:
    plot = blank(name, height)
    _link(plot, plot.add_glyph(source, view=view, **_dots(x, y, size)))
    return plot


def _history(source: ColumnDataSource, view: CDSView) -> Plot:
    """Complete trials at their value; others as ticks below, since their budgets differ."""
    plot = _points("history", source, view, "history_x", "history_y", height=300)
    best = ColumnDataSource({"x": [], "y": []}, name="best_so_far")
    plot.add_glyph(best, Step(x="x", y="y", mode="after", line_width=2, tags=["line:ink"]))
    ended = ColumnDataSource({"x": [], "y0": [], "y1": [], "colour": []}, name="others")
    plot.add_glyph(ended, Segment(x0="x", y0="y0", x1="x", y1="y1", line_color="colour"))
    return plot


def _curves(source: ColumnDataSource, view: CDSView) -> Plot:
    plot = blank("curves", 300)
    _rung_lines(plot)
    _link(plot, plot.add_glyph(source, view=view, **_strokes("curves")), "line")
    plot.toolbar.active_drag = None
    return plot


def _rung_lines(plot: Plot) -> None:
    rungs = ColumnDataSource({"x": [], "y0": [], "y1": []}, name="rung_lines")
    plot.add_glyph(
        rungs,
        Segment(x0="x", y0="y0", x1="x", y1="y1", line_dash="dotted", tags=["line:muted"]),
    )


def _rungs(source: ColumnDataSource, view: CDSView) -> Plot:
    plot = blank("rungs", 360)
    _link(plot, plot.add_glyph(source, view=view, **_strokes("rungs")), "line")
    return plot


def _timeline(source: ColumnDataSource, view: CDSView) -> Plot:
    plot = blank("timeline", 150)
    bars = {
        "glyph": HBar(
            y="lane", left="start", right="end", height=0.7, fill_color="colour", line_width=0.5,
            tags=["line:ground"],
        ),
        "nonselection_glyph": HBar(
            y="lane", left="start", right="end", height=0.7, fill_alpha=0.25, line_color=None,
            tags=["fill:faint"],
        ),
        "hover_glyph": HBar(
            y="lane", left="start", right="end", height=0.9, fill_color="colour", line_width=2,
            tags=["line:ink"],
        ),
    }  # fmt: skip
    _link(plot, plot.add_glyph(source, view=view, **bars))
    plot.ygrid.visible = False
    return plot


def _parallel(source: ColumnDataSource, view: CDSView) -> Plot:
    """A line a trial over one axis a column; dragging along an axis filters by its range."""
    plot = blank("parallel", 380)
    plot.xaxis.visible = plot.yaxis.visible = False
    plot.xgrid.visible = plot.ygrid.visible = False
    axes = ColumnDataSource({"x": [], "low": [], "high": [], "title": []}, name="axes")
    ticks = ColumnDataSource({"x": [], "y": [], "text": []}, name="axis_ticks")
    brushes = ColumnDataSource({k: [] for k in ("left", "right", "bottom", "top")}, name="brushes")
    _link(plot, plot.add_glyph(source, view=view, **_strokes("parallel")), "line")
    plot.toolbar.active_drag = None
    plot.add_glyph(
        axes, Segment(x0="x", y0="low", x1="x", y1="high", line_width=1.5, tags=["line:muted"])
    )
    plot.add_glyph(
        brushes,
        Quad(left="left", right="right", bottom="bottom", top="top", fill_alpha=0.25,
             line_width=1.5, tags=["fill:accent", "line:accent"]),
    )  # fmt: skip
    plot.add_glyph(
        ticks,
        Text(
            x="x", y="y", text="text", text_baseline="middle", x_offset=6, padding=1,
            text_font=value(FONT), text_font_size="11px", background_fill_alpha=0.8,
            tags=["text:muted", "background_fill:ground"],
        ),
    )  # fmt: skip
    plot.add_glyph(
        axes,
        Text(
            x="x", y="high", text="title", text_align="center", text_baseline="bottom", y_offset=-8,
            text_font=value(FONT), text_font_size="12px", text_font_style="bold",
            text_line_height=1.15, tags=["text:ink"],
        ),
    )  # fmt: skip
    for event in ("panstart", "pan", "panend", "doubletap"):
        plot.js_on_event(event, CustomJS(code="window.page.brush(cb_obj)"))
    return plot
