"""Gradients and moments of a distribution over categories 0, 1, ..., of rows of numbers of its categories."""

from math import exp, floor, sqrt

from fastdist.engine.bits import to_int
from fastdist.engine.kernel import kernel

__all__ = [
    "cdf_and_grad",
    "fill_covariance",
    "fill_likelihood_slope",
    "fill_mean",
    "fill_one_hot",
    "fill_slopes",
    "fill_variance",
    "log_prob_and_grad",
    "summaries",
]

INF, NAN = float("inf"), float("nan")

# Gradients have the categories as a last axis. They are made of rows beside those of the log masses, the cdf and the
# tail: the derivative of the log mass in each category's parameter at that category, and at any other.


@kernel
def fill_slopes(weights, by_logits, below, above, hits, misses):
    total = 0.0
    for k in range(len(weights)):
        hits[k] = exp(weights[k]) if by_logits > 0.0 else weights[k]
        total += hits[k]
    before = 0.0
    for k in range(len(weights)):
        # The mass of all others, which 1 - mass loses where that is close to 1.
        mass, others = hits[k] / total, before + above[k]
        before = below[k]
        hits[k] = others if by_logits > 0.0 else others / mass
        misses[k] = -mass if by_logits > 0.0 else -1.0


@kernel
def log_prob_and_grad(x, c, w, slope):
    logs, hits, misses = c[0], c[3], c[4]
    inside = 0.0 <= x <= len(logs) - 1.0 and x == floor(x)
    k = to_int(x) if inside else 0
    possible = inside and logs[k] > -INF
    for j in range(len(slope)):
        slope[j] = misses[j] if possible else 0.0
    if possible:
        slope[k] = hits[k]
    return (logs[k] if inside else -INF) if x == x else NAN


@kernel
def cdf_and_grad(x, c, w, slope):
    last = len(c[1]) - 1
    k = to_int(floor(x)) if 0.0 <= x < last else 0
    lower, upper = (c[1][k], c[2][k]) if 0.0 <= x < last else ((0.0, 1.0) if x < 0.0 else (1.0, 0.0))
    lower = lower if x == x else NAN
    for j in range(len(slope)):
        slope[j] = -upper * c[4][j] if j <= x else lower * c[4][j]
    return lower


@kernel
def fill_likelihood_slope(counts, logs, hits, misses, slope):
    """The derivative of a log-likelihood, of how often each category came up; the impossible ones count for nothing."""
    total = 0.0
    for k in range(len(counts)):
        total += counts[k] if logs[k] > -INF else 0.0
    for k in range(len(counts)):
        own = counts[k] if logs[k] > -INF else 0.0
        slope[k] = (own * hits[k] if own > 0.0 else 0.0) + (total - own) * misses[k]


@kernel
def moment(masses, about, order):
    """Mean of the distance from `about` to a power; what rounding takes from the sum is kept beside it."""
    total, lost = 0.0, 0.0
    for k in range(len(masses)):
        part = masses[k]
        for _ in range(order):
            part *= k - about
        part -= lost
        grown = total + part
        lost = (grown - total) - part
        total = grown
    return total


@kernel(heavy=True)
def summaries(weights, masses, logs):
    """Mean, variance, skewness, excess kurtosis, entropy and mode."""
    entropy, mode = 0.0, 0
    for k in range(len(masses)):
        entropy -= masses[k] * logs[k] if masses[k] > 0.0 else 0.0
        mode = k if weights[k] > weights[mode] else mode
    mean = moment(masses, 0.0, 1)
    variance = moment(masses, mean, 2)
    third, fourth = moment(masses, mean, 3), moment(masses, mean, 4)
    spread = variance if variance > 0.0 else NAN
    return mean, variance, third / (spread * sqrt(spread)), fourth / (spread * spread) - 3.0, entropy, float(mode)


# Moments of one-hot vectors times a number, as those of counts are.


@kernel
def fill_mean(probs, others, factor, mean):
    for k in range(len(probs)):
        mean[k] = factor * probs[k]


@kernel
def fill_variance(probs, others, factor, variance):
    for k in range(len(probs)):
        variance[k] = factor * probs[k] * others[k]


@kernel
def fill_covariance(probs, others, factor, covariance):
    for i in range(len(probs)):
        for j in range(len(probs)):
            covariance[i, j] = factor * probs[i] * (others[i] if i == j else -probs[j])


@kernel
def fill_one_hot(weights, one_hot):
    """1 for the first of the largest weights, 0 for all others."""
    best = 0
    for k in range(len(weights)):
        best = k if weights[k] > weights[best] else best
    for k in range(len(weights)):
        one_hot[k] = 1.0 if k == best else 0.0
