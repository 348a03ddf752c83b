"""The zeta functions of Riemann and Hurwitz for real s > 1, by Euler-Maclaurin summation.

All rest on DLMF 25.11.43 (Johansson, "Rigorous high-precision computation of the Hurwitz zeta function and its
derivatives", Numer. Algorithms 69 (2015) 253-270, doi:10.1007/s11075-014-9893-1, bounds its rest):
zeta(s, q) is a sum of a few powers and, from the first whole step Q of q that is beyond s, an integral with
Bernoulli corrections. Powers of q stand outside, because they overflow and underflow long before the rest does.

=====================  ====================================  ============================
function               domain tested                         largest relative error seen
=====================  ====================================  ============================
scaled_hurwitz_zeta    s - 1 in 1e-15 .. 1e3, q in 1..1e300  4.6e-16
hurwitz_log_slope      s - 1 in 1e-15 .. 1e3, q in 1..1e30   5e-16 + 1e-16 s log(1 + 1/q)
zetam1                 s - 1 in 1e-15 .. 1e3                 6.0e-16
zeta_without_pole      s - 1 in 1e-15 .. 30                  2.1e-15
power_sum              s - 1 in 1e-15 .. 30, n in 1..1e300   4.4e-16
power_sum_log_slope    s - 1 in 1e-15 .. 4, n in 1..1e300    5.3e-16
=====================  ====================================  ============================
"""

from math import exp, expm1, log, log1p

from fastdist.engine.bits import fma
from fastdist.engine.elementary import exp_sum
from fastdist.engine.kernel import kernel

__all__ = [
    "hurwitz_log_slope",
    "power_sum",
    "power_sum_log_slope",
    "scaled_hurwitz_zeta",
    "scaled_hurwitz_zeta_and_slope",
    "zeta_without_pole",
    "zetam1",
]

LOG_2, LOG_2_REST = 0.6931471805599453, 2.3190468138462996e-17
LOG_3, LOG_5, LOG_7, LOG_11 = 1.0986122886681098, 1.6094379124341003, 1.9459101490553132, 2.3978952727983707
# From s + FAR on, the first Bernoulli term that is left out is below 1e-17 of the sum.
FAR = 9.0
# A term that is this small beside the sum (or is NaN) ends it: beyond it they fall faster than a geometric series.
NOTHING = 4e-19
# Ratios of successive coefficients B_2j / (2j)!, from j = 2 on.
FIRST = 0.08333333333333333
RATIOS = (
    -0.016666666666666666,
    -0.023809523809523808,
    -0.025,
    -0.025252525252525252,
    -0.02531135531135531,
    -0.02532561505065123,
    -0.025329131652661065,
    -0.025330005504037488,
    -0.02533022338183393,
)


@kernel
def _corrections(s, q):
    """q**(s - 1) zeta(s, q) - 1 / (s - 1) for q >= s + FAR: 1 / (2 q) and the Bernoulli terms."""
    r = 1.0 / q
    series = 1.0
    for i in range(8, -1, -1):
        order = s + (2.0 * i + 1.0)
        series = fma(RATIOS[i] * (order * r) * ((order + 1.0) * r), series, 1.0)
    return r * fma(FIRST * (s * r), series, 0.5)


@kernel
def _corrections_and_slope(s, q):
    """:func:`_corrections` with its derivative in s."""
    r = 1.0 / q
    series, slope = 1.0, 0.0
    for i in range(8, -1, -1):
        order = s + (2.0 * i + 1.0)
        factor = RATIOS[i] * (order * r) * ((order + 1.0) * r)
        slope = RATIOS[i] * r * ((2.0 * order + 1.0) * r) * series + factor * slope
        series = fma(factor, series, 1.0)
    return r * fma(FIRST * (s * r), series, 0.5), FIRST * r * r * fma(s, slope, series)


@kernel(heavy=True)
def scaled_hurwitz_zeta(s, q):
    """q**(s - 1) zeta(s, q) for s > 1 and q >= 1: between 1 / (s - 1) and 1 / (s - 1) + 1."""
    total, i, step = 0.0, 0.0, 0.0
    while q + i < s + FAR:
        term = exp(-s * step)
        total += term
        if not term > NOTHING * total:
            return total / q
        i += 1.0
        step = log1p(i / q)
    far = exp(-(s - 1.0) * step) if i > 0.0 else 1.0
    return fma(far, 1.0 / (s - 1.0) + _corrections(s, q + i), total / q)


