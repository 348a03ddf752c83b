"""Mixtures over every family of numbers, against what its own methods say of each component."""

import numpy as np
import pytest
from helpers import batch, each_case

import fastdist as fd

WEIGHTS = np.array([0.3, 0.7])


@pytest.mark.slow
@each_case
def test_over_every_family(case):
    component = case.distribution(**batch(case, (2,)))
    d = fd.MixtureSameFamily(fd.Categorical(WEIGHTS), component)
    x = np.concatenate([component.icdf(np.array([[0.02], [0.4], [0.9]])).ravel(), d.sample(5, rng=1), [np.nan]])
    each = np.expand_dims(x, -1)
    for method in ("prob", "cdf", "sf"):
        want = (WEIGHTS * getattr(component, method)(each)).sum(-1)
        np.testing.assert_allclose(getattr(d, method)(x), want, rtol=1e-13, atol=1e-300, err_msg=method)
        log = {"prob": "log_prob"}.get(method, f"log_{method}")
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(getattr(d, log)(x), np.log(want), rtol=1e-11, atol=1e-12, err_msg=log)
    assert d.dtype == component.dtype and d.batch_shape == () and d.sample(rng=1).dtype == component.sample(rng=1).dtype
    if d._programs is None:
        return
    p = np.array([1e-12, 0.01, 0.3, 0.7, 0.99])
    for tail, quantile, sign in ((d.cdf, d.icdf, 1), (d.sf, d.isf, -1)):
        q = quantile(p)
        if component.support.is_discrete:
            assert np.all(sign * tail(q) >= sign * p) and np.all(sign * tail(q - 1) < sign * p)
        else:
            # What the rounding of a quantile moves the tail by is the density times it.
            assert np.all(abs(tail(q) - p) <= 1e-11 * p + 2.0**-51 * abs(q) * d.prob(q))
    value, grad = d.log_prob_and_grad(x[:-1])
    np.testing.assert_allclose(value, d.log_prob(x[:-1]), rtol=1e-12, atol=1e-13)
    share = WEIGHTS * component.prob(each[:-1]) / d.prob(x[:-1])[:, np.newaxis]
    own = component.log_prob_and_grad(each[:-1])[1]
    for name, slope in own.items():
        if name == "value":
            np.testing.assert_allclose(grad[name], np.sum(share * slope, -1), rtol=1e-9, atol=1e-9)
        else:
            key = f"component_{name}" if name == "probs" else name
            np.testing.assert_allclose(grad[key], share * slope, rtol=1e-9, atol=1e-9)
    if d.has_rsample:
        draws, moved = d.rsample_and_grad(4, rng=2)
        at = d.cdf_and_grad(draws)[1]
        for name, slope in moved.items():
            np.testing.assert_allclose(slope, -at[name] / d.prob(draws)[:, np.newaxis], rtol=1e-6, atol=1e-9)
    draws = d.sample(20_000, rng=3)
    middle = d.icdf(np.array([0.1, 0.5, 0.9]))
    below = np.mean(draws[:, np.newaxis] <= middle, axis=0)
    assert np.all(abs(below - d.cdf(middle)) < 0.02)
