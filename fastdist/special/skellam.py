"""Mass and tails of the difference of two Poisson counts, of means a and b, to full relative accuracy.

The mass is a Bessel function of order k, P(k) = exp(-a - b) (a/b)**(k/2) I_k(2 sqrt(a b)), tilted to means A and B
with A B = a b and A - B = k, where k is the mean:

    P(k) = exp(-deviance(A, a) - deviance(B, b)) G(n, k),    n = A + B = sqrt(k*k + 4 a b),

so that nothing cancels in the exponent, and G is the mass at the mean of a distribution of variance n. From n = 32
on log G is Debye's uniform expansion (DLMF 10.41.3) of total degree 12 in 1/n and k*k / n**3, economised: the error
is 3.4e-17 (``tools/fit_skellam.py``). Below, the Bessel function is its power series (DLMF 10.25.2).

Tails are relative to the mass at their first count, and of the two only the smaller is computed. For small n
it is a sum over the masses by their recurrence downwards, where I_k grows (J. C. P. Miller's method, DLMF
section 3.6(iii)). Otherwise it is Cauchy's integral of the generating function over the circle through the
saddle point (H. E. Daniels, "Tail probability approximations", Int. Stat. Rev. 55 (1987) 37-48,
doi:10.2307/1403269) by the midpoint rule, whose error falls as exp(-2 pi**2 / step**2) in units of the Gaussian's
width. The pole at 1 may be as near to the circle as it likes: what it adds to the error of the rule is known exactly
(C. Chiarella and A. Reichel, "On the evaluation of integrals related to the error function", Math. Comp. 22 (1968)
137-143, doi:10.1090/S0025-5718-1968-0223062-8). 13 to 15 points are enough for 1e-16.

=========================== =================================== ===========================
function                    domain tested                       largest relative error seen
=========================== =================================== ===========================
skellam_log_mass            rates 1e-300 .. 1e15, 60 deviations 9e-16
skellam_log_mass_and_slopes the same                            3e-15, for n < 32 1e-13
skellam_tail                the same                            2.4e-15, of its logarithm
=========================== =================================== ===========================
"""

from math import exp, floor, log, log1p, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import expression, kernel
from fastdist.engine.trigonometric import sincos_turn
from fastdist.special.gamma import deviance
from fastdist.special.poisson import log_poisson_mass

__all__ = [
    "LARGE",
    "skellam_log_mass",
    "skellam_log_mass_and_slopes",
    "skellam_log_mass_far",
    "skellam_offset",
    "skellam_root",
    "skellam_tail",
]

PI = 3.141592653589793
HALF_LOG_2PI = 0.9189385332046728
# The least n of the expansion.
EXPANDED = 32.0
# From this n on the square of what rounding makes of the saddle point counts in the exponent.
LARGE = 1e15
# A sum over fewer counts takes less time than the integral, whose n is then no less than 90.
SUMMED = 200.0
# exp(-FAR) no longer counts.
FAR = 39.0
# A pole that is more widths away from the circle than this adds nothing to the error of the rule.
POLE = 8.0
# log(G sqrt(2 pi n)): coefficients of y**0, y**1, ... in y = k*k / n**3, each in 1/n, the highest power first.
DEGREE = 12
LOG_TERMS = (
    (4741.13014693819, 479.97125810911115, 107.28624426393532, 23.469198259756787, 5.809831315327088,
     1.638065914592764, 0.5364583328999103, 0.20957031250215494, 0.1015624999999926, 0.06510416666666669, 0.0625,
     0.125, 0.0),
    (-887958.1123856808, -72171.66427387952, -13656.828819117882, -2426.4441783634747, -477.6176416110086,
     -103.97592086990338, -25.312499989812686, -6.982282366101021, -2.218749999999939, -0.8296875000000001, -0.375,
     -0.20833333333333334),
    (28943961.565575197, 1897543.5646318262, 304669.14001493354, 44050.03120746353, 6904.325894150181,
     1160.8294101251026, 209.62499992870445, 40.54275173624217, 8.296874999999838, 1.7265625000000002, 0.3125),
    (-384815559.48132586, -20347219.832149196, -2764532.025825559, -323695.46033340495, -40090.82905445198,
     -5140.211068631638, -673.6249997797904, -87.69335937525564, -10.593749999999826, -0.959201388888889),
    (2732772875.393233, 116005119.16784707, 13230748.578836925, 1239292.350215586, 119073.39439510647,
     11304.658849668027, 1021.6406246629483, 80.88378906272797, 4.414062499999933),
    (-11773057647.49152, -397440555.83252907, -37510079.91929743, -2750684.2426414136, -198324.76698101242,
     -13184.76634033037, -737.8124997489912, -26.96126302090934),
    (32917735747.465923, 870152461.1100821, 66418695.84817446, 3680209.356860971, 187805.276712891,
     7824.898666394985, 204.94791659403836),
    (-61819831767.084274, -1249355833.666603, -74374474.4625463, -2932090.527451661, -94605.04636201895,
     -1863.0710669996092),
    (78810185759.65651, 1173136269.9756453, 51262484.65679367, 1282851.2220022958, 19709.45321217151),
    (-67379504032.81245, -694663386.7662532, -19874214.58434371, -237529.7553936361),
    (37025670334.862335, 235602770.4236423, 3320252.315935751),
    (-11827995733.435204, -34915476.42314033),
    (1670779278.3804376,),
)  # fmt: skip