@kernel(heavy=True)
def scaled_hurwitz_zeta_and_slope(s, q):
    """:func:`scaled_hurwitz_zeta` with its derivative in s, of which the sign is turned."""
    total, moment, i, step = 0.0, 0.0, 0.0, 0.0
    while q + i < s + FAR:
        term = exp(-s * step)
        total += term
        moment += term * step
        if i > 0.0 and not term * step > NOTHING * moment:
            return total / q, moment / q
        i += 1.0
        step = log1p(i / q)
    far = exp(-(s - 1.0) * step) if i > 0.0 else 1.0
    pole = 1.0 / (s - 1.0)
    corrections, slope = _corrections_and_slope(s, q + i)
    rest = pole + corrections
    return fma(far, rest, total / q), fma(far, fma(step, rest, pole * pole - slope), moment / q)


@kernel
def hurwitz_log_slope(s, q):
    """-d log zeta(s, q) / ds: the mean of log(q + i) over i = 0, 1, ... with the weights of zeta's terms."""
    value, slope = scaled_hurwitz_zeta_and_slope(s, q)
    return log(q) + slope / value


@kernel
def zetam1(s):
    """zeta(s) - 1 for s > 1, which falls like 2**-s.

    Euler-Maclaurin from 11 on, whatever s is: where that is too early for its corrections, 11**-s is nothing beside
    2**-s. The powers before are products of four, so that no loop and no branch is left.
    """
    s = 2000.0 if s > 2000.0 else s
    p = -s * LOG_2
    two = exp_sum(p, fma(-s, LOG_2, -p) - s * LOG_2_REST)
    three, five, seven = exp(-s * LOG_3), exp(-s * LOG_5), exp(-s * LOG_7)
    near = 60.0 if s > 60.0 else s
    rest = exp(-s * LOG_11) * fma(11.0, _corrections(near, 11.0), 11.0 / (s - 1.0))
    four = two * two
    return two + (
        three + (four + (five + (two * three + (seven + (two * four + (three * three + (two * five + rest)))))))
    )


@kernel
def _incomplete(y):
    """(1 - exp(-y) (1 + y)) / y**2 for y >= 0: the incomplete gamma function of order 2, divided."""
    series = 1.0
    for n in range(20, 2, -1):
        series = fma(y / n, series, 1.0)
    near = 0.5 * exp(-y) * series
    far = (1.0 - exp(-y) * (1.0 + y)) / (y * y if y > 1.0 else 1.0)
    return near if y <= 1.0 else far


@kernel
def _integral(e, length):
    """The integral of exp(-e y) over y from 0 to `length`, for e > 0."""
    return -expm1(-e * length) / e


@kernel(heavy=True)
def zeta_without_pole(s):
    """zeta(s) - 1 / (s - 1) for s > 1, with the turned sign of its derivative: Euler's constant at 1."""
    total, moment, n, length = 1.0, 0.0, 2.0, LOG_2
    e = s - 1.0
    while n < s + FAR:
        term = exp(-s * length)
        total += term
        moment += term * length
        if not term * length > NOTHING * moment:
            break
        n += 1.0
        length = log(n)
    far = exp(-e * length)
    corrections, slope = _corrections_and_slope(s, n)
    # Where the sum ended early its rest is nothing, and n is too small for corrections.
    corrections, slope = (corrections, slope) if n >= s + FAR else (0.0, 0.0)
    value = total - _integral(e, length) + far * corrections
    square = length * length * _incomplete(e * length)
    return value, moment - square + far * (length * corrections - slope)


@kernel(heavy=True)
def power_sum(s, n, without_pole):
    """The sum of k**-s over k = 1, ..., n, with :func:`zeta_without_pole` of s: also for s close to 1."""
    q = n + 1.0
    if q < s + FAR:
        total, k = 1.0, 2.0
        while k < q:
            term = exp(-s * log(k))
            total += term
            if not term > NOTHING * total:
                break
            k += 1.0
        return total
    length, e = log(q), s - 1.0
    return without_pole + _integral(e, length) - exp(-e * length) * _corrections(s, q)


@kernel(heavy=True)
def power_sum_log_slope(s, n, without_pole, turned_slope):
    """-d log(power_sum) / ds: the mean of log k over k = 1, ..., n with weights k**-s."""
    q = n + 1.0
    if q < s + FAR:
        total, moment, k = 1.0, 0.0, 2.0
        while k < q:
            length = log(k)
            term = exp(-s * length)
            total += term
            moment += term * length
            if not term * length > NOTHING * moment:
                break
            k += 1.0
        return moment / total
    length, e = log(q), s - 1.0
    far = exp(-e * length)
    corrections, slope = _corrections_and_slope(s, q)
    total = without_pole + _integral(e, length) - far * corrections
    moment = turned_slope + length * length * _incomplete(e * length) - far * (length * corrections - slope)
    return moment / total
