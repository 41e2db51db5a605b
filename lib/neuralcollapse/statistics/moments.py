r"""Class statistics in one pass: counts, means, within- and between-class scatter.

For features $h_i\in\mathbb R^d$ with labels $y_i\in\{0,\dots,K-1\}$, class sizes $n_c$, class
means $\mu_c$ and class weights $\pi_c$ (either $1/K$ or $n_c/N$),

$$\mu_G=\sum_c\pi_c\mu_c,\qquad
\Sigma_W=\sum_c\frac{\pi_c}{n_c}\sum_{y_i=c}(h_i-\mu_c)(h_i-\mu_c)^\top,\qquad
\Sigma_B=\sum_c\pi_c(\mu_c-\mu_G)(\mu_c-\mu_G)^\top .$$

Batches are merged by the pairwise update of [chan1983]: each batch is centred on its own class
means, so nothing is lost when the mean is far larger than the spread, and any split of the data
gives the same statistics up to rounding.
"""

import math

import numpy as np
import torch

from neuralcollapse.statistics.inputs import as_features, as_labels, as_tensor
from neuralcollapse.statistics.merging import DIGITS, pack, unpack
from neuralcollapse.statistics.products import gram, squared_lengths

WEIGHTINGS = ("class", "sample")
_LARGEST_SCATTER = 2**30  # bytes that one scatter a class may take before we refuse