def _scheme(rows):
    """The kernel of a polynomial in w, y and z = y*y: Horner's schemes, written out for each row of coefficients."""

    def horner(terms, variable):
        text = terms[0]
        for term in terms[1:]:
            text = f"fma({text}, {variable}, {term})"
        return text

    in_w = [horner([repr(c) for c in row], "w") for row in rows]
    return expression(f"fma({horner(in_w[1::2][::-1], 'z')}, y, {horner(in_w[::2][::-1], 'z')})", "w, y, z", fma=fma)


_log_correction = _scheme(LOG_TERMS)
# x I'(x) / I(x) - n, over 1 - k*k / n**2, is this above -1/2: x d/dx of a term 1/n**p y**i is -(p + 3 i) times it.
_slope_correction = _scheme(
    [[-(DEGREE - i - place + 3 * i) * c for place, c in enumerate(row)] for i, row in enumerate(LOG_TERMS)]
)


@kernel
def _at(n, k):
    """1/n, k*k / n**3 and the square of that."""
    w = 1.0 / n
    y = (k * w) * (k * w) * w
    return w, y, y * y


@kernel
def skellam_root(a, b):
    """2 sqrt(a b), which neither overflows nor underflows."""
    return 2.0 * sqrt(a) * sqrt(b)


@kernel
def skellam_offset(k, a, b):
    """k - (a - b) to full relative accuracy: what the two differences lose in rounding is added in the end."""
    first = k - a
    back = first + a
    lost = (k - back) + ((back - first) - a)
    second = first + b
    back = second - first
    return second + (lost + ((first - (second - back)) + (b - back)))


@kernel
def _variance(k, root):
    """n = sqrt(k*k + root*root) for k >= 0."""
    large = k if k > root else root
    ratio = (root if k > root else k) / (large if large > 0.0 else 1.0)
    return large * sqrt(fma(ratio, ratio, 1.0))


@kernel
def _saddle(k, n, root):
    """A, B and what A is short of, so that A + rest - B = k >= 0: the exponent is flat along that line only."""
    larger = 0.5 * k + 0.5 * n
    smaller = 0.5 * root * (0.5 * root / (larger if larger > 0.0 else 1.0))
    larger = k + smaller
    back = larger - k
    return larger, smaller, (k - (larger - back)) + (smaller - back)


@kernel
def _exponent(large, small, rest, a, b):
    """deviance(large + rest, a) + deviance(small, b)."""
    first = deviance(large, a)
    moved = rest * ((first + (large - a)) / (large if large > 0.0 else 1.0))
    return first + deviance(small, b) + (moved if rest != 0.0 else 0.0)


@kernel
def _beyond_saddle(large, small, rest, a, b):
    """How far :func:`_exponent` is from what it is at the saddle point: a parabola, of which the slope is seen here.

    Far from the mean, where the exponent is as large as n, it does not count.
    """
    if not abs(small - b) < 0.5 * b:
        return 0.0
    slope = log1p(((large - a) + rest) / a) + log1p((small - b) / b)
    return 0.5 * slope * slope * (large * (small / (large + small))) - 0.5 * rest * (rest / large)


