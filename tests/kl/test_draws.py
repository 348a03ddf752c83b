"""Divergences of vectors and matrices against means over draws: every pair that is registered."""

import numpy as np
import pytest
from kl.densities import FAMILIES

import fastdist as fd
from fastdist import kl

N = 20_000


def covariance(random, n=3):
    a = random.normal(size=(n, n))
    return a @ a.T + 0.5 * np.eye(n)


def normals(random):
    return fd.Normal(random.normal(size=3), random.uniform(0.5, 2.0, 3))


def matrix_normal(random):
    factors = (np.linalg.cholesky(covariance(random, n)) for n in (2, 3))
    return fd.MatrixNormal(random.normal(size=(2, 3)), *factors)


def direction(random):
    a = random.normal(size=3)
    return a / np.linalg.norm(a)


IMAGE = fd.TransformedDistribution
MADE = {
    fd.Dirichlet: lambda random: fd.Dirichlet(random.uniform(0.5, 3.0, 3)),
    fd.OneHotCategorical: lambda random: fd.OneHotCategorical(random.dirichlet(np.ones(4))),
    fd.Multinomial: lambda random: fd.Multinomial(5, random.dirichlet(np.ones(4))),
    fd.MultivariateNormal: lambda random: fd.MultivariateNormal(random.normal(size=3), covariance(random)),
    fd.LowRankMultivariateNormal: lambda random: fd.LowRankMultivariateNormal(
        random.normal(size=3), random.normal(size=(3, 2)), random.uniform(0.5, 2.0, 3)
    ),
    fd.MatrixNormal: matrix_normal,
    fd.Wishart: lambda random: fd.Wishart(random.uniform(4.5, 9.0), covariance(random)),
    fd.InverseWishart: lambda random: fd.InverseWishart(random.uniform(4.5, 9.0), covariance(random)),
    fd.LKJ: lambda random: fd.LKJ(3, random.uniform(0.5, 5.0)),
    fd.LKJCholesky: lambda random: fd.LKJCholesky(3, random.uniform(0.5, 5.0)),
    fd.LogisticNormal: lambda random: fd.LogisticNormal(random.normal(size=3), random.uniform(0.5, 2.0, 3)),
    fd.VonMisesFisher: lambda random: fd.VonMisesFisher(direction(random), random.uniform(0.5, 5.0)),
    fd.Independent: lambda random: fd.Independent(normals(random), 1),
    fd.TransformedDistribution: lambda random: fd.TransformedDistribution(
        normals(random), fd.transforms.StickBreakingTransform()
    ),
}
# Point masses are against anything: `test_point_masses`; images of numbers are in `test_compounds`.
PAIRS = [
    p
    for p in kl.registered()
    if not (p[0] in FAMILIES and p[1] in FAMILIES) and fd.Delta not in p and set(p) != {IMAGE, fd.LogNormal}
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(kind.__name__ for kind in pair))
def test_draws_agree(pair):
    random = np.random.default_rng(7)
    p, *others = (MADE[kind](random) for kind in (pair[0], *(pair[1],) * 3))
    x = p.sample(N, rng=5)
    for q in others:
        terms = p.log_prob(x) - q.log_prob(x)
        error = terms.std() / np.sqrt(N)
        exact = fd.kl_divergence(p, q)
        assert 0 < error < 0.1 * exact
        assert abs(terms.mean() - exact) <= 5 * error
