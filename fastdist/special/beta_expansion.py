"""The beta distribution's tail for large parameters: a normal tail and a polynomial.

With n = a + b, p = a / n, q = b / n and n*zeta*zeta/2 = a log(p/t) + b log(q/(1-t)), zeta of the
sign of t - p, the integrand t**(a-1) (1-t)**(b-1) dt is a multiple of exp(-n*zeta*zeta/2) f(zeta)
dzeta, where f(zeta) = zeta / tau, tau = (t - p) / sqrt(p q) and zeta dzeta = tau dtau / (1 + s tau -
tau*tau): its Taylor coefficients are polynomials in s = (b - a) / sqrt(a b) alone. The nearest
singularity is at n |zeta|**2 = 4 pi min(a, b), and integration term by term from z = zeta sqrt(n)
leaves the normal tail at z and exp(-z*z/2) times a polynomial in z. (After Temme, SIAM J. Math.
Anal. 18 (1987) 1638-1663, and Didonato and Morris's BASYM; here the expansion is about the mean,
so that what is costly depends on a and b only.)

The derivatives in a and b bring log(t/p) = -zeta*zeta/2 + Omega sqrt(b/a) and log((1-t)/q) =
-zeta*zeta/2 - Omega sqrt(a/b) under the integral, with Omega the integral of f from 0 to zeta. Their
means drop out, the normal tail with them, and a polynomial is left.

At a fixed ratio (b / a) t / (1 - t), that of the F distribution, log(t/p) - (t/p - 1) takes the place of
log(t/p). It is -b/a (zeta*zeta/2) + A sqrt(b/a) with A the integral of zeta tau, and A sqrt(a/b) with the
sign changed serves for b: the linear terms have cancelled, and what is left is of the size of 1 / a**2
for large a, in every term.

The coefficients below are exact rationals, rounded: see tools/beta_expansion.py.
"""

from math import sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel

__all__ = ["ORDER", "expansion", "expansion_at_fixed_ratio"]

ORDER = 18  # polynomials of degree ORDER - 1


@kernel(heavy=True)
def _moments(g0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15, g16, g17, g18):
    """The integral from z to inf of exp(-w*w/2) sum g_k w**k, times exp(z*z/2), in powers of z.

    The coefficient of the scaled normal tail (z**-1, as it were), then of 1, z, ..., z**17.
    """
    h17 = g18
    h16 = g17
    h15 = fma(17.0, h17, g16)
    h14 = fma(16.0, h16, g15)
    h13 = fma(15.0, h15, g14)
    h12 = fma(14.0, h14, g13)
    h11 = fma(13.0, h13, g12)
    h10 = fma(12.0, h12, g11)
    h9 = fma(11.0, h11, g10)
    h8 = fma(10.0, h10, g9)
    h7 = fma(9.0, h9, g8)
    h6 = fma(8.0, h8, g7)
    h5 = fma(7.0, h7, g6)
    h4 = fma(6.0, h6, g5)
    h3 = fma(5.0, h5, g4)
    h2 = fma(4.0, h4, g3)
    h1 = fma(3.0, h3, g2)
    h0 = fma(2.0, h2, g1)
    return (
        g0 + h1,
        h0,
        h1,
        h2,
        h3,
        h4,
        h5,
        h6,
        h7,
        h8,
        h9,
        h10,
        h11,
        h12,
        h13,
        h14,
        h15,
        h16,
        h17,
    )


@kernel(heavy=True)
def _unit(a, b):
    """e, 1 / a + 1 / b and s / sqrt(n): of these the coefficients are polynomials."""
    n = a + b
    return (a / n) * (b / n), 1.0 / a + 1.0 / b, (b - a) / (sqrt(a) * sqrt(n)) / sqrt(b)


