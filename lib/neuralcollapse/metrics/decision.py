"""NC4: does the classifier decide as the nearest class centre does?"""

from functools import cached_property

import torch

from neuralcollapse.metrics.screening import LEAST_ROWS, AffineScores, two_largest
from neuralcollapse.metrics.vectors import (
    all_finite,
    as_vector,
    as_vectors,
    power_of_two,
    row_slices,
)
from neuralcollapse.statistics import as_features, as_labels
from neuralcollapse.statistics.products import squared_lengths

_ROUNDING = 2.0**-50  # above that of float64, per product added up
_WORTH = 2  # as many samples a dimension pay for the directions in which guesses are tried
_INSIDE = 1 - 1e-6  # of a radius that surely lies in a cell; far above the rounding of float64


def nearest_center_mismatch(features, centers, weight, bias=None, *, classes=None):
    r"""Share of samples where classifier and nearest class centre disagree.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
    centers : array_like or Tensor, shape (num_centers, num_features)
        Class means, not centred.
    weight : array_like or Tensor, shape (num_classes, num_features)
    bias : array_like or Tensor, shape (num_classes,), optional
        Part of the decision: leaving it out changes the answer.
    classes : Tensor of int64, shape (num_centers,), optional
        Class index of each centre; 0, 1, ... unless given.

    Returns
    -------
    float
        $\Pr[\arg\max_c(w_c^\top h+b_c)\ne\arg\min_c\|h-\mu_c\|]$; dimensionless, in [0, 1];
        0 at collapse.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no sample, or a value is NaN or infinite.

    Notes
    -----
    Source: [papyan2020]. Distances are compared after centring on the mean of the centres, so a
    common offset costs no digits; features go through in blocks of float64.

    Examples
    --------
    >>> features, centers = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [4.0]])
    >>> nearest_center_mismatch(features, centers, torch.tensor([[-1.0], [1.0]]))
    0.5
    """
    found = count_mismatches(features, centers, weight, bias, classes=classes)
    return found / len(features)


def count_mismatches(features, centers, weight, bias=None, *, classes=None):
    r"""Number of samples of a batch where classifier and nearest class centre disagree.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
        Of any real dtype; at least one.
    centers : array_like or Tensor, shape (num_centers, num_features)
        Class means, not centred, of all samples and not of this batch alone.
    weight : array_like or Tensor, shape (num_classes, num_features)
    bias : array_like or Tensor, shape (num_classes,), optional
    classes : Tensor of int64, shape (num_centers,), optional
        Class index of each centre; 0, 1, ... unless given.

    Returns
    -------
    int
        Summed over batches and divided by the number of samples it is `nearest_center_mismatch`.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no sample, or a value is NaN or infinite.

    Examples
    --------
    >>> count_mismatches([[1.0], [3.0]], [[0.0], [4.0]], [[-1.0], [1.0]])
    1
    """
    features, *rest = _checked(features, centers, weight, bias, classes)
    return Decisions(*rest).count(features)


