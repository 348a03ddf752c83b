r"""The one-parameter stretch of an axis, :math:`(e^{a y} - 1) / a`, its inverse, and moments of stretched variates.

It is the identity at a = 0 and makes the generalised Pareto distribution of an exponential variate
and the generalised extreme value distribution of a Gumbel variate. All but the moments are light.

==================  ===========================================  ============================
function            domain tested                                largest relative error seen
==================  ===========================================  ============================
expm1_by            abs(a) 0, 1e-300 .. 1e8, abs(a y) to 700     1.2e-16
log1p_by            abs(a) 0, 1e-300 .. 1e8, 1 + a z > 0         1.1e-16
log1p_by_slope      the same                                     2.0e-16
log1p_by_shift      the same                                     1.9e-16
stretched_moments   -10 .. 1                                     3e-14
==================  ===========================================  ============================

Errors of the first three are relative to the result and what it moves with its inputs; those of the
moments grow below -10 with the rounding of log Gamma(1 - 4 a), to 9e-13 at -300.
"""

from math import exp, expm1, sqrt

from fastdist.engine.kernel import kernel
from fastdist.special.beta import log_curvature_by
from fastdist.special.gamma import log_gamma1p
from fastdist.special.logs import log1p_product

__all__ = ["expm1_by", "grown", "log1p_by", "log1p_by_shift", "log1p_by_slope", "over_grown", "stretched_moments"]

INF = float("inf")
NAN = float("nan")
# The moments of a Gumbel variate over the factorials of their orders, and up to where three of them are enough.
EULER, EULER_2, EULER_3 = 0.57721566490153286061, 0.98905599532797255540, 0.90747907608088628902
NEARLY_0 = 1e-5

# Below this product both functions are the identity to the last digit.
LINEAR = 1e-17
# From here on 1 + w is w.
BIG = 1e17
# The trapezoidal rule over a Gumbel variate: beyond these ends its density is below 1e-17 of the
# integrand of a fourth moment, and this step is exact to 1e-17 (the density is analytic to a distance of pi / 2).
LOW, STEP, STEPS = -4.25, 0.2, 520
# Between these the differences of gamma functions lose digits.
CANCELS_ABOVE, CANCELS_BELOW = -0.6, 0.16
FAR = -30.0


@kernel
def expm1_by(a, y):
    """(exp(a y) - 1) / a, which is y at a = 0."""
    product = a * y
    return expm1(product) / a if abs(product) > LINEAR else y


@kernel
def log1p_by(a, z):
    """log(1 + a z) / a, which is z at a = 0: the inverse of :func:`expm1_by`."""
    return log1p_product(a, z) / a if abs(a * z) > LINEAR else z


@kernel
def grown(a, z):
    """1 + a z, which is exp(a y) if z is the image of y; 0 at the end of the axis, also where rounding leaves it."""
    base = 1.0 + a * z
    return 0.0 if base < 0.0 else base


@kernel
def over_grown(a, z):
    """z / (1 + a z), also where the product overflows."""
    inner, outer = z / grown(a, z), 1.0 / a
    return inner if a * z < BIG else outer


@kernel
def log1p_by_slope(a, z):
    """The derivative of :func:`log1p_by` in a: (z / (1 + a z) - log1p_by(a, z)) / a, without cancellation."""
    w, base, log_base = a * z, grown(a, z), log1p_product(a, z)
    inverse, inverse_a = 1.0 / base, 1.0 / a
    near = z * z * (0.5 * log_curvature_by(w, log_base) - inverse)
    # At the end of the axis both terms are infinite, and the logarithm is nothing beside the other.
    log_part = log_base * inverse_a if base > 0.0 else 0.0
    far = ((z * inverse if w < BIG else inverse_a) - log_part) * inverse_a
    return near if abs(w) < 1.0 else far


@kernel
def log1p_by_shift(a, z):
    """(1 + a z) times :func:`log1p_by_slope`: less what :func:`expm1_by` at a fixed argument moves with a, from z."""
    base = grown(a, z)
    inner, end = base * log1p_by_slope(a, z), z / a
    return inner if base > 0.0 else end


@kernel
def _central_moments(a, mean):
    """Second to fourth central moments of expm1_by(a, G), G a standard Gumbel variate, by the trapezoidal rule."""
    second, third, fourth = 0.0, 0.0, 0.0
    for i in range(STEPS):
        g = LOW + STEP * i
        weight = STEP * exp(-g - exp(-g))
        distance = expm1_by(a, g) - mean
        square = distance * distance
        second += weight * square
        third += weight * square * distance
        fourth += weight * square * square
    return second, third, fourth


@kernel(heavy=True)
def stretched_moments(a):
    """Mean, variance, skewness and excess kurtosis of expm1_by(a, G), G a standard Gumbel variate.

    With g_n = Gamma(1 - n a) the mean is (g_1 - 1) / a; moments of order n need a < 1 / n. Near a = 0 the
    differences of gamma functions cancel, and the moments are integrated.
    """
    if a >= 1.0:
        return INF, INF, NAN, NAN
    log_first = log_gamma1p(-a)
    mean = expm1(log_first) / a if abs(a) > NEARLY_0 else EULER + a * (EULER_2 + a * EULER_3)
    if a >= 0.5:
        return mean, INF, NAN, NAN
    if a > CANCELS_ABOVE and a < CANCELS_BELOW:
        second, third, fourth = _central_moments(a, mean)
        return mean, second, third / (second * sqrt(second)), fourth / (second * second) - 3.0
    log2 = log_gamma1p(-2.0 * a) - 2.0 * log_first
    log3 = log_gamma1p(-3.0 * a) - 3.0 * log_first if a < 1.0 / 3.0 else INF
    log4 = log_gamma1p(-4.0 * a) - 4.0 * log_first if a < 0.25 else INF
    r2 = expm1(log2)
    first = exp(log_first) / abs(a)
    variance = first * first * r2
    if a < FAR:  # all but the leading terms vanish, and those may overflow before their ratios do
        return mean, variance, -exp(log3 - 1.5 * log2), exp(log4 - 2.0 * log2) - 3.0
    r3, r4 = expm1(log3), expm1(log4)
    skewness = (r3 - 3.0 * r2) / (r2 * sqrt(r2))
    kurtosis = (r4 - 4.0 * (r3 - 1.5 * r2)) / (r2 * r2) - 3.0
    return mean, variance, skewness if a > 0.0 else -skewness, INF if a >= 0.25 else kurtosis
