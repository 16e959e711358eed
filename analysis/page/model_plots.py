"""The figures of the best model: data, samples, what its latents draw, and where data lie there."""

from bokeh.models import ColumnDataSource, MultiLine, Plot, Scatter, Segment

from analysis.page.blank import blank, hover


def model_plots() -> dict[str, Plot]:
    """The figures of the best model, by name."""
    contours = ColumnDataSource({"xs": [], "ys": [], "alpha": []}, name="contours")
    data = ColumnDataSource({"x": [], "y": [], "colour": [], "u": [], "v": []}, name="data_points")
    plots = {}
    for name, points in (
        ("data", data),
        ("samples", ColumnDataSource({"x": [], "y": [], "colour": []}, name="sample_points")),
        ("decoded", None),
    ):
        plot = _plane(name, 320 if name != "decoded" else 420)
        plot.add_glyph(
            contours,
            MultiLine(xs="xs", ys="ys", line_alpha="alpha", line_width=1.2, tags=["line:ink"]),
        )
        if points is not None:
            plot.add_glyph(
                points,
                Scatter(
                    x="x", y="y", size=4, fill_color="colour", fill_alpha=0.75, line_color=None
                ),
            )
        plots[name] = plot
    _decoded(plots["decoded"])
    plots["latents"] = _latents(data)
    return plots


def _decoded(plot: Plot) -> None:
    """The curves that latents draw, and the point they stand at; one of each moon."""
    curves = ColumnDataSource(
        {"xs": [], "ys": [], "colour": [], "width": []}, name="decoded_curves"
    )
    points = ColumnDataSource({"x": [], "y": [], "colour": []}, name="decoded_points")
    seen = ColumnDataSource({"x": [], "y": [], "x1": [], "y1": []}, name="reconstruction")
    plot.add_glyph(
        curves,
        MultiLine(xs="xs", ys="ys", line_color="colour", line_width="width", line_alpha=0.9),
    )
    plot.add_glyph(
        points,
        Scatter(x="x", y="y", size=15, fill_color="colour", line_width=2, tags=["line:ground"]),
    )
    plot.add_glyph(seen, Segment(x0="x", y0="y", x1="x1", y1="y1", line_width=2, tags=["line:ink"]))
    plot.add_glyph(seen, Scatter(x="x", y="y", size=9, line_width=2, tags=["fill:ink"]))
    plot.add_glyph(
        seen,
        Scatter(x="x1", y="y1", size=9, line_width=2, tags=["fill:ground", "line:ink"]),
    )


def _latents(data: ColumnDataSource) -> Plot:
    plot = blank("latents", 420)
    renderer = plot.add_glyph(
        data,
        Scatter(x="u", y="v", size=6, fill_color="colour", fill_alpha=0.75, line_color=None),
        hover_glyph=Scatter(
            x="u", y="v", size=11, fill_color="colour", line_width=2, tags=["line:ink"]
        ),
    )
    plot.add_tools(hover([renderer], "latent"))
    return plot


def _plane(name: str, height: int) -> Plot:
    plot = blank(name, height)
    plot.match_aspect = True
    plot.xgrid.visible = plot.ygrid.visible = False
    return plot
