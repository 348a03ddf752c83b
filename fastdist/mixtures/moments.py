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
def larger(unit, distance, deviation):
    """The largest of three sizes, or NaN if one is that."""
    unit = unit if abs(distance) <= unit else abs(distance)
    return unit if deviation <= unit else deviation


@kernel(heavy=True)
def stddev(weights, means, deviations):
    """As :func:`variance`, which may overflow or underflow where this does not."""
    center, unit, total = mean(weights, means), 0.0, 0.0
    for k in range(len(weights)):
        unit = larger(unit, means[k] - center, deviations[k]) if weights[k] > 0.0 else unit
    if not 0.0 < unit < INF:
        return INF if center == INF or center == -INF else unit
    for k in range(len(weights)):
        d, s = (means[k] - center) / unit, deviations[k] / unit
        total += weights[k] * (s * s + d * d) if weights[k] > 0.0 else 0.0
    return unit * sqrt(total)


@kernel
def unit_of(weights, means, variances, center):
    """A size of which no component's distance and no deviation is more: no power of their ratios to it overflows."""
    unit = 0.0
    for k in range(len(weights)):
        unit = larger(unit, means[k] - center, sqrt(variances[k])) if weights[k] > 0.0 else unit
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


MOMENTS = {
    "mean": (mean, ("mean",)),
    "variance": (variance, ("mean", "variance")),
    "stddev": (stddev, ("mean", "stddev")),
    "skewness": (skewness, ("mean", "variance", "skewness")),
    "kurtosis": (kurtosis, ("mean", "variance", "skewness", "kurtosis")),
}
"""Each takes the weights, and rows of the components' own."""
