"""Closed forms of divergences of vectors and matrices against mpmath."""

import tracemalloc
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
import pytest
from mpmath import mpf

import fastdist as fd
from fastdist.distributions import gaussian, low_rank_multivariate_normal

mp.mp.dps = 60
HALF_ULP = mpf(2) ** -53
SYMMETRIC = ("covariance_matrix", "precision_matrix", "scale_matrix")
MATRICES = (*SYMMETRIC, "scale_tril", "scale_tril_row", "scale_tril_column", "cov_factor")


# Textbook formulas, of dictionaries of parameters ------------------------------------------------


def matrix(value):
    return mp.matrix(np.asarray(value).tolist())


def trace(m):
    return mp.fsum(m[i, i] for i in range(m.rows))


def covariance(d):
    if "precision_matrix" in d:
        return d["precision_matrix"] ** -1
    if "scale_tril" in d:
        return d["scale_tril"] * d["scale_tril"].T
    if "cov_factor" in d:
        return d["cov_factor"] * d["cov_factor"].T + mp.diag(list(d["cov_diag"]))
    return d.get("covariance_matrix", d.get("scale_matrix"))


def of_moments(p, q, delta):
    inverse = q**-1
    square = (delta.T * inverse * delta)[0]
    return (trace(inverse * p) + square - p.rows + mp.log(mp.det(q)) - mp.log(mp.det(p))) / 2


def normal(p, q):
    return of_moments(covariance(p), covariance(q), p["loc"] - q["loc"])


