"""Gauss-Legendre rules on [0, 1], and strides of sums over counts.

Nodes come in pairs, s and 1 - s, with one weight for both: `NODES` holds those below one half. They are
the zeros of Legendre polynomials, computed with 40 digits (DLMF section 3.5(v)).
"""

from fastdist.engine.bits import bits_float, float_bits
from fastdist.engine.elementary import EXPONENT_MASK
from fastdist.engine.kernel import kernel

__all__ = ["NODES_8", "NODES_12", "NODES_32", "WEIGHTS_8", "WEIGHTS_12", "WEIGHTS_32", "even_stride"]

NODES_8 = (0.019855071751231884, 0.10166676129318664, 0.2372337950418355, 0.4082826787521751)
WEIGHTS_8 = (0.05061426814518813, 0.11119051722668724, 0.15685332293894363, 0.181341891689181)
NODES_12 = (
    0.009219682876640375,
    0.04794137181476257,
    0.11504866290284765,
    0.2063410228566913,
    0.3160842505009099,
    0.43738329574426554,
)
WEIGHTS_12 = (
    0.023587668193255914,
    0.05346966299765921,
    0.08003916427167311,
    0.10158371336153296,
    0.1167462682691774,
    0.12457352290670139,
)
NODES_32 = (
    0.0013680690752592183,
    0.007194244227365833,
    0.017618872206246784,
    0.03254696203113015,
    0.05183942211697394,
    0.07531619313371501,
    0.1027581020160288,
    0.13390894062985517,
    0.1684778665348924,
    0.20614212137961885,
    0.2465500455338853,
    0.2893243619346823,
    0.33406569885893617,
    0.38035631887393145,
    0.42776401920860174,
    0.4758461671561308,
)
WEIGHTS_32 = (
    0.003509305004735048,
    0.008137197365452835,
    0.01269603265463103,
    0.017136931456510716,
    0.02141794901111334,
    0.025499029631188087,
    0.029342046739267772,
    0.032911111388180925,
    0.03617289705442425,
    0.039096947893535156,
    0.041655962113473374,
    0.043826046502201906,
    0.045586939347881945,
    0.04692219954040228,
    0.04781936003963743,
    0.0482700442573639,
)


@kernel
def even_stride(most):
    """The largest power of two that is at most `most`, and 1 at least: however large its multiples are, they are exact.

    A sum over every count of a smooth mass may then take one of so many, which stand for those between.
    """
    return bits_float(float_bits(most) & EXPONENT_MASK) if most > 1.0 else 1.0
