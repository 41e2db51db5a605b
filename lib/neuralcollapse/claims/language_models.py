"""The experiment of the page on language models: small transformers on the library's prose.

Its claims rest on rows trained by ``experiments/language_models.py`` and stored beside it; the
page trains a slice of them again. The prose changes with Python's patch release, so the rows name
the text by its hash, and a comparison with them has slack.
"""

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from scipy import stats

from neuralcollapse.claims.experiments import EXPERIMENTS, read_rows, wanted_rows
from neuralcollapse.models import TinyTransformer
from neuralcollapse.tasks import library_prose
from neuralcollapse.training import LanguageRecipe, fit_language

STORED = EXPERIMENTS / "language_models.json"
MINIMUM_COUNT = 20  # training contexts of a class; its mean has sampling error beyond
CHECKPOINTS = (1, 2, 4)
SIZES = ((16, 1), (32, 1), (64, 1), (128, 1), (16, 2), (32, 2), (64, 2))  # dimension, depth
REPORTED = 6  # significant digits


@dataclass(frozen=True)
class Setting:
    """What a run varies.

    Attributes
    ----------
    dimension, depth : int
        Of the transformer.
    epochs : int
        Checkpoints are those of 1, 2, 4 that are not beyond it.
    tied : bool
        Whether the classifier is the embedding.
    weight_decay : float
    shuffle_labels : bool
    seed : int
        Of weights, order and shuffle.
    """

    dimension: int
    depth: int = 1
    epochs: int = 4
    tied: bool = True
    weight_decay: float = 0.1
    shuffle_labels: bool = False
    seed: int = 0

    @property
    def recipe(self):
        """The recipe of the run."""
        return LanguageRecipe(epochs=self.epochs, weight_decay=self.weight_decay)


GRID = tuple(Setting(*size) for size in SIZES)
SEEDS = tuple(Setting(48, epochs=2, seed=seed) for seed in range(12))
SHUFFLED = Setting(64, shuffle_labels=True)
UNTIED = Setting(64, tied=False)
WITHOUT_DECAY = Setting(64, weight_decay=0.0)
SLICE = (
    Setting(16, epochs=1),
    Setting(32, epochs=1),
    Setting(32, epochs=1, shuffle_labels=True),
)
SETTINGS = (*GRID, *SEEDS, SHUFFLED, UNTIED, WITHOUT_DECAY, *SLICE)


def train(setting, prose=None, checkpoints=None):
    """Train and measure one setting.

    Parameters
    ----------
    setting : Setting
    prose : Prose, optional
        The library's, with its defaults, unless given.
    checkpoints : sequence of int, optional

    Returns
    -------
    LanguageHistory
    """
    if checkpoints is None:
        checkpoints = [epoch for epoch in CHECKPOINTS if epoch <= setting.epochs]
    return fit_language(
        partial(
            TinyTransformer, dimension=setting.dimension, depth=setting.depth, tied=setting.tied
        ),
        prose or library_prose(),
        setting.recipe,
        seed=setting.seed,
        checkpoints=checkpoints,
        shuffle_labels=setting.shuffle_labels,
        minimum_count=MINIMUM_COUNT,
    )


def run(**setting):
    """Train and measure a setting; what a worker of the sweep does.

    Returns
    -------
    dict
        ``text`` (hash) and ``unigram`` (`unigram_loss`) of the prose, ``epochs``, and one list
        for each number of `LanguageReport`.
    """
    prose = library_prose()
    history = train(Setting(**setting), prose)
    reports = [report.to_dict() for report in history.reports]
    found = {name: [_short(report[name]) for report in reports] for name in reports[0]}
    unigram = _short(unigram_loss(prose))
    return {"text": prose.text_hash, "unigram": unigram, "epochs": list(history.epochs), **found}


