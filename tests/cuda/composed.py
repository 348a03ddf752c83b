"""Calls of what is made of kernels, by name: on the host, on a simulated device, and on one that only compiles.

A group of calls takes ``put``, which moves an array or a distribution to where it is to be computed, and gives results
by what they are called.
"""

import functools

import numpy as np
from cases import CASES
from helpers import HELD, OF_PARAMETERS, POINTWISE, argument, batch
from kl.densities import FAMILIES, SETS_OF_PAIRS

import fastdist as fd
from fastdist import kl
from fastdist import transforms as t
from fastdist.distributions.mixed import MixtureDistribution

GROUPS = {}
"""By name: a function of ``put``."""


def gradient(result):
    """What a method with derivatives gave, by name."""
    value, *slopes = result
    return {"": value, **{f"{side} {name}": slope for side, own in enumerate(slopes) for name, slope in own.items()}}


# Distributions of numbers -------------------------------------------------------------------------


def sums(case, put):
    d, x = put(case.distribution(**batch(case, (2,)))), argument("log_prob", case, (3, 2))
    found = {"sum": d.log_likelihood(put(x))}
    if "log_prob_and_grad" in case.distribution.kernels:
        found.update(gradient(d.log_likelihood_and_grad(put(x))))
    return found


def summaries(case, put):
    d = put(case.distribution(**batch(case, (2,))))
    names = [n for n in OF_PARAMETERS if n in ("stddev", "median") or n in case.distribution.kernels]
    return {name: getattr(d, name)() for name in names}


def preparations(case, put):
    """What loops need of parameters, of all methods."""
    d = put(case.distribution(**batch(case, (2,))))
    found = {}
    for method in (*POINTWISE, *(f"{m}_and_grad" for m in case.gradients)):
        if method in d.kernels:
            d._ready(method)
    if d.kernels.sampler is not None:
        found["sample"] = d.sample(2, rng=1)
    return found


def dtypes(put):
    """Values of all kinds of numbers, contiguous and not."""
    found = {}
    for name in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"):
        x = np.array([[0, 1, 1], [1, 0, 1]], name)
        found[name] = fd.Normal(0.5, 2.0).log_prob(put(x))
        found[f"{name} strided"] = fd.Poisson(2.5).log_prob(put(x)[:, ::2])
    return found


GROUPS["dtypes"] = dtypes
for case in HELD:
    for group in (sums, summaries, preparations):
        GROUPS[f"{group.__name__} {case}"] = functools.partial(group, case)


# What is made of other distributions --------------------------------------------------------------


def methods(d, x, p, put):
    """All methods of a distribution of numbers."""
    there = put(d)
    found = {m: getattr(there, m)(put(p if m in ("icdf", "isf") else x)) for m in POINTWISE}
    found["sum"] = there.log_likelihood(put(x))
    for method in ("log_prob", "cdf"):
        found.update({f"{method} {k}": v for k, v in gradient(getattr(there, f"{method}_and_grad")(put(x))).items()})
    found.update({f"sum {k}": v for k, v in gradient(there.log_likelihood_and_grad(put(x))).items()})
    found["sample"] = there.sample(3, rng=1)
    if isinstance(d, MixtureDistribution):
        found.update({m: getattr(there, m)() for m in ("mean", "stddev", "skewness", "kurtosis", "median")})
    if d.has_rsample:
        draws = there.rsample_and_grad(3, rng=1)
        found.update({f"sample {k}": v for k, v in gradient(draws).items()})
    return found


