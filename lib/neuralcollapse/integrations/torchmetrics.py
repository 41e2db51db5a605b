"""Neural collapse as a metric of torchmetrics: batches in, a report out, on one process or many."""

import functools
import warnings

import torch

from neuralcollapse.integrations.classifier import (
    LiveHead,
    agreed,
    as_classifier,
    freeze,
    unfreeze,
)
from neuralcollapse.integrations.packing import merge_packed, pack, unpack
from neuralcollapse.integrations.plotting import draw_reports
from neuralcollapse.integrations.samples import as_samples, float64_device, start_statistics
from neuralcollapse.metrics import count_mismatches, measure_statistics
from neuralcollapse.statistics import as_labels

try:
    from torchmetrics import Metric
except ImportError as error:
    raise ImportError(
        "neuralcollapse.integrations.torchmetrics needs torchmetrics; "
        "pip install neuralcollapse[torchmetrics]"
    ) from error

__all__ = ["NeuralCollapse"]


class NeuralCollapse(Metric):
    r"""Every metric of neural collapse, accumulated batch by batch.

    Parameters
    ----------
    num_classes : int
    num_features : int
    weighting : {"class", "sample"}
        Whether each class or each sample counts alike, in both scatters and the global mean.
    class_sizes : array_like of int, shape (num_classes,), optional
        Samples each class has in the whole pass, over all processes. With them, and with
        ``weighting="sample"``, a single scatter matrix is kept; otherwise one a class, which is
        refused beyond 1 GiB.
    head : Module or (weight, bias), optional
        Last linear layer; NC3, NC4 and the angles of the classifier need it. A module is read
        when the report is made, is not copied by `clone`, and is no part of this metric's
        parameters. Without bias, give (weight, None).
    center : bool
        Remove the mean row of the weight (and the mean of the bias) first.
    ignore_index : int, optional
        Label of positions that are no samples.
    **options
        Of ``torchmetrics.Metric``, for instance ``process_group``.

    Attributes
    ----------
    moments : Tensor, shape (length,), float64
        The state: all moments in one vector. Between processes it is gathered and merged by the
        pairwise update of [chan1983]; sums of means or of scatters would be wrong.
    frozen : Tensor, shape (0,) or (2 (num_features + 1) num_classes,), float64
        Class means and classifier of the second pass.
    ignored : Tensor, shape (0,) or (1,), int64
        `ignore_index`: a state, so that a MetricCollection shares none between two that differ.
    decided : Tensor, shape (num_classes + 1,), int64
        Samples of the second pass in each class, and those decided differently.

    Raises
    ------
    TypeError, ValueError
        Naming the argument; nothing of a refused batch is kept.

    Notes
    -----
    NC4 compares decisions with the means of all samples, so it takes a second pass over them:
    after the first, call `begin_second_pass` and `update` with every sample again, then
    `compute`. Until then NC4 is None. States stay float64 whatever ``.half()`` or ``.to(dtype)``
    ask for, and on the CPU where a device has no float64. As with every metric of torchmetrics,
    they enter a ``state_dict`` after ``persistent(True)``.

    Examples
    --------
    >>> metric = NeuralCollapse(2, 1, head=(torch.tensor([[-1.0], [1.0]]), None))
    >>> metric.update(torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 1]))
    >>> metric.update(torch.tensor([[-3.0], [3.0]]), torch.tensor([0, 1]))
    >>> round(metric.compute().within_class_variability, 12)
    0.125
    >>> metric.begin_second_pass()
    >>> metric.update(torch.tensor([[-1.0], [-3.0], [1.0], [3.0]]), torch.tensor([0, 0, 1, 1]))
    >>> metric.compute().nearest_center_mismatch
    0.0
    """

    full_state_update = False
    higher_is_better = False
    is_differentiable = False
    plot_lower_bound = 0.0

    def __init__(
        self,
        num_classes,
        num_features,
        *,
        weighting="class",
        class_sizes=None,
        head=None,
        center=False,
        ignore_index=None,
        **options,
    ):
        super().__init__(**options)
        self.weighting, self.center, self.ignore_index = weighting, center, ignore_index
        self._statistics = start_statistics(num_classes, num_features, weighting, class_sizes)
        self._head = LiveHead(head)
        self._classifier()
        # In this order: merge_state then refuses what does not fit before it has merged anything.
        nothing = torch.zeros(0, dtype=torch.float64)
        self.add_state("frozen", nothing, dist_reduce_fx=agreed)
        ignored = torch.tensor([] if ignore_index is None else [ignore_index], dtype=torch.int64)
        self.add_state("ignored", ignored, dist_reduce_fx=agreed)
        self.add_state("moments", pack(self._statistics), dist_reduce_fx=merge_packed)
        counts = torch.zeros(num_classes + 1, dtype=torch.int64)
        self.add_state("decided", counts, dist_reduce_fx="sum")

    @property
    def moments(self):
        """All moments as one vector, written when it is asked for."""
        return pack(self._statistics)

    @moments.setter
    def moments(self, vector):
        found, own = unpack(vector), self._statistics
        if found.means.shape != own.means.shape or found.weighting != own.weighting:
            raise ValueError(
                f"moments: expected {own.num_classes} classes of {own.num_features} features "
                f"kept for {own.weighting!r}, got {found.num_classes} of {found.num_features} "
                f"kept for {found.weighting!r}; load them into a metric set up alike"
            )
        if own.weighting == "class" and (found.class_sizes != own.class_sizes).any():
            raise ValueError(
                "moments: kept for other class_sizes; load them into a metric set up alike"
            )
        self._statistics = found

    def update(self, features, labels):
        """Take in a batch; in the second pass, count its decisions.

        Parameters
        ----------
        features : array_like or Tensor, shape (batch, ..., num_features)
            Inputs of the last linear layer, of any real dtype. Axes between are positions.
        labels : array_like or Tensor of integers, shape (batch, ...)

        Raises
        ------
        TypeError, ValueError
            Naming the argument; nothing of a refused batch is kept.
        """
        features, labels = as_samples(features, labels, self.ignore_index)
        if len(self.frozen) == 0:
            self._statistics.update(features, labels)
            return
        num_classes = self._statistics.num_classes
        labels = as_labels(labels, len(features), num_classes).to(self.decided.device)
        if len(features):
            classes, centers, weight, bias = self._unfrozen()
            found = count_mismatches(
                features.to(centers.device), centers[classes], weight, bias, classes=classes
            )
            counts = torch.bincount(labels, minlength=num_classes)
            self.decided = self.decided + torch.cat([counts, counts.new_tensor([found])])

    def compute(self):
        """Report on everything seen, in every process of ``torch.distributed``.

        Returns
        -------
        CollapseReport
            NC4 is None without a second pass.

        Raises
        ------
        ValueError
            As `measure_statistics`; and if the second pass has seen another number of samples
            than the first, in all or of a class, or the classifier has changed since it began.
        """
        mismatches = None
        if len(self.frozen):
            counts, mismatches = self.decided[:-1], int(self.decided[-1])
            if not torch.equal(counts, self._statistics.counts):
                raise ValueError(
                    f"second pass: saw {int(counts.sum())} samples, the first "
                    f"{self._statistics.num_samples}, or of other classes; give it every sample "
                    "once, or call reset"
                )
            weight, bias = self._classifier()
            changed = weight is None
            if not changed:
                now = freeze(*self._unfrozen()[:2], weight, bias)
                changed = not torch.equal(now, self.frozen)
            if changed:
                raise ValueError(
                    "head: has changed since the second pass began, or the metrics of a "
                    "MetricCollection share a state (give it compute_groups=False); NC4 compares "
                    "one classifier with the means of its own features"
                )
        return self._report(self._statistics, mismatches)

    def forward(self, features, labels):
        """Take in a batch and report on it alone.

        Parameters
        ----------
        features : array_like or Tensor, shape (batch, ..., num_features)
        labels : array_like or Tensor of integers, shape (batch, ...)

        Returns
        -------
        CollapseReport or None
            Of this process's batch, over the classes in it; None where it has fewer than two.

        Raises
        ------
        RuntimeError
            In the second pass, where a batch alone has no means: call `update`.
        """
        if len(self.frozen):
            raise RuntimeError("forward: a batch of the second pass has no report; call update")
        if self.dist_sync_on_step:
            raise RuntimeError("forward: dist_sync_on_step is not offered; call update and compute")
        self.update(features, labels)
        features, labels = as_samples(features, labels, self.ignore_index)
        own, sizes = self._statistics, None
        if self.weighting == "class":
            sizes = torch.bincount(labels.to(torch.int64), minlength=own.num_classes)
        batch = start_statistics(
            own.num_classes, own.num_features, self.weighting, sizes, own.means.device
        ).update(features, labels)
        if len(batch.present) < 2:
            return None
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "statistics: no sample of class")
            return self._report(batch)

    def begin_second_pass(self):
        """Fix the means of everything seen, in every process, and count decisions from now on.

        Raises
        ------
        ValueError
            If there is no `head`, or nothing was seen yet.

        Notes
        -----
        Between processes it gathers, so every one of them has to call. `reset` ends both passes.
        """
        if self._head.layer is None:
            raise ValueError("head: needed for a second pass; nothing decides without one")
        if self._is_synced:
            raise RuntimeError("begin_second_pass: states are those of all processes; call unsync")
        with self.sync_context(dist_sync_fn=self.dist_sync_fn, should_sync=self.sync_on_compute):
            merged = self._statistics
            if merged.num_samples == 0:
                raise ValueError("begin_second_pass: nothing was seen yet; call update first")
            frozen = freeze(merged.present, merged.means, *self._classifier())
        self.frozen, self.decided = frozen, torch.zeros_like(self.decided)
        self._computed = None

    def merge_state(self, incoming_state):
        """Merge what another metric, of the same set-up, has seen.

        Parameters
        ----------
        incoming_state : NeuralCollapse or dict of str to Tensor
            The other one, or its ``metric_state``.

        Raises
        ------
        RuntimeError, ValueError
            If they are in different passes or set up differently; nothing is merged then.
        """
        super().merge_state(incoming_state)
        self._computed = None

    def plot(self, val=None, ax=None):
        """Draw one report, or several as lines over time.

        Parameters
        ----------
        val : CollapseReport or sequence of CollapseReport, optional
            What `compute` or `forward` returned; what `compute` returns now unless given.
        ax : matplotlib Axes, optional

        Returns
        -------
        figure, axes
        """
        return draw_reports(self.compute() if val is None else val, ax)

    def _report(self, statistics, mismatches=None):
        weight, bias = self._classifier()
        return measure_statistics(
            statistics,
            weight,
            bias,
            weighting=self.weighting,
            center=self.center,
            mismatches=mismatches,
        )

    def _classifier(self):
        """Weight and bias as they are now, or two times None."""
        sizes = (self._statistics.num_classes, self._statistics.num_features)
        return as_classifier(self._head.layer, sizes)

    def _unfrozen(self):
        return unfreeze(self.frozen, *self._statistics.means.shape)

    def _wrap_compute(self, compute):
        # torchmetrics looks for tensors in what compute returns, and refuses frozen dataclasses.
        sealed = super()._wrap_compute(functools.wraps(compute)(lambda: _Sealed(compute())))
        return functools.wraps(compute)(lambda: sealed().report)

    def _apply(self, fn, exclude_state=""):
        # .to(torch.bfloat16) of the network around would round the moments, and counts with them.
        def move(tensor):
            return tensor.to(float64_device(fn(torch.empty(0, device=tensor.device)).device))

        return super()._apply(move, exclude_state)

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        for name in self._defaults:
            if prefix + name in state_dict:
                state_dict[prefix + name] = state_dict[prefix + name].to(self.device)
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self._computed = None
        self._update_count = max(self._update_count, int(self._statistics.num_samples > 0))


class _Sealed:
    def __init__(self, report):
        self.report = report
