"""Reports drawn as torchmetrics draws its metrics: one as points, several as lines over time."""

from neuralcollapse.integrations.samples import scalars


def draw_reports(reports, ax=None):
    """Draw one report, or several over time.

    Parameters
    ----------
    reports : CollapseReport or sequence of CollapseReport
        Metrics without a value are left out, and None (a batch without a report) leaves a gap.
    ax : matplotlib Axes, optional
        A new figure unless given.

    Returns
    -------
    figure, axes
        The scale is logarithmic where every value is positive: at collapse metrics fall by
        orders of magnitude.

    Raises
    ------
    ValueError
        If there is no report to draw.
    """
    from matplotlib import pyplot as plt

    several = isinstance(reports, (list, tuple))
    tables = [
        {} if report is None else scalars(report) for report in (reports if several else [reports])
    ]
    names = list(dict.fromkeys(name for table in tables for name in table))
    if not names:
        raise ValueError("val: expected a CollapseReport, or several, got none")
    figure, ax = plt.subplots(layout="constrained") if ax is None else (ax.figure, ax)
    positive = all(value > 0 for table in tables for value in table.values())
    if several:
        for name in names:
            values = [table.get(name, float("nan")) for table in tables]
            ax.plot(range(len(tables)), values, marker="o", markersize=3, label=name)
        ax.set_xlabel("step")
        ax.set_ylabel("metric (0 = collapsed)")
        ax.legend(fontsize="x-small")
        scale = ax.set_yscale
    else:
        ax.plot([tables[0][name] for name in names], names, "o")
        ax.invert_yaxis()
        ax.set_xlabel("value (0 = collapsed)")
        scale = ax.set_xscale
    scale("log" if positive else "linear")
    ax.grid(visible=True, alpha=0.3)
    return figure, ax
