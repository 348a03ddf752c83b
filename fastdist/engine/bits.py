"""Operations on the bits of a float, the fused multiply-add, and how far numbers go.

Formulas that must vectorise are written with these. Here they are in plain Python, for CPython;
each target replaces them with one instruction.
"""

import struct

__all__ = ["LARGEST", "LARGEST_COUNT", "bits_float", "bits_float32", "float_bits", "float_bits32", "fma", "to_int"]

# The largest float64, and the largest that an int64 holds: 2**63 - 1024.
LARGEST, LARGEST_COUNT = 1.7976931348623157e308, 9223372036854774784.0


def float_bits(x):
    """The bits of a float64 as a signed integer."""
    return struct.unpack("<q", struct.pack("<d", x))[0]


def bits_float(n):
    """The float64 that has the bits of the signed integer `n`."""
    return struct.unpack("<d", struct.pack("<Q", int(n) & 0xFFFFFFFFFFFFFFFF))[0]


def float_bits32(x):
    """The bits of a float32 as a signed integer."""
    return struct.unpack("<i", struct.pack("<f", x))[0]


def bits_float32(n):
    """The float32 that has the low 32 bits of the integer `n`."""
    return struct.unpack("<f", struct.pack("<I", int(n) & 0xFFFFFFFF))[0]


def fma(a, b, c):
    """a * b + c, rounded once on a target that compiles it and twice in CPython."""
    return a * b + c


def to_int(x):
    """The integer that a float64 with an integral value stands for."""
    return int(x)