@kernel
def _log_mass_far(k, n, a, b, root):
    """The log mass for k >= 0 by the expansion."""
    large, small, rest = _saddle(k, n, root)
    return _log_correction(*_at(n, k)) - 0.5 * log(n) - HALF_LOG_2PI - _exponent(large, small, rest, a, b)


@kernel
def skellam_log_mass_far(k, a, b, root):
    """The log mass where n = sqrt(k*k + 4 a b) >= 32, without a branch; `root` is :func:`skellam_root`."""
    swapped = k < 0.0
    size = abs(k)
    return _log_mass_far(size, _variance(size, root), b if swapped else a, a if swapped else b, root)


@kernel(heavy=True)
def _bessel_series(k, product):
    """The power series of I_k(2 sqrt(product)) without its first term, relative to that."""
    total, term, m = 0.0, 1.0, 0.0
    while term > 1e-17 * total:
        # Two terms for one division.
        first, second = (m + 1.0) * (m + 1.0 + k), (m + 2.0) * (m + 2.0 + k)
        step = product / (first * second)
        total += term * step * (second + product)
        term *= step * product
        m += 2.0
    return total


@kernel(heavy=True)
def _log_mass(k, n, a, b, root):
    """The log mass for k >= 0."""
    if n >= EXPANDED:
        log_mass = _log_mass_far(k, n, a, b, root)
        return log_mass + _beyond_saddle(*_saddle(k, n, root), a, b) if n > LARGE else log_mass
    series = log1p(_bessel_series(k, a * b))
    return series - (a + b) if k == 0.0 else log_poisson_mass(k, a) + (series - b)


@kernel(heavy=True)
def skellam_log_mass(k, a, b, root):
    """The log mass at an integer k; `root` is :func:`skellam_root`."""
    if k < 0.0:
        k, a, b = -k, b, a
    return _log_mass(k, _variance(k, root), a, b, root)


@kernel(heavy=True)
def skellam_log_mass_and_slopes(k, a, b, root):
    """The log mass and its derivatives in a and b, which are P(k - 1) / P(k) - 1 and P(k + 1) / P(k) - 1."""
    swapped = k < 0.0
    if swapped:
        k, a, b = -k, b, a
    n = _variance(k, root)
    log_mass = _log_mass(k, n, a, b, root)
    if n >= EXPANDED:
        large, small, _ = _saddle(k, n, root)
        offset = skellam_offset(k, a, b)
        slope = 2.0 * (_slope_correction(*_at(n, k)) - 0.5) / n
        slope_a, slope_b = offset / (a + small) + slope * (b / n), slope * (a / n) - offset / (large + b)
    else:
        ratio = (1.0 + _bessel_series(k + 1.0, a * b)) / (1.0 + _bessel_series(k, a * b))
        slope_b = (a * ratio - (k + 1.0)) / (k + 1.0)
        slope_a = b * ratio - 1.0 if k == 0.0 else ((k - a) + b * (a * ratio / (k + 1.0))) / a
    return (log_mass, slope_b, slope_a) if swapped else (log_mass, slope_a, slope_b)


@kernel
def _needed(n):
    """How many counts a sum goes through: beyond, a Poisson distribution of mean n has exp(-39) at most."""
    return floor(fma(9.2, sqrt(n), 12.0))


@kernel
def _scale(k, n):
    """By what a mass is less from count to count, about, for k >= 0: the larger tilted mean, unless it is tiny."""
    scale = 0.5 * k + 0.5 * n
    return scale if scale > 1.0 else 1.0


@kernel(heavy=True)
def _sum(k, n, a, b):
    """The probability of k >= 0 or more, over the mass at k.

    With y_i the mass at i over a**i, in units of scale**i, y_(i - 1) is i y_i + a b y_(i + 1).
    """
    inverse, i = 1.0 / _scale(k, n), k + _needed(n)
    ratio, lean = (a * inverse) * (b * inverse), a * inverse
    above, here, total = 0.0, 1.0, 1.0
    while i > k:
        above, here = here, fma(i * inverse, here, ratio * above)
        total = fma(lean, total, here)
        i -= 1.0
    return total / here


