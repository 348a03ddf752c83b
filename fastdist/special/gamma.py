"""The logarithm of the gamma function, its derivatives, and the terms of Stirling's formula.

All are light: they hold no branch and no table, and loops over them vectorise. The pieces are
rational functions with positive coefficients, interpolated at Chebyshev points in 50-digit
arithmetic, of

* the Binet function J(x) = log Gamma(x) - (x - 1/2) log x + x - log(2 pi) / 2 in 1 / x**2, for x >= 1
  (DLMF 5.9.10; the transform of a positive measure, so that low degrees are enough),
* log Gamma(1 + y) / (y (y - 1)) for 0 <= y <= 2, which keeps the zeros at 1 and 2,
* digamma(x) / (x - 1.4616...) for 1 <= x <= 2, which keeps the positive zero.

C. Loader, "Fast and accurate computation of binomial probabilities" (2000), gives the reason for
`stirling_error` and `deviance`: the density of the gamma, Poisson, binomial and negative binomial
distributions is free of cancellation in these two terms.

================  ===========================  ============================
function          domain tested                largest relative error seen
================  ===========================  ============================
gammaln           1e-300 .. 1e300              4.4e-16
log_gamma1p       -0.99 .. 1e300               5.9e-16
digamma           1e-300 .. 1e300              4.4e-16
trigamma          1e-150 .. 1e300              2.3e-16
stirling_error    1e-300 .. 1e300              9.3e-16
deviance          1e-300 .. 1e300, any ratio   3.8e-16
deviance_of_gap   1e-100 .. 1e100, any gap     3.6e-16
================  ===========================  ============================
"""

from math import floor, log, log1p

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel

__all__ = [
    "deviance",
    "deviance_of_gap",
    "deviance_series",
    "digamma",
    "digamma_gap",
    "digamma_series",
    "gammaln",
    "log_gamma1p",
    "log_minus_digamma",
    "stirling_error",
    "trigamma",
    "trigamma_gap",
]

INF = float("inf")
PI = 3.141592653589793
HALF_LOG_2PI = 0.9189385332046728
DIGAMMA_ROOT_HI, DIGAMMA_ROOT_LO = 1.4616321449683622, 9.549995429965697e-17
SHIFT_UP, SHIFT_DOWN = 2.0**540, 2.0**-540
LOG_SHIFT_TWICE = 748.5989550047409


@kernel
def _between_zeros(y):
    """log Gamma(1 + y) / (y (y - 1)) for 0 <= y <= 2: relative error below 4e-18 before rounding."""
    above = fma(
        y, fma(y, fma(y, 1.544286007973169e-07, 0.00010308980435750115), 0.004626756140980625), 0.06616935852850662
    )
    above = fma(y, fma(y, fma(y, above, 0.41735592672574723), 1.3223232365299926), 2.186166542970679)
    above = fma(y, fma(y, above, 1.7957408691512327), 0.5772156649015329)
    below = fma(
        y, fma(y, fma(y, 2.4676745873327574e-05, 0.0017449500495445168), 0.03611594437143113), 0.32382126709358533
    )
    below = fma(y, fma(y, fma(y, below, 1.4765832102801146), 3.6713403501825623), 5.020520573163792)
    below = fma(y, fma(y, below, 3.535926624621293), 1.0)
    return above / below


@kernel
def _binet(x):
    """The Binet function J(x) for x >= 1: relative error below 6e-18 before rounding."""
    r = 1.0 / x
    t = r * r
    above = fma(t, fma(t, fma(t, 0.04049287340692764, 3.347075300548692), 42.848038114869745), 180.58815393438454)
    above = fma(t, fma(t, fma(t, above, 323.04457266419695), 275.06400414480726), 116.84706366492655)
    above = fma(t, fma(t, fma(t, above, 24.645710493000475), 2.396603895668452), 0.08333333333333333)
    below = fma(t, fma(t, fma(t, 0.9011117268967883, 49.722190552912316), 566.7533974152968), 2275.4199152141127)
    below = fma(t, fma(t, fma(t, below, 3976.4473114330203), 3345.197495930728), 1411.7876502803938)
    below = fma(t, fma(t, fma(t, below, 296.6987547758604), 28.79258008135476), 1.0)
    return r * (above / below)


@kernel
def _sin_pi(r):
    """sin(pi r) for |r| <= 1/2."""
    z = r * r
    s = fma(z, fma(z, 7.760742546920359e-07, -2.1909050999165194e-05), 0.00046630177330996226)
    s = fma(z, fma(z, fma(z, s, -0.007370430857971473), 0.08214588660744228), -0.5992645293207257)
    return r * fma(z, fma(z, fma(z, s, 2.550164039877345), -5.16771278004997), PI)


@kernel
def _cos_pi(r):
    """cos(pi r) for |r| <= 1/2, with its zeros."""
    z = r * r
    c = fma(z, fma(z, 3.372518964421812e-08, -1.0669025410358654e-06), 2.589269856845069e-05)
    c = fma(z, fma(z, fma(z, c, -0.0004759203891772632), 0.00633274274920668), -0.05724947190238298)
    c = fma(z, fma(z, fma(z, c, 0.31950332423805095), -0.9348022005446793), 1.0)
    return (1.0 - 2.0 * r) * (1.0 + 2.0 * r) * c


