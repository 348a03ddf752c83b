"""log(x) - digamma(x), for formulas in which the two would cancel."""

from math import log

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.gamma import digamma


@kernel
def log_minus_digamma(x):
    """log(x) - digamma(x) for x > 0, by the asymptotic series (DLMF 5.11.2) from 10 up."""
    t = 1.0 / (x * x)
    s = fma(t, -0.083333333333333333, 0.021092796092796093)
    s = fma(t, s, -0.0075757575757575758)
    s = fma(t, s, 0.0041666666666666667)
    s = fma(t, s, -0.0039682539682539683)
    s = fma(t, s, 0.0083333333333333333)
    s = fma(t, s, -0.083333333333333333)
    return 0.5 / x - t * s if x > 10.0 else log(x) - digamma(x)
