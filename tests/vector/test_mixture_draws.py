"""Derivatives of draws of mixtures of vectors: against mpmath, means of functions of draws, and what they add up to."""

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd

DIGITS = 30
WEIGHTS = np.array([0.2, 0.5, 0.3])
LOC = np.array([[0.0, 1.0, -1.0], [-2.0, 0.5, 0.0], [1.0, -1.0, 0.5]])
TRIL = np.array(
    [
        [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.3, 0.4, 0.7]],
        [[0.5, 0.0, 0.0], [0.0, 0.25, 0.0], [1.5, 0.2, 1.0]],
        [[1.5, 0.0, 0.0], [-1.0, 1.0, 0.0], [0.1, -0.6, 2.0]],
    ]
)
COVARIANCE = np.matmul(TRIL, np.swapaxes(TRIL, -2, -1))
COV_FACTOR, COV_DIAG = TRIL[..., :2], np.array([[0.5, 1.0, 2.0], [0.3, 0.2, 0.1], [1.0, 1.0, 0.5]])
CONCENTRATION, RATE = np.array([[0.5, 2.0, 3.0], [4.0, 1.0, 0.7], [9.0, 5.0, 2.5]]), np.array([1.0, 0.5, 2.0])

# In mpmath ----------------------------------------------------------------------------------------


def normal_chain(x, given, factor_of):
    """The densities and cdfs of the numbers of a normal event, each given those before it."""
    loc, factor = given[0], factor_of(*given[1:])
    z, found = [], []
    for i, v in enumerate(x):
        z.append((v - loc[i] - mp.fsum(factor[i, j] * z[j] for j in range(i))) / factor[i, i])
        found.append((mp.npdf(z[i]) / factor[i, i], mp.ncdf(z[i])))
    return found


def cholesky(matrix):
    return mp.cholesky(mp.matrix((matrix + matrix.T) / 2))


def low_rank(factor, diagonal):
    return cholesky(factor.dot(factor.T) + np.diag(diagonal))


def student_chain(x, given, factor_of):
    """Given those before it a number is a Student variate of more degrees, stretched by how far out they are."""
    df, loc, factor = given[0], given[1], factor_of(given[2])
    z, found = [], []
    for i, v in enumerate(x):
        z.append((v - loc[i] - mp.fsum(factor[i, j] * z[j] for j in range(i))) / factor[i, i])
        many = df + i
        stretch = mp.sqrt((df + mp.fsum(u * u for u in z[:i])) / many)
        t = z[i] / stretch
        share = many / (many + t * t)
        tail = mp.betainc(many / 2, 0.5, 0, share, regularized=True) / 2
        density = share ** ((many + 1) / 2) / (mp.sqrt(many) * mp.beta(many / 2, 0.5))
        found.append((density / (stretch * factor[i, i]), tail if t < 0 else 1 - tail))
    return found


def gamma_chain(x, given):
    concentration, rate = given
    return [
        (
            b**a * v ** (a - 1) * mp.exp(-b * v) / mp.gamma(a),
            mp.gammainc(a, 0, b * v, regularized=True),
        )
        for v, a, b in zip(x, concentration, rate, strict=False)
    ]


def laplace_chain(x, given):
    found = []
    for v, loc, scale in zip(x, *given, strict=False):
        tail = mp.exp(-abs(v - loc) / scale) / 2
        found.append((tail / scale, tail if v < loc else 1 - tail))
    return found


def beta_chain(shares, given):
    found = []
    for i, u in enumerate(shares):
        a, b = given[0][i], mp.fsum(given[0][i + 1 :])
        density = u ** (a - 1) * (1 - u) ** (b - 1) / mp.beta(a, b)
        found.append((density, mp.betainc(a, b, 0, u, regularized=True)))
    return found


def logit_normal_chain(shares, given):
    found = []
    for i, (u, loc, scale) in enumerate(zip(shares, *given, strict=False)):
        z = (mp.log(u / (1 - u)) + mp.log(len(given[0]) - i) - loc) / scale
        found.append((mp.npdf(z) / (scale * u * (1 - u)), mp.ncdf(z)))
    return found


# By the names of parameters, and for events that are broken sticks by the family.
STICKS = {"Dirichlet": beta_chain, "LogisticNormal": logit_normal_chain}
CHAINS = {
    "loc scale_tril": lambda x, g: normal_chain(x, g, lambda tril: tril),
    "loc covariance_matrix": lambda x, g: normal_chain(x, g, cholesky),
    "loc precision_matrix": lambda x, g: normal_chain(
        x, g, lambda m: cholesky(np.array((mp.matrix(m) ** -1).tolist()))
    ),
    "loc cov_factor cov_diag": lambda x, g: normal_chain(x, g, low_rank),
    "df loc scale_tril": lambda x, g: student_chain(x, g, lambda tril: tril),
    "df loc scale_matrix": lambda x, g: student_chain(x, g, cholesky),
    "concentration rate": gamma_chain,
    "loc scale": laplace_chain,
}


