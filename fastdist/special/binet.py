"""How far the Binet function J(x) = log Gamma(x) - (x - 1/2) log x + x - log(2 pi) / 2 lies above its tangents.

A Bregman divergence of log Gamma is in Stirling's form a sum of three that are not negative:

    log Gamma(x) - log Gamma(a) - (x - a) digamma(a)
        = (x log(x/a) - x + a) + (x/a - 1 - log(x/a)) / 2 + (J(x) - J(a) - (x - a) J'(a)),

so that nothing cancels however large the numbers are, or however close to each other: the first two are
:func:`fastdist.special.gamma.deviance` of (x, a), and of (a, x) over 2 a. The third is here. J is convex, being the
Laplace transform of a positive measure (DLMF 5.9.10).

==================  ==========================  ============================
function            domain tested               largest relative error seen
==================  ==========================  ============================
binet_curvature     1e-300 .. 1e300             1.3e-15
binet_divergence    1e-100 .. 1e12, any ratio   1.5e-15
gammaln_divergence  1e-100 .. 1e12, any ratio   4.8e-16, its slope 1.1e-15
==================  ==========================  ============================

The error of `binet_divergence` is relative to half the deviance above, beside which it is never the larger part.
"""

from math import expm1

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.gamma import deviance, digamma, log_gamma1p, log_minus_digamma, stirling_error, trigamma_gap
from fastdist.special.logs import exp_excess, log_quotient
from fastdist.special.quadrature import NODES_8, WEIGHTS_8

__all__ = ["binet_curvature", "binet_divergence", "binet_slope", "gammaln_divergence", "gumbel_divergence"]

SMALL = 1.5


@kernel
def binet_curvature(x):
    """x**2 times the second derivative of the Binet function, for x > 0: 1/2 at 0, and 1 / (6 x) at infinity."""
    small = x < 1.0
    z = 1.0 + x if small else x
    r = 1.0 / z
    gap = trigamma_gap(z)
    return fma(x * x, r * (1.0 + r * (0.5 + r * gap)), 0.5 - x) if small else r * gap


@kernel
def binet_slope(x):
    """The derivative of the Binet function, for x > 0."""
    return 0.5 / x - log_minus_digamma(x)


@kernel
def binet_divergence(x, a):
    """(J(x) - J(a) - (x - a) J'(a), J'(x) - J'(a)) for x, a > 0.

    Where x is within a fifth of a, both are integrals of the curvature, by Gauss and Legendre's rule. Of small
    numbers J is log Gamma(1 + x) + x - (x + 1/2) log x, and the logarithms, which cancel, are deviances.
    """
    v = (x - a) / a
    close = abs(v) < 0.2
    near_v = v if close else 0.0
    total, moved = 0.0, 0.0
    for i in range(4):
        for node in (NODES_8[i], 1.0 - NODES_8[i]):
            u = 1.0 + near_v * node
            curvature = WEIGHTS_8[i] * (binet_curvature(a * u) / (u * u))
            total += (1.0 - node) * curvature
            moved += curvature
    slope = binet_slope(a)
    far = stirling_error(x) - stirling_error(a) - (x - a) * slope
    smooth = log_gamma1p(x) - log_gamma1p(a) - (x - a) * digamma(1.0 + a)
    small = 0.5 * (deviance(a, x) / a) - deviance(x, a) + smooth
    far = small if x < SMALL and a < SMALL else far
    return v * v * total if close else far, v * moved / a if close else binet_slope(x) - slope


@kernel
def gammaln_divergence(x, a):
    """(log Gamma(x) - log Gamma(a) - (x - a) digamma(a), digamma(x) - digamma(a)) for x, a > 0."""
    beyond, slope = binet_divergence(x, a)
    value = deviance(x, a) + 0.5 * (deviance(a, x) / a) + beyond
    return value, log_quotient(x, a) + 0.5 * ((x - a) / a) / x + slope


@kernel
def gumbel_divergence(d, ratio):
    """The divergence of two Gumbel distributions whose scales have a ratio, the second's loc d of its scales above.

    exp(u) - 1 - u with u = d + log Gamma(1 + ratio), and log Gamma's divergence of the ratio from 1. With it go
    its derivatives in d and in the ratio.
    """
    u = d + log_gamma1p(ratio)
    value, slope = gammaln_divergence(ratio, 1.0)
    pull = expm1(u)
    return exp_excess(u) + value, pull, pull * digamma(1.0 + ratio) + slope
