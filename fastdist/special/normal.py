"""The standard normal distribution: cdf, log cdf and their inverses.

The cdf rests on the fit of :mod:`fastdist.special.erf`. The quantile is one rational function on
its whole range: with w = -log(4 p (1 - p)), which is 0 at the median and grows in both tails,
x*x / w is smooth, from pi/2 at the median to 2 far out (``tools/fit_normal.py``). There is no
branch, so loops vectorise.

============ ======================= ====================================
function     largest relative error  on
============ ======================= ====================================
ndtr         3.7e-16                 down to the smallest normal result
log_ndtr     3.7e-16                 all
ndtri        4.5e-16                 [5e-324, 1 - 1.1e-16]
ndtri_exp    6.5e-16                 [-1e308, -1e-308]
folded_ndtri 3.4e-16                 [5e-324, 1 - 1.1e-16]
============ ======================= ====================================
"""

from math import exp, expm1, log, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.elementary import exp_sum, log_sum
from fastdist.engine.kernel import kernel
from fastdist.special.erf import erfcx_of_sum

__all__ = ["folded_ndtri", "log_ndtr", "ndtr", "ndtri", "ndtri_exp", "tail_parts"]

INF = float("inf")
NAN = float("nan")
SQRT_HALF, SQRT_HALF_REST = 0.7071067811865476, -4.833646656726457e-17
SQRT_HALF_PI = 1.2533141373155003
LN2, LN2_REST = 0.6931471805599453, 2.3190468138462996e-17


@kernel
def tail_parts(x):
    """exp(-x*x/2) and the number that makes it ndtr(-x), for x >= 0."""
    y = x * SQRT_HALF
    rest = fma(x, SQRT_HALF, -y) + x * SQRT_HALF_REST
    short = x if x < 1e10 else 1e10
    square = short * short
    e = exp_sum(-0.5 * square, -0.5 * fma(short, short, -square))
    return e, 0.5 * erfcx_of_sum(y, rest if x < 1e150 else 0.0)


@kernel
def ndtr(x):
    """Standard normal cdf."""
    e, ratio = tail_parts(abs(x))
    tail = e * ratio
    return 1.0 - tail if x > 0.0 else tail


@kernel
def log_ndtr(x):
    """Logarithm of the standard normal cdf."""
    size = abs(x)
    e, ratio = tail_parts(size)
    tail = e * ratio
    right = x > 0.0
    main = 1.0 - tail if right else ratio
    rest = (1.0 - main) - tail if right else 0.0
    y = log_sum(main, rest)
    return y if right else y - 0.5 * size * size


@kernel
def _quantile_of(w):
    """The x >= 0 with 4 ndtr(x) ndtr(-x) = exp(-w), for 0 <= w <= 746; inf from there on.

    x*x / w is a smooth function of w that grows from pi/2 to 2: one rational function of
    t = sqrt(w + 10) - sqrt(10), all of whose coefficients are positive.
    """
    bounded = w if w < 1000.0 else 1000.0
    t = sqrt(bounded + 10.0) - 3.1622776601683795
    t2 = t * t
    t4 = t2 * t2
    t8 = t4 * t4
    p0 = fma(t2, fma(t, 1.3552655990982403, 3.8244294619927426), fma(t, 0.4143818400017946, 1.5707963267948966))
    p1 = fma(t2, fma(t, 0.7341469507217204, 1.7952755426262086), fma(t, 1.4472143892891989, 3.614239318016148))
    p2 = fma(t2, fma(t, 0.04030090440523384, 0.11878806432118295), fma(t, 0.22124095409325248, 0.5585310875058999))
    p3 = fma(
        t2, fma(t, 0.0006411221000676171, 0.0008420384236583544), fma(t, 0.006591568401658978, 0.017248575037666396)
    )
    p4 = fma(
        t2, fma(t, 6.816633587421203e-10, 1.3462810932330136e-07), fma(t, 6.960691015522332e-06, 0.00012004701956746586)
    )
    q0 = fma(t2, fma(t, 0.5461571118821328, 2.4152006746648054), fma(t, 0.11455191089154744, 1.0))
    q1 = fma(t2, fma(t, 0.3638902075938439, 1.0634263101467996), fma(t, 0.6710200551934202, 2.2237167995677556))
    q2 = fma(t2, fma(t, 0.020579110282297614, 0.06575479114641332), fma(t, 0.1130503246871918, 0.3187897618639811))
    q3 = fma(
        t2, fma(t, 0.00033034022446273414, 0.0005012982783883776), fma(t, 0.0032458663592048725, 0.009621261275820886)
    )
    q4 = fma(
        t2, fma(t, 3.4083084969064863e-10, 6.73149148270769e-08), fma(t, 3.4824104599760037e-06, 6.030893601966906e-05)
    )
    p = fma(t8, fma(t8, p4, fma(t4, p3, p2)), fma(t4, p1, p0))
    q = fma(t8, fma(t8, q4, fma(t4, q3, q2)), fma(t4, q1, q0))
    return sqrt(w * (p / q))


