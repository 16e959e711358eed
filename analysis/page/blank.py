"""A figure without anything in it, as all of the page's figures begin."""

from bokeh.models import CustomJS, FixedTicker, GlyphRenderer, HoverTool, Plot, Range1d
from bokeh.plotting import figure

FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


def blank(name: str, height: int) -> Plot:
    """An empty figure whose coordinates are in [0, 1] and whose ticks are set later."""
    plot = figure(
        name=name,
        height=height,
        sizing_mode="stretch_width",
        toolbar_location=None,
        tools=[],
        x_range=Range1d(0, 1),
        y_range=Range1d(0, 1),
        min_border=8,
        output_backend="canvas",
        outline_line_color=None,
        background_fill_color=None,
        border_fill_color=None,
    )
    for axis in (*plot.xaxis, *plot.yaxis):
        axis.ticker = FixedTicker(ticks=[])
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "12px"
        axis.major_tick_out, axis.major_tick_in, axis.minor_tick_out = 4, 0, 0
        axis.axis_label_standoff = 8
    plot.xgrid.grid_line_width = plot.ygrid.grid_line_width = 1
    return plot


def hover(renderers: list[GlyphRenderer], what: str) -> HoverTool:
    """Tells the page what is pointed at."""
    return HoverTool(
        renderers=renderers,
        tooltips=None,
        mode="mouse",
        callback=CustomJS(code=f"window.page.hover('{what}', cb_data)"),
        line_policy="interp" if what == "line" else "nearest",
        visible=False,
    )
