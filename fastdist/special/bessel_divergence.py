"""How far log I0 lies above its tangents: the divergence of two circular distributions of one mean direction.

The slope of log I0 is A = I1 / I0, and that of A is 1 - A/x - A**2, whose terms cancel at both ends. Times I0**2
it is a power series with positive coefficients, (2 n)! / (2 n!**4 (n + 1)**2) of (x*x / 4)**n (from DLMF
10.31.3), economised below 8; from there on 2 x**2 times it is a function of 1/x that is fitted down to 0. The
coefficients are from ``tools/fit_bessel_divergence.py``. Between close arguments the divergence is an integral of it.

==================  ======================================  ============================
function            domain tested                           largest relative error seen
==================  ======================================  ============================
bessel_ratio_slope  2e-9 .. 3e3                             4.4e-16
log_i0_divergence   2e-9 .. 3e3, any ratio                  6.3e-15, its slope 7.7e-16
==================  ======================================  ============================
"""

from math import log

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.bessel import SPLIT, _near, bessel_ratio_gap, i0e
from fastdist.special.quadrature import NODES_12, WEIGHTS_12

__all__ = ["bessel_ratio_slope", "log_i0_divergence"]

# Between arguments as close as this, 12 nodes are enough: the integrand has poles near 2.4 i, and its decay is 1/x**2.
CLOSE, RATIO = 2.0, 0.5

# In x*x / 4, and in 16/x - 1; highest power first.
NEAR = (
    1.0555061361446835e-26, -2.956153323900316e-25, 5.505076802421436e-23, 1.6039463988247776e-21,
    1.9305240260693052e-19, 1.1488520784671714e-17, 6.870172119343863e-16, 3.484478293238933e-14,
    1.5374381485799269e-12, 5.7976333098127233e-11, 1.846118964545519e-09, 4.886775599619369e-08,
    1.0555437672019089e-06, 1.8187830653253704e-05, 0.00024305555559321864, 0.0024305555555287944,
    0.017361111111122478, 0.08333333333333084, 0.2500000000000002, 0.5,
)  # fmt: skip
FAR = (
    -5.897823304922198e-08, 7.010919739640684e-08, 5.071375789207536e-07, -6.07264886863523e-07,
    -2.0036181746152176e-06, 2.460510796925296e-06, 4.837636072522467e-06, -6.2552363052871e-06,
    -8.036175836901746e-06, 1.1360331086070811e-05, 9.902837155656528e-06, -1.6055375700490407e-05,
    -9.847517434671039e-06, 1.8973324946096e-05, 9.301059920538393e-06, -1.9857266346973312e-05,
    -1.0836856982716652e-05, 1.826258866554863e-05, 1.648538110780064e-05, -1.0568066962036545e-05,
    -2.3527602453230173e-05, -1.0785249542026842e-05, 1.0500492671124425e-05, 2.683747952417112e-05,
    4.2555946771065486e-05, 8.084761267536305e-05, 0.00021990237644173115, 0.0008488611417913219,
    0.004630155786607531, 0.03858509226138564, 1.0346387989951131,
)  # fmt: skip


@kernel(heavy=True)
def bessel_ratio_slope(x):
    """The derivative of I1 / I0, for x >= 0: 1/2 at 0, and 1 / (2 x**2) at infinity."""
    total = 0.0
    if x <= SPLIT:
        t = 0.25 * x * x
        for c in NEAR:
            total = fma(total, t, c)
        zero, _ = _near(x)
        return total / zero / zero
    w = 2.0 * SPLIT / x - 1.0
    for c in FAR:
        total = fma(total, w, c)
    return 0.5 * total / x / x


@kernel(heavy=True)
def log_i0_divergence(x, a):
    """(log I0(x) - log I0(a) - (x - a) A(a), A(x) - A(a)) for x, a > 0."""
    d = x - a
    if abs(d) > CLOSE and abs(d) > RATIO * a:
        gap = bessel_ratio_gap(a)
        return d * gap + log(i0e(x) / i0e(a)), gap - bessel_ratio_gap(x)
    total, moved = 0.0, 0.0
    for i in range(6):
        for node in (NODES_12[i], 1.0 - NODES_12[i]):
            slope = WEIGHTS_12[i] * bessel_ratio_slope(a + d * node)
            total += (1.0 - node) * slope
            moved += slope
    return d * (d * total), d * moved
