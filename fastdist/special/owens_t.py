"""Owen's T function, and what it lacks of its value at a = infinity.

    T(h, a) = 1 / (2 pi) integral from 0 to a of exp(-h*h (1 + x*x) / 2) / (1 + x*x) dx

is the mass of a standard bivariate normal variate in {X > h, 0 < Y < a X}. Near it is a
Gauss-Legendre rule for this integral, with T(h, a) + T(a h, 1/a) known from normal tails for a > 1:
M. Patefield and D. Tandy, J. Statist. Software 5 (2000) 5, doi:10.18637/jss.v005.i05. Far out twice
what T lacks,

    R(h, a) = ndtr(-h) - 2 T(h, a) = 2 integral from h to infinity of phi(t) ndtr(-a t) dt,

is computed instead. With k = h sqrt(1 + a*a), d = a / sqrt(1 + a*a) and M(z) = exp(z*z/2) ndtr(-z) it is

    R = sqrt(2 / pi) / sqrt(1 + a*a) exp(-k*k/2) integral from 0 to infinity of exp(-k v - v*v/2) M(d (k + v)) dv,

all of whose factors are positive and smooth: by the Gauss rule for the weight exp(-v*v/2) on the
half line where k is small, and with s = k v + v*v/2 by that of Laguerre where it is not. Nodes and
weights are from ``tools/fit_owens_t.py``.

Largest relative errors seen, against mpmath at 40 digits:

================ ========== ================================================
function         error      on
================ ========== ================================================
owens_t          6.1e-16    abs(h) < 37, all a
owens_rest       6.2e-16    k from 0 to 1e12
================ ========== ================================================
"""

from math import exp, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.erf import _exp_of_square, erfcx_of_sum
from fastdist.special.normal import ndtr

__all__ = ["mills", "owens_core", "owens_rest", "owens_t", "slant"]

INF = float("inf")
SQRT_HALF = 0.7071067811865476
SQRT_2_OVER_PI = 0.7978845608028654
HALF_INV_PI = 0.15915494309189535
# From here on the Laguerre rule is exact to the last digit, and below the other one.
FAR = 4.0
# Up to this width of the Gaussian factor the Legendre rule is exact.
WIDEST = 4.8
# 1 + a*a is a*a.
STEEP = 1e8

# Gauss-Legendre of 26 points on [-1, 1], of which the positive ones: for even functions.
LEGENDRE = (
    (0.05923009342931321, 0.11832141527926228),
    (0.17685882035689018, 0.11666044348529658),
    (0.2920048394859569, 0.11336181654631966),
    (0.4030517551234863, 0.10847184052857659),
    (0.5084407148245057, 0.10205916109442542),
    (0.6066922930176181, 0.09421380035591415),
    (0.6964272604199573, 0.08504589431348523),
    (0.7763859488206789, 0.07468414976565975),
    (0.845445942788498, 0.06327404632957484),
    (0.9026378619843071, 0.05097582529714781),
    (0.9471590666617142, 0.037962383294362766),
    (0.978385445956471, 0.02441785109263191),
    (0.9958857011456169, 0.010551372617343006),
)
# Gauss for the weight exp(-v*v/2) on [0, inf).
HERMITE = (
    (0.023545287166246136, 0.060265667244672944),
    (0.12283726364871854, 0.13656582452507704),
    (0.29679866423879914, 0.20013922870723774),
    (0.5385608244766952, 0.23615636471771534),
    (0.8400863017559593, 0.2309636978846039),
    (1.1934025299819517, 0.18483695868240174),
    (1.5914249535330836, 0.11791462173076975),
    (2.0283891325146186, 0.05814005982187973),
    (2.5000098749987325, 0.021436159842814804),
    (3.003504918391657, 0.005703903801780516),
    (3.537597892328178, 0.001052788918463707),
    (4.102594279708339, 0.000128617480096159),
    (4.70063172547219, 9.80365621608142e-06),
    (5.336273438105508, 4.3051118731932944e-07),
    (6.017828177974762, 9.697350456491995e-09),
    (6.76047548703861, 9.296516079622117e-11),
    (7.595085668401871, 2.6776812104065664e-13),
    (8.604382005351328, 9.775325581124863e-17),
)
# Gauss-Laguerre of 16 points.
LAGUERRE = (
    (0.08764941047892784, 0.206151714957801),
    (0.46269632891508083, 0.3310578549508842),
    (1.141057774831227, 0.26579577764421414),
    (2.1292836450983805, 0.13629693429637754),
    (3.4370866338932067, 0.04732892869412522),
    (5.078018614549768, 0.011299900080339454),
    (7.070338535048234, 0.0018490709435263109),
    (9.438314336391938, 0.00020427191530827845),
    (12.21422336886616, 1.4844586873981299e-05),
    (15.441527368781617, 6.828319330871199e-07),
    (19.180156856753136, 1.8810248410796733e-08),
    (23.515905693991908, 2.8623502429738814e-10),
    (28.57872974288214, 2.1270790332241028e-12),
    (34.58339870228662, 6.297967002517868e-15),
    (41.94045264768833, 5.050473700035513e-18),
)