def exact_slope(x, chains, weights, parameters, moved):
    """How an event x moves with one number: `moved(weights, parameters, t)` are those at a distance t."""

    def tails(i, event, t):
        own, given = moved(weights, parameters, t)
        parts = [chain(event[: i + 1], g) for chain, g in zip(chains, given, strict=True)]
        before = [w * mp.fprod(p[0] for p in part[:i]) for w, part in zip(own, parts, strict=True)]
        total = mp.fsum(before)
        return (mp.fsum(b * part[i][j] for b, part in zip(before, parts, strict=True)) / total for j in (0, 1))

    slopes = []
    for i in range(len(x)):

        def cdf(t, i=i):
            event = [v + t * s for v, s in zip(x[:i], slopes, strict=True)]
            return list(tails(i, [*event, x[i]], t))[1]

        slopes.append(-mp.diff(cdf, 0) / next(tails(i, x, mp.mpf(0))))
    return slopes


def exact_slope_of_stick(x, chains, *moving):
    """The same of a broken stick, by the share that each piece takes of what is left."""
    left = [mp.fsum(x[i:]) for i in range(len(x))]
    shares = [v / whole for v, whole in zip(x[:-1], left, strict=False)]
    slopes, loss = [], mp.mpf(0)
    for share, whole, slope in zip(shares, left, exact_slope(shares, chains, *moving), strict=False):
        slopes.append(whole * slope + share * loss)
        loss -= slopes[-1]
    return [*slopes, loss]


def exact(array):
    return np.vectorize(lambda v: mp.mpf(float(v)), otypes=[object])(array)


def changed(array, place, t):
    found = array.copy()
    found[place] += t
    return found


def logits():
    return fd.Categorical(logits=np.log(WEIGHTS))


NORMALS = {
    "scale_tril": TRIL,
    "covariance_matrix": COVARIANCE,
    "precision_matrix": np.linalg.inv(COVARIANCE) + np.swapaxes(np.linalg.inv(COVARIANCE), -2, -1),
}


def normals(name, mixture=None):
    component = fd.MultivariateNormal(LOC, **{name: NORMALS[name]})
    return fd.MixtureSameFamily(mixture or fd.Categorical(WEIGHTS), component)


DF = np.array([0.7, 3.0, 40.0])


def students(name):
    matrix = {"scale_tril": TRIL, "scale_matrix": COVARIANCE}[name]
    return fd.MixtureSameFamily(logits(), fd.MultivariateStudentT(DF, LOC, **{name: matrix}))


def low_ranks():
    return fd.MixtureSameFamily(logits(), fd.LowRankMultivariateNormal(LOC, COV_FACTOR, COV_DIAG))


def gammas():
    return fd.MixtureSameFamily(fd.Categorical(WEIGHTS), fd.Independent(fd.Gamma(CONCENTRATION, RATE), 1))


def unlike():
    parts = [
        fd.MultivariateNormal(LOC[0], scale_tril=TRIL[0]),
        fd.Independent(fd.Laplace(LOC[1], COV_DIAG[1]), 1),
        fd.MultivariateNormal(LOC[2], covariance_matrix=COVARIANCE[2]),
    ]
    return fd.Mixture(logits(), parts)


def dirichlets(mixture=None):
    return fd.MixtureSameFamily(mixture or logits(), fd.Dirichlet(CONCENTRATION))


def logistic_normals():
    return fd.MixtureSameFamily(fd.Categorical(WEIGHTS), fd.LogisticNormal(LOC, COV_DIAG))


def unlike_sticks():
    return fd.Mixture(
        logits(),
        [
            fd.Dirichlet(CONCENTRATION[0]),
            fd.LogisticNormal(LOC[1, :2], COV_DIAG[1, :2]),
            fd.Dirichlet([0.01, 300.0, 2.0]),
        ],
    )


MIXTURES = {
    **{name: lambda name=name: normals(name) for name in NORMALS},
    **{f"student, {name}": lambda name=name: students(name) for name in ("scale_tril", "scale_matrix")},
    "low rank": low_ranks,
    "gammas": gammas,
    "dirichlets": dirichlets,
    "logistic normals": logistic_normals,
    "unlike": unlike,
    "unlike sticks": unlike_sticks,
}


