"""Nodes and weights of the Gauss-Legendre rules on [0, 1] in :mod:`fastdist.special.von_mises`."""

import mpmath as mp

mp.mp.dps = 40
CROWDING = mp.mpf("0.3")


def gauss_legendre(count):
    """Pairs (node, weight) on [0, 1], by Newton's method on the Legendre polynomial."""
    pairs = []
    for i in range(count):
        x = -mp.cos(mp.pi * (i + mp.mpf("0.75")) / (count + mp.mpf("0.5")))
        for _ in range(8):
            low, high = mp.mpf(1), x
            for k in range(2, count + 1):
                low, high = high, ((2 * k - 1) * x * high - (k - 1) * low) / k
            slope = count * (x * high - low) / (x * x - 1)
            x -= high / slope
        pairs.append(((x + 1) / 2, 1 / ((1 - x * x) * slope**2)))
    return pairs


def crowded(pairs):
    """The same after the substitution of x (1 + b x) / (1 + b): more nodes near 0."""
    b = CROWDING
    return [(x * (1 + b * x) / (1 + b), w * (1 + 2 * b * x) / (1 + b)) for x, w in pairs]


def show(name, pairs):
    print(f"{name} = (")
    for i in range(0, len(pairs), 2):
        print("    " + " ".join(f"({float(x)!r}, {float(w)!r})," for x, w in pairs[i : i + 2]))
    print(")  # fmt: skip")


if __name__ == "__main__":
    show("OUTWARD", crowded(gauss_legendre(26)))
    show("INWARD", gauss_legendre(12))
    show("WHOLE", gauss_legendre(48))
