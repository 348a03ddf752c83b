"""Families of categories and counts: parameter sets, textbook formulas in mpmath, and what SciPy calls them."""

import itertools
from functools import partial
from math import inf, nan

import mpmath as mp
import numpy as np
from mpmath import mpf
from scipy import stats
from vector.families.case import VectorCase

import fastdist as fd


def logs(probs=None, logits=None):
    """Logarithms of normalised masses."""
    values = [mp.log(mpf(p)) if p else -mp.inf for p in probs] if logits is None else [mpf(v) for v in logits]
    top = max(values)
    total = top + mp.log(mp.fsum(mp.exp(v - top) for v in values))
    return [v - total for v in values]


def one_hot(x, **weights):
    return next(v for v, hot in zip(logs(**weights), x, strict=True) if hot == 1)


def multinomial(x, total_count, **weights):
    parts = [(-mp.loggamma(k + 1) + k * v) if k else 0 for k, v in zip(map(int, x), logs(**weights), strict=True)]
    return mp.loggamma(int(total_count) + 1) + mp.fsum(parts)


def dirichlet_multinomial(x, concentration, total_count):
    a = [mpf(v) for v in concentration]
    n, total = int(total_count), mp.fsum(a)
    parts = [mp.loggamma(k + v) - mp.loggamma(v) - mp.loggamma(k + 1) for k, v in zip(map(int, x), a, strict=True)]
    return mp.loggamma(n + 1) + mp.loggamma(total) - mp.loggamma(n + total) + mp.fsum(parts)


def log_relaxed(y, temperature, **weights):
    """The density of Maddison et al. 2017, equation 23, over the categories with a weight."""
    pairs = [(v, mpf(t)) for v, t in zip(logs(**weights), y, strict=True) if v > -mp.inf]
    scores = [v - mpf(temperature) * t for v, t in pairs]
    top = max(scores)
    total = top + mp.log(mp.fsum(mp.exp(s - top) for s in scores))
    size = len(pairs)
    return mp.loggamma(size) + (size - 1) * mp.log(mpf(temperature)) + mp.fsum(s - total for s in scores)


def relaxed(x, temperature, **weights):
    y = [mp.log(mpf(v)) if v else -mp.inf for v in x]
    return log_relaxed(y, temperature, **weights) - mp.fsum(v for v in y if v > -mp.inf)


def spread(d, n):
    """Draws, and points that no draw comes near."""
    size = d.event_shape[0]
    return np.concatenate([d.sample(n, rng=11), np.random.default_rng(3).dirichlet(np.full(size, 0.7), n)])


WEIGHTS = ({"probs": [0.125, 0.5, 0.375]}, {"probs": [3.0, 1.0, 2.0]}, {"probs": [0.1, 0.2, 0.7]})
LOGITS = ({"logits": [0.0, 1.0, -1.0]}, {"logits": [3.0, 3.5, 2.0]}, {"logits": [-700.0, -701.0, -699.5]})
FAR_WEIGHTS = ({"probs": [1e-3, 0.0, 1e-8, 3.0]}, {"probs": [1.0]}, {"probs": [0.0, 1.0]})
FAR_LOGITS = ({"logits": [0.0, -inf, -30.0, -800.0]}, {"logits": [5.0]}, {"logits": [1e300, 0.0]})


def invalid_weights(**others):
    """Weights that are refused by all families."""
    return (
        ({**others, "probs": [0.5, -2.5]}, ("probs", "Weights()", "-2.5")),
        ({**others, "probs": [0.0, 0.0]}, ("probs", "Weights()")),
        ({**others, "probs": [[0.5, 0.5], [1.0, nan]]}, ("probs", "nan", "(1,)")),
        ({**others, "logits": [0.5, inf]}, ("logits", "Logits()", "inf")),
        ({**others, "logits": [-inf, -inf]}, ("logits", "Logits()", "-inf")),
        ({**others, "probs": 0.5}, ("probs", "needs at least")),
        ({**others, "probs": np.empty(0)}, ("probs",)),
        (others, ("probs", "logits", "neither")),
        ({**others, "probs": [1.0], "logits": [0.0]}, ("probs", "logits", "both")),
    )


def with_each(name, values, sets):
    """Each set with one of the values, in turn."""
    return tuple({name: value, **given} for value, given in zip(itertools.cycle(values), sets, strict=False))


def probabilities(weights):
    return np.asarray(weights, float) / np.sum(weights)


COUNTS = (7, 30, 4)
FAR_COUNTED = (
    {"total_count": 10**6, "probs": [1e-3, 0.0, 1e-8, 3.0]},
    {"total_count": 10**12, "probs": [0.25, 0.5, 0.25]},
    {"total_count": 10**15, "probs": [0.5, 0.5]},
    {"total_count": 10**15, "probs": [0.3, 0.2, 0.5]},
    {"total_count": 10**15, "probs": [3.0, 1.0, 7.0]},
    {"total_count": 0, "probs": [0.5, 0.5]},
    {"total_count": 5, "probs": [1.0]},
    {"total_count": 5, "probs": [0.0, 1.0]},
    {"total_count": 2000, "probs": [1e-5] * 20 + [1.0]},
)
FAR_COUNTED_LOGITS = (
    {"total_count": 50, "logits": [0.0, -inf, -30.0, -800.0]},
    {"total_count": 9, "logits": [1e300, 0]},
)
TEMPERATURES, FAR_TEMPERATURES = (0.5, 2.0, 1.0), (0.1, 50.0, 1e-2)

