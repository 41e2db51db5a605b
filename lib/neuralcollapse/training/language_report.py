r"""A language model measured: its contexts are samples, and a context's class is its next token.

Means and variances are those of the training contexts, summed in float64 in one pass that keeps
one scatter for all classes. Loss and agreement are those of the validation text [wu2024].
"""

from dataclasses import asdict, dataclass

import torch
from torch.nn import functional

from neuralcollapse.metrics import within_class_variability_trace
from neuralcollapse.metrics.language import (
    agreement,
    duality_spread,
    hyperspherical_uniformity,
    interference,
    norm_spread,
    pair_variability,
)
from neuralcollapse.statistics import ClassStatistics

_WINDOWS = 64  # evaluated at once: 4,096 contexts of 64 tokens


@dataclass(frozen=True)
class LanguageReport:
    r"""What `measure_language` found, one float each; dimensionless, logarithms in nats.

    Attributes
    ----------
    num_classes : int
        Tokens with enough training contexts; all averages are over them or their pairs.
    validation_loss : float
        Cross-entropy of the next token, in nats.
    log_mean_1, mean_log_1, log_mean_2, mean_log_2 : float
        NC1: both aggregators of the pairwise variability, with exponents 1 and 2.
    trace_quotient : float
        NC1: $\operatorname{tr}\Sigma_W/\operatorname{tr}\Sigma_B$, classes weighted alike.
    log_norm : float
        Logarithm of the mean length of the centred means.
    norm_spread, log_norm_variation : float
        NC2: $\mathrm{Std}_c\log\|m_c\|$, and the same over $|\Avg_c\log\|m_c\||$.
    cosine_std, kernel_std, kernel_variation : float
        NC2 and GNC2: spreads over pairs of the cosine and of the logarithmic kernel, and the
        latter's coefficient of variation.
    duality, duality_std, duality_variation : float
        NC3 and UNC3: mean, spread and coefficient of variation of $\cos(w_c,m_c)$.
    agreement : float
        NC4: share of validation contexts where classifier and nearest class mean agree.
    """

    num_classes: int
    validation_loss: float
    log_mean_1: float
    mean_log_1: float
    log_mean_2: float
    mean_log_2: float
    trace_quotient: float
    log_norm: float
    norm_spread: float
    log_norm_variation: float
    cosine_std: float
    kernel_std: float
    kernel_variation: float
    duality: float
    duality_std: float
    duality_variation: float
    agreement: float

    def to_dict(self):
        """Return all numbers by name, ready for JSON."""
        return asdict(self)


def measure_language(model, train, validation, *, minimum_count=1):
    """Measure a language model.

    Parameters
    ----------
    model : Module
        Maps windows to `Output`; its `classifier` holds `weight`.
    train, validation : (Tensor, Tensor), shapes (num_windows, context), int64
        Windows and their next tokens.
    minimum_count : int
        Classes with fewer training contexts are left out.

    Returns
    -------
    LanguageReport

    Raises
    ------
    DegenerateGeometryError
        If fewer than two classes are left, or two of their means coincide.
    """
    statistics = context_statistics(model, *train, minimum_count=minimum_count)
    features, loss = _validated(model, *validation)
    weight = model.classifier.weight.detach()
    norms = statistics.centered_means().norm(dim=1)
    first, second = (pair_variability(statistics, exponent=exponent) for exponent in (1, 2))
    kernel = hyperspherical_uniformity(statistics)
    duality = duality_spread(statistics, weight)
    return LanguageReport(
        num_classes=len(statistics.present),
        validation_loss=loss,
        log_mean_1=first.log_mean,
        mean_log_1=first.mean_log,
        log_mean_2=second.log_mean,
        mean_log_2=second.mean_log,
        trace_quotient=within_class_variability_trace(statistics),
        log_norm=float(norms.mean().log()),
        norm_spread=norm_spread(statistics),
        log_norm_variation=norm_spread(statistics) / abs(float(norms.log().mean())),
        cosine_std=interference(statistics).std,
        kernel_std=kernel.std,
        kernel_variation=kernel.coefficient,
        duality=duality.mean,
        duality_std=duality.std,
        duality_variation=duality.coefficient,
        agreement=agreement(features, statistics, weight),
    )


@torch.no_grad()
def context_statistics(model, inputs, labels, *, minimum_count=1):
    """Accumulate the moments of all contexts of a text, by their next token.

    Parameters
    ----------
    model : Module
        Maps windows to `Output`; evaluated, and left in evaluation mode.
    inputs, labels : Tensor, shape (num_windows, context), int64
        Windows and their next tokens.
    minimum_count : int
        Contexts of tokens that follow more rarely are left out.

    Returns
    -------
    ClassStatistics
        One scatter, for classes weighted alike, however many classes there are.

    Examples
    --------
    >>> from neuralcollapse.models import TinyTransformer
    >>> model = TinyTransformer(3, 2, 1, 4, generator=torch.Generator().manual_seed(0))
    >>> inputs, labels = torch.tensor([[0, 1, 2, 0]]), torch.tensor([[1, 2, 0, 1]])
    >>> context_statistics(model, inputs, labels, minimum_count=2).counts.tolist()
    [0, 2, 0]
    """
    model.eval()
    num_classes, num_features = model.classifier.weight.shape
    counts = torch.bincount(labels.flatten(), minlength=num_classes)
    sizes = torch.where(counts >= minimum_count, counts, 0)
    statistics = ClassStatistics(num_classes, num_features, weighting="class", class_sizes=sizes)
    for rows, following in zip(inputs.split(_WINDOWS), labels.split(_WINDOWS), strict=True):
        features = model(rows).features.flatten(0, 1)
        kept = sizes[following.flatten()] > 0
        statistics.update(features[kept], following.flatten()[kept])
    return statistics


@torch.no_grad()
def _validated(model, inputs, labels):
    """Features and mean loss of the validation text."""
    model.eval()
    features, total = [], 0.0
    for rows, following in zip(inputs.split(_WINDOWS), labels.split(_WINDOWS), strict=True):
        output = model(rows)
        logits = output.logits.double().flatten(0, 1)
        total += functional.cross_entropy(logits, following.flatten(), reduction="sum").item()
        features.append(output.features.flatten(0, 1))
    return torch.cat(features), total / labels.numel()
