"""Figures of the page on optimal ranks."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid


def rank_map(num_classes, penalties, ranks, lines):
    """Draw the best rank found over penalty and number of classes.

    Parameters
    ----------
    num_classes, penalties, ranks : ndarray, shape (num_cells,)
    lines : dict of str to tuple
        Name to (numbers of classes, penalties).

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=4.2)
    panel = axes[0, 0]
    kinds = {
        "simplex, rank K - 1": ranks == num_classes - 1,
        "between": (ranks > 2) & (ranks < num_classes - 1),
        "circle, rank 2": ranks == 2,
        "rank 1": ranks == 1,
    }
    for place, (name, chosen) in enumerate(kinds.items()):
        panel.plot(
            num_classes[chosen],
            penalties[chosen],
            linestyle="none",
            marker="^osx"[place],
            markersize=(5, 8, 6, 4)[place],
            color=COLORS[place],
            alpha=0.45 if name == "between" else 1,
            label=name,
        )
    for count, penalty, rank in zip(num_classes, penalties, ranks, strict=True):
        if 2 < rank < count - 1:
            panel.annotate(str(rank), (count, penalty), fontsize=6, ha="center", va="center")
    for place, (name, (counts, values)) in enumerate(lines.items()):
        style = {"color": "#333333", "linestyle": DASHES[place], "lw": 1.2}
        panel.plot(counts, values, label=name, **style)
    panel.set_xscale("log")
    panel.set_yscale("log")
    ticks = np.unique(num_classes)
    panel.set_xticks(ticks, [str(tick) for tick in ticks])
    panel.minorticks_off()
    panel.set_ylim(penalties.min() / 1.2, penalties.max() * 1.2)
    panel.set_xlabel("classes, $K$")
    panel.set_ylabel(r"penalty $\lambda$ (nats)")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    shares = ", ".join(f"{name}: {int(chosen.sum())}" for name, chosen in kinds.items())
    return Plot(
        figure,
        f"Best rank found in {len(ranks)} cells of penalty and number of classes, from "
        f"{ticks[0]} to {ticks[-1]}. Cells of each kind: {shares}. Rank falls as the penalty "
        "rises; the cells between simplex and circle fill a wedge that widens with the number "
        "of classes.",
    )


def rank_collapse(series, scaled, law, steps):
    """Draw ranks of the best codes found against the scaled penalty, all on one law.

    Parameters
    ----------
    series : dict of str to tuple of ndarray
        Name to (scaled penalties, ranks).
    scaled : ndarray, shape (num_points,)
    law, steps : ndarray, shape (num_points,)
        Real rank by the law and whole rank of the best flat spectrum.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.6)
    panel = axes[0, 0]
    panel.plot(scaled, law, color="#777777", lw=1, linestyle="--", label="law, $x^{-2/3}$")
    panel.plot(scaled, steps, color="#333333", lw=1, label=r"flat spectra, $\beta\to0$")
    for place, (name, (values, ranks)) in enumerate(series.items()):
        panel.plot(
            values,
            ranks,
            linestyle="none",
            marker="osD^vP"[place % 6],
            markersize=5,
            fillstyle="none",
            color=COLORS[place],
            label=name,
        )
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_yticks([1, 2, 3, 4, 6, 8, 10], ["1", "2", "3", "4", "6", "8", "10"])
    panel.set_xticks([0.03, 0.1, 0.3, 0.8], ["0.03", "0.1", "0.3", "0.8"])
    panel.minorticks_off()
    panel.set_xlabel(r"scaled penalty $x=\lambda\sqrt{K}/\beta^2$ (dimensionless)")
    panel.set_ylabel("rank of the best code found")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    words = "; ".join(
        f"{name}: {int(ranks[0])} at {values[0]:.3f} to {int(ranks[-1])} at {values[-1]:.3f}"
        for name, (values, ranks) in series.items()
    )
    return Plot(figure, f"Ranks of the best codes found against the scaled penalty. {words}.")


def frequency_counts(moduli, counts, bounds):
    """Draw how many circles are best against the logarithm of the modulus.

    Parameters
    ----------
    moduli : sequence of int
    counts : dict of str to sequence of int
    bounds : dict of str to sequence of float
        Proved lower bounds, under the same names.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel, words = axes[0, 0], []
    for place, (name, values) in enumerate(counts.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        panel.plot(moduli, values, marker="osD"[place % 3], markersize=5, label=name, **style)
        panel.plot(moduli, bounds[name], color=COLORS[place], lw=0.8)
        words.append(f"{name}: {', '.join(map(str, values))}")
    panel.set_xscale("log")
    panel.set_xticks(moduli, [str(modulus) for modulus in moduli], rotation=60)
    panel.minorticks_off()
    panel.set_ylim(0)
    panel.set_xlabel("modulus, $K$")
    panel.set_ylabel("circles in the best set found")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return Plot(
        figure,
        f"Circles in the best set found at the moduli {', '.join(map(str, moduli))}. "
        f"{'; '.join(words)}. Thin lines: proved lower bounds.",
    )


def ramp_loop(branch, up, down, marks):
    """Draw a ramp of weight decay up and down over the branches of stationary circles.

    Parameters
    ----------
    branch : tuple of ndarray
        Decays and lengths of the reduced model, through the fold, stable part first.
    up, down : dict of str to ndarray
        ``decays`` and ``norms`` in the order of the ramp.
    marks : dict of str to float
        Decays to mark.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.4)
    panel = axes[0, 0]
    decays, norms = branch
    tip = int(np.argmax(decays))
    panel.plot(decays[: tip + 1], norms[: tip + 1], color="#777777", lw=1, label="stable circle")
    panel.plot(
        decays[tip:], norms[tip:], color="#777777", lw=1, linestyle=":", label="unstable circle"
    )
    panel.plot(up["decays"], up["norms"], ">", color=COLORS[0], label="decay rising")
    panel.plot(
        down["decays"], down["norms"], "<", color=COLORS[1], label="decay falling", fillstyle="none"
    )
    for place, (name, value) in enumerate(marks.items()):
        panel.axvline(value, color="#333333", lw=0.8, linestyle=DASHES[place + 1], label=name)
    panel.set_xlim(up["decays"].min() - 0.02, up["decays"].max() + 0.02)
    panel.set_ylim(-0.06, 1.6)
    panel.set_xlabel(r"weight decay times modulus, $\lambda P$ (nats)")
    panel.set_ylabel("length of an embedding")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    alive = up["decays"][up["norms"] > 0.5]
    named = ", ".join(f"{name} at {value:.4f}" for name, value in marks.items())
    return Plot(
        figure,
        f"Rising decay keeps the circle up to {alive.max():.3f} and loses it at "
        f"{up['decays'][up['norms'] <= 0.5].min():.3f}; falling decay stays at zero down to "
        f"{down['decays'].min():.2f}. Marks: {named}.",
    )
