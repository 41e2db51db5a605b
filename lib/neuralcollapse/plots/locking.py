"""Figures of the page on locking and phase alignment."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes


def embedding_circles(panels):
    """Draw embeddings in the plane of the classifier, joined in the order of the tokens.

    Parameters
    ----------
    panels : dict of str to ndarray, shape (modulus, dimension), complex128
        Words for the panel to embeddings; the first coordinate is the classifier's.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=2.3)
    reach = 1.15 * max(np.abs(rows).max() for rows in panels.values())
    words = []
    for panel, (name, rows) in zip(axes[0], panels.items(), strict=True):
        inside, rest = rows[:, 0], rows[:, 1:].ravel()
        closed = np.append(inside, inside[0])
        panel.plot(rest.real, rest.imag, ".", color="#999999", ms=4)
        panel.plot(closed.real, closed.imag, "-", color=COLORS[0], lw=0.8)
        panel.plot(inside.real, inside.imag, "o", color=COLORS[0], ms=4)
        for token, point in enumerate(inside[:3]):
            place = point * (1 + 0.13 * reach / abs(point))
            panel.annotate(str(token), (place.real, place.imag), ha="center", va="center", size=9)
        panel.set_xlim(-reach, reach)
        panel.set_ylim(-reach, reach)
        picture_axes(panel)
        panel.set_title(name, fontsize=10, y=-0.14)
        share = (np.abs(rows[:, 1:]) ** 2).sum() / (np.abs(rows) ** 2).sum()
        words.append(f"{name}: {100 * share:.1f} per cent")
    return Plot(
        figure,
        "Embeddings in the plane of the classifier (joined) and in the other coordinates (dots). "
        "Energy outside the plane, " + "; ".join(words) + ".",
    )


def energy_curves(curves, laws):
    """Draw energies that fall over training, on a logarithmic scale, with laws as thin lines.

    Parameters
    ----------
    curves, laws : dict of str to tuple of ndarray
        Words to steps and energies relative to the start.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.3)
    panel, words = axes[0, 0], []
    for place, (name, (steps, energy)) in enumerate(curves.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        panel.semilogy(steps, energy, label=name, **style)
        words.append(f"{name}: {energy[-1]:.1e} after {steps[-1]} steps")
    for name, (steps, energy) in laws.items():
        panel.semilogy(steps, energy, color="#777777", lw=0.8)
        middle = len(steps) // 2
        panel.annotate(name, (steps[middle], energy[middle]), fontsize=9, va="bottom", ha="left")
    panel.set_xlabel("steps of gradient descent")
    panel.set_ylabel("off-plane energy (share of start)")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return Plot(figure, "Off-plane energy of the embeddings. " + "; ".join(words) + ".")


def leakage_bounds(sigmas, features, embeddings):
    """Draw what leaks off the plane against the third singular value, with bounds.

    Parameters
    ----------
    sigmas : ndarray, shape (num_scales,)
    features, embeddings : tuple of ndarray
        What is measured and its bound, at each scale.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 2, height=3.0)
    words = []
    pairs = {"features": features, "embeddings": embeddings}
    for panel, (name, (measured, bound)) in zip(axes[0], pairs.items(), strict=True):
        panel.loglog(sigmas, bound, color="#777777", lw=0.8, label="bound")
        panel.loglog(sigmas, measured, "o", color=COLORS[0], ms=4, label="measured")
        panel.set_xlabel(r"$\sigma_3$ of the classifier")
        panel.set_ylabel(f"gradient of {name} off the plane")
        panel.legend()
        ratios = measured / bound
        words.append(f"{name}: {ratios.min():.3f} to {ratios.max():.3f} of the bound")
    return Plot(figure, "Leakage grows in proportion to sigma_3. " + "; ".join(words) + ".")


def locking_curves(times, closed, runs, excess, limit):
    """Draw order parameters over time beside the closed curve, and by how much they exceed it.

    Parameters
    ----------
    times, closed : ndarray, shape (num_times,)
    runs : dict of str to ndarray, shape (num_runs, num_times)
    excess : dict of int to ndarray, shape (num_times,)
        Modulus to order parameter less closed curve.
    limit : float
        Of the modulus times the largest excess.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 2, height=3.0)
    left, right = axes[0]
    words = []
    for place, (name, orders) in enumerate(runs.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place], "lw": 1.2}
        for number, order in enumerate(orders):
            left.plot(times, order, label=name if number == 0 else None, **style)
        words.append(f"{name}: up to {np.abs(orders - closed).max():.3f} from it")
    left.plot(times, closed, color="#000000", lw=0.8, label="closed curve")
    left.set_ylabel("order parameter $r$ (dimensionless)")
    left.set_ylim(0, 1.03)
    for place, (modulus, gaps) in enumerate(excess.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place], "lw": 1.2}
        right.plot(times, modulus * gaps, label=f"$P={modulus}$", **style)
        words.append(f"excess times P at P = {modulus}: {modulus * gaps.max():.3f}")
    right.axhline(limit, color="#777777", lw=0.8)
    right.set_ylabel("excess times $P$ (dimensionless)")
    for panel in (left, right):
        panel.set_xlabel(r"time, in units of $P/\beta\eta$")
        panel.legend(loc="lower right" if panel is left else "upper right")
    return Plot(figure, "Order parameter beside the closed curve. " + "; ".join(words) + ".")


def pair_maps(panels):
    """Draw a signed amplitude for every pair of tokens, wrong pairs crossed out.

    Parameters
    ----------
    panels : dict of str to tuple
        Words to the amplitude along the right class, shape (modulus, modulus), and whether each
        pair is right.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=3.0)
    words = []
    for panel, (name, (amplitude, right)) in zip(axes[0], panels.items(), strict=True):
        image = panel.imshow(amplitude, cmap="RdBu", vmin=-4, vmax=4)
        rows, columns = np.nonzero(~right)
        panel.plot(columns, rows, "x", color="#222222", ms=3, mew=0.7)
        panel.set_xticks([])
        panel.set_yticks([])
        panel.grid(False)
        panel.set_xlabel(name)
        words.append(f"{name}: {right.sum()} of {right.size} pairs right")
    bar = figure.colorbar(image, ax=axes, shrink=0.85, label="amplitude (dimensionless)")
    bar.outline.set_linewidth(0.5)
    return Plot(figure, "Feature along the class of each pair. " + "; ".join(words) + ".")
