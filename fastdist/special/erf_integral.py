"""The scaled integral of the complementary error function, and differences of the scaled function itself.

ierfcx is the first repeated integral of DLMF 7.18 times exp(x*x). With q = x / (x + 4), as in
:mod:`fastdist.special.erf`, (1 + sqrt(2) x)**2 ierfcx(x) is a minimax polynomial in q - 1/2
(``tools/fit_erf_integral.py``). Since it is minus half of the derivative of erfcx, its mean over
an interval is what erfcx falls there, without the cancellation of a difference. There is no
branch, so loops vectorise.

============ ======================= ===================================
function     largest relative error  on
============ ======================= ===================================
ierfcx       7.6e-16                 [-0.1, inf)
erfcx_drop   1.4e-15                 half > 0, middle >= 0
============ ======================= ===================================
"""

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.erf import erfcx_of_sum

__all__ = ["erfcx_drop", "ierfcx"]

INV_SQRT_PI = 0.5641895835477563
SQRT_2 = 1.4142135623730951
# Where a difference of erfcx would lose a digit: the interval is short, or far out for its length.
SHORT, FAR = 0.1, 12.0
NODE1, NODE2, NODE3 = 0.2386191860831969, 0.6612093864662645, 0.932469514203152
WEIGHT1, WEIGHT2, WEIGHT3 = 0.46791393457269104, 0.3607615730481386, 0.17132449237917036


@kernel
def ierfcx(x):
    """exp(x*x) times the integral of erfc from x to infinity, for x >= -0.1."""
    finite = 1e300 if x > 1e300 else x
    t = finite / (finite + 4.0) - 0.5
    t2 = t * t
    t4 = t2 * t2
    t8 = t4 * t4
    a = fma(t2, fma(t, 1.5520195756839745, 0.14782445089750548), fma(t, -0.7360870492168521, 1.2717651044229243))
    b = fma(t2, fma(t, 0.8834915022658469, -5.786965630665411), fma(t, 6.343719868446536, -4.171882377087834))
    c = fma(t2, fma(t, -8.428992702647136, 14.85602549043385), fma(t, -14.114988354805591, 7.21977455262764))
    d = fma(t2, fma(t, -1.133863446169404, -3.1715294036103177), fma(t, 5.061212090115319, -0.4371123577007372))
    e = fma(t2, fma(t, 0.6313190225005727, -1.4605646132799113), fma(t, -0.3402852846502547, 2.4815187294421173))
    f = fma(t2, fma(t, 0.31680960904835653, -0.4757120394362974), fma(t, -0.5315706688543831, 0.8236745654319269))
    g = fma(t2, -0.08574775653921224, fma(t, -0.1047858403367998, 0.2543019655512656))
    top = fma(t8, fma(t8, fma(t8, g, fma(t4, f, e)), fma(t4, d, c)), fma(t4, b, a))
    inverse = 1.0 / fma(SQRT_2, finite, 1.0)
    return top * INV_SQRT_PI * inverse * inverse


@kernel
def _pair(middle, offset):
    return ierfcx(middle - offset) + ierfcx(middle + offset)


@kernel
def erfcx_drop(low, middle, half):
    """erfcx(|low|) - erfcx(middle + half), and whether it stands for low = middle - half < 0 as well.

    For middle >= 0 and half > 0. Of a short or a far interval, low < 0 included, it is erfcx(low) -
    erfcx(middle + half) by the Gauss-Legendre rule of six points for the derivative.
    """
    close = half < SHORT or middle > FAR * half
    inner, outer = _pair(middle, NODE1 * half), _pair(middle, NODE2 * half)
    mean = fma(WEIGHT1, inner, fma(WEIGHT2, outer, WEIGHT3 * _pair(middle, NODE3 * half)))
    difference = erfcx_of_sum(abs(low), 0.0) - erfcx_of_sum(middle + half, 0.0)
    return 2.0 * half * mean if close else difference, close