def stored(name, settings=GRID, *, last=False):
    """Return one quantity of stored settings, all checkpoints in a row.

    Parameters
    ----------
    name : str
        A key of what `run` returns; ``dimension``, ``depth`` or ``epoch`` for the design.
    settings : Setting or sequence of Setting
    last : bool
        Whether to return the last checkpoint of each setting only.

    Returns
    -------
    ndarray, shape (number of checkpoints of all settings,), float64

    Raises
    ------
    KeyError
        If a setting is not in the file.
    """
    values = []
    for setting in [settings] if isinstance(settings, Setting) else settings:
        found = wanted_rows(STORED, setting=asdict(setting))[0]["found"]
        if name in ("dimension", "depth"):
            here = [getattr(setting, name)] * len(found["epochs"])
        else:
            here = found["epochs" if name == "epoch" else name]
        values += here[-1:] if last else here
    return np.array(values, dtype=float)


def scale_free(aggregator, settings=GRID, *, last=False):
    """Return an aggregator of the pairwise variability, k = 2, with the scale taken out.

    Parameters
    ----------
    aggregator : {"log_mean", "mean_log"}
    settings, last
        As for `stored`.

    Returns
    -------
    ndarray, shape (number of checkpoints of all settings,), float64
        That of $V\\bar\\ell^2$ in place of $V$, where $\\bar\\ell$ is the mean length of centred
        class means; the same for features of any scale.
    """
    length = stored("log_norm", settings, last=last)
    return stored(f"{aggregator}_2", settings, last=last) + 2 * length


def text_facts():
    """Return what the stored rows say of their text: ``text``, its hash, and ``unigram``."""
    rows = read_rows(STORED)
    return {name: rows[0]["found"][name] for name in ("text", "unigram")}


def unigram_loss(prose):
    """Return the validation loss of predicting every token by its frequency in training.

    Parameters
    ----------
    prose : Prose

    Returns
    -------
    float
        In nats; tokens never seen count as seen once.
    """
    train = np.bincount(prose.train_tokens, minlength=prose.num_classes)
    frequencies = np.maximum(train, 1) / np.maximum(train, 1).sum()
    return float(-np.log(frequencies)[prose.validation_tokens.numpy()].mean())


def explained(x, y):
    r"""Return $R^2$ of a line through points: the squared correlation.

    Parameters
    ----------
    x, y : array_like, shape (num_points,)

    Returns
    -------
    float

    Examples
    --------
    >>> round(explained([0, 1, 2], [5, 3, 1]), 12)
    1.0
    """
    return float(stats.pearsonr(x, y).statistic ** 2)


def partial_correlation(x, y, given):
    """Return the correlation of what a line in `given` leaves of x and of y.

    Parameters
    ----------
    x, y, given : array_like, shape (num_points,)

    Returns
    -------
    float

    Examples
    --------
    >>> given = np.array([0.0, 1, 2, 3])
    >>> bump = np.array([0.0, 1, 1, 0])
    >>> round(partial_correlation(given + bump, 2 * given - bump, given), 12)
    -1.0
    """
    x, y, given = (np.asarray(values, dtype=float) for values in (x, y, given))
    left = [values - np.polyval(np.polyfit(given, values, 1), given) for values in (x, y)]
    return float(stats.pearsonr(*left).statistic)


def permuted_p(x, y, *, num_permutations=9999, seed=0):
    """Return how often shuffled pairs correlate as strongly as the given ones.

    Parameters
    ----------
    x, y : array_like, shape (num_points,)
    num_permutations, seed : int

    Returns
    -------
    float
        Two-sided p-value of the correlation.
    """
    centered = np.asarray(y) - np.mean(y)
    found = stats.permutation_test(
        (np.asarray(x) - np.mean(x),),  # then an inner product orders pairings as correlation does
        lambda shuffled, axis: (shuffled * centered).sum(axis=axis),
        permutation_type="pairings",
        vectorized=True,
        n_resamples=num_permutations,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _short(value):
    return float(f"{value:.{REPORTED}g}")
