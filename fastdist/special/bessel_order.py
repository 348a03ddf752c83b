"""Modified Bessel functions I of any order nu >= 0 and any argument x >= 0, as the distributions on spheres need them.

Where r = sqrt(nu**2 + x**2) is below 25 by power series (DLMF 10.25.2 and 10.31.3), all of whose terms are positive.
Elsewhere by Debye's uniform expansion (DLMF 10.41.3),

    I_nu(x) = exp(r) (x / (nu + r))**nu / sqrt(2 pi r) * sum_k U_k(nu / r) / nu**k,

whose terms are polynomials in s = (nu / r)**2 over r**k: at nu = 0 it is Hankel's expansion for a large argument, and
at x = 0 Stirling's. The ratio A = I_{nu+1} / I_nu and its derivative follow from the derivatives of the same sum, in
forms that hold no difference: 1 - A falls like (nu + 1/2) / x, and A' like (nu + 1/2) / x**2.

The coefficients are from ``tools/debye.py``. Largest relative errors seen, for nu from 0 to 1000 and x from 0 to 1e100:

========== ======== ===================================================
log value  2.2e-15  of the largest of it, 1 and nu
A, A / x   1.4e-15
1 - A      1.0e-15
A'         1.2e-14  where r is just above 25 and nu small, else 3e-15
========== ======== ===================================================
"""

from math import log, log1p, sqrt

from fastdist.engine.kernel import kernel
from fastdist.special.gamma import gammaln

__all__ = ["sphere_constants"]

LOG_2, LOG_PI, LOG_2PI = 0.6931471805599453, 1.1447298858494002, 1.8378770664093453
UNIFORM_FROM = 25.0
NEGLIGIBLE = 1e-17

# U_k(p) / p**k in s = p*p, the lowest power first, for k = 0, 1, 2 ...
TERMS = 19
DEBYE = (
    1.0, 0.125, -0.20833333333333334, 0.0703125, -0.4010416666666667, 0.3342013888888889, 0.0732421875,
    -0.8912109375, 1.8464626736111112, -1.0258125964506173, 0.112152099609375, -2.3640869140625, 8.78912353515625,
    -11.207002616222994, 4.669584423426247, 0.22710800170898438, -7.368794359479632, 42.53499874538846,
    -91.81824154324002, 84.63621767460073, -28.212072558200244, 0.5725014209747314, -26.491430486951554,
    218.1905117442116, -699.5796273761325, 1059.9904525279999, -765.2524681411817, 212.57013003921713,
    1.7277275025844574, -108.09091978839466, 1200.9029132163525, -5305.646978613403, 11655.393336864534,
    -13586.550006434138, 8061.722181737309, -1919.457662318407, 6.074042001273483, -493.915304773088,
    7109.514302489364, -41192.65496889755, 122200.46498301746, -203400.17728041555, 192547.00123253153,
    -96980.59838863752, 20204.29133096615, 24.380529699556064, -2499.8304818112097, 45218.76898136273,
    -331645.1724845636, 1268365.2733216248, -2813563.226586534, 3763271.297656404, -2998015.9185381066,
    1311763.6146629772, -242919.18790055133, 110.01714026924674, -13886.08975371704, 308186.4046126624,
    -2785618.1280864547, 13288767.166421818, -37567176.66076335, 66344512.27472903, -74105148.21153265,
    50952602.49266464, -19706819.118432228, 3284469.853072038, 551.3358961220206, -84005.43360302408,
    2243768.1779224495, -24474062.72573873, 142062907.7975331, -495889784.2750303, 1106842816.8230145,
    -1621080552.1083372, 1553596899.57058, -939462359.6815784, 325573074.18576574, -49329253.66450996,
    3038.090510922384, -549842.3275722887, 17395107.553978164, -225105661.88941526, 1559279864.8792574,
    -6563293792.619285, 17954213731.1556, -33026599749.800724, 41280185579.753975, -34632043388.158775,
    18688207509.295826, -5866481492.051847, 814789096.1183121, 18257.755474293175, -3871833.442572613,
    143157876.71888897, -2167164983.223795, 17634730606.83497, -87867072178.02327, 287900649906.1506,
    -645364869245.3765, 1008158106865.3821, -1098375156081.2233, 819218669548.5773, -399096175224.4665,
    114498237732.0258, -14679261247.695616, 118838.42625678325, -29188388.122220814, 1247009293.5127103,
    -21822927757.529224, 205914503232.41, -1196552880196.1816, 4612725780849.132, -12320491305598.287,
    23348364044581.84, -31667088584785.16, 30565125519935.32, -20516899410934.438, 9109341185239.898,
    -2406297900028.504, 286464035717.679, 832859.3040162893, -234557963.52225152, 11465754899.448236,
    -229619372968.24646, 2485000928034.0854, -16634824724892.48, 74373122908679.14, -232604831188939.94,
    523054882578444.6, -857461032982895.0, 1026955196082762.5, -889496939881026.5, 542739664987659.75,
    -221349638702525.2, 54177510755106.05, -6019723417234.006, 6252951.493434797, -2001646928.1917763,
    110997405139.17902, -2521558474912.8545, 31007436472896.46, -236652530451649.25, 1212675804250347.5,
    -4379325838364015.5, 1.1486706978449752e+16, -2.2268225133911144e+16, 3.213827526858624e+16,
    -3.4447226006485144e+16, 2.705471130619708e+16, -1.5129826322457682e+16, 5705782159023671.0,
    -1301012723549699.5, 135522158703093.69, 50069589.531988926, -18078220384.658062, 1128709145410.874,
    -28863837631414.76, 400044457043036.25, -3450385511846272.5, 2.0064271476309532e+16, -8.270945651585064e+16,
    2.4960365126160426e+17, -5.62631788074636e+17, 9.575335098169139e+17, -1.2336116931960694e+18,
    1.1961991142756308e+18, -8.592577980317548e+17, 4.4347954614171904e+17, -1.5552983504313904e+17,
    3.3192764720355224e+16, -3254192619642669.0, 425939216.5047669, -172283238717.3505, 12030115826419.191,
    -343965304743075.94, 5335106978708839.0, -5.1605093193485224e+16, 3.37667624979061e+17, -1.5736434765189599e+18,
    5.402894876715982e+18, -1.3970803516443374e+19, 2.757282981650519e+19, -4.178861444656839e+19,
    4.859942729324836e+19, -4.301555703831444e+19, 2.846521225167657e+19, -1.3639420410571592e+19,
    4.47020096401231e+18, -8.966114215270463e+17, 8.30195760673191e+16,
)  # fmt: skip


