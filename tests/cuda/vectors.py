"""A distribution of each family of rows, and batches of some, and calls of them for tests on the device.

Calls are as those of ``composed.py``: they take ``put``, and give results by what they are called.
"""

import functools

import numpy as np

import fastdist as fd

COVARIANCE = np.array([[2.0, 0.3], [0.3, 1.0]])
FACTOR = np.linalg.cholesky(COVARIANCE)
LOWER = np.tril(np.full((3, 3), 0.25), -1)
DIRECTIONS = np.array([[1.0, 0.5], [2.0, -1.0], [0.0, 3.0]])
WEIGHTS = np.array([0.2, 0.3, 0.5])
TABLES = np.array([WEIGHTS, [0.0, 0.25, 0.75]])
LOGITS = np.array([[1.0, 2.0, -1.0], [-np.inf, 0.0, 3.0]])

MOVED = {
    "Categorical": fd.Categorical(WEIGHTS),
    "Categorical-batch": fd.Categorical(logits=LOGITS),
    "MultivariateNormal": fd.MultivariateNormal([0.5, -1.0], covariance_matrix=COVARIANCE),
    "MultivariateNormal-batch": fd.MultivariateNormal(np.zeros((3, 2)), precision_matrix=COVARIANCE),
    "MultivariateNormal-factors": fd.MultivariateNormal([0.5, -1.0], scale_tril=np.stack([FACTOR, 2.0 * FACTOR])),
    "MultivariateStudentT": fd.MultivariateStudentT(5.0, np.zeros(2), FACTOR),
    "MultivariateStudentT-batch": fd.MultivariateStudentT([1.5, np.inf], np.ones(2), scale_matrix=COVARIANCE),
    "MatrixNormal": fd.MatrixNormal([[0.5, 0.0, -1.0], [1.0, 2.0, 0.0]], FACTOR, np.diag([1.0, 2.0, 0.5]) + LOWER),
    "MatrixNormal-batch": fd.MatrixNormal(np.zeros((2, 1, 2)), [[2.0]], np.stack([FACTOR, 2.0 * FACTOR])),
    "Wishart": fd.Wishart(4.0, covariance_matrix=COVARIANCE),
    "Wishart-batch": fd.Wishart([1.5, 30.0], precision_matrix=COVARIANCE),
    "Wishart-factors": fd.Wishart(4.0, scale_tril=np.stack([FACTOR, 2.0 * FACTOR])),
    "InverseWishart": fd.InverseWishart([4.0, 6.0], COVARIANCE),
    "InverseWishart-factor": fd.InverseWishart(8.0, scale_tril=FACTOR),
    "LowRankMultivariateNormal": fd.LowRankMultivariateNormal([1.0, 0.0, -1.0], DIRECTIONS, [1.0, 0.5, 2.0]),
    "LowRankMultivariateNormal-batch": fd.LowRankMultivariateNormal(
        np.zeros((2, 1, 3)), [1e3 * DIRECTIONS, [[0.0, 1.0], [0.0, 0.0], [0.0, 2.0]]], np.ones(3)
    ),
    "Dirichlet": fd.Dirichlet([0.5, 2.0, 3.0]),
    "Dirichlet-batch": fd.Dirichlet([[0.5, 2.0, 3.0], [1e-3, 1.0, 1.0]]),
    "LogisticNormal": fd.LogisticNormal(np.zeros(2), np.ones(2)),
    "Multinomial": fd.Multinomial(10, WEIGHTS),
    "Multinomial-batch": fd.Multinomial([3, 300], logits=LOGITS),
    "DirichletMultinomial": fd.DirichletMultinomial(10 * WEIGHTS, 10),
    "OneHotCategorical": fd.OneHotCategorical(WEIGHTS),
    "OneHotCategoricalStraightThrough": fd.OneHotCategoricalStraightThrough(WEIGHTS),
    "RelaxedOneHotCategorical": fd.RelaxedOneHotCategorical(0.5, WEIGHTS),
    "ExpRelaxedCategorical": fd.ExpRelaxedCategorical(0.5, logits=LOGITS),
}
"""Those whose parameters may be on a device."""

KEPT = {
    "LKJCholesky": fd.LKJCholesky(3, 1.5),
    "LKJ": fd.LKJ(3, 1.5),
    "VonMisesFisher": fd.VonMisesFisher([1.0, 0.0, 0.0], 3.0),
}
"""Those whose parameters stay on the host."""

DISTRIBUTIONS = {**MOVED, **KEPT}

SUMMARIES = (
    "mean",
    "variance",
    "covariance",
    "stddev",
    "skewness",
    "kurtosis",
    "mode",
    "median",
    "entropy",
    "perplexity",
)


def gradient(name, result):
    """What a method with derivatives gave."""
    value, slopes = result
    return {name: value, **{f"{name} {parameter}": slope for parameter, slope in slopes.items()}}