@pytest.mark.parametrize("name", MIXTURES)
def test_against_mpmath(name):
    d = MIXTURES[name]()
    draws, slopes = d.rsample_and_grad(2, rng=3)
    by_logits, alike = "logits" in slopes, isinstance(d, fd.MixtureSameFamily)
    components = [d.component_distribution] * 3 if alike else d.components
    with mp.workdps(DIGITS):
        own = [[exact(v[k] if alike else v) for v in c._parameters.values()] for k, c in enumerate(components)]
        chains = [STICKS.get(type(c).__name__) or CHAINS[" ".join(c._parameters)] for c in components]
        slope_of = exact_slope_of_stick if type(components[0]).__name__ in STICKS else exact_slope
        weights = [mp.mpf(float(w)) for w in d._weights]

        def moved_weight(k):
            def moved(w, given, t):
                return [*w[:k], w[k] * mp.exp(t) if by_logits else w[k] + t, *w[k + 1 :]], given

            return moved

        def moved_parameter(k, j, place):
            def moved(w, given, t):
                return w, [
                    *given[:k],
                    [*given[k][:j], changed(given[k][j], place, t), *given[k][j + 1 :]],
                    *given[k + 1 :],
                ]

            return moved

        def check(got, moved):
            for x, row in zip(draws, got, strict=True):
                want = [float(s) for s in slope_of([mp.mpf(v) for v in x], chains, weights, own, moved)]
                np.testing.assert_allclose(row, want, rtol=2e-12, atol=1e-13)

        for k in range(3):
            check(slopes["logits" if by_logits else "probs"][..., k], moved_weight(k))
            for j, parameter in enumerate(components[k]._parameters):
                array = components[k]._parameters[parameter]
                array = array[k] if alike else array
                slope = slopes[parameter][:, :, k] if alike else slopes[f"components_{k}_{parameter}"]
                for place in list(np.ndindex(array.shape))[:: 1 if array.ndim == 1 else 3]:
                    check(slope[(slice(None), slice(None), *place)], moved_parameter(k, j, place))


# Means of functions of draws ----------------------------------------------------------------------


def test_means_of_functions_of_draws():
    """The mean of the derivative of h(x) is the derivative of the mean of h(x): of a product of two numbers."""
    d = normals("scale_tril")
    x, slopes = d.rsample_and_grad(40_000, rng=5)
    first, last = x[:, 0], x[:, 2]
    # The mean of x_0 x_2 is sum_k w_k ((L_k L_k^T)_02 + loc_k0 loc_k2).
    each = COVARIANCE[:, 0, 2] + LOC[:, 0] * LOC[:, 2]
    loc, tril = np.zeros((3, 3)), np.zeros((3, 3, 3))
    loc[:, 0], loc[:, 2] = WEIGHTS * LOC[:, 2], WEIGHTS * LOC[:, 0]
    tril[:, 0, 0], tril[:, 2, 0] = WEIGHTS * TRIL[:, 2, 0], WEIGHTS * TRIL[:, 0, 0]
    for name, want in {"probs": each - WEIGHTS @ each, "loc": loc, "scale_tril": tril}.items():
        slope = slopes[name]
        along = (slice(None),) + (None,) * (slope.ndim - 2)
        moved = first[along] * slope[:, 2] + last[along] * slope[:, 0]
        error = moved.std(axis=0) / np.sqrt(len(x))
        assert np.all(abs(moved.mean(axis=0) - want) <= 5 * error + 1e-12), name


def test_one_component_is_that_component():
    """And components that are alike share its derivatives by their weights."""
    for part in (fd.MultivariateNormal(LOC[0], scale_tril=TRIL[0]), fd.Independent(fd.Gamma([0.3, 2.0], 1.0), 1)):
        d = fd.MixtureSameFamily(fd.Categorical([0.25, 0.75]), part.expand((2,)))
        x, slopes = d.rsample_and_grad(6, rng=1)
        if isinstance(part, fd.Independent):
            own = {
                name: np.eye(2) * slope[..., np.newaxis, :]
                for name, slope in part.base_dist._slopes_of_draws(x).items()
            }
        else:
            z = np.linalg.solve(TRIL[0], (x - LOC[0])[..., np.newaxis])[..., 0]
            own = part._draw_slopes(z, np.ones(6))
        np.testing.assert_allclose(slopes["probs"], 0.0, atol=1e-15)
        for name, slope in own.items():
            slope = np.broadcast_to(slope, (6, *slope.shape[1:]) if slope.ndim > 2 else slope.shape)
            for k, weight in enumerate((0.25, 0.75)):
                np.testing.assert_allclose(slopes[name][:, :, k], weight * slope, rtol=1e-13, atol=1e-14)