@kernel(heavy=True)
def _series(e, n1, s):
    """The coefficients of f in powers of z, from the first."""
    n2 = n1 * n1
    n3 = n2 * n1
    n4 = n2 * n2
    n5 = n4 * n1
    n6 = n4 * n2
    n7 = n4 * n3
    n8 = n4 * n4
    n9 = n8 * n1
    g1 = s * -0.3333333333333333
    g2 = n1 * fma(e, -0.08333333333333333, 0.08333333333333333)
    g3 = s * n1 * fma(e, -0.007407407407407408, -0.014814814814814815)
    g4 = n2 * fma(e, fma(e, 0.0011574074074074073, -0.0023148148148148147), 0.0011574074074074073)
    g5 = s * n2 * fma(e, fma(e, -0.0001763668430335097, -0.0001763668430335097), 0.0003527336860670194)
    p = fma(e, fma(e, 0.0001787551440329218, 1.9290123456790123e-05), 0.0005362654320987655)
    g6 = n3 * fma(e, p, -0.0001787551440329218)
    p = fma(e, fma(e, 1.959631589261219e-05, 0.0), -5.878894767783657e-05)
    g7 = s * n3 * fma(e, p, 3.919263178522438e-05)
    p = fma(e, fma(e, -2.185448510679992e-06, 2.1280374289633547e-06), -6.4989344503233396e-06)
    g8 = n4 * fma(e, fma(e, p, 8.741794042719968e-06), -2.185448510679992e-06)
    p = fma(e, fma(e, 9.2703110535758e-07, 3.2000717871774115e-07), -2.8701674792209774e-07)
    g9 = s * n4 * fma(e, fma(e, p, 4.6351555267879e-06), -1.85406221071516e-06)
    p = fma(e, fma(e, -8.296711340953087e-07, -2.0235634358148075e-08), 4.047126871629615e-08)
    p = fma(e, fma(e, p, 4.128120036118395e-06), -4.148355670476543e-06)
    g10 = n5 * fma(e, p, 8.296711340953087e-07)
    p = fma(e, fma(e, -8.832976368413039e-08, -3.3159612492031333e-09), -3.3159612492031333e-09)
    p = fma(e, fma(e, p, -3.466871322381153e-07), 6.183083457889128e-07)
    g11 = s * n5 * fma(e, p, -1.7665952736826078e-07)
    p = fma(e, fma(e, 6.707853543401498e-09, -6.285387379509914e-09), 2.072882626384141e-09)
    p = fma(e, fma(e, p, -3.227186922533274e-08), 6.66560692701234e-08)
    g12 = n6 * fma(e, fma(e, p, -4.024712126040899e-08), 6.707853543401498e-09)
    p = fma(e, fma(e, -5.130904892120154e-09, -1.2547642482103691e-09), 0.0)
    p = fma(e, fma(e, p, -1.3666121474890463e-09), 4.3668615532660644e-08)
    g13 = s * n6 * fma(e, fma(e, p, -4.6178144029081385e-08), 1.0261809784240309e-08)
    p = fma(e, fma(e, 4.382036018453353e-09, 4.2999061175650634e-11), -3.429626562767029e-11)
    p = fma(e, fma(e, p, 1.2029438797897155e-10), 3.0502255884470866e-08)
    p = fma(e, fma(e, p, -6.13055051971713e-08), 3.067425212917347e-08)
    g14 = n7 * fma(e, p, -4.382036018453353e-09)
    p = fma(e, fma(e, 4.573849791118395e-10, 2.6632021840645688e-11), 9.675092836437443e-12)
    p = fma(e, fma(e, p, -7.281836167770802e-12), -2.153764786355969e-09)
    p = fma(e, fma(e, p, 7.2648956221081404e-09), -5.031234770230235e-09)
    g15 = s * n7 * fma(e, p, 9.14769958223679e-10)
    p = fma(e, fma(e, -2.5514193994946248e-11, 2.4344644546963072e-11), -3.1038337426368238e-12)
    p = fma(e, fma(e, p, 6.2076674852736475e-12), -1.758554444673447e-10)
    p = fma(e, fma(e, p, 5.299503266539554e-10), -5.34628524445888e-10)
    g16 = n8 * fma(e, fma(e, p, 2.0411355195956999e-10), -2.5514193994946248e-11)
    p = fma(e, fma(e, 2.915386066275213e-11, 6.02644601571818e-12), 6.276963792136694e-13)
    p = fma(e, fma(e, p, 6.276963792136694e-13), -6.303469358306745e-12)
    p = fma(e, fma(e, p, 3.659689271685025e-10), -7.167936245373668e-10)
    g17 = s * n8 * fma(e, fma(e, p, 3.790001886157776e-10), -5.830772132550426e-11)
    p = fma(e, fma(e, -2.4361948020667415e-11, -1.2506957840659926e-13), 7.653062337026268e-14)
    p = fma(e, fma(e, p, -4.7651380631581164e-14), 4.797310269239866e-13)
    p = fma(e, fma(e, p, 2.180553753569771e-10), -7.301080231495829e-10)
    p = fma(e, fma(e, p, 6.576475269796136e-10), -2.1925753218600676e-10)
    g18 = n9 * fma(e, p, 2.4361948020667415e-11)
    return g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15, g16, g17, g18