P = np.array([[0.03], [0.5], [0.97]])
COMPOSED = {
    str(case): case.distribution(**batch(case, (2,)))
    for case in CASES
    if issubclass(case.distribution, (fd.Truncated, fd.ZeroInflated))
}
MIXTURES = {
    "three normals": fd.MixtureSameFamily(
        fd.Categorical(probs=[0.2, 0.5, 0.3]), fd.Normal([-2.0, 0.5, 3.0], [1.0, 0.25, 2.0])
    ),
    "normal and gamma": fd.Mixture(fd.Categorical(logits=[0.0, 1.0]), [fd.Normal(-1.0, 0.75), fd.Gamma(0.5, 1.5)]),
    "counts": fd.MixtureSameFamily(fd.Categorical(probs=[0.25, 0.75]), fd.Poisson([0.5, 30.0])),
    "weights of a batch": fd.Mixture(
        fd.Categorical(probs=[[0.25, 0.0, 0.75], [0.5, 0.25, 0.25]]),
        [fd.Normal(-1.0, 0.75), fd.Gamma([2.0, 1.5], 1.5), fd.Truncated(fd.Gamma([1.0, 2.0], 1.0), 0.5, [2.0, 3.0])],
    ),
    "batch": fd.MixtureSameFamily(
        fd.Categorical(probs=[[0.25, 0.75], [0.5, 0.5]]), fd.Gamma([[0.3, 2.0], [5.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]])
    ),
}
for name, d in {**COMPOSED, **MIXTURES}.items():
    x = np.asarray(d.icdf(P), np.float64)
    GROUPS[f"methods {name}"] = functools.partial(methods, d, x, np.broadcast_to(P, x.shape))


def mixture_of_vectors(make, put):
    there, x = put(make()), put(np.array([[0.1, 0.2, 0.3], [1.0, -1.0, 2.0]]))
    return {name: getattr(there, name)(x) for name in ("log_prob", "prob", "log_likelihood")}


WEIGHTS, LOC, FACTOR = [0.25, 0.75], np.array([[0.0, 1.0, 2.0], [1.0, -1.0, 0.5]]), np.diag([1.0, 0.5, 2.0])
for name, make in {
    "independent": lambda: fd.MixtureSameFamily(fd.Categorical(probs=WEIGHTS), fd.Independent(fd.Normal(LOC, 1.5), 1)),
    "normal": lambda: fd.MixtureSameFamily(
        fd.Categorical(logits=[[0.0, 1.0], [0.5, -np.inf]]), fd.MultivariateNormal(LOC, scale_tril=FACTOR)
    ),
    "unlike": lambda: fd.Mixture(
        fd.Categorical(probs=WEIGHTS),
        [fd.Independent(fd.Laplace(LOC[0], 1.5), 1), fd.MultivariateNormal(LOC[1], scale_tril=FACTOR)],
    ),
}.items():
    GROUPS[f"vectors {name}"] = functools.partial(mixture_of_vectors, make)


# Divergences --------------------------------------------------------------------------------------


def divergence(p, q, put):
    p, q = put(p), put(q)
    found = {"value": fd.kl_divergence(p, q), **gradient(fd.kl_divergence_and_grad(p, q))}
    if "entropy" in p.kernels:
        found["cross entropy"] = fd.cross_entropy(p, q)
    return found


for pair, function in kl.registered().items():
    if pair[0] in FAMILIES and pair[1] in FAMILIES and isinstance(function, kl.Formula):
        (first, second), (as_p, as_q) = pair, SETS_OF_PAIRS.get(pair, (FAMILIES[pair[0]].as_p, FAMILIES[pair[1]].as_q))
        if not any(isinstance(v, list) for v in (*as_p[0], *as_q[0])):
            p, q = (kind(*map(np.array, zip(*sets, strict=True))) for kind, sets in ((first, as_p), (second, as_q)))
            GROUPS[f"divergence {first.__name__} {second.__name__}"] = functools.partial(divergence, p, q)


# Transforms ---------------------------------------------------------------------------------------


def transformed(transform, x, put, on_host=None):
    given = put((on_host or transform)(x))
    y, log_slope = transform.forward_and_log_det(put(x))
    found = {
        "value": transform(put(x)),
        "value with log": y,
        "log": log_slope,
        "log alone": transform.log_abs_det_jacobian(put(x), given),
        "inverse": transform.inv(given),
    }
    found.update({f"slope {k}": v for k, v in enumerate(transform.forward_and_grad(put(x)))})
    return found