@kernel
def mills(z):
    """exp(z*z/2) ndtr(-z) for z >= 0."""
    return 0.5 * erfcx_of_sum(z * SQRT_HALF, 0.0)


@kernel
def slant(a):
    """sqrt(1 + a*a) and a / sqrt(1 + a*a) for a >= 0."""
    length = sqrt(fma(a, a, 1.0)) if a < STEEP else a
    return length, a / length if a < STEEP else 1.0


@kernel(heavy=True)
def owens_core(width, a):
    """The mean of exp(-width**2 x*x / 2) / (1 + a*a x*x) over [0, 1], for 0 <= width <= WIDEST and 0 <= a <= 1."""
    half, square = -0.5 * width * width, a * a
    total = 0.0
    for node, weight in LEGENDRE:
        x2 = node * node
        total += weight * exp(half * x2) / fma(square, x2, 1.0)
    return total


@kernel(heavy=True)
def owens_rest(k, d):
    """The integral from 0 to infinity of exp(-k v - v*v/2) mills(d (k + v)) dv, for k >= 0 and 0 <= d <= 1."""
    total = 0.0
    if k < FAR:
        for node, weight in HERMITE:
            total += weight * exp(-k * node) * mills(d * (k + node))
        return total
    square = k * k
    if square < 1e18:
        for node, weight in LAGUERRE:
            w = sqrt(square + 2.0 * node)
            total += weight * mills(d * w) / w
        return total
    return mills(d * k) / k


@kernel(heavy=True)
def _rest(h, a):
    """ndtr(-h) - 2 T(h, a) for h, a >= 0."""
    length, d = slant(a)
    k = h * length
    return _exp_of_square(k, -0.5) * (SQRT_2_OVER_PI / length) * owens_rest(k, d)


@kernel(heavy=True)
def _flat(h, a):
    """T(h, a) for h >= 0 and 0 <= a <= 1."""
    width = a * h
    if width > WIDEST:
        return 0.5 * (ndtr(-h) - _rest(h, a))
    return HALF_INV_PI * a * _exp_of_square(h, -0.5) * owens_core(width, a)


@kernel(heavy=True)
def owens_t(h, a):
    """Owen's T function, for any h and a; at a = inf it is ndtr(-abs(h)) / 2."""
    slope, size = abs(a), abs(h)
    # From here on all underflows, an infinite slope included.
    size = 1e3 if size > 1e3 else size
    if slope <= 1.0:
        value = _flat(size, slope)
    elif slope == INF:
        value = 0.5 * ndtr(-size)
    else:
        far = size * slope
        p, q = ndtr(-size), ndtr(-far)
        value = 0.5 * (p + q) - p * q - _flat(far, 1.0 / slope)
    return value if a >= 0.0 else -value