class Decisions:
    r"""Both rules, classifier and nearest centre, ready for many batches.

    Parameters
    ----------
    centers, weight, bias, classes : Tensor
        As `count_mismatches` takes them, of float64 and int64.
    distances : Tensor, shape (num_centers,), float64, optional
        Of each centre to the nearest other one. A sample closer to a centre than half of that is
        nearest to this centre, whatever the others are.
    """

    def __init__(self, centers, weight, bias, classes, distances=None):
        origin = self.origin = centers.mean(0)
        self.centers, self.classes = centers, classes
        scaled = centers - origin
        power = power_of_two(scaled)
        scaled /= power  # the squares neither overflow nor vanish
        half_norms = squared_lengths(scaled) / 2
        offsets = weight @ origin
        shift = float(origin.norm())

        def scores(points):
            found = points @ weight.T
            return found if bias is None else found + bias

        def closeness(points):  # without self, which would keep all tables until a collection
            moved = (points - origin) / power
            found = moved @ scaled.T - half_norms
            if not all_finite(found):
                return found
            largest = half_norms.amax()
            sizes = torch.linalg.vector_norm(moved, dim=1) * (2 * largest).sqrt() + largest
            slack = _ROUNDING * (centers.shape[1] + 8) * sizes
            near = found >= (found.amax(1) - slack)[:, None]
            found.fill_(-torch.finfo(found.dtype).max)
            for pairs in near.nonzero().split(LEAST_ROWS):  # what products lose, differences keep
                i, j = pairs.unbind(1)
                found[i, j] = -squared_lengths((points[i] - centers[j]) / power)
            return found

        self._classifier = AffineScores(
            weight, offsets if bias is None else offsets + bias, scores, shift
        )
        self._nearest = AffineScores(scaled, -half_norms * power, closeness, shift)
        self._weight, self._scaled, self._power = weight, scaled, power
        self._radii = None
        if distances is not None:
            slack = 64 * torch.finfo(torch.float64).eps * float(centers.norm(dim=1).max())
            self._radii = (distances / 2 * _INSIDE - slack).clamp(min=0)

    def count(self, features, labels=None):
        """Count the samples of a batch that the two rules decide differently.

        Parameters
        ----------
        features : Tensor, shape (num_samples, num_features)
        labels : Tensor of int64, shape (num_samples,), optional
            Of classes with a centre. They change no decision; a sample close to the centre of its
            own class is settled by that distance, if distances of centres were given.

        Returns
        -------
        int
        """
        known = labels is not None and self._radii is not None
        settled = None
        if known and len(features) >= 2 * len(self.centers):
            settled = self._settled()
        mismatches = 0
        for rule in (self._classifier, self._nearest):
            rule.tries &= len(features) >= _WORTH * self._weight.shape[1]
        for rows in row_slices(features):
            points = features[rows].to(device=self.origin.device, dtype=torch.float64)
            if not all_finite(points):
                raise ValueError(
                    "features or bias: hold NaN or infinity; remove or repair them first"
                )
            own = labels[rows].to(points.device) if known else None
            mismatches += self._count_block(points, own, settled)
        return mismatches

    def _count_block(self, points, labels, settled):
        if labels is None:
            nearest = self._nearest_class(points)
            return len(points) - int(self._agrees(points, nearest).sum())
        position = self._positions[labels]
        distance = torch.linalg.vector_norm(points - self.centers[position], dim=1)
        nearest = labels.clone()
        far = (distance >= self._radii[position]).nonzero().squeeze(1)
        nearest[far] = self._nearest_class(points[far], position[far])
        if settled is None:
            return len(points) - int(self._agrees(points, nearest).sum())
        winners, radii = settled
        agrees = winners[position] == nearest
        doubtful = (~(distance < radii[position])).nonzero().squeeze(1)  # NaN is no radius
        agrees[doubtful] = self._agrees(points[doubtful], nearest[doubtful])
        return len(points) - int(agrees.sum())

    def _nearest_class(self, points, guess=None):
        if len(points) == 0:
            return self._positions[:0]
        nearest = self._nearest.argmax(points, *self._moved(points), guess)
        return nearest if self.classes is None else self.classes[nearest]

    def _agrees(self, points, guess):
        """Whether the classifier decides as guessed."""
        if len(points) == 0:
            return self._positions[:0] == 0
        return self._classifier.agrees(points, *self._moved(points), guess)

    def _moved(self, points):
        """Points relative to the origin and scaled, their lengths, the scale."""
        moved = points - self.origin
        power = power_of_two(moved)
        moved /= power
        return moved, torch.linalg.vector_norm(moved, dim=1), power

    @cached_property
    def _positions(self):
        """Which centre is that of a class."""
        positions = torch.arange(len(self.centers), device=self.centers.device)
        if self.classes is None:
            return positions
        found = torch.zeros(len(self._weight), dtype=torch.int64, device=self.centers.device)
        found[self.classes] = positions
        return found

    def _settled(self):
        r"""What the classifier says at each centre, and the distance up to which it says so.

        At distance r from a centre a score that leads by m there still leads by
        $m-r\|w_c-w_j\|$, and $\|w_c-w_j\|\le\|w_c-\bar w\|+\max_j\|w_j-\bar w\|$. What the
        scores of float64 lose on the way grows with r as well, and with the longest row.
        """
        rule, mean = self._classifier, self._weight.mean(0)
        lengths = [(self._weight[rows] - mean).norm(dim=1) for rows in row_slices(self._weight)]
        lengths = torch.cat(lengths) / rule.power
        rounding = _ROUNDING * (self._weight.shape[1] + 8) * rule.longest
        winners, radii = [], []
        for moved in self._scaled.split(LEAST_ROWS):
            errors = rule.errors(torch.linalg.vector_norm(moved, dim=1), self._power)
            winner, lead = two_largest(rule.screened(moved, self._power))
            reach = (lead - 2 * errors).clamp(min=0) * _INSIDE
            spread = lengths[winner] + lengths.max() + rounding
            winners.append(winner)
            radii.append(torch.where(reach > 0, reach / spread * self._power, 0.0))
        return torch.cat(winners), torch.cat(radii)


def _checked(features, centers, weight, bias, classes):
    features = as_features(features)
    centers = as_vectors(centers, "centers").to(features.device)
    weight = as_vectors(weight, "weight").to(features.device)
    expected = len(weight) if classes is None else len(classes)
    widths = {features.shape[1], centers.shape[1], weight.shape[1]}
    if len(widths) > 1 or len(centers) != expected or len(features) == 0:
        raise ValueError(
            "features, centers, weight: expected one width, at least one sample and "
            f"{expected} centers, got {tuple(features.shape)}, {tuple(centers.shape)} and "
            f"{tuple(weight.shape)}"
        )
    if bias is not None:
        bias = as_vector(bias, len(weight), "bias").to(weight.device)
    if classes is not None:
        classes = as_labels(classes, len(centers), len(weight), "classes").to(weight.device)
    return features, centers, weight, bias, classes