TRANSFORMS = (
    t.ExpTransform(),
    t.LogTransform(),
    t.AffineTransform(1.0, -2.0),
    t.PowerTransform(2.5),
    t.SigmoidTransform(),
    t.IntervalTransform(-1.0, 3.0),
    t.TanhTransform(),
    t.SoftplusTransform(),
    t.SinhArcsinhTransform(0.3, 1.2),
    t.CumulativeDistributionTransform(fd.Normal(0.5, 2.0)),
    t.ComposeTransform([t.AffineTransform(0.3, -0.5), t.ExpTransform(), t.PowerTransform(1.5)]),
    t.ComposeTransform([t.SoftplusTransform(), t.LogTransform(), t.IntervalTransform(-1.0, 3.0).inv.inv]),
)
POSITIVE = np.array([[0.25, 1.0, 2.0], [0.75, 0.1, 0.5]])
for transform in TRANSFORMS:
    name = " of ".join(type(part).__name__ for part in reversed(getattr(transform, "parts", [transform])))
    GROUPS[f"transform {name}"] = functools.partial(transformed, transform, POSITIVE)


def of_transformed(make, put):
    """A distribution of which only the transform has arrays for parameters."""
    d, x = fd.TransformedDistribution(fd.Normal(0.0, 1.0), make(put)), put(POSITIVE)
    return {
        "log_prob": d.log_prob(x),
        "cdf": d.cdf(x),
        **{f"slope {name}": slope for name, slope in gradient(d.log_prob_and_grad(x)).items()},
        "sample": d.sample((2,), rng=1),
        "mean": d.mean(),
    }


def with_parameters(make, x, put):
    """A transform of which parameters are arrays too."""
    return transformed(make(put), x, put, make(lambda value: value))


SCALES = np.array([0.5, -2.0, 3.0])
for name, make in {
    "affine": lambda put: t.AffineTransform(put(SCALES), put(SCALES)),
    "power": lambda put: t.PowerTransform(put(np.abs(SCALES))),
    "interval": lambda put: t.IntervalTransform(-4.0, put(SCALES)),
    "interval from": lambda put: t.IntervalTransform(put(SCALES), 5.0),
    "sinh": lambda put: t.SinhArcsinhTransform(put(SCALES), 1.5),
    "chain": lambda put: t.ComposeTransform([t.AffineTransform(put(np.array(0.5)), 2.0), t.ExpTransform()]),
}.items():
    GROUPS[f"transform by arrays {name}"] = functools.partial(with_parameters, make, POSITIVE)
GROUPS["transformed by arrays"] = functools.partial(of_transformed, lambda put: t.AffineTransform(put(SCALES), 2.0))


def of_events(transform, x, put):
    y = transform(put(x))
    found = {"value": y, "inverse": transform.inv(y)}
    if transform.bijective:
        found["log"] = transform.log_abs_det_jacobian(put(x), y)
        found["pair"] = transform.forward_and_log_det(put(x))[1]
    return found


VECTORS = np.array([[0.3, -1.2, 0.8], [2.0, 0.1, -0.4]])
MATRICES = np.array([[[0.3, 0.0], [0.8, 1.5]], [[2.0, 0.3], [-0.4, 0.7]]])
for transform, x in (
    (t.SoftmaxTransform(), VECTORS),
    (t.StickBreakingTransform(), VECTORS),
    (t.OrderedTransform(), VECTORS),
    (t.UnitVectorTransform(), VECTORS),
    (t.HouseholderTransform([0.5, 1.0, -2.0]), VECTORS),
    (t.CorrCholeskyTransform(), VECTORS),
    (t.CorrMatrixTransform(), VECTORS),
    (t.LowerCholeskyTransform(), MATRICES),
    (t.PositiveDefiniteTransform(), MATRICES),
    (t.OrthogonalTransform(), MATRICES),
    (t.ComposeTransform([t.OrderedTransform(), t.ExpTransform()]), VECTORS),
):
    GROUPS[f"events {type(transform).__name__}"] = functools.partial(of_events, transform, x)


def softmax(put):
    logits = np.array([[0.0, 1.0, -np.inf], [5.0, 0.0, 2.0]])
    found = {f"hard {hard}": fd.gumbel_softmax(put(logits), 0.5, hard, rng=1) for hard in (False, True)}
    return {**found, "single": fd.gumbel_softmax(put(np.float32(logits)), rng=1)}


GROUPS["gumbel_softmax"] = softmax
