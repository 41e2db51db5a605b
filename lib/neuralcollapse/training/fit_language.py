"""The training loop of language models: windows of a text, one network, measured on the way."""

from dataclasses import dataclass

import torch
from torch.nn import functional
from tqdm import tqdm

from neuralcollapse.training.ensemble import ORDER, WEIGHTS, stream
from neuralcollapse.training.language_recipe import LanguageRecipe
from neuralcollapse.training.language_report import LanguageReport, measure_language
from neuralcollapse.training.requests import as_checkpoints, as_recipe, as_seeds
from neuralcollapse.training.threads import reproducible

SHUFFLE = 2  # stream that permutes the labels


@dataclass(frozen=True, eq=False)
class LanguageHistory:
    """A trained language model and what was measured on the way.

    Attributes
    ----------
    recipe : LanguageRecipe
    seed : int
    epochs : tuple of int
        When it was measured.
    reports : tuple of LanguageReport
        One a checkpoint.
    model : Module
        After the last epoch, in evaluation mode.
    """

    recipe: LanguageRecipe
    seed: int
    epochs: tuple[int, ...]
    reports: tuple[LanguageReport, ...]
    model: torch.nn.Module


def fit_language(
    build, prose, recipe=None, *, seed=0, checkpoints=None, shuffle_labels=False, minimum_count=20
):
    """Train a language model on a text and measure its collapse on the way.

    Parameters
    ----------
    build : callable
        ``build(prose.num_classes, generator=..., dtype=..., context=...)`` returns a network whose
        `forward` maps windows to `Output`, with a `classifier` that holds `weight` and no bias;
        for instance ``partial(TinyTransformer, dimension=32, depth=1)``.
    prose : Prose
    recipe : LanguageRecipe, optional
    seed : int
        Opens a stream each for weights, order of windows and shuffled labels.
    checkpoints : sequence of int, optional
        Epochs after which to measure, from 0; the last only unless given.
    shuffle_labels : bool
        Permute the next tokens of the training text, which keeps their frequencies and leaves
        nothing else to learn. Validation is on the text itself.
    minimum_count : int
        Classes with fewer training contexts are left out of all metrics.

    Returns
    -------
    LanguageHistory

    Raises
    ------
    ValueError
        If the text holds less than one window, or an argument is out of range.
    FloatingPointError
        If the loss diverges; the message names the step and the way out.

    Notes
    -----
    The network is trained in float32, on one thread; metrics are summed in float64. Two CPUs give
    the same numbers up to rounding, which training lets grow. The bar is shown on a terminal only.
    """
    recipe = as_recipe(recipe, LanguageRecipe)
    (seed,) = as_seeds((seed,))
    last = recipe.epochs
    checkpoints = as_checkpoints((last,) if checkpoints is None else checkpoints, last, "epochs")
    train = windows(prose.train_tokens, recipe.context, "train_tokens")
    validation = windows(prose.validation_tokens, recipe.context, "validation_tokens")
    if shuffle_labels:
        order = torch.randperm(train[1].numel(), generator=stream(seed, SHUFFLE))
        train = train[0], train[1].flatten()[order].view_as(train[1])
    with reproducible():
        model = build(
            prose.num_classes,
            generator=stream(seed, WEIGHTS),
            dtype=torch.float32,
            context=recipe.context,
        )
        reports = []

        def record():
            report = measure_language(model, train, validation, minimum_count=minimum_count)
            reports.append(report)

        if 0 in checkpoints:
            record()
        for epoch in _epochs(model, train, recipe, stream(seed, ORDER)):
            if epoch in checkpoints:
                record()
    return LanguageHistory(recipe, seed, tuple(checkpoints), tuple(reports), model.eval())


def windows(tokens, context, name="tokens"):
    """Cut a text into windows and their next tokens.

    Parameters
    ----------
    tokens : Tensor, shape (num_tokens,), int64
    context : int
        Tokens a window; what is left at the end is not used.
    name : str
        How errors call the argument.

    Returns
    -------
    inputs, labels : Tensor, shape (number of windows, context), int64

    Raises
    ------
    ValueError
        If there are not enough tokens for one.

    Examples
    --------
    >>> [rows.tolist() for rows in windows(torch.arange(6), 2)]
    [[[0, 1], [2, 3]], [[1, 2], [3, 4]]]
    """
    count = (len(tokens) - 1) // context
    if count < 1:
        raise ValueError(
            f"{name}: expected at least {context + 1}, one window and its next token, got "
            f"{len(tokens)}; take more text or a smaller recipe.context"
        )
    last = count * context
    return tokens[:last].view(count, context), tokens[1 : last + 1].view(count, context)


def _epochs(model, train, recipe, generator):
    """Train, and yield the number of each epoch that has ended."""
    inputs, labels = train
    parameters = list(model.parameters())
    matrices = [parameter for parameter in parameters if parameter.ndim > 1]
    others = [parameter for parameter in parameters if parameter.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices}, {"params": others, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
        betas=recipe.betas,
        weight_decay=recipe.weight_decay,
    )
    num_steps = recipe.epochs * -(-len(inputs) // recipe.batch_size)
    step = 0
    with tqdm(total=num_steps, desc="language model", unit="step", disable=None) as bar:
        for epoch in range(1, recipe.epochs + 1):
            model.train()
            for batch in torch.randperm(len(inputs), generator=generator).split(recipe.batch_size):
                for group in optimizer.param_groups:
                    group["lr"] = recipe.learning_rate_at(step, num_steps)
                logits = model(inputs[batch]).logits
                loss = functional.cross_entropy(logits.flatten(0, 1), labels[batch].flatten())
                optimizer.zero_grad()
                loss.backward()
                norm = torch.nn.utils.clip_grad_norm_(parameters, recipe.clip)
                if not torch.isfinite(norm):
                    raise FloatingPointError(
                        f"the loss diverged in step {step + 1} of {num_steps}; "
                        f"lower recipe.learning_rate (now {recipe.learning_rate}) or lengthen "
                        f"recipe.warmup (now {recipe.warmup})"
                    )
                optimizer.step()
                step += 1
                bar.update()
            yield epoch