@kernel(heavy=True)
def _sum_across(m, n, a, b):
    """The probability of -m < 0 or more, over the mass at -m: the mass at -i is b**i times y_i."""
    scale, i = _scale(m, n), m + _needed(n)
    inverse, fall = 1.0 / scale, scale / b
    ratio, lean = (a * inverse) * (b * inverse), a * inverse
    above, here, total = 0.0, 1.0, 1.0
    below, weight, first = 0.0, 1.0, 1.0
    while i > 0.0:
        if i == m:
            first = here
        if i <= m:
            below = fma(weight, here, below)
            weight *= fall
        above, here = here, fma(i * inverse, here, ratio * above)
        total = fma(lean, total, here)
        i -= 1.0
    return fma(weight, total, below) / first


@kernel
def _height(y):
    """2 (1 - cos(t)) / t**2 in y = t*t, for t < 1.25: the power series."""
    z = y * y
    even = fma(z, fma(z, 3.123841393717245e-16, 2.294149119545945e-11), 5.511463844797178e-07)
    even = fma(z, fma(z, even, 0.002777777777777778), 1.0)
    odd = fma(z, fma(z, -8.22063524662433e-19, -9.55895466477477e-14), -4.17535139757362e-09)
    odd = fma(z, fma(z, odd, -4.96031746031746e-05), -0.08333333333333333)
    return fma(y, odd, even)


@kernel
def _lag(y):
    """(t - sin(t)) / t**3 in y = t*t, for t < 1.25: the power series."""
    z = y * y
    even = fma(z, fma(z, 8.22063524662433e-18, 7.647163731819816e-13), 2.505210838544172e-08)
    even = fma(z, fma(z, even, 0.0001984126984126984), 0.16666666666666666)
    odd = fma(z, -2.8114572543455206e-15, -1.6059043836821613e-10)
    odd = fma(z, fma(z, odd, -2.7557319223985893e-06), -0.008333333333333333)
    return fma(y, odd, even)


@kernel(heavy=True)
def _integral(k, n, a, b, tilted_a, tilted_b, exponent):
    """The probability of k or more, over exp(-exponent), for k above the mean.

    On the circle of radius exp(s) = A/a the generating function has the modulus exp(-n (1 - cos t)) and the phase
    k (sin t - t), and what sums the masses from k on is 1 / (1 - exp(-s - i t)).
    """
    offset = skellam_offset(k, a, b)
    s = log1p(offset / (a + tilted_b))
    gap = offset / (tilted_a + b)
    inverse = 1.0 - gap
    width = sqrt(n)
    step = (0.7 - 0.8 / width) / width
    turns = k / (2.0 * PI)
    total, place, energy = 0.0, 0.5, 0.0
    while energy < FAR:
        t = place * step
        y = t * t
        height = 0.5 * y * _height(y)
        lag = y * _lag(y)
        energy = 0.5 * n * t * t * _height(y)
        phase = turns * t * lag
        across = inverse * (t - t * lag)
        sine, cosine = sincos_turn(phase)
        term = cosine * fma(inverse, height, gap) - sine * across
        total += exp(-energy) * term / fma(gap, gap, 2.0 * inverse * height)
        place += 1.0
    tail = total * step / PI
    if s * width < POLE:
        tail += exp(exponent) / (1.0 + exp(2.0 * PI * s / step))
    return tail


@kernel(heavy=True)
def skellam_tail(k, a, b, root):
    """The probability of k or more, for k above a - b: the log of a factor, and what it multiplies."""
    swapped = k < 0.0
    size = abs(k)
    n = _variance(size, root)
    rate, other = (b, a) if swapped else (a, b)
    if _needed(n) + (size if swapped else 0.0) < SUMMED:
        ratio = _sum_across(size, n, a, b) if swapped else _sum(size, n, a, b)
        return _log_mass(size, n, rate, other, root), ratio
    large, small, rest = _saddle(size, n, root)
    exponent = _exponent(large, small, rest, rate, other)
    if n > LARGE:
        exponent -= _beyond_saddle(large, small, rest, rate, other)
    if swapped:
        large, small = small, large
    return -exponent, _integral(k, n, a, b, large, small, exponent)