# Sums over the numbers of an event are made as they come.
Case = partial(VectorCase, regrouped=True, scipy_tolerance=1e-12, slope_tolerance=1e-12)
Relaxed = partial(VectorCase, outside=(inf,), regrouped=True, tolerance=2e-14, slope_tolerance=1e-12)
Positive = partial(Relaxed, outside=(inf, -inf, 3.0, -0.5))

CASES = (
    Case(
        fd.OneHotCategorical,
        WEIGHTS,
        FAR_WEIGHTS,
        invalid_weights(),
        one_hot,
        lambda probs: stats.multinomial(1, probabilities(probs)),
    ),
    Case(fd.OneHotCategorical, LOGITS, FAR_LOGITS, (), one_hot),
    Case(fd.OneHotCategoricalStraightThrough, LOGITS, FAR_WEIGHTS, invalid_weights(), one_hot),
    Case(
        fd.Multinomial,
        with_each("total_count", COUNTS, WEIGHTS),
        FAR_COUNTED,
        (
            ({"total_count": -1, "probs": [0.5, 0.5]}, ("total_count", "IntegerGreaterThanEq", "-1")),
            ({"total_count": [3, 2.5], "probs": [0.5, 0.5]}, ("total_count", "2.5", "(1,)")),
            *invalid_weights(total_count=3),
        ),
        multinomial,
        lambda total_count, probs: stats.multinomial(total_count, probabilities(probs)),
    ),
    Case(fd.Multinomial, with_each("total_count", COUNTS, LOGITS), FAR_COUNTED_LOGITS, (), multinomial),
    Case(
        fd.DirichletMultinomial,
        (
            {"concentration": [0.5, 1.0, 3.0], "total_count": 7},
            {"concentration": [20.0, 0.1, 4.0], "total_count": 30},
            {"concentration": [1.0, 1.0, 1.0], "total_count": 4},
        ),
        (
            {"concentration": [1e-3, 2e-3], "total_count": 20},
            {"concentration": [1e-8, 2.0, 1e8], "total_count": 1000},
            {"concentration": [1e10, 3e10], "total_count": 10**6},
            {"concentration": [0.5, 2.5, 70.0], "total_count": 10**12},
            {"concentration": [1.1e15, 3.3e15, 0.7e15], "total_count": 10**15},
            {"concentration": [3.0], "total_count": 5},
            {"concentration": [3.0, 1.0], "total_count": 0},
        ),
        (
            ({"concentration": [1.0, 0.0]}, ("concentration", "PositiveVector()", "0.0")),
            ({"concentration": [[1.0, 1.0], [1.0, inf]]}, ("concentration", "inf", "(1,)")),
            ({"concentration": 1.0}, ("concentration", "needs at least")),
            ({"concentration": np.empty(0)}, ("concentration",)),
            ({"concentration": [1.0, 2.0], "total_count": 1.5}, ("total_count", "1.5")),
        ),
        dirichlet_multinomial,
        lambda concentration, total_count: stats.dirichlet_multinomial(concentration, total_count),
    ),
    Relaxed(
        fd.ExpRelaxedCategorical,
        with_each("temperature", TEMPERATURES, WEIGHTS),
        (*with_each("temperature", FAR_TEMPERATURES, FAR_WEIGHTS), {"temperature": 1e-3, "probs": [0.5, 0.3, 0.2]}),
        (
            ({"temperature": 0.0, "probs": [0.5, 0.5]}, ("temperature", "GreaterThan(lower_bound=0.0)", "0.0")),
            *invalid_weights(temperature=1.0),
        ),
        log_relaxed,
    ),
    Relaxed(
        fd.ExpRelaxedCategorical,
        with_each("temperature", TEMPERATURES, LOGITS),
        with_each("temperature", FAR_TEMPERATURES, FAR_LOGITS[:2]),
        (),
        log_relaxed,
    ),
    Positive(
        fd.RelaxedOneHotCategorical,
        with_each("temperature", TEMPERATURES, WEIGHTS),
        ({"temperature": 0.1, "probs": [1e-3, 1e-8, 3.0]}, {"temperature": 50.0, "probs": [1.0]}),
        (
            ({"temperature": [1.0, -2.0], "probs": [0.5, 0.5]}, ("temperature", "-2.0", "(1,)")),
            *invalid_weights(temperature=1.0),
        ),
        relaxed,
        values=spread,
    ),
    Positive(
        fd.RelaxedOneHotCategorical,
        with_each("temperature", TEMPERATURES, LOGITS),
        ({"temperature": 0.5, "logits": [1.0, -inf, 0.0]},),
        (),
        relaxed,
    ),
)
