"""Neural collapse in a Hugging Face Trainer, logged after every evaluation."""

import warnings

from neuralcollapse.integrations.network import measure_network
from neuralcollapse.integrations.samples import scalars

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise ImportError(
        "neuralcollapse.integrations.transformers needs transformers; "
        "pip install neuralcollapse[transformers]"
    ) from error

__all__ = ["CollapseCallback"]


class CollapseCallback(TrainerCallback):
    r"""Log the metrics of neural collapse of the evaluation data.

    Parameters
    ----------
    trainer : Trainer
        Whose log is written; add the callback to it with ``trainer.add_callback``.
    head : str or Module, optional
        Last linear layer, by its name in the model or itself; found by the first batch unless
        given.
    decisions : bool
        Whether to pass over the evaluation data a second time, for NC4.
    prefix : str
        Put before the names of metrics, after the prefix of the evaluation ("eval" unless the
        trainer was given another).
    **options
        Of `measure_network`: `weighting`, `class_sizes`, `center`, `ignore_index`, `shift` (1 for
        causal language models) and `split`.

    Attributes
    ----------
    report : CollapseReport or None
        Of the last evaluation.

    Warns
    -----
    UserWarning
        If an evaluation cannot be measured, for instance because features are NaN; training goes
        on.

    Notes
    -----
    After ``Trainer.evaluate`` the loader is run once more (twice with `decisions`), under the
    trainer's own autocast. Values go through ``Trainer.log`` and into the metrics that
    ``evaluate`` returns, so ``metric_for_best_model`` can name one. Processes are merged by the
    pairwise update of [chan1983]; samples that the trainer repeats to make their shares equal
    count once, except of an iterable dataset.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> trainer = SimpleNamespace(add_callback=lambda callback: None)
    >>> trainer.add_callback(CollapseCallback(trainer, head="classifier"))
    """

    def __init__(self, trainer, head=None, *, decisions=False, prefix="collapse_", **options):
        self.trainer, self.head, self.decisions = trainer, head, decisions
        self.prefix, self.options = prefix, options
        self.report = None

    def on_evaluate(self, args, state, control, **kwargs):
        """Measure, log, and add to the metrics of the evaluation."""
        model, loader = kwargs["model"], kwargs["eval_dataloader"]
        self.report = None
        try:
            with self.trainer.compute_loss_context_manager():
                self.report = measure_network(
                    model, loader, self.head, decisions=self.decisions, merge=True, **self.options
                )
        except (TypeError, ValueError, RuntimeError) as error:
            warnings.warn(f"neural collapse was not measured: {error}", stacklevel=2)
            return
        metrics = kwargs.get("metrics") or {}
        ends = [name.removesuffix("runtime") for name in metrics if name.endswith("_runtime")]
        values = scalars(self.report, f"{ends[0] if ends else 'eval_'}{self.prefix}")
        metrics.update(values)
        self.trainer.log(dict(values))