class ClassStatistics:
    """Mergeable first and second moments of labelled features.

    Parameters
    ----------
    num_classes : int
        At least 1; labels run from 0 to num_classes - 1.
    num_features : int
        At least 1.
    weighting : {None, "class", "sample"}
        None keeps one scatter matrix a class and answers for both weightings. Naming one keeps a
        single (num_features, num_features) matrix for that weighting alone, which is what many
        classes need.
    class_sizes : array_like of int, shape (num_classes,), optional
        Samples each class will have once everything is seen; needed with ``weighting="class"``,
        for the weight of a sample must be known when it comes.
    scatter : bool
        Whether to keep scatter matrices at all. Without them everything but the within-class
        scatter is there for both weightings, in less time and memory where features are wide.
    device : torch.device or str, optional
        Where the moments live; features are moved there. CPU by default.

    Attributes
    ----------
    counts : Tensor, shape (num_classes,), int64
    means : Tensor, shape (num_classes, num_features), float64
        In the units of the features; zero for a class not seen.
    squared_deviations : Tensor, shape (num_classes,), float64
        Sum over the class of squared distances to its mean.
    digits : int
        Binary digits of the coarsest features seen: 52 for float64 and whole numbers, 23 for
        float32, 7 for bfloat16.

    Raises
    ------
    ValueError
        If a size is below 1, the weighting is unknown or named without scatter, `class_sizes` is
        missing or does not fit, or one scatter a class would take more than 1 GiB.

    Examples
    --------
    >>> statistics = ClassStatistics(num_classes=2, num_features=1)
    >>> statistics.update([[0.0], [2.0], [5.0]], [0, 0, 1]).means.tolist()
    [[1.0], [5.0]]
    >>> statistics.within_class_scatter("class").item()
    0.5
    """

    def __init__(
        self,
        num_classes,
        num_features,
        *,
        weighting=None,
        class_sizes=None,
        scatter=True,
        device=None,
    ):
        for name, size in (("num_classes", num_classes), ("num_features", num_features)):
            if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
                raise ValueError(f"{name}: expected a positive integer, got {size!r}")
        if weighting is not None:
            check_weighting(weighting)
            if not scatter:
                raise ValueError(
                    f"weighting: {weighting!r} says which scatter to keep, and scatter=False keeps "
                    "none; leave one of them out"
                )
        per_class = num_classes * num_features**2 * 8
        if weighting is None and scatter and per_class > _LARGEST_SCATTER:
            raise ValueError(
                f"weighting: one scatter a class takes {per_class / 2**30:.1f} GiB for "
                f"{num_classes} classes of {num_features} features; give weighting='sample', or "
                "weighting='class' with class_sizes, to keep a single matrix"
            )
        real = {"dtype": torch.float64, "device": device}
        self.weighting = weighting
        self.class_sizes = None
        if weighting == "class":
            self.class_sizes = self._check_class_sizes(class_sizes, num_classes, device)
        self.counts = torch.zeros(num_classes, dtype=torch.int64, device=device)
        self.means = torch.zeros(num_classes, num_features, **real)
        self.squared_deviations = torch.zeros(num_classes, **real)
        stack = () if weighting else (num_classes if scatter else 0,)
        self._scatter = torch.zeros(*stack, num_features, num_features, **real)
        self.digits = DIGITS

    @property
    def num_classes(self):
        """Number of classes, seen or not."""
        return self.means.shape[0]

    @property
    def num_features(self):
        """Dimension of the features."""
        return self.means.shape[1]

    @property
    def num_samples(self):
        """Number of samples seen."""
        return int(self.counts.sum())

    @property
    def scatter(self):
        """Whether scatter matrices are kept."""
        return len(self._scatter) > 0

    @property
    def present(self):
        """Indices of the classes seen at least once, ascending; Tensor of int64."""
        return self.counts.nonzero().squeeze(1)

    def means_present(self):
        """Means of the classes present.

        Returns
        -------
        Tensor, shape (number of classes present, num_features), float64
            In the units of the features; not to be written to, for it is `means` itself where
            every class is present.
        """
        present = self.present
        return self.means if len(present) == self.num_classes else self.means[present]

    def update(self, features, labels):
        """Take in a batch.

        Parameters
        ----------
        features : array_like or Tensor, shape (batch, num_features)
            Any real dtype, bfloat16 included; everything is summed in float64.
        labels : array_like or Tensor of integers, shape (batch,)

        Returns
        -------
        ClassStatistics
            Itself.

        Raises
        ------
        TypeError, ValueError
            Naming the argument; nothing of a refused batch is kept.
        """
        x = as_features(features).to(self.means.device)
        y = as_labels(labels, len(x), self.num_classes).to(self.means.device)
        if x.shape[1] != self.num_features:
            raise ValueError(
                f"features: expected {self.num_features} columns as declared, got {x.shape[1]}"
            )
        if len(x) == 0:
            return self
        digits = DIGITS
        if x.is_floating_point():
            digits = -math.frexp(torch.finfo(x.dtype).eps)[1] + 1
        x = x.to(torch.float64)
        classes, member = torch.unique(y, return_inverse=True)
        counts = torch.bincount(member, minlength=len(classes))
        sums = x.new_zeros(len(classes), x.shape[1]).index_add_(0, member, x)
        if not torch.isfinite(sums.sum()) and not torch.isfinite(sums).all():
            raise ValueError(_describe_not_finite(x))
        means = sums.div_(counts[:, None])
        if len(classes) < len(x):
            spread = (counts > 1)[member]
            if not spread.all():  # a class with one sample here has no deviation
                x, member = x[spread], member[spread]
            deviations = means[member]
            torch.sub(x, deviations, out=deviations)
        else:
            deviations, member = x[:0], member[:0]
        _check_range(deviations, means - self.means[classes])
        self._absorb(classes, counts, means, deviations, member)
        self.digits = min(self.digits, digits)
        return self

    def merge(self, other):
        """Add what `other` has seen, which is left as it was.

        Parameters
        ----------
        other : ClassStatistics
            With the same sizes and weighting.

        Returns
        -------
        ClassStatistics
            Itself.

        Raises
        ------
        TypeError, ValueError
            If `other` is something else, or was set up differently.
        """
        if not isinstance(other, ClassStatistics):
            raise TypeError(f"other: expected ClassStatistics, got {type(other).__name__}")
        shapes = [(s.means.shape, s.weighting, s.scatter) for s in (self, other)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                "other: expected statistics of the same set-up "
                f"({self.num_classes} classes, {self.num_features} features, "
                f"weighting={self.weighting!r}, scatter={self.scatter}), "
                f"got ({other.num_classes}, {other.num_features}, "
                f"weighting={other.weighting!r}, scatter={other.scatter})"
            )
        device = self.means.device
        if self.class_sizes is not None and not torch.equal(
            self.class_sizes, other.class_sizes.to(device)
        ):
            raise ValueError("other: expected the same class_sizes on both sides")
        classes = other.present.to(device)
        scatter = other._scatter.to(device, copy=True)
        squared_deviations = other.squared_deviations.to(device)[classes].clone()
        nothing = self.means.new_zeros(0, self.num_features)
        self._absorb(
            classes,
            other.counts.to(device)[classes],
            other.means.to(device)[classes],
            nothing,
            classes.new_zeros(0),
        )
        self._scatter += scatter
        self.squared_deviations[classes] += squared_deviations
        self.digits = min(self.digits, other.digits)
        return self

    def state(self):
        """Return everything these statistics hold, to be saved or sent.

        Returns
        -------
        dict of str to ndarray or int
            For instance for ``numpy.savez(path, **statistics.state())``; copies, of float64 and
            int64. `from_state` gives the same statistics back to the last bit.

        Examples
        --------
        >>> sorted(ClassStatistics(1, 1).state())
        ['counts', 'digits', 'kept', 'means', 'scatter', 'squared_deviations', 'version']
        """
        return pack(self, self._scatter)

    @classmethod
    def from_state(cls, state, *, device=None):
        """Make statistics again from what `state` returned.

        Parameters
        ----------
        state : mapping of str to ndarray or int
            As `state` returned it, or as ``numpy.load`` reads it back, without pickle.
        device : torch.device or str, optional
            Where the moments live; CPU by default.

        Returns
        -------
        ClassStatistics
            The same to the last bit, and independent of `state`.

        Raises
        ------
        TypeError, ValueError
            Naming the entry that is missing, does not fit, or is not finite.

        Examples
        --------
        >>> statistics = ClassStatistics(2, 1).update([[0.0], [2.0], [5.0]], [0, 0, 1])
        >>> ClassStatistics.from_state(statistics.state()).means.tolist()
        [[1.0], [5.0]]
        """
        weighting, digits, tensors = unpack(state)
        made = cls.__new__(cls)
        made.weighting, made.digits, made.class_sizes = weighting, digits, None
        for name, tensor in tensors.items():
            attribute = "_scatter" if name == "scatter" else name
            setattr(made, attribute, tensor.to(device or "cpu", copy=True))
        return made

    def class_weights(self, weighting="class"):
        r"""Weights $\pi_c$ of the classes present: $1/K$ or $n_c/N$.

        Parameters
        ----------
        weighting : {"class", "sample"}

        Returns
        -------
        Tensor, shape (number of classes present,), float64
            Dimensionless, summing to 1.
        """
        check_weighting(weighting)
        counts = self.counts[self.present].to(torch.float64)
        if len(counts) == 0:
            raise ValueError("statistics: nothing was seen yet; call update first")
        return (
            counts / counts.sum()
            if weighting == "sample"
            else torch.ones_like(counts) / len(counts)
        )

    def global_mean(self, weighting="class"):
        r"""Weighted mean $\mu_G$ of the class means.

        Parameters
        ----------
        weighting : {"class", "sample"}

        Returns
        -------
        Tensor, shape (num_features,), float64
            In the units of the features.
        """
        return self.class_weights(weighting) @ self.means_present()

    def centered_means(self, weighting="class"):
        r"""Rows $\mu_c-\mu_G$ for the classes present.

        Parameters
        ----------
        weighting : {"class", "sample"}

        Returns
        -------
        Tensor, shape (number of classes present, num_features), float64
            In the units of the features; a simplex ETF at collapse.
        """
        # Centring twice removes the rounding of a mean far from the origin.
        centered = self.means_present() - self.global_mean(weighting)
        centered -= self.class_weights(weighting) @ centered
        centered[centered.norm(dim=1) <= self.resolution] = 0
        return centered

    @property
    def resolution(self):
        """Distance below which class means differ by rounding only, in units of the features."""
        return 16 * torch.finfo(torch.float64).eps * float(self.means.norm(dim=1).max())

    @property
    def rounding(self):
        """Spread of class means along a direction that rounding of the features can give.

        In units of the features: half a unit in the last place of a number of their size, the
        root mean square entry of the largest class mean. The features of a LayerNorm lie in a
        hyperplane up to this.
        """
        size = float(self.means.norm(dim=1).max()) / self.num_features**0.5
        return 2.0 ** (-1 - self.digits) * size

    def class_variances(self):
        r"""Mean squared distance to the class mean, for the classes present.

        Returns
        -------
        Tensor, shape (number of classes present,), float64
            In squared units of the features; zero at collapse.
        """
        return self.squared_deviations[self.present] / self.counts[self.present]

    def within_class_scatter(self, weighting="class"):
        r"""Weighted mean $\Sigma_W$ of the class covariances (ddof = 0).

        Parameters
        ----------
        weighting : {"class", "sample"}

        Returns
        -------
        Tensor, shape (num_features, num_features), float64
            In squared units of the features; zero at collapse.

        Raises
        ------
        ValueError
            If the statistics were kept without scatter, for the other weighting only, or for
            class sizes that are not those seen.
        """
        if not self.scatter:
            raise ValueError(
                "statistics: kept without scatter matrices; build them with scatter=True"
            )
        weights = self.class_weights(weighting)
        counts = self.counts[self.present]
        if self.weighting is None:
            return torch.einsum("c,cij->ij", weights / counts, self._scatter[self.present])
        if self.weighting == "class":
            self._check_sizes_reached()
        balanced = bool((counts == counts[0]).all())
        if weighting != self.weighting and not balanced:
            raise ValueError(
                f"weighting: these statistics were kept for {self.weighting!r} only; "
                f"build them with weighting={weighting!r}, or with None for both"
            )
        if self.weighting == "sample":
            return self._scatter / self.num_samples
        return self._scatter / len(counts)

    def between_class_scatter(self, weighting="class"):
        r"""Weighted covariance $\Sigma_B$ of the class means (ddof = 0).

        Parameters
        ----------
        weighting : {"class", "sample"}

        Returns
        -------
        Tensor, shape (num_features, num_features), float64
            In squared units of the features; of rank at most K - 1.
        """
        centered = self.centered_means(weighting)
        return centered.T @ (self.class_weights(weighting)[:, None] * centered)

    def _absorb(self, classes, counts, means, deviations, member):
        """Chan's update: own deviations plus a rank-one term a class for the moved mean."""
        before = self.counts[classes]
        after = (before + counts).to(torch.float64)  # integer division would be in float32
        shift = means - self.means[classes]
        lever = torch.sqrt(before * counts / after)[:, None]
        every = torch.arange(len(classes), device=classes.device)
        for rows, owner in ((deviations, member), (lever * shift, every)):
            self.squared_deviations.index_add_(0, classes[owner], squared_lengths(rows))
            self._add_scatter(rows, owner, classes)
        self.means[classes] += shift * (counts / after)[:, None]
        self.counts[classes] = before + counts

    def _add_scatter(self, rows, owner, classes):
        """Add products of rows, which this may overwrite."""
        if len(rows) == 0 or not self.scatter:
            return
        if self.weighting is None:
            order = torch.argsort(owner, stable=True)
            sizes = torch.bincount(owner, minlength=len(classes)).tolist()
            for label, block in zip(classes.tolist(), rows[order].split(sizes), strict=True):
                if len(block):
                    self._scatter[label] += gram(block)
            return
        if self.weighting == "class":
            rows *= torch.rsqrt(self.class_sizes[classes[owner]].to(rows.dtype))[:, None]
        self._scatter += gram(rows)

    def _check_sizes_reached(self):
        seen, expected = self.counts, self.class_sizes
        if not torch.equal(seen, expected):
            label = int((seen != expected).nonzero()[0])
            raise ValueError(
                f"class_sizes: class {label} was declared with {int(expected[label])} samples "
                f"but {int(seen[label])} were seen; finish the pass or correct the sizes"
            )

    @staticmethod
    def _check_class_sizes(class_sizes, num_classes, device):
        if class_sizes is None:
            raise ValueError(
                "class_sizes: needed with weighting='class', the number of samples of every "
                "class, for instance np.bincount(labels, minlength=num_classes)"
            )
        sizes = as_tensor(class_sizes, "class_sizes").to(device)
        whole = not (sizes.is_floating_point() or sizes.dtype == torch.bool)
        if not whole or sizes.shape != (num_classes,) or (sizes.to(torch.int64) < 0).any():
            raise ValueError(
                f"class_sizes: expected {num_classes} non-negative integers, got "
                f"{sizes.dtype} of shape {tuple(sizes.shape)}"
            )
        return sizes.to(torch.int64)


def check_weighting(weighting):
    """Raise ValueError unless `weighting` is "class" or "sample"."""
    if weighting not in WEIGHTINGS:
        raise ValueError(f"weighting: expected 'class' or 'sample', got {weighting!r}")


def _check_range(*tables):
    ends = [float(end) for table in tables if len(table) for end in table.aminmax()]
    largest = max(map(abs, ends))
    if not 1e-140 < largest < 1e140 and largest != 0:
        raise ValueError(
            f"features: differences of {largest:.1g} have squares outside float64; "
            "rescale the features, collapse does not depend on their scale"
        )


def _describe_not_finite(x):
    bad = (~torch.isfinite(x)).any(1).nonzero()
    if len(bad) == 0:
        return "features: the class sums overflow float64; scale the features down"
    row = int(bad[0])
    return f"features: row {row} of the batch holds NaN or infinity; remove or repair it first"