def kronecker(a, b):
    return mp.matrix(
        [[a[i // b.rows, j // b.cols] * b[i % b.rows, j % b.cols] for j in range(a.cols * b.cols)]
         for i in range(a.rows * b.rows)]
    )  # fmt: skip


def matrix_normal(p, q):
    covariances = []
    for d in (p, q):
        row, column = d["scale_tril_row"], d["scale_tril_column"]
        covariances.append(kronecker(row * row.T, column * column.T))
    return of_moments(*covariances, mp.matrix(list(p["loc"])) - mp.matrix(list(q["loc"])))


def wishart_of(df, v, other_df, other):
    n = v.rows
    ratio = other**-1 * v
    shapes = [(df - i) / 2 for i in range(n)], [(other_df - i) / 2 for i in range(n)]
    value = df * (trace(ratio) - n) / 2 - other_df * mp.log(mp.det(ratio)) / 2
    for a, c in zip(*shapes, strict=True):
        value += mp.loggamma(c) - mp.loggamma(a) - (other_df - df) / 2 * mp.digamma(a)
    return value


def wishart(p, q):
    return wishart_of(p["df"], covariance(p), q["df"], covariance(q))


def inverse_wishart(p, q):
    return wishart_of(p["df"], covariance(p) ** -1, q["df"], covariance(q) ** -1)


def crossed_wishart_of(df, v, other_df, psi):
    """The mean of the difference of the log densities of a Wishart distribution and an inverse one."""
    n = v.rows
    log_det = mp.fsum(mp.digamma((df - i) / 2) for i in range(n)) + n * mp.log(2) + mp.log(mp.det(v))

    def log_gamma(x):
        return mp.fsum(mp.loggamma(x - mpf(i) / 2) for i in range(n))

    own = (df - n - 1) / 2 * log_det - df * n / 2 - df / 2 * mp.log(mp.det(2 * v)) - log_gamma(df / 2)
    pull = trace(psi * v**-1) / (df - n - 1)
    return own - (
        other_df / 2 * mp.log(mp.det(psi / 2)) - (other_df + n + 1) / 2 * log_det - pull / 2 - log_gamma(other_df / 2)
    )


def wishart_inverse(p, q):
    return crossed_wishart_of(p["df"], covariance(p), q["df"], covariance(q))


def inverse_and_wishart(p, q):
    return crossed_wishart_of(p["df"], covariance(p) ** -1, q["df"], covariance(q) ** -1)


def logistic_normal(p, q):
    terms = []
    for a, s, b, t in zip(p["loc"], p["scale"], q["loc"], q["scale"], strict=True):
        terms.append(mp.log(t / s) + (s**2 + (a - b) ** 2) / (2 * t**2) - mpf(1) / 2)
    return mp.fsum(terms)


def lkj(dim):
    """By the normaliser of Joe (2006): a product over beta functions."""

    def log_norm(eta):
        return mp.fsum(
            (dim - k) * ((2 * eta - 2 + dim - k) * mp.log(2) + mp.log(mp.beta(*[eta + mpf(dim - k - 1) / 2] * 2)))
            for k in range(1, dim)
        )

    def formula(p, q):
        a, b = p["concentration"], q["concentration"]
        return log_norm(b) - log_norm(a) - (b - a) * mp.diff(log_norm, a, h=mpf(10) ** -25)

    return formula


def von_mises_fisher(p, q):
    nu = mpf(len(p["loc"])) / 2 - 1
    a, b = p["concentration"], q["concentration"]

    def log_area(x):
        return mp.log(mp.besseli(nu, x)) - nu * mp.log(x)

    cosine = (p["loc"].T * q["loc"])[0] / mp.norm(p["loc"]) / mp.norm(q["loc"])
    return log_area(b) - log_area(a) + mp.besseli(nu + 1, a) / mp.besseli(nu, a) * (a - b * cosine)


# Rows --------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """Two distributions by class and parameters, and the formula of their divergence."""

    name: str
    first: Any
    p: dict[str, Any]
    second: Any
    q: dict[str, Any]
    formula: Any
    curved: bool = False
    """Whether the directions lie on a sphere, on which no number moves alone."""

    def sides(self):
        return self.first(**self.p), self.second(**self.q)


def alike(name, family, p, q, formula, **others):
    return Row(name, family, p, family, q, formula, **others)


def definite(seed, n, spread=1.0):
    """A symmetric positive definite matrix of numbers that are exact in few digits."""
    a = np.random.default_rng(seed).normal(size=(n, n)).round(3)
    return (a @ a.T + 0.125 * np.eye(n)) * np.outer(*[spread ** np.arange(n)] * 2)


def tril(seed, n):
    a = np.tril(np.random.default_rng(seed).normal(size=(n, n)).round(3), -1)
    return a + np.diag(np.random.default_rng(seed + 1).uniform(0.5, 2.0, n).round(3))


def numbers(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).round(3)


MVN, LOW, MATRIX = fd.MultivariateNormal, fd.LowRankMultivariateNormal, fd.MatrixNormal
FORMS = {
    "covariance_matrix": lambda seed, n: definite(seed, n),
    "precision_matrix": lambda seed, n: definite(seed + 50, n),
    "scale_tril": lambda seed, n: tril(seed, n),
}


def close(value, by=1e-9):
    return np.asarray(value) * (1.0 + by)


def low(seed, n, rank, size=1.0):
    diagonal = np.random.default_rng(seed).uniform(0.5, 2.0, n).round(3)
    return {"loc": numbers(seed, n), "cov_factor": size * numbers(seed + 1, n, rank), "cov_diag": diagonal}


def nearly(d, by=1e-9):
    return {name: close(v, by * (1 + i)) for i, (name, v) in enumerate(d.items())}


def matrix_of(seed, n, m, size=1.0):
    return {"loc": numbers(seed, n, m), "scale_tril_row": size * tril(seed, n), "scale_tril_column": tril(seed + 3, m)}


unit = np.array([0.0, 0.6, 0.8])
ROWS = [
    *(
        Row(f"{a}-{b}", MVN, {"loc": numbers(1, 3), a: make(1, 3)}, MVN, {"loc": numbers(2, 3), b: other(2, 3)}, normal)
        for a, make in FORMS.items()
        for b, other in FORMS.items()
    ),
    *(
        alike(f"close-{a}", MVN, d, nearly(d), normal)
        for a, make in FORMS.items()
        for d in ({"loc": numbers(3, 2), a: make(3, 2)},)
    ),
    Row("far", MVN, {"loc": [0.0, 1e3, 2.0], "covariance_matrix": definite(5, 3, 1e5)},
        MVN, {"loc": [0.0, 1.0, 0.0], "scale_tril": tril(6, 3) * 1e-5}, normal),
    Row("columns apart", MVN, {"loc": numbers(7, 3), "scale_tril": tril(7, 3) * np.array([1.0, 1e-4, 1.0])},
        MVN, {"loc": numbers(8, 3), "scale_tril": tril(7, 3)}, normal),
    Row("one", MVN, {"loc": [0.5], "precision_matrix": [[2.0]]}, MVN, {"loc": [1.0], "scale_tril": [[1.5]]}, normal),
    Row("low-low", LOW, low(1, 3, 1), LOW, low(2, 3, 2), normal),
    Row("low-low-close", LOW, low(3, 3, 2), LOW, nearly(low(3, 3, 2)), normal),
    Row("low-low-large", LOW, low(4, 3, 1, 1e8), LOW, low(5, 3, 1, 1e6), normal),
    Row("low-low-turned", LOW, low(4, 3, 1), LOW, {**low(4, 3, 1), "cov_factor": -close(low(4, 3, 1)["cov_factor"])},
        normal),
    Row("low-low-apart", LOW, {**low(8, 3, 2), "cov_diag": np.array([1e-3, 0.375, 100.0])},
        LOW, {**low(9, 3, 2, 1e3), "cov_diag": np.array([5e-3, 6e-3, 2e-3])}, normal),
    alike("low-low-wide", LOW, low(8, 1, 2, 100.0), {**low(9, 1, 2), "cov_factor": np.array([[357.5, 357.0]])}, normal),
    Row("low-low-many", LOW, low(6, 6, 1), LOW, low(7, 6, 1), normal),
    Row("low-normal", LOW, low(1, 3, 1), MVN, {"loc": numbers(9, 3), "covariance_matrix": definite(9, 3)}, normal),
    Row("low-precision", LOW, low(2, 2, 2), MVN, {"loc": numbers(9, 2), "precision_matrix": definite(8, 2)}, normal),
    Row("low-tril-large", LOW, low(2, 2, 1, 1e8), MVN, {"loc": numbers(9, 2), "scale_tril": tril(8, 2)}, normal),
    Row("normal-low", MVN, {"loc": numbers(9, 3), "covariance_matrix": definite(9, 3)}, LOW, low(1, 3, 1), normal),
    Row("precision-low", MVN, {"loc": numbers(9, 2), "precision_matrix": definite(9, 2)}, LOW, low(1, 2, 2), normal),
    Row("tril-low-large", MVN, {"loc": numbers(9, 2), "scale_tril": tril(9, 2)}, LOW, low(1, 2, 1, 1e8), normal),
    Row("matrix", MATRIX, matrix_of(1, 2, 3), MATRIX, matrix_of(2, 2, 3), matrix_normal),
    Row("matrix-close", MATRIX, matrix_of(3, 2, 2), MATRIX, nearly(matrix_of(3, 2, 2)), matrix_normal),
    alike("matrix-traded", MATRIX, matrix_of(6, 2, 2, 1e-4),
          {**matrix_of(6, 2, 2, 1e4), "scale_tril_column": 1e-8 * tril(8, 2)}, matrix_normal),
    Row("matrix-far", MATRIX, matrix_of(4, 2, 2, 1e4), MATRIX, matrix_of(5, 2, 2, 1e-4), matrix_normal),
    *(
        Row(f"wishart-{a}-{b}", fd.Wishart, {"df": df, a: FORMS[a](3, 3)}, fd.Wishart, {"df": other, b: FORMS[b](4, 3)},
            wishart)
        for a, b, df, other in (
            ("covariance_matrix", "precision_matrix", 3.5, 7.25),
            ("precision_matrix", "scale_tril", 20.0, 2.125),
            ("scale_tril", "covariance_matrix", 2.0000001, 1e4),
        )
    ),
    Row("wishart-close", fd.Wishart, {"df": 1e10, "scale_tril": tril(1, 2)},
        fd.Wishart, {"df": 1e10 + 1e3, "scale_tril": close(tril(1, 2), -1e-8)}, wishart),
    *(
        Row(f"wishart-inverse-{df}-{a}", fd.Wishart, {"df": df, a: FORMS[a](3, 3)},
            fd.InverseWishart, {"df": other, b: size * make(5, 3)}, wishart_inverse)
        for a, df, other, b, make, size in (
            ("covariance_matrix", 6.5, 3.25, "scale_matrix", definite, 8.0),
            ("precision_matrix", 4.0 + 1e-8, 100.0, "scale_tril", tril, 1.0),
            ("scale_tril", 1e6, 2e6, "scale_tril", tril, 1e6),
        )
    ),
    *(
        Row(f"inverse-wishart-wishart-{df}-{b}", fd.InverseWishart, {"df": df, a: make(6, 2)},
            fd.Wishart, {"df": other, b: FORMS[b](7, 2)}, inverse_and_wishart)
        for a, df, other, b, make in (
            ("scale_matrix", 6.5, 3.25, "precision_matrix", definite),
            ("scale_tril", 40.0, 1.0 + 1e-8, "covariance_matrix", tril),
            ("scale_matrix", 9.0, 50.0, "scale_tril", definite),
        )
    ),
    Row("inverse-wishart", fd.InverseWishart, {"df": 3.5, "scale_matrix": definite(3, 2)},
        fd.InverseWishart, {"df": 7.25, "scale_tril": tril(3, 2)}, inverse_wishart),
    Row("inverse-wishart-tril", fd.InverseWishart, {"df": 40.0, "scale_tril": tril(4, 3)},
        fd.InverseWishart, {"df": 2.5, "scale_matrix": definite(4, 3)}, inverse_wishart),
    Row("inverse-wishart-close", fd.InverseWishart, {"df": 5.0, "scale_tril": tril(4, 2)},
        fd.InverseWishart, {"df": 5.0 + 1e-8, "scale_tril": close(tril(4, 2))}, inverse_wishart),
    *(
        Row(f"logistic-normal-{i}", fd.LogisticNormal, p, fd.LogisticNormal, q, logistic_normal)
        for i, (p, q) in enumerate(
            (
                ({"loc": [0.0, 1.0], "scale": [1.0, 2.0]}, {"loc": [0.5, -1.0], "scale": [3.0, 0.5]}),
                ({"loc": [1.0, 1.0], "scale": [1.0, 2.0]}, {"loc": [1.0, 1.0 + 1e-9], "scale": [1.0, 2.0 + 1e-8]}),
                ({"loc": [0.0], "scale": [1e-8]}, {"loc": [1e6], "scale": [1e3]}),
            )
        )
    ),
    *(
        alike(f"{family.__name__}-{dim}-{p}-{q}", family, *({"dim": dim, "concentration": v} for v in (p, q)), lkj(dim))
        for family in (fd.LKJ, fd.LKJCholesky)
        for dim, p, q in ((2, 0.5, 3.0), (4, 1e10, 1e10 + 1e3), (3, 1e-8, 20.0), (5, 2.0, 2.0 + 1e-9))
    ),
    *(
        Row(f"von-mises-fisher-{p}-{q}", fd.VonMisesFisher, {"loc": unit, "concentration": p},
            fd.VonMisesFisher, {"loc": other, "concentration": q}, von_mises_fisher, curved=True)
        for p, q, other in (
            (2.0, 3.0, unit[::-1].copy()),
            (1e-8, 5.0, unit),
            (3.0, 3.0 + 1e-8, unit),
            (1e4, 30.0, -unit),
            (1e6, 1.05e6, np.array([1.0, 0.0, 0.0])),
        )
    ),
]  # fmt: skip
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


# Against mpmath ----------------------------------------------------------------------------------


def exact(d):
    """Parameters in mpmath: vectors are columns."""
    found = {}
    for name, value in d.items():
        found[name] = matrix(value) if np.ndim(value) else (value if name == "dim" else mpf(float(value)))
    return found


def places(d):
    """Where a parameter can be moved: the indices of numbers that move together."""
    for name, value in d.items():
        if name == "dim":
            continue
        shape = np.shape(value)
        for index in np.ndindex(shape):
            if (name in SYMMETRIC or name.startswith("scale_tril")) and index[1] > index[0]:
                continue
            both = {index, index[::-1]} if name in SYMMETRIC else {index}
            yield name, [i if len(i) != 1 else (*i, 0) for i in both], np.asarray(value, float)[index]


def moved(d, name, at, by):
    other = dict(d)
    if at == [()]:
        other[name] = d[name] + by
        return other
    other[name] = d[name].copy()
    for index in at:
        other[name][index] += by
    return other


def conditioning(function, sides, plain):
    """How far a function goes if each number of the parameters moves by half an ulp."""
    here = function(*sides)
    total = mpf(0)
    for k in range(2):
        for name, at, size in places(plain[k]):
            step = [*sides]
            step[k] = moved(sides[k], name, at, HALF_ULP * mpf(float(size)))
            total += abs(function(*step) - here)
    return here, total


@each_row
def test_closed_form(row):
    p, q = row.sides()
    value = fd.kl_divergence(p, q)
    assert isinstance(value, np.float64) and value >= 0
    want, loss = conditioning(row.formula, [exact(row.p), exact(row.q)], [row.p, row.q])
    assert abs(value - want) <= 8 * HALF_ULP * abs(want) + 8 * loss


@each_row
def test_gradients(row):
    p, q = row.sides()
    value, *grads = fd.kl_divergence_and_grad(p, q)
    assert value == fd.kl_divergence(p, q)
    sides, plain = [exact(row.p), exact(row.q)], [row.p, row.q]
    for k, grad in enumerate(grads):
        own = {name: v for name, v in plain[k].items() if name != "dim"}
        assert {name: np.shape(g) for name, g in grad.items()} == {name: np.shape(v) for name, v in own.items()}
        for name, at, size in places(own):
            if name == "loc" and row.curved:
                continue

            def slope(*sides, k=k, name=name, at=at, size=size):
                step = (abs(mpf(float(size))) or mpf(1)) * mpf(10) ** -16
                ends = []
                for by in (-step, step):
                    there = [*sides]
                    there[k] = moved(sides[k], name, at, by)
                    ends.append(row.formula(*there))
                return (ends[1] - ends[0]) / (2 * step)

            got = mp.fsum(mpf(float(np.asarray(grad[name])[i[: np.ndim(grad[name])]])) for i in at)
            scale = mp.fsum(abs(mpf(float(v))) for v in np.ravel(grad[name]))
            want = slope(*sides)
            if abs(got - want) > 1e-13 * abs(want):  # what moves it by that is costly to find out
                want, loss = conditioning(slope, sides, plain)
                assert abs(got - want) <= 8 * HALF_ULP * (abs(want) + scale) + 8 * loss + mpf(10) ** -25
        for name in own:
            if name.startswith("scale_tril"):
                assert np.array_equal(np.triu(grad[name], 1), np.zeros(np.shape(grad[name])))
            if name in SYMMETRIC:
                assert np.array_equal(grad[name], grad[name].T)


def test_directions_move_along_the_sphere():
    p, q = fd.VonMisesFisher(unit, 2.0), fd.VonMisesFisher(unit[::-1].copy(), 3.0)
    _, in_p, in_q = fd.kl_divergence_and_grad(p, q)
    across = np.array([1.0, 0.0, 0.0])
    for grad, at in ((in_p, unit), (in_q, None)):
        if at is None:
            at, across = unit[::-1].copy(), np.array([0.6, -0.8, 0.0])
        h = 1e-5
        ends = [np.cos(s) * at + np.sin(s) * across for s in (-h, h)]
        sides = [(fd.VonMisesFisher(e, 2.0), q) if grad is in_p else (p, fd.VonMisesFisher(e, 3.0)) for e in ends]
        slope = (fd.kl_divergence(*sides[1]) - fd.kl_divergence(*sides[0])) / (2 * h)
        np.testing.assert_allclose(grad["loc"] @ across, slope, rtol=1e-8)


# Properties --------------------------------------------------------------------------------------


@each_row
def test_equal_distributions_are_at_no_distance(row):
    for d in row.sides():
        value, *grads = fd.kl_divergence_and_grad(d, d)
        assert value == 0
        for grad in grads:
            for name, slope in grad.items():
                assert not np.any(slope) or (row.curved and name == "loc")


@each_row
def test_batches(row):
    p, q = row.sides()
    one, *grads = fd.kl_divergence_and_grad(p, q)
    value, *batched = fd.kl_divergence_and_grad(p.expand((3, 1)), q.expand((2,)))
    np.testing.assert_array_equal(value, np.full((3, 2), one))
    for grad, many in zip(grads, batched, strict=True):
        for name, slope in grad.items():
            np.testing.assert_array_equal(many[name], np.broadcast_to(slope, (3, 2, *np.shape(slope))))
    assert fd.kl_divergence(p.expand((0,)), q).shape == (0,)
    with pytest.raises(ValueError, match=r"\(3,\).*does not broadcast.*\(2,\)"):
        fd.kl_divergence(p.expand((3,)), q.expand((2,)))


@pytest.mark.parametrize("name", ["covariance_matrix-precision_matrix", "low-low", "matrix", "LKJ-2-0.5-3.0"])
def test_dtypes(name):
    (row,) = {row.name: row for row in ROWS if row.name == name}.values()
    p, q = row.sides()
    narrow = [
        type(d)(**{k: v if k == "dim" else np.asarray(v, np.float32) for k, v in side.items()})
        for d, side in ((p, row.p), (q, row.q))
    ]
    value, in_p, in_q = fd.kl_divergence_and_grad(*narrow)
    assert value.dtype == np.float32 and all(g.dtype == np.float32 for g in [*in_p.values(), *in_q.values()])
    np.testing.assert_allclose(value, fd.kl_divergence(p, q), rtol=1e-5)
    assert fd.kl_divergence(p.expand((2,)), narrow[1]).dtype == np.float64


def test_many_normals_are_never_closer_than_nothing():
    random = np.random.default_rng(8)
    factor = np.tril(random.normal(size=(2000, 3, 3)), -1) + random.uniform(0.5, 2.0, (2000, 3, 1)) * np.eye(3)
    for by in (1e-15, 1e-12, 1e-6, 1.0):
        p = fd.MultivariateNormal(np.zeros(3), covariance_matrix=factor @ np.swapaxes(factor, -2, -1))
        q = fd.MultivariateNormal(np.zeros(3), scale_tril=factor * (1.0 + by * random.random((2000, 3, 3))))
        assert np.all(fd.kl_divergence(p, q) >= 0) and np.all(fd.kl_divergence(q, p) >= 0)


def test_low_rank_makes_no_large_matrix():
    n = 4000
    p, q = (fd.LowRankMultivariateNormal(**low(seed, n, 2)) for seed in (1, 5))
    fd.kl_divergence(p.expand((1,)), q)
    tracemalloc.start()
    value = fd.kl_divergence(p, q)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0 < value < np.inf and peak < n * n / 8


def test_sizes_of_blocks():
    """As many numbers as make the low-rank recursion reflect its states several times, and LAPACK's factors."""
    p, q = (fd.LowRankMultivariateNormal(**low(seed, 60, rank)) for seed, rank in ((1, 2), (5, 3)))
    dense = [fd.MultivariateNormal(d.loc, covariance_matrix=d.covariance_matrix) for d in (p, q)]
    want = fd.kl_divergence(*dense)
    for first, second in ((p, q), (p, dense[1]), (dense[0], q)):
        np.testing.assert_allclose(fd.kl_divergence(first, second), want, rtol=1e-12)


@pytest.mark.parametrize("row", [row for row in ROWS if row.first in (MVN, LOW)], ids=lambda row: row.name)
def test_blocks(row, monkeypatch):
    """Large matrices are worked on as a whole, with the same result."""
    p, q = row.sides()
    value, *grads = fd.kl_divergence_and_grad(p, q)
    for module in (gaussian, low_rank_multivariate_normal):
        monkeypatch.setattr(module, "BLOCKS", 1)
    whole, *others = fd.kl_divergence_and_grad(p, q)
    assert whole == fd.kl_divergence(p, q)
    np.testing.assert_allclose(whole, value, rtol=1e-14)
    for grad, other in zip(grads, others, strict=True):
        for name, slope in grad.items():
            np.testing.assert_allclose(other[name], slope, rtol=1e-9, atol=1e-14 * np.abs(slope).max())


def test_gradients_of_large_covariances_of_low_rank():
    """No square matrix is made, of which a row that depends on the factor alone would lose what is left of it."""
    p, q = (fd.LowRankMultivariateNormal(**low(seed, 60, rank)) for seed, rank in ((1, 2), (5, 3)))
    q = fd.LowRankMultivariateNormal(q.loc, q.cov_factor, q.cov_diag * np.where(np.arange(60) < 4, 1e-9, 1.0))
    dense = [fd.MultivariateNormal(d.loc, covariance_matrix=d.covariance_matrix) for d in (p, q)]
    _, in_p, in_q = fd.kl_divergence_and_grad(p, q)
    _, _, in_other = fd.kl_divergence_and_grad(dense[0], q)
    _, in_own, _ = fd.kl_divergence_and_grad(p, dense[1])
    for got, want in ((in_p, in_own), (in_q, in_other)):
        for name, slope in want.items():
            np.testing.assert_allclose(got[name], slope, rtol=1e-6, atol=1e-9 * np.abs(slope).max())


def test_no_mean_of_the_inverse():
    """It takes more degrees of freedom than one above the size."""
    p, q = fd.Wishart([3.0, 3.5], covariance_matrix=np.eye(2)), fd.InverseWishart(4.0, scale_matrix=np.eye(2))
    value, in_p, _ = fd.kl_divergence_and_grad(p, q)
    assert value[0] == np.inf > value[1] > 0
    assert np.isnan(in_p["df"][0]) and np.isnan(in_p["covariance_matrix"][0]).all() and in_p["df"][1] < 0


def test_unlike_dimensions():
    with pytest.raises(ValueError, match=r"p has event_shape \(2, 2\) and q has \(3, 3\)"):
        fd.kl_divergence(fd.LKJ(2, 1.0), fd.LKJ(3, 1.0))