@kernel(heavy=True)
def expansion(a, b, top):
    """Coefficients for the upper tail, and for its derivatives in a and b over the beta kernel K.

    `top` is K at the mean: K = top * exp(-z*z/2).
    """
    n = a + b
    e, n1, s = _unit(a, b)
    g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15, g16, g17, g18 = _series(e, n1, s)
    n2 = n1 * n1
    n3 = n2 * n1
    n4 = n2 * n2
    n5 = n4 * n1
    n6 = n4 * n2
    n7 = n4 * n3
    n8 = n4 * n4
    o1 = 1.0
    o2 = s * -0.5
    o3 = n1 * fma(e, -0.3333333333333333, 0.16666666666666666)
    o4 = s * n1 * fma(e, 0.013888888888888888, -0.041666666666666664)
    o5 = n2 * fma(e, fma(e, -0.003703703703703704, -0.020370370370370372), 0.007407407407407408)
    o6 = s * n2 * fma(e, fma(e, -0.00011574074074074075, 0.0006944444444444445), -0.0005787037037037037)
    p = fma(e, fma(e, -5.878894767783657e-05, -0.00014697236919459142), 0.0006466784244562022)
    o7 = n3 * fma(e, p, -0.0001763668430335097)
    p = fma(e, fma(e, -1.276822457378013e-05, -4.133597883597884e-06), -0.00019152336860670194)
    o8 = s * n3 * fma(e, p, 8.93775720164609e-05)
    p = fma(e, fma(e, 4.899078973153047e-06, -2.4495394865765235e-06), -7.348618459729571e-05)
    o9 = n4 * fma(e, fma(e, p, 9.063296100333138e-05), -1.959631589261219e-05)
    p = fma(e, fma(e, 1.2141380614888845e-07, -3.546729048272258e-07), 1.8052595695342608e-06)
    o10 = s * n4 * fma(e, fma(e, p, -3.399586572168877e-06), 1.092724255339996e-06)
    p = fma(e, fma(e, 1.85406221071516e-07, 9.930119669488669e-08), -3.510181836656459e-07)
    p = fma(e, fma(e, p, 6.575322761879689e-06), -5.191374190002448e-06)
    o11 = n5 * fma(e, p, 9.2703110535758e-07)
    p = fma(e, fma(e, 3.771232427705948e-08, 2.7594046852020102e-09), -9.198015617340034e-09)
    p = fma(e, fma(e, p, -1.313492738764944e-06), 1.6970545924676766e-06)
    o12 = s * n5 * fma(e, p, -4.148355670476543e-07)
    p = fma(e, fma(e, -1.47216272806884e-08, 5.702833015742633e-09), -2.2106408328020887e-09)
    p = fma(e, fma(e, p, -4.036393306321671e-07), 1.0430248960960742e-06)
    o13 = n6 * fma(e, fma(e, p, -5.815042775871917e-07), 8.832976368413039e-08)
    p = fma(e, fma(e, -2.579943670539038e-10, 7.252370053280669e-10), -3.986312743046425e-10)
    p = fma(e, fma(e, p, 8.688580176051122e-09), -2.3073254747350407e-08)
    o14 = s * n6 * fma(e, fma(e, p, 1.702762822555765e-08), -3.353926771700749e-09)
    p = fma(e, fma(e, -7.32986413160022e-10, -1.7126289979586152e-10), 1.7925203545862418e-10)
    p = fma(e, fma(e, p, -1.3666121474890463e-09), 5.653582344127485e-08)
    p = fma(e, fma(e, p, -8.816158902164955e-08), 3.884827989748117e-08)
    o15 = n7 * fma(e, p, -5.130904892120154e-09)
    p = fma(e, fma(e, -1.4606786728177844e-10, -4.299906117565063e-12), 5.716044271278381e-12)
    p = fma(e, fma(e, p, -2.8068690528426695e-11), -9.150676765341261e-09)
    p = fma(e, fma(e, p, 2.247868523896281e-08), -1.3292175922641838e-08)
    o16 = s * n7 * fma(e, p, 2.1910180092266765e-09)
    p = fma(e, fma(e, 5.717312238897994e-11, -1.8599553004247837e-11), 2.717930292692691e-12)
    p = fma(e, fma(e, p, -8.185686553631472e-12), -2.4211649256085227e-09)
    p = fma(e, fma(e, p, 1.0662282976134933e-08), -1.0900092359914683e-08)
    o17 = n8 * fma(e, fma(e, p, 3.916358883645126e-09), -4.573849791118395e-10)
    p = fma(e, fma(e, 7.504174704395956e-13, -2.1480568717908594e-12), 4.564461386230623e-13)
    p = fma(e, fma(e, p, -1.2780491881445744e-12), 4.6549970594297125e-11)
    p = fma(e, fma(e, p, -1.7145451744686791e-10), 2.0441678875872191e-10)
    o18 = s * n8 * fma(e, fma(e, p, -9.005009645275147e-11), 1.2757096997473124e-11)
    tail = _moments(1.0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15, g16, g17, g18)
    slope = _moments(0.0, o1, o2, o3, o4, o5, o6, o7, o8, o9, o10, o11, o12, o13, o14, o15, o16, o17, o18)
    curve = _moments(0.0, 0.0, 1.0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15, g16)
    r = 1.0 / tail[0]
    m = slope[0] * r
    k = curve[0] * r
    # 1 / sqrt(2 pi) over `top`: from exp(-z*z/2) to K
    u = 0.3989422804014327 * r
    f = u / top
    fa = f / sqrt(a) * sqrt(b / n)
    fb = -f / sqrt(b) * sqrt(a / n)
    f = -0.5 * f / n
    return (
        u * tail[1],
        u * tail[2],
        u * tail[3],
        u * tail[4],
        u * tail[5],
        u * tail[6],
        u * tail[7],
        u * tail[8],
        u * tail[9],
        u * tail[10],
        u * tail[11],
        u * tail[12],
        u * tail[13],
        u * tail[14],
        u * tail[15],
        u * tail[16],
        u * tail[17],
        u * tail[18],
        fma(fa, fma(-m, tail[1], slope[1]), f * fma(-k, tail[1], curve[1])),
        fma(fa, fma(-m, tail[2], slope[2]), f * fma(-k, tail[2], curve[2])),
        fma(fa, fma(-m, tail[3], slope[3]), f * fma(-k, tail[3], curve[3])),
        fma(fa, fma(-m, tail[4], slope[4]), f * fma(-k, tail[4], curve[4])),
        fma(fa, fma(-m, tail[5], slope[5]), f * fma(-k, tail[5], curve[5])),
        fma(fa, fma(-m, tail[6], slope[6]), f * fma(-k, tail[6], curve[6])),
        fma(fa, fma(-m, tail[7], slope[7]), f * fma(-k, tail[7], curve[7])),
        fma(fa, fma(-m, tail[8], slope[8]), f * fma(-k, tail[8], curve[8])),
        fma(fa, fma(-m, tail[9], slope[9]), f * fma(-k, tail[9], curve[9])),
        fma(fa, fma(-m, tail[10], slope[10]), f * fma(-k, tail[10], curve[10])),
        fma(fa, fma(-m, tail[11], slope[11]), f * fma(-k, tail[11], curve[11])),
        fma(fa, fma(-m, tail[12], slope[12]), f * fma(-k, tail[12], curve[12])),
        fma(fa, fma(-m, tail[13], slope[13]), f * fma(-k, tail[13], curve[13])),
        fma(fa, fma(-m, tail[14], slope[14]), f * fma(-k, tail[14], curve[14])),
        fma(fa, fma(-m, tail[15], slope[15]), f * fma(-k, tail[15], curve[15])),
        fma(fa, fma(-m, tail[16], slope[16]), f * fma(-k, tail[16], curve[16])),
        fma(fa, fma(-m, tail[17], slope[17]), f * fma(-k, tail[17], curve[17])),
        fma(fa, fma(-m, tail[18], slope[18]), f * fma(-k, tail[18], curve[18])),
        fma(fb, fma(-m, tail[1], slope[1]), f * fma(-k, tail[1], curve[1])),
        fma(fb, fma(-m, tail[2], slope[2]), f * fma(-k, tail[2], curve[2])),
        fma(fb, fma(-m, tail[3], slope[3]), f * fma(-k, tail[3], curve[3])),
        fma(fb, fma(-m, tail[4], slope[4]), f * fma(-k, tail[4], curve[4])),
        fma(fb, fma(-m, tail[5], slope[5]), f * fma(-k, tail[5], curve[5])),
        fma(fb, fma(-m, tail[6], slope[6]), f * fma(-k, tail[6], curve[6])),
        fma(fb, fma(-m, tail[7], slope[7]), f * fma(-k, tail[7], curve[7])),
        fma(fb, fma(-m, tail[8], slope[8]), f * fma(-k, tail[8], curve[8])),
        fma(fb, fma(-m, tail[9], slope[9]), f * fma(-k, tail[9], curve[9])),
        fma(fb, fma(-m, tail[10], slope[10]), f * fma(-k, tail[10], curve[10])),
        fma(fb, fma(-m, tail[11], slope[11]), f * fma(-k, tail[11], curve[11])),
        fma(fb, fma(-m, tail[12], slope[12]), f * fma(-k, tail[12], curve[12])),
        fma(fb, fma(-m, tail[13], slope[13]), f * fma(-k, tail[13], curve[13])),
        fma(fb, fma(-m, tail[14], slope[14]), f * fma(-k, tail[14], curve[14])),
        fma(fb, fma(-m, tail[15], slope[15]), f * fma(-k, tail[15], curve[15])),
        fma(fb, fma(-m, tail[16], slope[16]), f * fma(-k, tail[16], curve[16])),
        fma(fb, fma(-m, tail[17], slope[17]), f * fma(-k, tail[17], curve[17])),
        fma(fb, fma(-m, tail[18], slope[18]), f * fma(-k, tail[18], curve[18])),
    )


