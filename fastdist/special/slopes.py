"""Derivatives of special functions, for kernels of pairs: see :mod:`fastdist.engine.pairs`.

Functions are here that look at the bits of a number, and those of which a formula says more exactly how they move than
the derivative of their approximation does.
"""

from math import exp, expm1

from fastdist.engine.kernel import kernel
from fastdist.engine.pairs import derivative
from fastdist.engine.trigonometric import sincos_half_turn, sincos_turn
from fastdist.special.beta import log_pair, reciprocal_fall
from fastdist.special.binet import binet_curvature, binet_slope, tetragamma
from fastdist.special.erf import erf, erfc
from fastdist.special.excess import log_excess, ratio_excess
from fastdist.special.gamma import deviance, digamma, gammaln, log_gamma1p, log_minus_digamma, stirling_error, trigamma
from fastdist.special.logs import exp_excess, log_quotient
from fastdist.special.matrices import times
from fastdist.special.normal import folded_ndtri, log_ndtr, ndtr, ndtri, tail_parts
from fastdist.special.quadrature import even_stride
from fastdist.special.stretched import expm1_by, log1p_by, log1p_by_slope
from fastdist.special.von_mises import _decay

INV_SQRT_2PI = 0.3989422804014327
SQRT_HALF_PI = 1.2533141373155003
TWO_OVER_ROOT_PI = 1.1283791670955126
TWO_PI = 6.283185307179586
PI = 3.141592653589793


@derivative(gammaln)
@kernel
def gammaln_slope(result, x):
    return digamma(x)


@derivative(log_gamma1p)
@kernel
def log_gamma1p_slope(result, x):
    return digamma(1.0 + x)


@derivative(digamma)
@kernel
def digamma_slope(result, x):
    return trigamma(x)


@derivative(trigamma)
@kernel
def trigamma_slope(result, x):
    return tetragamma(x)


@derivative(log_minus_digamma)
@kernel
def log_minus_digamma_slope(result, x):
    return -(binet_curvature(x) + 0.5) / (x * x)


@derivative(stirling_error)
@kernel
def stirling_error_slope(result, x):
    return binet_slope(x)


@derivative(binet_slope)
@kernel
def binet_slope_slope(result, x):
    return binet_curvature(x) / (x * x)


@derivative(deviance)
@kernel
def deviance_slopes(result, x, m):
    return log_quotient(x, m), (m - x) / m


@derivative(log_quotient)
@kernel
def log_quotient_slopes(result, x, y):
    return 1.0 / x, -1.0 / y


@derivative(log_pair, outputs=2)
@kernel
def log_pair_slopes(result, x, rest):
    return (1.0 / x, 0.0), (0.0, 1.0)


@derivative(reciprocal_fall)
@kernel
def reciprocal_fall_slopes(result, b, a):
    end = 1.0 / (b + a)
    return -result * (1.0 / b + end), end * end


@derivative(log_excess)
@kernel
def log_excess_slopes(result, ratio, gap):
    # The second argument is the first less 1: both move together.
    return gap / ratio, 0.0


@derivative(ratio_excess)
@kernel
def ratio_excess_slopes(result, x, y):
    gap = (x - y) / y
    return gap / x, -gap / y


@derivative(exp_excess)
@kernel
def exp_excess_slope(result, x):
    return result + x


@derivative(log1p_by)
@kernel
def log1p_by_slopes(result, a, z):
    return log1p_by_slope(a, z), 1.0 / (1.0 + a * z)


@derivative(expm1_by)
@kernel
def expm1_by_slopes(result, a, y):
    w = a * y
    near = 0.5 + w * (1.0 / 3.0 + w * (0.125 + w / 30.0))
    bend = near if abs(w) < 1e-4 else (w * expm1(w) - exp_excess(w)) / (w * w)
    return y * y * bend, exp(w)


@derivative(ndtr)
@kernel
def ndtr_slope(result, x):
    return INV_SQRT_2PI * exp(-0.5 * x * x)


@derivative(log_ndtr)
@kernel
def log_ndtr_slope(result, x):
    right = x > 0.0
    e, ratio = tail_parts(x if right else -x)
    return INV_SQRT_2PI * (e / (1.0 - e * ratio) if right else 1.0 / ratio)


@derivative(ndtri)
@kernel
def ndtri_slope(result, p):
    return exp(0.5 * result * result) / INV_SQRT_2PI


@derivative(folded_ndtri)
@kernel
def folded_ndtri_slope(result, p):
    return exp(0.5 * result * result) * SQRT_HALF_PI


@derivative(erf)
@kernel
def erf_slope(result, x):
    return TWO_OVER_ROOT_PI * exp(-x * x)


@derivative(erfc)
@kernel
def erfc_slope(result, x):
    return -TWO_OVER_ROOT_PI * exp(-x * x)


@derivative(times, outputs=2)
@kernel
def times_slopes(result, product, exponent, v):
    # The power of two is a constant.
    return (result[0] / product, 0.0, result[0] / v), (0.0, 0.0, 0.0)


@derivative(sincos_turn, outputs=2)
@kernel
def sincos_turn_slopes(result, u):
    return TWO_PI * result[1], -TWO_PI * result[0]


@derivative(sincos_half_turn, outputs=2)
@kernel
def sincos_half_turn_slopes(result, x):
    return PI * result[1], -PI * result[0]


@derivative(_decay)
@kernel
def decay_slope(result, energy):
    return -result


@derivative(even_stride)
@kernel
def even_stride_slope(result, most):
    return 0.0
