"""The library's prose: no document twice, no token unknown, the same twice, and its refusals."""

import ast
import sys

import pytest
import torch

from neuralcollapse.tasks import library_prose
from neuralcollapse.tasks.library_prose import _prose, _split, _tokenized, docstrings


@pytest.fixture(scope="module")
def prose():
    return library_prose(vocabulary_size=300, num_tokens=5000, num_validation_tokens=700)


def test_sizes_and_indices(prose):
    assert (len(prose.train_tokens), len(prose.validation_tokens)) == (5000, 700)
    assert prose.num_classes == len(set(prose.vocabulary)) == 300
    assert prose.train_tokens.dtype == torch.int64
    assert 0 <= prose.train_tokens.min() <= prose.train_tokens.max() < 300


def test_tokens_spell_the_documents(prose):
    _, train, validation = _tokenized(300, 0)
    for tokens, part in zip((train, validation), _split(0), strict=True):
        written = "".join(prose.vocabulary[token] for token in tokens)
        spaced = written.translate({0x100 + c: c for c in range(33)})
        assert spaced == "\n\n".join(part)


def test_no_document_is_on_both_sides():
    train, held = _split(0)
    assert not set(train) & set(held)
    share = sum(map(len, held)) / sum(map(len, train + held))
    assert 0.09 < share < 0.11
    assert any("import" in document for document in train)


def test_seeds_choose_another_order_and_another_hash(prose):
    other = library_prose(vocabulary_size=300, num_tokens=5000, num_validation_tokens=700, seed=1)
    assert other.text_hash != prose.text_hash
    assert not torch.equal(other.train_tokens, prose.train_tokens)
    again = library_prose(300, num_tokens=5000, num_validation_tokens=700)
    assert again is prose
    _prose.cache_clear()
    fresh = library_prose(300, num_tokens=5000, num_validation_tokens=700)
    assert fresh.text_hash == prose.text_hash
    assert torch.equal(fresh.train_tokens, prose.train_tokens)


def test_docstrings_are_those_of_definitions():
    long = ("word " * 60).strip()
    source = f'"""{long}"""\nclass A:\n  def f(self):\n    """{long} f"""\n  x = """{long} x"""\n'
    assert docstrings(source) == [long, f"{long} f"]
    assert docstrings("def broken(:") == []
    assert docstrings(f'"""{long}é"""') == []
    tree = ast.parse(source)
    assert ast.get_docstring(tree) == docstrings(source)[0]


def test_refusals(monkeypatch):
    with pytest.raises(ValueError, match="vocabulary_size: expected a whole number from 128"):
        library_prose(100)
    with pytest.raises(ValueError, match="num_tokens"):
        library_prose(num_tokens=1)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ImportError, match=r"neuralcollapse\[language\]"):
        library_prose(301)


def test_more_tokens_than_there_are_give_all():
    prose = library_prose(300, num_validation_tokens=10**9, num_tokens=2)
    assert len(prose.validation_tokens) == len(_tokenized(300, 0)[2])