@kernel(heavy=True)
def expansion_at_fixed_ratio(a, b, top):
    """Coefficients for the upper tail's derivatives in a and b over K, at a fixed (b / a) t / (1 - t)."""
    n = a + b
    e, n1, s = _unit(a, b)
    g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15, g16, g17, g18 = _series(e, n1, s)
    n2 = n1 * n1
    n3 = n2 * n1
    n4 = n2 * n2
    n5 = n4 * n1
    n6 = n4 * n2
    n7 = n4 * n3
    d3 = 0.3333333333333333
    d4 = s * -0.027777777777777776
    d5 = n1 * fma(e, 0.011111111111111112, 0.005555555555555556)
    d6 = s * n1 * fma(e, 0.000462962962962963, -0.000462962962962963)
    d7 = n2 * fma(e, fma(e, 0.00029394473838918284, 0.00011757789535567314), -0.00014697236919459142)
    d8 = s * n2 * fma(e, fma(e, 7.660934744268077e-05, 5.5114638447971785e-06), 7.660934744268077e-05)
    p = fma(e, fma(e, -3.429355281207133e-05, 7.348618459729571e-06), 4.409171075837743e-05)
    d9 = n3 * fma(e, p, -1.7146776406035666e-05)
    p = fma(e, fma(e, -9.713104491911076e-07, 7.093458096544516e-07), -1.4442076556274087e-06)
    d10 = s * n3 * fma(e, p, 9.713104491911076e-07)
    p = fma(e, fma(e, -1.668655989643644e-06, -7.71976080618056e-08), 3.8301890153742005e-07)
    d11 = n4 * fma(e, fma(e, p, -2.8384966656571596e-06), 8.34327994821822e-07)
    p = fma(e, fma(e, -3.7712324277059483e-07, -7.358412493872027e-09), 1.1037618740808041e-08)
    d12 = s * n4 * fma(e, fma(e, p, 7.505672792942536e-07), -3.7712324277059483e-07)
    p = fma(e, fma(e, 1.619379000875724e-07, -3.18301263279163e-08), 2.763301041002611e-09)
    p = fma(e, fma(e, p, 2.88076953219462e-07), -3.669353616008089e-07)
    d13 = n5 * fma(e, p, 8.09689500437862e-08)
    p = fma(e, fma(e, 3.0959324046468455e-09, -2.41745668442689e-09), 6.37810038887428e-10)
    p = fma(e, fma(e, p, -7.4473544366152475e-09), 1.0254779887711293e-08)
    d14 = s * n5 * fma(e, p, -3.0959324046468455e-09)
    p = fma(e, fma(e, 9.528823371080286e-09, -2.2718684943520007e-10), -4.4813008864656043e-10)
    p = fma(e, fma(e, p, 1.3666121474890463e-09), -3.1484713697790975e-08)
    d15 = n6 * fma(e, fma(e, p, 2.6029006802843542e-08), -4.764411685540143e-09)
    p = fma(e, fma(e, 2.0449501419448983e-09, 1.7199624470260252e-11), -1.1432088542556762e-11)
    p = fma(e, fma(e, p, 3.207850346105908e-11), 6.100451176894174e-09)
    d16 = s * n6 * fma(e, fma(e, p, -8.174067359622839e-09), 2.0449501419448983e-09)
    p = fma(e, fma(e, -8.57596835834699e-10, 1.5682889287038053e-10), -3.3162444598593513e-12)
    p = fma(e, fma(e, p, 1.1215532200128853e-11), 1.88272372901953e-09)
    p = fma(e, fma(e, p, -4.944390661259333e-09), 2.7948249915998556e-09)
    d17 = n7 * fma(e, p, -4.287984179173495e-10)
    p = fma(e, fma(e, -1.2006679527033529e-11, 1.0024265401690678e-11), -1.0954707326953495e-12)
    p = fma(e, fma(e, p, 1.825784554492249e-12), -4.1377751639375223e-11)
    p = fma(e, fma(e, p, 9.352064588010978e-11), -6.289747346422213e-11)
    d18 = s * n7 * fma(e, p, 1.2006679527033529e-11)
    tail = _moments(1.0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15, g16, g17, g18)
    drift = _moments(0.0, 0.0, 0.0, d3, d4, d5, d6, d7, d8, d9, d10, d11, d12, d13, d14, d15, d16, d17, d18)
    curve = _moments(0.0, 0.0, 1.0, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15, g16)
    r = 1.0 / tail[0]
    wa = sqrt(a / n / b)
    wb = -sqrt(b / n / a)
    ma = (wa * drift[0] - 0.5 * curve[0]) * r
    mb = (wb * drift[0] - 0.5 * curve[0]) * r
    # 1 / sqrt(2 pi) over `top`: from exp(-z*z/2) to K
    f = 0.3989422804014327 * r / top
    fa = f / a * (b / n)
    fb = f / b * (a / n)
    return (
        fa * fma(-ma, tail[1], fma(wa, drift[1], -0.5 * curve[1])),
        fa * fma(-ma, tail[2], fma(wa, drift[2], -0.5 * curve[2])),
        fa * fma(-ma, tail[3], fma(wa, drift[3], -0.5 * curve[3])),
        fa * fma(-ma, tail[4], fma(wa, drift[4], -0.5 * curve[4])),
        fa * fma(-ma, tail[5], fma(wa, drift[5], -0.5 * curve[5])),
        fa * fma(-ma, tail[6], fma(wa, drift[6], -0.5 * curve[6])),
        fa * fma(-ma, tail[7], fma(wa, drift[7], -0.5 * curve[7])),
        fa * fma(-ma, tail[8], fma(wa, drift[8], -0.5 * curve[8])),
        fa * fma(-ma, tail[9], fma(wa, drift[9], -0.5 * curve[9])),
        fa * fma(-ma, tail[10], fma(wa, drift[10], -0.5 * curve[10])),
        fa * fma(-ma, tail[11], fma(wa, drift[11], -0.5 * curve[11])),
        fa * fma(-ma, tail[12], fma(wa, drift[12], -0.5 * curve[12])),
        fa * fma(-ma, tail[13], fma(wa, drift[13], -0.5 * curve[13])),
        fa * fma(-ma, tail[14], fma(wa, drift[14], -0.5 * curve[14])),
        fa * fma(-ma, tail[15], fma(wa, drift[15], -0.5 * curve[15])),
        fa * fma(-ma, tail[16], fma(wa, drift[16], -0.5 * curve[16])),
        fa * fma(-ma, tail[17], fma(wa, drift[17], -0.5 * curve[17])),
        fa * fma(-ma, tail[18], fma(wa, drift[18], -0.5 * curve[18])),
        fb * fma(-mb, tail[1], fma(wb, drift[1], -0.5 * curve[1])),
        fb * fma(-mb, tail[2], fma(wb, drift[2], -0.5 * curve[2])),
        fb * fma(-mb, tail[3], fma(wb, drift[3], -0.5 * curve[3])),
        fb * fma(-mb, tail[4], fma(wb, drift[4], -0.5 * curve[4])),
        fb * fma(-mb, tail[5], fma(wb, drift[5], -0.5 * curve[5])),
        fb * fma(-mb, tail[6], fma(wb, drift[6], -0.5 * curve[6])),
        fb * fma(-mb, tail[7], fma(wb, drift[7], -0.5 * curve[7])),
        fb * fma(-mb, tail[8], fma(wb, drift[8], -0.5 * curve[8])),
        fb * fma(-mb, tail[9], fma(wb, drift[9], -0.5 * curve[9])),
        fb * fma(-mb, tail[10], fma(wb, drift[10], -0.5 * curve[10])),
        fb * fma(-mb, tail[11], fma(wb, drift[11], -0.5 * curve[11])),
        fb * fma(-mb, tail[12], fma(wb, drift[12], -0.5 * curve[12])),
        fb * fma(-mb, tail[13], fma(wb, drift[13], -0.5 * curve[13])),
        fb * fma(-mb, tail[14], fma(wb, drift[14], -0.5 * curve[14])),
        fb * fma(-mb, tail[15], fma(wb, drift[15], -0.5 * curve[15])),
        fb * fma(-mb, tail[16], fma(wb, drift[16], -0.5 * curve[16])),
        fb * fma(-mb, tail[17], fma(wb, drift[17], -0.5 * curve[17])),
        fb * fma(-mb, tail[18], fma(wb, drift[18], -0.5 * curve[18])),
    )
