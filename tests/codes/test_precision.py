"""The precision of mpmath and flint belongs to one thread at a time."""

from concurrent.futures import ThreadPoolExecutor

import flint
import mpmath

from neuralcollapse.codes import lemma15_thresholds, precision, refine


def test_precision_is_restored_and_nests():
    before = mpmath.mp.dps, flint.ctx.prec
    with precision.digits(40), precision.bits(300), precision.digits(60):
        assert (mpmath.mp.dps, flint.ctx.prec) == (60, 300)
    assert (mpmath.mp.dps, flint.ctx.prec) == before


def test_threads_that_ask_for_different_digits_do_not_disturb_each_other():
    triangle = [[1, 0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]]
    wanted = [20, 200] * 8

    def both(count):
        return lemma15_thresholds(5, count), refine(triangle, count).points

    alone = {count: both(count) for count in set(wanted)}
    before = mpmath.mp.dps, flint.ctx.prec
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(both, wanted))
    assert together == [alone[count] for count in wanted]
    assert (mpmath.mp.dps, flint.ctx.prec) == before