def test_infinite_degrees_of_freedom_are_the_normal_limit():
    x = normals("scale_tril").sample(5, rng=2)
    normal = fd.MixtureSameFamily(logits(), fd.MultivariateNormal(LOC, scale_tril=TRIL))._slopes_of_draws(x)
    student = fd.MixtureSameFamily(logits(), fd.MultivariateStudentT(np.inf, LOC, TRIL))._slopes_of_draws(x)
    for name, slope in normal.items():
        np.testing.assert_allclose(student[name], slope, rtol=1e-13, atol=1e-300)
    assert not student["df"].any()


def test_batches_shapes_and_dtypes():
    weights = np.array([[0.2, 0.8], [0.7, 0.3]])
    loc = np.linspace(-2.0, 2.0, 12).reshape(2, 2, 3)
    d = fd.MixtureSameFamily(fd.Categorical(weights), fd.MultivariateNormal(loc, scale_tril=np.eye(3)))
    x, slopes = d.rsample_and_grad((4,), rng=2)
    np.testing.assert_array_equal(x, d.rsample((4,), rng=2))
    assert {name: slope.shape for name, slope in slopes.items()} == {
        "probs": (4, 2, 3, 2), "loc": (4, 2, 3, 2, 3), "scale_tril": (4, 2, 3, 2, 3, 3)
    }  # fmt: skip
    for b in range(2):
        one = fd.MixtureSameFamily(fd.Categorical(weights[b]), fd.MultivariateNormal(loc[b], scale_tril=np.eye(3)))
        for name, slope in one._slopes_of_draws(x[:, b]).items():
            np.testing.assert_allclose(slopes[name][:, b], slope, rtol=1e-12, atol=1e-14)
    # Events of two axes are taken number by number, in C order.
    parts = fd.Laplace(loc.reshape(2, 2, 3), 1.0)
    wide = fd.MixtureSameFamily(fd.Categorical([0.4, 0.6]), fd.Independent(fd.Independent(parts, 1), 1))
    flat = fd.MixtureSameFamily(fd.Categorical([0.4, 0.6]), fd.Independent(fd.Laplace(loc.reshape(2, 6), 1.0), 1))
    y, moved = wide.rsample_and_grad(rng=3)
    assert y.shape == (2, 3) and moved["loc"].shape == (2, 3, 2, 2, 3)
    for name, slope in flat._slopes_of_draws(y.ravel()).items():
        np.testing.assert_allclose(moved[name].reshape(slope.shape), slope, rtol=1e-13, atol=1e-15)
    narrow = fd.MixtureSameFamily(
        fd.Categorical(np.float32([0.5, 0.5])),
        fd.MultivariateNormal(np.float32(LOC[:2]), scale_tril=np.float32(TRIL[:2])),
    )
    assert {slope.dtype for slope in narrow.rsample_and_grad(2, rng=1)[1].values()} == {np.dtype(np.float32)}
    assert d.rsample_and_grad(0, rng=1)[1]["loc"].shape == (0, 2, 3, 2, 3)


def test_far_components_and_weights_of_nothing():
    """A draw of one component does not move with those that are far, or that have no weight."""
    d = fd.MixtureSameFamily(
        fd.Categorical([0.5, 0.5, 0.0]),
        fd.MultivariateNormal([[0.0, 0.0], [1e4, -1e4], [0.0, 0.0]], scale_tril=np.eye(2)),
    )
    slopes = d._slopes_of_draws(np.array([0.3, -0.2]))
    np.testing.assert_allclose(slopes["loc"][:, 0], np.eye(2), atol=1e-13)
    assert not slopes["loc"][:, 1:].any() and not slopes["scale_tril"][:, 1:].any()
    assert np.isfinite(slopes["probs"]).all() and slopes["probs"][0, 2] < 0 < slopes["probs"][0, 1]
    positive = fd.Mixture(
        fd.Categorical([0.5, 0.5]),
        [fd.Independent(fd.Gamma([2.0, 3.0], 1.0), 1), fd.Independent(fd.Normal([-5.0, 0.0], 1.0), 1)],
    )
    slopes = positive._slopes_of_draws(np.array([-4.0, 0.7]))
    np.testing.assert_allclose(slopes["components_1_loc"], np.eye(2), rtol=1e-13)
    assert not slopes["components_0_concentration"].any() and not slopes["components_0_rate"].any()