@kernel
def gammaln(x):
    """log|Gamma(x)| for all real x, with full relative accuracy at the zeros 1 and 2.

    Below 3 from the zeros, above from Stirling's formula with the Binet function, below 0 by
    reflection (DLMF 5.5.3), where accuracy is absolute near the zeros.

    Largest relative error seen: 4.4e-16 over x from 1e-300 to 1e300.
    """
    z = x if x > 0.0 else 1.0 - x
    log_z = log(z)
    below_one = z < 1.0
    y = z if below_one else z - 1.0
    near = y * (y - 1.0) * _between_zeros(y) - (log_z if below_one else 0.0)
    far = fma(z - 0.5, log_z - 1.0, _binet(z if z > 1.0 else 1.0) + (HALF_LOG_2PI - 0.5))
    y = near if z <= 3.0 else far
    nearest = floor(x + 0.5)
    sine = abs(_sin_pi(x - nearest))
    reflected = -log((sine if x != nearest else 1.0) / PI) - y
    reflected = INF if x == nearest else reflected
    return reflected if x <= 0.0 else y


@kernel
def log_gamma1p(x):
    """log Gamma(1 + x) for x > -1, with full relative accuracy at its zeros 0 and 1.

    Largest relative error seen: 5.9e-16 over x from -0.99 to 1e300.
    """
    negative = x < 0.0
    y = 1.0 + x if negative else x
    z = 1.0 + x
    near = y * (x if negative else x - 1.0) * _between_zeros(y) - (log1p(x) if negative else 0.0)
    far = fma(z - 0.5, log(z) - 1.0, _binet(z if z > 1.0 else 1.0) + (HALF_LOG_2PI - 0.5))
    return near if x < 2.0 else far


@kernel
def _digamma_near_root(x):
    """digamma(x) for 1 <= x <= 2."""
    y = x - 1.0
    above = fma(
        y, fma(y, fma(y, 1.0894678528383955e-06, 0.0005811135063985677), 0.01996408274151926), 0.21631407251432455
    )
    above = fma(y, fma(y, fma(y, above, 0.9711327526262392), 1.8675925104074453), 1.2503801375034054)
    below = fma(
        y, fma(y, fma(y, 0.00012043151172286901, 0.006100975692434821), 0.09111902253303285), 0.5710455727133128
    )
    below = fma(y, fma(y, fma(y, below, 1.6630736963665909), 2.1771665986671342), 1.0)
    return ((x - DIGAMMA_ROOT_HI) - DIGAMMA_ROOT_LO) * (above / below)


@kernel
def digamma_series(x):
    """x**2 (log x - digamma(x) - 1 / (2 x)) for x >= 2, which is 1/12 at infinity."""
    r = 1.0 / x
    t = r * r
    above = fma(t, fma(t, fma(t, 1.742250983485673, 47.75507603422627), 187.28242664938603), 234.69016927999672)
    above = fma(t, fma(t, fma(t, above, 119.47270202253259), 26.754241555322345), 2.5594958027307384)
    above = fma(t, above, 0.08333333333333333)
    below = fma(t, fma(t, fma(t, 46.521901837416976, 731.8314769208914), 2486.17587207121), 2948.7655722800137)
    below = fma(t, fma(t, fma(t, below, 1464.663560793446), 324.084674579526), 30.813949632768857)
    below = fma(t, below, 1.0)
    return above / below


@kernel
def digamma_gap(x):
    """log x - digamma(x) for x >= 2."""
    r = 1.0 / x
    return fma(r * r, digamma_series(x), 0.5 * r)


@kernel
def digamma(x):
    """Derivative of log Gamma: for all real x, with full relative accuracy at the positive zero.

    From 2 up log x less an asymptotic part as a rational function of 1 / x**2, below 1 by one
    recurrence step, below 0 by reflection (DLMF 5.5.4).

    Largest relative error seen: 4.4e-16 over x from 1e-300 to 1e300.
    """
    z = x if x > 0.0 else 1.0 - x
    below_one = z < 1.0
    near = _digamma_near_root(1.0 + z if below_one else z) - (1.0 / z if below_one else 0.0)
    far = log(z) - digamma_gap(z if z >= 2.0 else 2.0)
    y = near if z < 2.0 else far
    r = x - floor(x + 0.5)
    sine = _sin_pi(r)
    reflected = y - PI * _cos_pi(r) / (sine if sine != 0.0 else 1.0)
    return reflected if x < 0.0 else (-INF if x == 0.0 else y)


@kernel
def log_minus_digamma(x):
    """log x - digamma(x) for x > 0: from 2 up without the cancellation of the two."""
    return digamma_gap(x) if x >= 2.0 else log(x) - digamma(x)


