"""Exponentially scaled modified Bessel functions of orders 0 and 1, their ratio, and 1 less that ratio.

Below 8 the functions are the even and odd power series of DLMF 10.25.2, economised; from there on
they are exp(x) / sqrt(2 pi x) times a function of 1/x (DLMF 10.40.1) that is fitted down to 0.
1 - I1/I0, which falls like 1 / (2 x), has fits of its own and cancels no digits. The coefficients
are from ``tools/fit_bessel.py``.

================ ======================= ==========
function         largest relative error  on
================ ======================= ==========
i0e              5.6e-16                 all
i1e              4.5e-16                 all
bessel_ratio     3.4e-16                 all
bessel_ratio_gap 1.0e-15                 x >= 0
================ ======================= ==========
"""

from math import exp, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel

__all__ = ["bessel_ratio", "bessel_ratio_gap", "i0e", "i1e"]

SPLIT = 8.0
ROOT_TWO_PI = 2.5066282746310002

# Highest power first. (I0 - 1) / t and (2 I1 / x - 1) / t in t = x*x / 4:
SERIES_0 = (
    9.190522950783683e-25, 1.1281398067302196e-22, 2.6392961484202037e-20, 4.345727690326293e-18,
    6.277918307887904e-16, 7.593868697159044e-14, 7.594072543049896e-12, 6.151186570981286e-10,
    3.9367599179330964e-08, 1.9290123449166234e-06, 6.944444444579537e-05, 0.0017361111111096016,
    0.027777777777778744, 0.2499999999999997, 1.0,
)  # fmt: skip
SERIES_1 = (
    1.3885807793352723e-23, 1.5699729540775782e-21, 3.4349679701473776e-19, 5.213955317476038e-17,
    6.905847154253136e-15, 7.59385533829147e-13, 6.834666133020543e-11, 4.920949224424144e-09,
    2.755731943120898e-07, 1.1574074069565983e-05, 0.00034722222222842577, 0.0069444444444395174,
    0.08333333333333524, 0.4999999999999997,
)  # fmt: skip
# exp(-x) (I0 - I1) (1 + x/6)**1.5 in x/4 - 1:
NEAR_GAP = (
    -8.5704822970706e-10, 2.1861911196429135e-09, 3.141495644583584e-09, -1.7798910152203265e-08,
    4.080387146425036e-08, -1.3650502675917105e-07, 4.847775509439837e-07, -1.4004321320676534e-06,
    3.5161271489641055e-06, -7.871582136281169e-06, 1.4882800455952229e-05, -2.0138258502279318e-05,
    2.051925856184612e-06, 0.0001084331819963033, -0.000489598849695951, 0.0015320561618544254,
    -0.003970533912026964, 0.008978377531625602, -0.01808352617420768, 0.032724140729594134,
    -0.053363059929285306, 0.07840616939867366, -0.10361810294257207, 0.12289739514712807,
    -0.130669688494952, 0.12482004185920247, -0.10806127184320692, 0.08633085870174571,
    -0.06521063679657273, 0.060786649455507345,
)  # fmt: skip
# In 16/x - 1, i0e(x) sqrt(2 pi x) and 2 x (1 - I1/I0):
FAR_0 = (
    -4.264897635309629e-11, 2.4188945025285346e-10, 3.364124096013941e-10, -1.7019844340856422e-09,
    -1.3168577832438165e-09, 5.6000154074132676e-09, 3.646000895427854e-09, -1.15942762806817e-08,
    -8.642015641834698e-09, 1.6547999316554215e-08, 1.8846812206523897e-08, -1.268438818284923e-08,
    -3.357901222589534e-08, -1.7149603361926836e-08, 1.8928969736673187e-08, 5.405447841234738e-08,
    9.85764357937407e-08, 2.2238943372581867e-07, 7.453705338086015e-07, 3.7194544799508846e-06,
    2.793144356917894e-05, 0.0003414430635256452, 0.008423654620629117, 1.0081070099672589,
)  # fmt: skip
FAR_GAP = (
    -4.199821689471558e-09, 2.011163337334217e-09, 3.4035050782435226e-08, -1.640486079843015e-08,
    -1.282614655134061e-07, 6.276229602432985e-08, 3.028942527712966e-07, -1.5084282267666533e-07,
    -5.167275895506567e-07, 2.560242854720634e-07, 7.124194441063128e-07, -3.1571986753670005e-07,
    -8.868498053422985e-07, 2.2797020114076222e-07, 1.064306792704675e-06, 1.8457670757827841e-07,
    -1.062592291254976e-06, -1.0722209307227848e-06, -6.686003318206363e-09, 1.1728318027490465e-06,
    2.1818868882141097e-06, 3.897585494426948e-06, 9.577015007325172e-06, 3.440345767736562e-05,
    0.0001778118278016092, 0.0013655734344624661, 0.017926972696230312, 1.0167118262988823,
)  # fmt: skip


@kernel(heavy=True)
def _near(x):
    """I0(x) and I1(x) for |x| <= 8."""
    t = 0.25 * x * x
    even, odd = 0.0, 0.0
    for c in SERIES_0:
        even = fma(even, t, c)
    for c in SERIES_1:
        odd = fma(odd, t, c)
    return fma(t, even, 1.0), 0.5 * x * fma(t, odd, 1.0)


@kernel(heavy=True)
def _far(x):
    """i0e(x) for x >= 8."""
    w = 2.0 * SPLIT / x - 1.0
    total = 0.0
    for c in FAR_0:
        total = fma(total, w, c)
    return total / (ROOT_TWO_PI * sqrt(x))


@kernel(heavy=True)
def bessel_ratio_gap(x):
    """1 - I1(x) / I0(x): 1 at 0, like 1 / (2 x) for large x. Largest relative error seen: 1.0e-15."""
    size = abs(x)
    total = 0.0
    if size <= SPLIT:
        w = 0.25 * size - 1.0
        for c in NEAR_GAP:
            total = fma(total, w, c)
        base = 1.0 + size / 6.0
        gap = exp(size) * total / (base * sqrt(base) * _near(size)[0])
    else:
        w = 2.0 * SPLIT / size - 1.0
        for c in FAR_GAP:
            total = fma(total, w, c)
        gap = 0.5 * total / size
    return gap if x >= 0.0 else 2.0 - gap


@kernel(heavy=True)
def bessel_ratio(x):
    """I1(x) / I0(x): x/2 near 0, 1 at infinity. Largest relative error seen: 3.4e-16."""
    size = abs(x)
    if size <= SPLIT:
        even, odd = _near(x)
        return odd / even
    ratio = 1.0 - bessel_ratio_gap(size)
    return ratio if x > 0.0 else -ratio


@kernel(heavy=True)
def i0e(x):
    """exp(-abs(x)) I0(x). Largest relative error seen: 5.6e-16, over [-1e300, 1e300]."""
    size = abs(x)
    return exp(-size) * _near(size)[0] if size <= SPLIT else _far(size)


@kernel(heavy=True)
def i1e(x):
    """exp(-abs(x)) I1(x). Largest relative error seen: 4.5e-16, over [-1e300, 1e300]."""
    size = abs(x)
    if size <= SPLIT:
        return exp(-size) * _near(x)[1]
    return _far(size) * bessel_ratio(x)