@kernel
def ndtri(p):
    """Inverse of ndtr: the standard normal quantile, infinite at 0 and 1, NaN outside."""
    above = 1.0 - p
    small = p if p < above else above
    middle = small > 0.25
    twice = 2.0 * p - 1.0
    one = 1.0 if middle else 4.0 * small
    left = twice if middle else 4.0 * small
    right = twice if middle else small
    product = fma(-left, right, one)
    x = _quantile_of(-log_sum(product, fma(-left, right, one - product)))
    return x if p > 0.5 else -x


@kernel
def folded_ndtri(p):
    """The x >= 0 with ndtr(x) - ndtr(-x) = p: the quantile of the absolute value of a standard normal."""
    above = p > 0.5
    part = 1.0 - p if above else p
    whole = 2.0 * part if above else 1.0
    product = fma(-part, part, whole)
    x = _quantile_of(-log_sum(product, fma(-part, part, whole - product)))
    return x if p > 1e-8 else p * SQRT_HALF_PI


@kernel
def _far_quantile(log_p):
    """The x with log_ndtr(-x) = log_p, for log_p below -700.

    y = x*x solves T = y + log(2 pi y) + 2/y - 5/y**2 + 74/(3 y**3) - ... with T = -2 log_p
    (the logarithm of the asymptotic series of the tail); y = T - d, by two Newton steps for d.
    """
    inverse = 0.5 / -log_p
    constant = log(-log_p) + 2.5310242469692907
    d = constant
    for _ in range(2):
        u = d * inverse
        v = inverse / (1.0 - u)
        series = v * fma(v, fma(v, fma(v, fma(v, 1632.4, -176.5), 24.666666666666668), -5.0), 2.0)
        logarithm = -u * fma(u, fma(u, fma(u, fma(u, 0.2, 0.25), 0.3333333333333333), 0.5), 1.0)
        d += (constant + logarithm + series - d) / (1.0 + v * fma(v, 2.0, 1.0))
    return 2.0 * sqrt(fma(-0.5, log_p, -0.25 * d))


@kernel
def ndtri_exp(log_p):
    """Inverse of log_ndtr: the standard normal quantile of exp(log_p)."""
    p = exp(log_p)
    above = -expm1(log_p)
    twice = expm1((log_p + LN2) + LN2_REST)
    middle = abs(twice) < 0.5
    product = fma(-twice, twice, 1.0) if middle else 4.0 * p * above
    w = -log_sum(product, fma(-twice, twice, 1.0 - product) if middle else 0.0)
    w = -log_p - 2.0 * LN2 if log_p < -37.0 else w
    x = _quantile_of(w)
    x = _far_quantile(log_p) if log_p < -740.0 else x
    x = INF if log_p == -INF else x
    return x if twice > 0.0 else -x