@kernel
def trigamma_gap(x):
    """x**3 (trigamma(x) - 1/x - 1 / (2 x**2)) for x >= 1, which is 1/6 at infinity: a rational function of 1 / x**2."""
    r = 1.0 / x
    t = r * r
    above = fma(t, fma(t, fma(t, 0.8256636028060678, 76.9912115635081), 993.8348370857021), 4210.38766049199)
    above = fma(t, fma(t, fma(t, above, 7717.953905511635), 6963.05871084847), 3292.239826319856)
    above = fma(t, fma(t, fma(t, above, 832.5766660795723), 110.3316239643574), 7.041525287685373)
    above = fma(t, above, 0.16666666666666666)
    below = fma(t, fma(t, fma(t, 26.367847530091076, 978.0333667740599), 8985.826296120327), 32001.28763510394)
    below = fma(t, fma(t, fma(t, below, 53189.602667072046), 45300.780235378515), 20690.44448974484)
    below = fma(t, fma(t, fma(t, below, 5123.663175342812), 670.3367169885098), 42.44915172611224)
    below = fma(t, below, 1.0)
    return above / below


@kernel
def trigamma(x):
    """Second derivative of log Gamma, for x > 0.

    1/x + 1/(2 x**2) + :func:`trigamma_gap` / x**3 from 1 up, one recurrence step below.

    Largest relative error seen: 2.3e-16 over x from 1e-150 to 1e300.
    """
    below_one = x < 1.0
    z = 1.0 + x if below_one else x
    r = 1.0 / z
    y = fma(r * r, fma(r, trigamma_gap(z), 0.5), r)
    square = x * x
    step = INF if square == 0.0 else 1.0 / (square if below_one else 1.0)
    return y + step if below_one else y


@kernel
def stirling_error(x):
    """log Gamma(x + 1) - (x + 1/2) log x + x - log(2 pi) / 2: the error of Stirling's formula, x >= 0.

    It is the Binet function J(x): inf at 0 and 1 / (12 x) at infinity.

    Largest relative error seen: 9.3e-16 over x from 1e-300 to 1e300.
    """
    large = _binet(x if x > 1.0 else 1.0)
    positive = x if x > 0.0 else 1.0
    log_factorial = x * (x - 1.0) * _between_zeros(x)
    small = log_factorial - fma(x + 0.5, log(positive), HALF_LOG_2PI - x)
    return large if x >= 1.0 else (INF if x == 0.0 else small)


@kernel
def deviance_bend(v):
    """(atanh(v) - v) / v**3 for |v| <= 1/2: relative error below 2e-17 before rounding."""
    w = v * v
    w2 = w * w
    w4 = w2 * w2
    a = fma(w2, fma(w, 0.11111111133938968, 0.14285714285490106), fma(w, 0.20000000000000864, 0.3333333333333333))
    b = fma(w2, fma(w, 0.05893099692590042, 0.06665886352701884), fma(w, 0.07692345940270638, 0.09090907881509189))
    c = fma(w2, fma(w, 0.13557903913692299, 0.012292448728540531), fma(w, 0.05441915418234587, 0.05160769881147162))
    d = fma(w, 0.21098097885975797, -0.14450491183414468)
    return fma(w4, fma(w4, fma(w4, d, c), b), a)


@kernel
def deviance_series(v):
    """(atanh(v) - v) / v for |v| <= 1/2.

    With it the deviance is (x - m) v + 2 x v (atanh(v) - v) / v where v = (x - m) / (x + m).
    """
    return v * v * deviance_bend(v)


@kernel
def deviance(x, m):
    """x log(x / m) + m - x for x, m >= 0, with full relative accuracy also where x is close to m.

    While x / m lies in [1/3, 3] by a series in v = (x - m) / (x + m), as in Loader's bd0 with more
    terms; outside the defining formula loses nothing.

    Largest relative error seen: 3.8e-16 over x and m from 1e-300 to 1e300.
    """
    scale = 0.25 if x > 4e307 or m > 4e307 else 1.0
    gap = x - m
    total = scale * x + scale * m
    v = (scale * gap) / (total if total > 0.0 else 1.0)
    near = v * fma(2.0 * x, deviance_series(v), gap)
    apart = x * 1e-300 > m
    upper = x * SHIFT_DOWN if apart else x
    lower = m * SHIFT_UP if apart else m
    ratio = upper / (lower if lower > 0.0 else 1.0)
    ratio = ratio if ratio > 1e-300 else 1e-300
    log_ratio = log(ratio) + (LOG_SHIFT_TWICE if apart else 0.0)
    far = fma(x, log_ratio - 1.0, m)
    y = near if abs(v) < 0.5 else far
    return y if m != 0.0 else (INF if x > 0.0 else x)


@kernel
def deviance_of_gap(x, m, gap):
    """:func:`deviance` where x - m is known without the rounding of m.

    That is worth the more the larger both are: a deviance of 1 from 1e30 is of a gap of 1e-15.
    """
    v = 0.5 * gap / (0.5 * x + 0.5 * m)
    close = abs(v) < 0.5
    return v * fma(x, 2.0 * deviance_series(v), gap) if close else deviance(x, m)