def methods(d, put):
    """Densities and their derivatives, sums, and draws; the first event holds NaN."""
    there, x = put(d), np.array(d.sample((3,), rng=1), float)
    x[0] = np.nan
    return {
        "log_prob": there.log_prob(put(x)),
        "prob": there.prob(put(x)),
        "log_likelihood": there.log_likelihood(put(x[1:])),
        **gradient("log_prob_and_grad", there.log_prob_and_grad(put(x))),
        **gradient("log_likelihood_and_grad", there.log_likelihood_and_grad(put(x[1:]))),
        "sample": there.sample((3,), rng=1),
        "samples": there.sample((2, 2), rng=5),
    }


def host_parameters(d, put):
    """Values on the device for parameters on the host."""
    x = put(np.array(d.sample((2,), rng=1), float))
    place = None if isinstance(x, np.ndarray) else "cuda"
    slopes = gradient("log_prob_and_grad", d.log_prob_and_grad(x))
    return {"log_prob": d.log_prob(x), **slopes, "sample": d.sample((2,), rng=1, device=place)}


def of_parameters(d, put):
    """Summaries, what is derived from the parameters, and derivatives of draws."""
    there, found = put(d), {}
    for name in SUMMARIES:
        try:
            getattr(d, name)()
        except (NotImplementedError, AttributeError):
            continue
        found[name] = getattr(there, name)()
    for name in d._declared:
        if name in d._parameters or d._declared[name].derived is not None:
            found[name] = getattr(there, name)
    if d.has_rsample and not isinstance(d, fd.MultivariateStudentT):
        found.update(gradient("rsample_and_grad", there.rsample_and_grad((2,), rng=3)))
    return found


def of_form(covariance, name):
    return np.linalg.cholesky(covariance) if name == "scale_tril" else covariance


def divergence(p, q, put):
    value, of_p, of_q = fd.kl_divergence_and_grad(put(p), put(q))
    found = {"with slopes": value, "": fd.kl_divergence(put(p), put(q))}
    found.update({f"p {name}": slope for name, slope in of_p.items()})
    found.update({f"q {name}": slope for name, slope in of_q.items()})
    return found


GROUPS = {
    **{f"methods {name}": functools.partial(methods, d) for name, d in DISTRIBUTIONS.items()},
    **{
        f"host {name}": functools.partial(host_parameters, d)
        for name, d in MOVED.items()
        if name != "Categorical-batch"
    },
    **{f"parameters {name}": functools.partial(of_parameters, d) for name, d in MOVED.items()},
}

PAIRS = {
    "Categorical": (fd.Categorical(TABLES), fd.Categorical([0.5, 0.25, 0.2, 0.05])),
    "Categorical by logits": (fd.Categorical(logits=np.log(WEIGHTS)), fd.Categorical(TABLES)),
    "Categorical to itself": (fd.Categorical(TABLES), fd.Categorical(TABLES)),
    "OneHotCategorical": (fd.OneHotCategorical(WEIGHTS), fd.OneHotCategorical([0.1, 0.1, 0.8])),
    "Multinomial": (fd.Multinomial([3, 10], WEIGHTS), fd.Multinomial(10, [0.1, 0.1, 0.8])),
    "Dirichlet": (fd.Dirichlet([[0.5, 2.0, 3.0], [1.0, 1.0, 1.0]]), fd.Dirichlet([20.0, 0.3, 0.4])),
    "MatrixNormal": (
        MOVED["MatrixNormal"],
        fd.MatrixNormal(np.ones((2, 1, 2, 3)), np.stack([FACTOR, np.eye(2)]), np.eye(3) + LOWER),
    ),
    "Wishart": (fd.Wishart([4.0, 40.0], COVARIANCE), fd.Wishart(5.0, precision_matrix=np.eye(2))),
    "Wishart by factors": (fd.Wishart(4.0, scale_tril=FACTOR), fd.Wishart([[3.0], [4.5]], 2.0 * COVARIANCE)),
    "Wishart to InverseWishart": (fd.Wishart(4.0, scale_tril=FACTOR), fd.InverseWishart([5.0, 2.5], COVARIANCE)),
    "InverseWishart": (fd.InverseWishart(4.0, COVARIANCE), fd.InverseWishart(5.0, scale_tril=FACTOR)),
    "InverseWishart to Wishart": (fd.InverseWishart([2.5, 4.0], COVARIANCE), fd.Wishart(5.0, scale_tril=FACTOR)),
    "LogisticNormal": (MOVED["LogisticNormal"], fd.LogisticNormal([[0.0, 2.0], [1.0, 1.0]], 1.0)),
    "Dirichlet to itself": (fd.Dirichlet([0.5, 2.0, 3.0]), fd.Dirichlet([0.5, 2.0, 3.0])),
    **{
        f"MultivariateNormal {first} {second}": (
            fd.MultivariateNormal([0.5, -1.0], **{first: of_form(COVARIANCE, first)}),
            fd.MultivariateNormal([[0.0, 1.0], [2.0, 3.0]], **{second: of_form(3.0 * COVARIANCE, second)}),
        )
        for first, second in (
            ("covariance_matrix", "scale_tril"),
            ("scale_tril", "covariance_matrix"),
            ("precision_matrix", "precision_matrix"),
            ("precision_matrix", "covariance_matrix"),
            ("scale_tril", "precision_matrix"),
        )
    },
}
GROUPS.update({f"divergence {name}": functools.partial(divergence, *pair) for name, pair in PAIRS.items()})