def test_sticks_near_the_corners():
    """What is left of a stick is known to its own digits, and pieces may be 0."""
    d = fd.MixtureSameFamily(fd.Categorical([0.4, 0.6]), fd.Dirichlet([[1e-3, 2e-3, 3e-3], [4e-3, 1e-3, 0.7]]))
    x = np.array(
        [
            [1.0, 1e-18, 3e-20],
            [1e-200, 1.0, 1e-300],
            [0.25, 0.0, 0.75],
            [0.0, 0.0, 1.0],
            [1.0, 0.0, 0.0],
            [0.2, 0.3, 0.5],
        ]
    )
    slopes = d._slopes_of_draws(np.concatenate([x, d.sample(20, rng=1)]))
    for slope in slopes.values():
        assert np.isfinite(slope).all()
        np.testing.assert_allclose(slope.sum(axis=1), 0.0, atol=1e-13 * abs(slope).max())
    assert not slopes["concentration"][3, :2].any() and slopes["concentration"][1, 2].any()
    alone = fd.MixtureSameFamily(fd.Categorical([0.4, 0.6]), fd.Dirichlet([[1.0], [2.0]]))
    assert not alone._slopes_of_draws(np.ones((4, 1)))["concentration"].any()


def test_means_of_functions_of_sticks():
    """As above: of the product of two pieces."""
    d = dirichlets(fd.Categorical(WEIGHTS))
    x, slopes = d.rsample_and_grad(40_000, rng=5)
    total = CONCENTRATION.sum(axis=1)
    first, last = CONCENTRATION[:, 0], CONCENTRATION[:, 2]
    each = first * last / (total * (total + 1.0))
    rate = -(2.0 * total + 1.0) / (total * (total + 1.0))
    concentration = (WEIGHTS * each)[:, np.newaxis] * np.stack([rate + 1.0 / first, rate, rate + 1.0 / last], axis=1)
    for name, want in {"probs": each - WEIGHTS @ each, "concentration": concentration}.items():
        slope = slopes[name]
        along = (slice(None),) + (None,) * (slope.ndim - 2)
        moved = x[:, 0][along] * slope[:, 2] + x[:, 2][along] * slope[:, 0]
        error = moved.std(axis=0) / np.sqrt(len(x))
        assert np.all(abs(moved.mean(axis=0) - want) <= 5 * error + 1e-12), name


def test_others_name_the_score_function():
    d = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), fd.VonMisesFisher([[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0]))
    assert not d.has_rsample
    with pytest.raises(NotImplementedError, match="score function"):
        d.rsample_and_grad(3)
    counts = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), fd.Independent(fd.Poisson([[1.0, 2.0], [3.0, 4.0]]), 1))
    assert not counts.has_rsample


def test_duals():
    """Tangents of draws go the same way."""

    def mean_square(loc):
        d = fd.MixtureSameFamily(fd.Categorical(WEIGHTS), fd.MultivariateNormal(loc, scale_tril=TRIL))
        return np.mean(np.sum(d.rsample(50, rng=1) ** 2, axis=-1))

    _, slope = fd.value_and_grad(mean_square)(LOC)
    x, slopes = normals("scale_tril").rsample_and_grad(50, rng=1)
    want = np.einsum("ni,nikj->kj", 2 * x / 50, slopes["loc"])
    np.testing.assert_allclose(slope, want, rtol=1e-12)


@pytest.mark.parametrize("x", [(1e-310, 0.7), (3e-305, 0.7), (0.3, 1e-12), (1e-310, 1e-300)], ids=str)
def test_draws_that_are_all_but_zero(x):
    """Of small concentrations: the slope of the log density overflows there, and what it is times x does not."""
    concentration = np.array([[0.01, 1.0], [0.02, 2.5]])
    d = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), fd.Independent(fd.Gamma(concentration, 1.0), 1))
    slopes = d._slopes_of_draws(np.array(x))
    assert all(np.isfinite(slope).all() for slope in slopes.values())
    with mp.workdps(400):
        own = [[exact(concentration[k]), exact(np.ones(2))] for k in range(2)]

        def moved(w, given, t):
            return w, [[changed(given[0][0], (0,), t), given[0][1]], given[1]]

        want = exact_slope([mp.mpf(v) for v in x], [gamma_chain] * 2, [mp.mpf("0.5")] * 2, own, moved)
        # The first number moves by 1e5 times itself, and what the second makes of it is of order 1.
        np.testing.assert_allclose(slopes["concentration"][:, 0, 0], [float(s) for s in want], rtol=1e-8)
