r"""Codes in space as solids: shaded faces, thick contacts, hollow points that touch nothing.

The eye looks along the last axis from a camera at distance $c$, so that $(x,y,z)$ is seen at
$\frac c{c-z}(x,y)$. A hull is convex: a face is seen in full where its picture runs
counter-clockwise, and not at all elsewhere, so nothing has to be sorted. The book's script
``polyhedra.js`` draws the same picture again when a reader turns a solid; the two are kept alike.
"""

import numpy as np

from neuralcollapse.geometry import coherence, contacts, faces
from neuralcollapse.geometry.arrays import as_directions
from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, axes_grid, picture_axes

_RIGHT, _BACK, _UP = np.eye(3)
_CAMERA = 5.0
_LIGHT = np.array([-0.42, 0.66, 0.62])
_FILLS = {3: COLORS[0], 4: COLORS[4], 5: COLORS[2]}  # by number of corners
_MANY = COLORS[3]
_INK, _FAINT = "#222222", "#777777"
_REACH = 1.13  # of a panel; the picture of the unit sphere has radius c / sqrt(c^2 - 1)
_SAME = 1e-4  # in units of the radius: nearer to its turned copy, a code counts as symmetric


def polyhedra(solids, *, columns=None, upright=True, tolerance=1e-6):
    """Draw codes in space as solids which a reader of the book can turn.

    Parameters
    ----------
    solids : dict of str to array_like, shape (num_points, 3)
        Label to points: one panel each. Lengths do not matter.
    columns : int, optional
        Panels in a row; by default up to four, rows alike.
    upright : bool
        Whether each code is first turned so that its axis of highest symmetry points up and no
        two points hide each other. If not, the last coordinate points up and the first to the
        right, so that codes can be compared point by point.
    tolerance : float
        How far from exact still counts as a contact, or as one plane.

    Returns
    -------
    Plot
        Faces are coloured by their number of corners and shaded by their slope to the light.
        Thick edges are contacts, pairs whose cosine is the largest; hidden edges are dashed;
        points without contact are hollow.

    Raises
    ------
    ValueError
        If `solids` is empty, or points are not in space or all in a plane.

    Examples
    --------
    >>> from neuralcollapse.geometry import orthoplex
    >>> polyhedra({"octahedron": orthoplex(3)}).alt
    'Codes in space. octahedron: 6 points, 12 contacts, 8 faces, largest cosine 0.0000.'
    """
    if not solids:
        raise ValueError("solids: expected at least one label with its points, got none")
    columns = columns or -(-len(solids) // -(-len(solids) // 4))
    rows = -(-len(solids) // columns)
    described = [
        _described(label, as_directions(points), upright, tolerance)
        for label, points in solids.items()
    ]
    width = min(7.2, 2.6 * columns)
    figure, axes = axes_grid(rows, columns, width=width, height=rows * (width / columns + 0.2))
    for panel in axes.ravel():
        picture_axes(panel)
    for panel, solid in zip(axes.ravel(), described, strict=False):
        _draw(panel, solid)
    cosines = map(coherence, solids.values())
    alt = "Codes in space. " + "; ".join(map(_in_words, described, cosines)) + "."
    return Plot(figure, alt, {"polyhedra": described, "columns": columns})


def _described(label, points, upright, tolerance):
    """What is drawn, as the script of the book reads it too."""
    polygons = faces(points, tolerance=tolerance)
    pose = _pose(points, polygons) if upright else _tilted(np.array([_RIGHT, _UP, -_BACK]), -25)
    return {
        "label": label,
        "points": ((points @ pose.T).round(5) + 0.0).tolist(),
        "faces": polygons,
        "contacts": contacts(points, tolerance=tolerance).tolist(),
    }


def _in_words(solid, cosine):
    loose = len(_loose(solid))
    return (
        f"{' '.join(solid['label'].split())}: {len(solid['points'])} points, "
        + (f"{loose} of them without contact, " if loose else "")
        + f"{len(solid['contacts'])} contacts, {len(solid['faces'])} faces, "
        f"largest cosine {round(cosine, 4) + 0.0:.4f}"
    )


def _loose(solid):
    return set(range(len(solid["points"]))) - {row for pair in solid["contacts"] for row in pair}


def _draw(panel, solid):
    points = np.array(solid["points"])
    flat = points[:, :2] * (_CAMERA / (_CAMERA - points[:, 2:]))
    front = [face for face in solid["faces"] if _area(flat[list(face)]) > 0]
    touching = {tuple(pair) for pair in solid["contacts"]}
    seen = {pair for face in front for pair in _sides(face)}
    edges = {pair for face in solid["faces"] for pair in _sides(face)}
    loose = _loose(solid)
    for pair in sorted(edges - seen):
        width, dashes = (1.1, (0, (3, 2))) if pair in touching else (0.6, (0, (2, 3)))
        panel.plot(*flat[list(pair)].T, color=_FAINT, lw=width, ls=dashes, zorder=1)
    for face in front:
        panel.fill(
            *flat[list(face)].T,
            color=_FILLS.get(len(face), _MANY),
            alpha=_shade(points[list(face)]),
            lw=0,
            zorder=2,
        )
    for pair in sorted(seen):
        style = {"lw": 2.2, "color": _INK} if pair in touching else {"lw": 0.7, "color": _FAINT}
        panel.plot(*flat[list(pair)].T, solid_capstyle="round", zorder=3, **style)
    for row, place in enumerate(flat):
        visible = any(row in face for face in front)
        panel.plot(
            *place,
            "o",
            ms=(6 if row in loose else 4.5) * (1 if visible else 0.7),
            mec=_INK if visible else _FAINT,
            mfc="white" if row in loose else _INK if visible else _FAINT,
            mew=1.3 if row in loose else 0,
            zorder=4 if visible else 1,
        )
    panel.set_xlim(-_REACH, _REACH)
    panel.set_ylim(-_REACH, _REACH)
    panel.text(0.5, -0.01, solid["label"], transform=panel.transAxes, ha="center", va="top")


def _sides(face):
    return {tuple(sorted(pair)) for pair in zip(face, face[1:] + face[:1], strict=True)}


def _area(corners):
    """Twice the signed area; positive where the corners run counter-clockwise."""
    (x, y), (u, v) = corners.T, np.roll(corners, -1, axis=0).T
    return float(np.sum(x * v - y * u))


def _shade(corners):
    """How much colour a face takes: little towards the light, much away from it."""
    normal = np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0)
    cosine = float(normal @ _LIGHT) / np.linalg.norm(normal) / np.linalg.norm(_LIGHT)
    # Lambert's law, but not cut at 0: faces that the light does not reach differ too.
    return min(0.66 - 0.45 * cosine, 0.95)


def _pose(points, polygons):
    """A rotation into the coordinates of the eye: right, up, towards it."""
    up = _axis(points, polygons)
    heights = (points @ up).round(6)
    level = points[np.argmax(np.where(heights < 1, heights, -np.inf))]
    level = level - (level @ up) * up
    level /= np.linalg.norm(level)
    frame = np.array([level, up, np.cross(level, up)])
    poses = [_tilted(frame, angle) for angle in range(0, 360, 5)]
    return max(poses, key=lambda pose: _clarity(points, pose))


def _tilted(frame, degrees):
    return _turn(0, np.radians(18)) @ _turn(1, np.radians(degrees)) @ frame


def _clarity(points, pose):
    """The least distance of two points as seen, rounded so that alike poses count as alike."""
    flat = (points @ pose.T)[:, :2]
    gaps = np.linalg.norm(flat[:, None] - flat, axis=2)
    return round(float(gaps[np.triu_indices(len(flat), 1)].min()), 3)


def _axis(points, polygons):
    """Of the axes through points and faces, one about which most turns keep the code."""
    standing = [-points[list(face)].mean(axis=0) for face in polygons]
    candidates = [*points, *(down / np.linalg.norm(down) for down in standing)]
    return max(candidates, key=lambda axis: _order(points, axis))


def _order(points, axis):
    """The largest k up to 12 for which a k-th of a full turn about the axis keeps the points."""
    level = np.linalg.svd(axis[None])[2][1:]
    basis = np.array([*level, axis])
    for count in range(12, 1, -1):
        turned = points @ (basis.T @ _turn(2, 2 * np.pi / count) @ basis).T
        gaps = np.linalg.norm(turned[:, None] - points, axis=2).min(axis=1)
        if gaps.max() < _SAME:
            return count
    return 1


def _turn(axis, angle):
    """Rotation about a coordinate axis."""
    matrix = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[[first, second], [first, second]] = np.cos(angle)
    matrix[second, first] = np.sin(angle)
    matrix[first, second] = -np.sin(angle)
    return matrix
