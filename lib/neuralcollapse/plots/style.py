"""The style of every figure: readable in light and dark mode, in grey and in print.

Figures are SVG on a transparent ground; the book's style sheet inverts their lightness in dark
mode. Lines differ in dash as well as in colour, and colours are those of Okabe and Ito, told
apart by colour-blind readers too.
"""

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

COLORS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#8C6BB1",
    "#7F7F7F",
    "#A6761D",
    "#000000",
)
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))

_STYLE = {
    "axes.edgecolor": "#444444",
    "axes.grid": True,
    "axes.labelcolor": "#222222",
    "axes.labelsize": 10,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "neuralcollapse",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}


def axes_grid(rows=1, columns=1, *, width=7.2, height=3.2, **options):
    """Make a figure in the book's style.

    Parameters
    ----------
    rows, columns : int
    width, height : float
        Of the figure, in inches.
    **options
        Passed to `Figure.subplots`, for instance ``sharey=True``.

    Returns
    -------
    figure : Figure
    axes : ndarray of Axes, shape (rows, columns)
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, axes


def picture_axes(axes):
    """Turn axes into a bare picture: equal scales, no frame, no ticks."""
    axes.set_aspect("equal")
    axes.set_axis_off()
