"""Divergences from their definition: an integral or a sum in mpmath of textbooks' log densities."""

import itertools

import mpmath as mp
import numpy as np
import pytest
from cases import CASES
from kl.densities import FAMILIES, FINITE_FOR_NOTHING, SETS_OF_PAIRS
from mpmath import mpf

import fastdist as fd
from fastdist import kl

OF_NUMBERS = {
    pair: function for pair, function in kl.registered().items() if pair[0] in FAMILIES and pair[1] in FAMILIES
}
INFINITE = [pair for pair, function in OF_NUMBERS.items() if isinstance(function, kl.Infinite)]
FINITE = [pair for pair in OF_NUMBERS if pair not in INFINITE and pair not in FINITE_FOR_NOTHING]

# Of the double exponential rule the step, with which the integrals here are good to 1e-15 of them, and the most steps.
STEP, FAR = mpf(1) / 32, 192
# Integrals and sums end where this much is left.
REST = mpf(10) ** -24


def name(pair):
    return "-".join(kind.__name__ for kind in pair)


def sets(pair):
    """The parameters of p and of q, three times."""
    first, second = pair
    return list(zip(*SETS_OF_PAIRS.get(pair, (FAMILIES[first].as_p, FAMILIES[second].as_q)), strict=True))


def exact(parameters):
    return [v if isinstance(v, list) else mpf(v) for v in parameters]


def quartiles(kind, parameters):
    """SciPy's, which are near enough for the integral to start from."""
    case = next(case for case in CASES if case.distribution is kind and case.scipy is not None)
    frozen = case.scipy(**dict(zip(case.parameters, parameters, strict=True)))
    return [mpf(float(v)) for v in frozen.ppf([0.25, 0.5, 0.75])]


def integral(term, low, high, width):
    """By the double exponential rule of Takahasi and Mori (1974), over an interval or half of a line."""

    def added(j):
        s, weight = (mp.pi / 2 * f(j * STEP) for f in (mp.sinh, mp.cosh))
        if mp.isinf(low):
            x, slope = high - width * mp.exp(s), width * mp.exp(s)
        elif mp.isinf(high):
            x, slope = low + width * mp.exp(s), width * mp.exp(s)
        else:
            x, slope = low + (high - low) / (1 + mp.exp(-2 * s)), (high - low) / (2 * mp.cosh(s) ** 2)
        return STEP * weight * slope * term(x) if low < x < high else 0  # where it is rounded to an end

    total = added(0)
    for side in (1, -1):
        last = now = mp.inf
        for j in range(1, FAR):
            last, now = now, added(side * j)
            total += now
            if max(abs(last), abs(now)) < REST * abs(total):
                break
    return total


def by_definition(pair, parameters):
    (first, second), (own, other) = (FAMILIES[kind] for kind in pair), map(exact, parameters)

    def term(x):
        log_p = first.log_density(x, *own)
        return mp.exp(log_p) * (log_p - second.log_at(x, other))

    low, high = first.support(own)
    if first.discrete:
        total, mass, k = mpf(0), mpf(0), low
        while k <= high and 1 - mass > REST:
            total, mass, k = total + term(k), mass + mp.exp(first.log_density(k, *own)), k + 1
        return total
    cuts, width = {f.kink(*at) for f, at in ((first, own), (second, other)) if f.kink}, None
    if mp.isinf(high):
        below, middle, above = quartiles(pair[0], parameters[0])
        cuts, width = cuts | {middle}, above - below
    places = [low, *sorted(c for c in cuts if low < c < high), high]
    return mp.fsum(integral(term, *piece, width) for piece in itertools.pairwise(places))


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("pair", FINITE, ids=name)
def test_from_the_definition(pair, place):
    parameters = sets(pair)[place]
    p, q = (kind(*at) for kind, at in zip(pair, parameters, strict=True))
    with mp.workdps(35):
        want = by_definition(pair, parameters)
    assert float(fd.kl_divergence(p, q)) == pytest.approx(float(want), rel=1e-14, abs=0)


@pytest.mark.parametrize("pair", INFINITE, ids=name)
def test_infinite_ones(pair):
    """q has no mass where p has some."""
    for parameters in sets(pair):
        (low, high), (first, last) = (FAMILIES[kind].support(at) for kind, at in zip(pair, parameters, strict=True))
        assert low < first or last < high
        p, q = (kind(*at) for kind, at in zip(pair, parameters, strict=True))
        assert fd.kl_divergence(p, q) == np.inf
    value, in_p, in_q = fd.kl_divergence_and_grad(p.expand((2, 1)), q.expand((3,)))
    assert np.array_equal(value, np.full((2, 3), np.inf))
    assert all(np.isnan(slope).all() and slope.shape == (2, 3) for slope in [*in_p.values(), *in_q.values()])
