"""Print the polynomials of fastdist/special/beta_expansion.py, from exact rational arithmetic.

f(zeta) = zeta / tau with zeta dzeta = tau dtau / (1 + s tau - tau**2), and Omega f with Omega the
integral of f and A f with A that of zeta tau: their Taylor coefficients are polynomials in s, and with
N = 1/a + 1/b, e = a b / n**2 and s**2 / n = N (1 - 4 e) those over n**(k/2) become powers of N times
polynomials in e; A is over n**(3/2) more.
"""

from fractions import Fraction

ORDER = 18


def product(p, q):
    """The product of two polynomials, each a list of coefficients, lowest power first."""
    r = [Fraction(0)] * (len(p) + len(q) - 1)
    for i, u in enumerate(p):
        for j, v in enumerate(q):
            r[i + j] += u * v
    return r


def combine(terms):
    """The sum of scale * polynomial over `terms`."""
    size = max((len(p) for _, p in terms), default=1)
    return [sum((c * p[i] for c, p in terms if i < len(p)), Fraction(0)) for i in range(size)]


def coefficients():
    """The coefficients of f, of Omega f and of A f as polynomials in s."""
    tau, square = {1: [Fraction(1)]}, {2: [Fraction(1)]}
    for m in range(2, ORDER + 2):
        # from zeta (1 + s tau - tau**2) = (tau**2)' / 2
        terms = [(Fraction(2, m + 1), product([Fraction(0), Fraction(1)], tau[m - 1]))]
        if m > 2:
            terms.append((Fraction(-2, m + 1), square[m - 1]))
        square[m + 1] = combine(terms)
        inner = [(Fraction(-1, 2), product(tau[i], tau[m + 1 - i])) for i in range(2, m)]
        tau[m] = combine([(Fraction(1, 2), square[m + 1]), *inner])
    f = {0: [Fraction(1)]}
    for k in range(1, ORDER + 1):
        f[k] = combine([(Fraction(-1), product(tau[j + 1], f[k - j])) for j in range(1, k + 1)])
    omega = {
        k: combine([(Fraction(1, j), product(f[j - 1], f[k - j])) for j in range(1, k + 1)])
        for k in range(1, ORDER + 1)
    }
    drift = {
        k: combine([(Fraction(1, j + 2), product(tau[j], f[k - 2 - j])) for j in range(1, k - 1)])
        for k in range(3, ORDER + 1)
    }
    return f, omega, drift


def in_e(p, degree):
    """sum p[d] s**d as a polynomial in e, with s**2 = 1 - 4 e and 1 = e for what lacks of `degree`."""
    result = [Fraction(0)] * (degree + 1)
    for d, c in enumerate(p):
        if c:
            q = [c]
            for _ in range(d // 2):
                q = product(q, [Fraction(1), Fraction(-4)])
            for i, v in enumerate(q):
                result[i + degree - d // 2] += v
    while len(result) > 1 and not result[-1]:
        result.pop()
    return [float(c) for c in result]


def show(name, scale, p):
    """Print the assignment of `scale` times Horner's rule for `p`, three coefficients a line."""
    text = repr(p.pop())
    count = 0
    while p:
        if count == 2:
            print(f"    p = {text}")
            text, count = "p", 0
        text = f"fma(e, {text}, {p.pop()!r})"
        count += 1
    print(f"    {name} = {' * '.join([*scale, text])}")


def main():
    f, omega, drift = coefficients()
    for name, table, shift in (("g", f, 0), ("o", omega, 1), ("d", drift, 3)):
        for k in range(max(1, shift), ORDER + 1):
            degree, odd = divmod(k - shift, 2)
            show(f"{name}{k}", ["s"] * odd + [f"n{degree}"] * (degree > 0), in_e(table[k], degree))


if __name__ == "__main__":
    main()