@kernel(heavy=True)
def _by_series(nu, x):
    """`sphere_constants` for small nu and x.

    A' times the square of I_nu is a series of positive terms too, by that of a product of two of them (DLMF 10.31.3):
    each term of I_nu**2 - I_{nu-1} I_{nu+1} exceeds that of I_nu I_{nu+1} / x. And 1 - A**2 = A' + (2 nu + 1) A / x.
    """
    t = 0.25 * x * x
    term, above, other = 1.0, 0.0, 1.0
    turn = 0.5 / (nu + 1.0)
    bend = turn
    k = 1.0
    while turn > NEGLIGIBLE * bend:
        term *= t / (k * (nu + k))
        above += term
        # I_{nu+1} is x / (2 nu + 2) times a series whose terms are smaller by (nu + 1) / (nu + 1 + k).
        other += term * ((nu + 1.0) / (nu + 1.0 + k))
        turn *= 2.0 * t * (2.0 * (nu + k) - 1.0) / ((2.0 * nu + k + 1.0) * k * (nu + k + 1.0))
        bend += turn
        k += 1.0
    value = 1.0 + above
    slope = other / value / (2.0 * nu + 2.0)
    ratio = x * slope
    bend /= value * value
    gap = (bend + (2.0 * nu + 1.0) * slope) / (1.0 + ratio)
    log_area = LOG_2 + (nu + 1.0) * LOG_PI - gammaln(nu + 1.0)
    return (x - log1p(above)) - log_area, ratio, gap, slope, bend


@kernel(heavy=True)
def _uniform(nu, x):
    """`sphere_constants` for a large nu or x."""
    large = nu if nu > x else x
    part = (x if nu > x else nu) / large
    r = large * sqrt(1.0 + part * part)
    inverse = 1.0 / r
    q, p = x * inverse, nu * inverse
    s = p * p
    # The sum S, then T = sum (k + 1/2) U + 2 s U' and sum k T + 2 s T', each over r**k.
    total, first, second, power = 0.0, 0.0, 0.0, 1.0
    begin = 0
    for k in range(TERMS):
        value, slope, bend = 0.0, 0.0, 0.0
        for j in range(k, -1, -1):
            bend = bend * s + slope
            slope = slope * s + value
            value = value * s + DEBYE[begin + j]
        begin += k + 1
        n = float(k)
        term = (n + 0.5) * value + 2.0 * s * slope
        turn = (n + 2.5) * slope + 4.0 * s * bend
        total += power * value
        first += power * term
        second += power * (n * term + 2.0 * s * turn)
        power *= inverse
    share = first / total
    ratio = x / (r + nu) - q * (inverse * share)
    # r - x = nu**2 / (r + x)
    excess = nu / (r + x) * nu
    gap = (excess + nu) / (r + nu) + q * (inverse * share)
    slope = 1.0 / (r + nu) - inverse * (inverse * share)
    bend = p / (r + nu) + (q * q - s) * inverse * inverse * share
    bend += (q * inverse) * (q * inverse) * ((second - share * (first - 0.5 * total)) / total)
    log_value = nu * (log(nu + r) - LOG_2PI) + 0.5 * (log(r) - LOG_2PI) - excess - log(total)
    return log_value, ratio, gap, slope, bend


@kernel(heavy=True)
def sphere_constants(nu, x):
    """What integrates exp(x cos(angle)) over the unit sphere in 2 nu + 2 dimensions, and its derivatives.

    Gives -log of the integral of exp(x (cos(angle) - 1)); its mean cosine A(x) = I_{nu+1}(x) / I_nu(x); 1 - A;
    A / x, the variance of a coordinate across the axis; and A', that of the coordinate along it.
    """
    if nu < UNIFORM_FROM and x < UNIFORM_FROM and nu * nu + x * x < UNIFORM_FROM * UNIFORM_FROM:
        return _by_series(nu, x)
    return _uniform(nu, x)
