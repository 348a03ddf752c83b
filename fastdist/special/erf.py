"""The error function and its complements.

All three rest on one fit: with q = x / (x + 4), which carries [0, inf] to [0, 1],
(1 + 2 x) erfcx(x) = 1 + q G(q - 1/2) with G a minimax polynomial (the mapping is that of
M. M. Shepherd and J. G. Laframboise, Math. Comp. 36 (1981) 249-253; the coefficients are from
``tools/fit_erf.py``). There is no branch, so loops vectorise.

======== ======================= ===========================
function largest relative error  on
======== ======================= ===========================
erf      1.8e-16                 all
erfc     3.5e-16                 (-inf, 26.5]
erfcx    2.4e-16                 [-26, inf)
======== ======================= ===========================
"""

from math import exp

from fastdist.engine.bits import fma
from fastdist.engine.elementary import exp_sum
from fastdist.engine.kernel import kernel

__all__ = ["erf", "erfc", "erfcx", "erfcx_of_sum", "erfcx_parts"]

INF = float("inf")


@kernel
def _fit(x):
    """q and G such that (1 + 2 x) exp(x*x) erfc(x) = 1 + q G, for x >= 0."""
    finite = x if x < 1e300 else 1e300
    q = finite / (finite + 4.0)
    t = q - 0.5
    t2 = t * t
    t4 = t2 * t2
    t8 = t4 * t4
    a = fma(t2, fma(t, -5.118381333025048, 3.103967100549873), fma(t, -1.490464941864459, 0.465990237251105))
    b = fma(t2, fma(t, -5.537037040593332, 7.525960507670932), fma(t, -8.008123665834981, 7.003512552888974))
    c = fma(t2, fma(t, 0.6519575050303897, -0.7340574016375645), fma(t, -0.4089311375610779, 2.7808342441494958))
    d = fma(t2, fma(t, 0.07065125960116292, 0.15166732929039523), fma(t, -0.25968598212527977, -0.0700232032117132))
    e = fma(t2, fma(t, -0.006412585388079868, 0.05894358861692214), fma(t, -0.009240700896324632, -0.10299708287199101))
    g = fma(t2, fma(t, -0.004239000479513189, 0.009912814148579297), fma(t, 0.00801035702317957, -0.02987372993281396))
    tail = fma(t8, fma(t4, g, e), fma(t4, d, c))
    return q, fma(t8, tail, fma(t4, b, a))


@kernel
def erfcx_parts(x):
    """Numerator and denominator of exp(x*x) * erfc(x) for x >= 0: each within 1 ulp."""
    q, g = _fit(x)
    return fma(q, g, 1.0), fma(2.0, x, 1.0)


@kernel
def erfcx_of_sum(x, rest):
    """exp(y*y) * erfc(y) for y = x + rest >= 0, where |rest| is no more than an ulp of x.

    The rounding errors of numerator and denominator are carried into the quotient.
    """
    q, g = _fit(x)
    top = fma(q, g, 1.0)
    top_rest = fma(q, g, 1.0 - top)
    bottom = x + 0.5
    other = bottom - x
    bottom_rest = (x - (bottom - other)) + (0.5 - other) + rest
    inverse = 0.5 / bottom
    y = top * inverse
    twice = y + y
    y = fma(fma(-twice, bottom, top) + fma(-twice, bottom_rest, top_rest), inverse, y)
    return y if x != INF else 0.0


@kernel
def _erf_near(x):
    """erf(x) for |x| <= 1, by a minimax polynomial in x*x."""
    z = x * x
    z2 = z * z
    z4 = z2 * z2
    a = fma(z2, fma(z, -0.02686617064311236, 0.11283791670944189), fma(z, -0.3761263890318352, 0.12837916709551256))
    b = fma(z, -0.0008548325929683121, 0.005223977606126319)
    b = fma(z2, fma(z, -1.4924712486421037e-05, 0.00012055293587290937), b)
    c = fma(z, -1.6206328239977346e-07, 1.644713365131468e-06)
    c = fma(z2, fma(z, -7.779564531887008e-10, 1.3711037192725866e-08), c)
    return fma(x, fma(z4, fma(z4, c, b), a), x)


@kernel
def _exp_of_square(x, scale):
    """exp(scale * x * x) for x >= 0, with the rounding error of the square made good."""
    short = x if x < 100.0 else 100.0
    square = short * short
    return exp_sum(scale * square, scale * fma(short, short, -square))


@kernel
def erf(x):
    """Error function."""
    size = abs(x)
    far = 1.0 - exp(-size * size) * erfcx_of_sum(size, 0.0)
    far = far if x > 0.0 else -far
    return far if size > 1.0 else _erf_near(x)


@kernel
def erfc(x):
    """1 - erf(x), with full relative accuracy down to where it underflows (x = 26.5)."""
    size = abs(x)
    tail = _exp_of_square(size, -1.0) * erfcx_of_sum(size, 0.0)
    y = tail if x > 0.0 else 2.0 - tail
    return 1.0 - _erf_near(x) if size < 0.5 else y


@kernel
def erfcx(x):
    """exp(x*x) * erfc(x), without overflow for any positive x."""
    y = erfcx_of_sum(abs(x), 0.0)
    return y if x >= 0.0 else fma(2.0, _exp_of_square(abs(x), 1.0), -y)
