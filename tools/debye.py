"""Coefficients of :mod:`fastdist.special.bessel_order`: the polynomials U_k of DLMF 10.41.9 over p**k, in s = p*p.

They are exact rational numbers, rounded once; each line has those of one k, the lowest power of s first.
"""

from fractions import Fraction

TERMS = 19


def step(u):
    """U_{k+1} from U_k, both by powers of p: DLMF 10.41.9."""
    found = [Fraction(0)] * (len(u) + 3)
    for n, c in enumerate(u):
        found[n + 1] += (Fraction(n, 2) + Fraction(1, 8) / (n + 1)) * c
        found[n + 3] -= (Fraction(n, 2) + Fraction(5, 8) / (n + 3)) * c
    return found


def main():
    u = [Fraction(1)]
    for k in range(TERMS):
        print(", ".join(repr(float(c)) for c in u[k::2][: k + 1]) + ",")
        u = step(u)


if __name__ == "__main__":
    main()
