"""Moments of mixtures from those of their components: formulas over rows, one for each parameter set."""

from math import sqrt

from fastdist.engine.kernel import kernel

INF = float("inf")

# What has no weight adds nothing, whatever it is.


@kernel(heavy=True)
def mean(weights, means):
    total = 0.0
    for k in range(len(weights)):
        total += weights[k] * means[k] if weights[k] > 0.0 else 0.0
    return total


@kernel(heavy=True)
def variance(weights, means, variances):
    """The mean of the components' variances, and the variance of their means."""
    center, total = mean(weights, means), 0.0
    for k in range(len(weights)):
        d = means[k] - center
        total += weights[k] * (variances[k] + d * d) if weights[k] > 0.0 else 0.0
    return INF if center == INF or center == -INF else total


@kernel
def unit_of(weights, means, variances, center):
    """A size of which no component's distance and no deviation is more: no power of their ratios to it overflows."""
    unit = 0.0
    for k in range(len(weights)):
        if weights[k] > 0.0:
            d, s = abs(means[k] - center), sqrt(variances[k])
            unit = unit if d <= unit else d
            unit = unit if s <= unit else s
    return unit


@kernel
def in_units(mean, variance, skew, center, unit):
    """Of a component the distance from the center, the variance and the third central moment, in powers of a unit."""
    d, v = (mean - center) / unit, variance / unit / unit
    return d, v, skew * v * sqrt(v) if v > 0.0 else 0.0


@kernel(heavy=True)
def skewness(weights, means, variances, skews):
    center = mean(weights, means)
    unit = unit_of(weights, means, variances, center)
    second, third = 0.0, 0.0
    for k in range(len(weights)):
        if weights[k] > 0.0:
            d, v, own = in_units(means[k], variances[k], skews[k], center, unit)
            second += weights[k] * (v + d * d)
            third += weights[k] * (own + 3.0 * d * v + d * d * d)
    return third / (second * sqrt(second))


@kernel(heavy=True)
def kurtosis(weights, means, variances, skews, kurtoses):
    center = mean(weights, means)
    unit = unit_of(weights, means, variances, center)
    second, fourth = 0.0, 0.0
    for k in range(len(weights)):
        if weights[k] > 0.0:
            d, v, own = in_units(means[k], variances[k], skews[k], center, unit)
            whole = (kurtoses[k] + 3.0) * v * v if v > 0.0 else 3.0 * v * v
            second += weights[k] * (v + d * d)
            fourth += weights[k] * (whole + 4.0 * d * own + 6.0 * d * d * v + d * d * d * d)
    return fourth / (second * second) - 3.0


MOMENTS = {"mean": mean, "variance": variance, "skewness": skewness, "kurtosis": kurtosis}
"""Each takes the weights, and a row of the components' own for it and for all before it."""
