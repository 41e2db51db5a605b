r"""Prose that every Python carries: the standard library's own documentation, as tokens.

The documents are the help topics of ``pydoc`` and every docstring of the standard library that is
longer than 200 characters, all of them ASCII, in a seeded order. A tenth of them, by length, is
kept for validation. Pairs of bytes [sennrich2016] are merged on the other documents until the
vocabulary is full; single characters stay in it, so no text is unknown. The text changes with
Python's patch release: the result carries its hash.
"""

import ast
import hashlib
import sysconfig
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from neuralcollapse.geometry.arrays import as_whole

SHORTEST = 200  # characters; below are one-liners that describe arguments
NO_PROSE = {"__pycache__", "dist-packages", "idlelib", "lib2to3", "site-packages", "test", "tests"}
_SEPARATOR = "\n\n"


@dataclass(frozen=True, eq=False)
class Prose:
    """Tokens of a text, split by documents.

    Attributes
    ----------
    train_tokens, validation_tokens : Tensor, shape (num_tokens,), int64
        Indices into `vocabulary`.
    vocabulary : tuple of str
        Byte pairs as the tokenizer writes them: a space is Ġ.
    text_hash : str
        SHA-256 of all documents in their order, the split marked.
    num_documents : int
    """

    train_tokens: torch.Tensor
    validation_tokens: torch.Tensor
    vocabulary: tuple[str, ...]
    text_hash: str
    num_documents: int

    @property
    def num_classes(self):
        """Size of the vocabulary: the class of a context is its next token."""
        return len(self.vocabulary)


def library_prose(vocabulary_size=512, *, num_tokens=200_000, num_validation_tokens=25_600, seed=0):
    """Tokens of the prose of Python's standard library; nothing is downloaded.

    Parameters
    ----------
    vocabulary_size : int
        At least 128, for single characters; the rest are byte pairs.
    num_tokens, num_validation_tokens : int
        Tokens kept of the two parts, from their beginning; all there are if there are fewer.
    seed : int
        Of the order of the documents, which decides the split too.

    Returns
    -------
    Prose
        Made once a process for the same arguments; do not change its tensors.

    Raises
    ------
    ValueError
        If a number is out of range.
    ImportError
        If the package ``tokenizers`` is missing.
    FileNotFoundError
        If this Python comes without the sources of its library.

    Notes
    -----
    Byte pairs: [sennrich2016]. Two installations of one patch release may differ in the modules
    they ship: compare `text_hash`.

    Examples
    --------
    >>> prose = library_prose(num_tokens=1000)  # doctest: +SKIP
    >>> prose.train_tokens.shape, prose.num_classes  # doctest: +SKIP
    (torch.Size([1000]), 512)
    """
    return _prose(
        as_whole(vocabulary_size, "vocabulary_size", 128, "characters come first"),
        as_whole(num_tokens, "num_tokens", 2),
        as_whole(num_validation_tokens, "num_validation_tokens", 2),
        as_whole(seed, "seed", 0),
    )


@cache
def _prose(vocabulary_size, num_tokens, num_validation_tokens, seed):
    tokenizer, train, validation = _tokenized(vocabulary_size, seed)
    documents, held = _split(seed)
    vocabulary = tokenizer.get_vocab()
    return Prose(
        train_tokens=torch.from_numpy(train[:num_tokens].copy()),
        validation_tokens=torch.from_numpy(validation[:num_validation_tokens].copy()),
        vocabulary=tuple(sorted(vocabulary, key=vocabulary.get)),
        text_hash=_digest(documents, held),
        num_documents=len(documents) + len(held),
    )


@cache
def _tokenized(vocabulary_size, seed):
    """The tokenizer and all tokens of both parts."""
    Tokenizer, models, pre_tokenizers, trainers = _tokenizers()
    documents, held = _split(seed)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        initial_alphabet=_alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    parts = (
        np.array(tokenizer.encode(_SEPARATOR.join(part)).ids, dtype=np.int64)
        for part in (documents, held)
    )
    return tokenizer, *parts


@cache
def _split(seed):
    """Documents to train on and documents held out, in a seeded order."""
    documents = _documents()
    order = np.random.default_rng(seed).permutation(len(documents))
    documents = [documents[place] for place in order]
    lengths = np.cumsum([len(document) for document in documents])
    first = int(np.searchsorted(lengths, 0.9 * lengths[-1]))
    return tuple(documents[:first]), tuple(documents[first:])


@cache
def _documents():
    folder = Path(sysconfig.get_path("stdlib"))
    paths = sorted(
        path for path in folder.rglob("*.py") if not NO_PROSE & set(path.relative_to(folder).parts)
    )
    try:
        from pydoc_data.topics import topics
    except ImportError:
        topics = {}
    if not topics or not paths:
        raise FileNotFoundError(
            f"library_prose: no sources of the standard library below {folder}; use a Python "
            "that ships them, as those of python.org, conda and uv do"
        )
    found = [topics[name] for name in sorted(topics) if topics[name].isascii()]
    for path in paths:
        found += docstrings(path.read_text(encoding="utf-8", errors="replace"))
    # Aliases and generated modules repeat a docstring: validation must hold nothing trained on.
    return tuple(dict.fromkeys(found))


def docstrings(source):
    """Return the docstrings of a module that are ASCII and longer than 200 characters, in order.

    Parameters
    ----------
    source : str
        Python code; code that this Python cannot parse has none.

    Returns
    -------
    list of str
        Without indentation; of the module, its classes and functions, and of those within them.

    Examples
    --------
    >>> docstrings('def f():\\n    "short"')
    []
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes of old sources
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    texts = map(ast.get_docstring, _definitions(tree))
    return [text for text in texts if text and len(text) > SHORTEST and text.isascii()]


def _definitions(node):
    """A module, class or function and what is defined in it; expressions are not searched."""
    yield node
    for child in node.body:
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _definitions(child)


def _alphabet():
    """How the tokenizer writes ASCII: printed characters as they are, others raised by 256."""
    raised = (character if 33 <= character < 127 else 256 + character for character in range(33))
    printed = range(33, 127)
    return [chr(c) for c in (*printed, *raised)]


def _tokenizers():
    try:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    except ImportError as error:
        raise ImportError(
            "library_prose needs the package tokenizers: pip install 'neuralcollapse[language]'"
        ) from error
    return Tokenizer, models, pre_tokenizers, trainers


def _digest(documents, held):
    text = "\0\0".join("\0".join(part) for part in (documents, held))
    return hashlib.sha256(text.encode()).hexdigest()
