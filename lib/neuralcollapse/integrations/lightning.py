"""Neural collapse in a Lightning Trainer, logged at the end of every validation epoch."""

import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from itertools import islice

from neuralcollapse.integrations.classifier import as_classifier
from neuralcollapse.integrations.decisions import count_decisions
from neuralcollapse.integrations.heads import named_head
from neuralcollapse.integrations.packing import fail_together, merge_processes
from neuralcollapse.integrations.passes import split_batch, tapped
from neuralcollapse.integrations.reading import Reading
from neuralcollapse.integrations.samples import as_samples, scalars, start_statistics
from neuralcollapse.integrations.shares import share_of
from neuralcollapse.metrics import measure_statistics
from neuralcollapse.statistics import as_tensor

try:
    from lightning.pytorch.callbacks import Callback
except ImportError as error:
    raise ImportError(
        "neuralcollapse.integrations.lightning needs lightning; "
        "pip install neuralcollapse[lightning]"
    ) from error

__all__ = ["CollapseCallback"]


class CollapseCallback(Callback):
    r"""Log the metrics of neural collapse of the validation data.

    Parameters
    ----------
    head : str or Module, optional
        Last linear layer, by its name in the LightningModule or itself; the last one registered
        unless given.
    weighting : {"class", "sample"}
    class_sizes : array_like of int, shape (num_classes,), optional
        Validation samples of each class, over all processes; needed where many classes are
        weighted alike.
    center : bool
        Remove the mean row of the weight (and the mean of the bias) first.
    decisions : bool
        Whether to run the validation data through ``forward`` once more at the end, for NC4.
    dataloader_idx : int
        Which of several validation loaders is measured.
    ignore_index : int or None
        Label of positions that are no samples.
    split : callable, optional
        Takes a batch to (inputs, labels), where batches are neither pairs nor dictionaries.
    prefix : str
        Put before the names of metrics in the log.

    Attributes
    ----------
    report : CollapseReport or None
        Of the last validation epoch.

    Raises
    ------
    ValueError
        If the head is not found or ambiguous.

    Warns
    -----
    UserWarning
        If an epoch cannot be measured, for instance because features are NaN; training goes on.

    Notes
    -----
    Features are taken from what ``validation_step`` computes anyway, so apart from NC4 there is
    no further pass. The values go through ``LightningModule.log``: to the trainer's logger and to
    ``trainer.callback_metrics``, where other callbacks find them. Processes are merged by the
    pairwise update of [chan1983]; samples that a ``DistributedSampler`` repeats to make their
    shares equal count once. Every process needs a validation batch (Lightning itself refuses
    one without), for one that skips validation would be waited for. The sanity check is not
    measured.

    Examples
    --------
    >>> callback = CollapseCallback(head="classifier", decisions=True)
    >>> callback.report is None  # until Trainer(callbacks=[callback]) has validated
    True
    """

    def __init__(
        self,
        head=None,
        *,
        weighting="class",
        class_sizes=None,
        center=False,
        decisions=False,
        dataloader_idx=0,
        ignore_index=-100,
        split=None,
        prefix="collapse/",
    ):
        self.head, self.weighting, self.class_sizes = head, weighting, class_sizes
        self.center, self.decisions, self.dataloader_idx = center, decisions, dataloader_idx
        self.ignore_index, self.split, self.prefix = ignore_index, split, prefix
        self.report = None
        self._hooks, self._statistics, self._error = ExitStack(), None, None

    def on_validation_epoch_start(self, trainer, pl_module):
        """Listen to what the head reads."""
        if trainer.sanity_checking:
            return
        self._hooks.close()
        self._name, self._layer = named_head(pl_module, self.head)
        num_classes, num_features = self._layer.weight.shape
        self._error, self._statistics = (
            None,
            start_statistics(
                num_classes,
                num_features,
                self.weighting,
                self.class_sizes,
                self._layer.weight.device,
            ),
        )
        self._calls = self._hooks.enter_context(tapped([(self._name, self._layer)]))

    def on_validation_batch_end(
        self, trainer, pl_module, outputs, batch, batch_idx, dataloader_idx=0
    ):
        """Take in what the head has read."""
        if self._statistics is None:
            return
        calls = self._calls.pop(self._name, [])
        if dataloader_idx != self.dataloader_idx or self._error is not None:
            return
        try:
            if len(calls) != 1:
                raise ValueError(
                    f"head: {self._name!r} was called {len(calls)} times in validation_step, "
                    "expected once; name another module (hooks do not reach into a compiled one)"
                )
            features, labels = calls[0], as_tensor((self.split or split_batch)(batch)[1], "labels")
            share = share_of(self._loader(trainer))
            if share is not None and labels.ndim:
                kept = share.kept(batch_idx, len(labels))
                features, labels = features[:kept], labels[:kept]
            self._statistics.update(*as_samples(features, labels, self.ignore_index))
        except (TypeError, ValueError) as error:
            self._error = error

    def on_validation_epoch_end(self, trainer, pl_module):
        """Report and log."""
        if self._statistics is None:
            return
        self._hooks.close()
        statistics, self._statistics, self.report = self._statistics, None, None
        try:
            fail_together(self._error, statistics.means.device)
            statistics = merge_processes(statistics)
            self.report = measure_statistics(
                statistics,
                *as_classifier(self._layer),
                weighting=self.weighting,
                center=self.center,
                mismatches=self._mismatches(trainer, pl_module, statistics),
            )
        except (TypeError, ValueError, RuntimeError) as error:
            warnings.warn(f"neural collapse was not measured: {error}", stacklevel=2)
            return
        # Equal in all processes; their mean keeps Lightning from asking whether they are.
        pl_module.log_dict(scalars(self.report, self.prefix), on_epoch=True, sync_dist=True)

    def on_exception(self, trainer, pl_module, exception):
        """Stop listening."""
        self._hooks.close()
        self._statistics = None

    def _mismatches(self, trainer, pl_module, statistics):
        if not self.decisions:
            return None
        loader, position = self._loader(trainer), self.dataloader_idx
        limit = trainer.num_val_batches[position]
        batches = islice(loader, None if limit == float("inf") else int(limit))
        moved = (trainer.strategy.batch_to_device(b, dataloader_idx=position) for b in batches)
        with trainer.precision_plugin.forward_context():
            return count_decisions(
                pl_module,
                moved,
                self._layer,
                statistics,
                Reading(self.ignore_index, None, self.split, True, share_of(loader)),
            )

    def _loader(self, trainer):
        loaders = trainer.val_dataloaders
        if isinstance(loaders, Mapping):
            loaders = list(loaders.values())
        return loaders[self.dataloader_idx] if isinstance(loaders, (list, tuple)) else loaders
