"""Figures of points on a circle: their descent, their landscape and their transport plans."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes


def angle_descent(paths, excesses):
    """Draw points on a circle before and after a descent, and the excess on the way.

    Parameters
    ----------
    paths : ndarray, shape (num_steps, num_points)
        Angles in radians after each step, the start first.
    excesses : ndarray, shape (num_steps,)
        Potential less that of equal angles, in nats.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 3, height=2.6, gridspec_kw={"width_ratios": (1, 1, 1.7)})
    gaps = []
    for panel, angles, words in zip(axes[0], (paths[0], paths[-1]), ("start", "end"), strict=False):
        picture_axes(panel)
        turn = np.linspace(0, 2 * np.pi, 200)
        panel.plot(np.cos(turn), np.sin(turn), color="#999999", lw=0.7)
        panel.plot(np.cos(angles), np.sin(angles), "o", color=COLORS[0], ls="none")
        for label, angle in enumerate(angles):
            at = (1.22 * np.cos(angle), 1.22 * np.sin(angle))
            panel.annotate(str(label), at, ha="center", va="center", fontsize=8)
        panel.annotate(words, (0, 0), ha="center", va="center")
        panel.set_xlim(-1.35, 1.35)
        panel.set_ylim(-1.35, 1.35)
        turned = np.sort(np.mod(angles, 2 * np.pi))
        widths = np.degrees(np.diff(np.append(turned, turned[0] + 2 * np.pi)))
        gaps.append(f"{widths.min():.1f} to {widths.max():.1f} degrees")
    panel = axes[0, 2]
    shown = excesses > 1e-12
    panel.semilogy(np.flatnonzero(shown), excesses[shown], color=COLORS[1])
    panel.set_xlabel("step")
    panel.set_ylabel("excess potential (nats)")
    alt = (
        f"{paths.shape[1]} labelled points on a circle. Gaps are {gaps[0]} at the start and "
        f"{gaps[1]} at the end; the excess over equal angles falls from {excesses[0]:.2f} nats."
    )
    return Plot(figure, alt)


def hessian_spectra(spectra):
    """Draw eigenvalues of the Hessian against their limits.

    Parameters
    ----------
    spectra : dict of str to tuple of two ndarrays, shape (num_modes,)
        Words to eigenvalues and limits of the modes from 1 on.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.0)
    panel, words = axes[0, 0], []
    for place, (name, (exact, limit)) in enumerate(spectra.items()):
        modes = np.arange(1, len(exact) + 1)
        panel.semilogy(modes, exact, "o", color=COLORS[place], ls="none", label=f"{name}, exact")
        panel.semilogy(
            modes, limit, color=COLORS[place], ls=DASHES[place], lw=1.2, label=f"{name}, limit"
        )
        words.append(
            f"{name}: {exact[0]:.3g} at mode 1 (limit {limit[0]:.3g}), {exact[-1]:.3g} at mode "
            f"{len(exact)} (limit {limit[-1]:.3g})"
        )
    panel.set_xlabel("Fourier mode $r$")
    panel.set_ylabel(r"eigenvalue $\Lambda_r$")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return Plot(figure, "Eigenvalues of the Hessian at equal angles. " + "; ".join(words) + ".")


def bound_gaps(sizes, drawn, found, predicted):
    """Draw how far mean potentials lie above the bound for any angles.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of points.
    drawn : ndarray, shape (num_sizes, num_draws)
        Excess of random angles, in nats.
    found : ndarray, shape (num_sizes, num_starts)
        Excess where descent from them ended.
    predicted : ndarray, shape (num_sizes,)
        Excess of equal angles.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.0)
    panel = axes[0, 0]
    for place, (values, words) in enumerate(((drawn, "random angles"), (found, "after descent"))):
        across = np.repeat(np.asarray(sizes), values.shape[1])
        style = {"marker": ".+"[place], "color": COLORS[place], "ms": (5, 9)[place]}
        panel.semilogy(across, values.ravel(), ls="none", label=words, **style)
    panel.semilogy(sizes, predicted, color=COLORS[2], lw=1.2, label=r"$\log(1+\eta_K)$")
    panel.set_xlabel("number of points, $K$")
    panel.set_ylabel("excess over the bound (nats)")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    alt = (
        f"Excess of the mean potential over the bound for {sizes[0]} to {sizes[-1]} points. Random "
        f"angles: {drawn.min():.2f} to {drawn.max():.2f}. After descent the excess is that of "
        f"equal angles, from {predicted[0]:.2g} at K = {sizes[0]} to {predicted[-1]:.1g} at "
        f"K = {sizes[-1]}."
    )
    return Plot(figure, alt)


def plan_maps(plans):
    """Draw transport plans as heat maps, with the masses that the targets receive.

    Parameters
    ----------
    plans : dict of str to ndarray, shape (num_sources, num_targets)

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(
        2, len(plans), height=3.3, sharex=True, gridspec_kw={"height_ratios": (3, 1)}, sharey="row"
    )
    top = max(plan.max() for plan in plans.values())
    words = []
    for (upper, lower), (name, plan) in zip(axes.T, plans.items(), strict=True):
        image = upper.imshow(plan, cmap="Greys", vmin=0, vmax=top, aspect="auto")
        upper.grid(False)
        upper.set_yticks([])
        masses = plan.sum(axis=0)
        lower.bar(np.arange(len(masses)), masses, color=COLORS[0], width=0.7)
        lower.axhline(1 / len(masses), color="#777777", lw=0.8)
        lower.set_xticks([])
        lower.set_xlabel(name)
        words.append(f"{name}: targets receive {masses.min():.3f} to {masses.max():.3f}")
    axes[0, 0].set_ylabel("source")
    axes[1, 0].set_ylabel("mass")
    bar = figure.colorbar(image, ax=axes[0], shrink=0.9, label="mass moved")
    bar.outline.set_linewidth(0.5)
    return Plot(figure, "Transport plans, one row a source. " + "; ".join(words) + ".")
