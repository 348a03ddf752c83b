"""Nodes and weights of the quadrature rules of :mod:`fastdist.special.owens_t`."""

import mpmath as mp

mp.mp.dps = 60
NEGLIGIBLE = 1e-18


def rule(moments):
    """The Gauss rule of a weight function, from an even number of its moments (Chebyshev's algorithm)."""
    n = len(moments) // 2
    diagonal, squares = [moments[1] / moments[0]], [moments[0]]
    previous, current = [mp.mpf(0)] * (2 * n), list(moments)
    for k in range(1, n):
        following = [mp.mpf(0)] * (2 * n)
        for i in range(k, 2 * n - k):
            following[i] = current[i + 1] - diagonal[-1] * current[i] - squares[-1] * previous[i]
        diagonal.append(following[k + 1] / following[k] - current[k] / current[k - 1])
        squares.append(following[k] / current[k - 1])
        previous, current = current, following
    jacobi = mp.matrix(n, n)
    for i in range(n):
        jacobi[i, i] = diagonal[i]
        if i:
            jacobi[i, i - 1] = jacobi[i - 1, i] = mp.sqrt(squares[i])
    nodes, vectors = mp.eigsy(jacobi)
    return [(nodes[i], moments[0] * vectors[0, i] ** 2) for i in range(n)]


def main():
    with mp.workdps(200):
        legendre = rule([mp.mpf(2) / (i + 1) if i % 2 == 0 else mp.mpf(0) for i in range(52)])
        hermite = rule([mp.mpf(2) ** (mp.mpf(i - 1) / 2) * mp.gamma(mp.mpf(i + 1) / 2) for i in range(36)])
        laguerre = rule([mp.factorial(i) for i in range(32)])
    rules = {"LEGENDRE": [pair for pair in legendre if pair[0] > 0], "HERMITE": hermite, "LAGUERRE": laguerre}
    for name, pairs in rules.items():
        kept = [pair for pair in pairs if pair[1] > NEGLIGIBLE]
        print(name, "= (")
        for node, weight in kept:
            print(f"    ({float(node)!r}, {float(weight)!r}),")
        print(")")


if __name__ == "__main__":
    main()
