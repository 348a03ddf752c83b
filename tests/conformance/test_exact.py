"""Against 40-digit references, from the middle to where float64 ends.

The tolerance is 1e-13 relative, 1e-10 for gradients, or what a few half ulps in the inputs would
change.
"""

import numpy as np
import pytest
from helpers import Reference, close, draw_slopes, each_case, each_gradient, reparameterised

VALUES = ("log_prob", "cdf", "sf", "log_cdf", "log_sf")


def moved(case, reference, function):
    """How much ``function(distribution, value)`` moves with its inputs, in relative units of each.

    The largest of central differences over steps from 1e-6 down: near an end only the shortest stay inside.
    What rounding adds to these is far below what one rounding of the result allows.
    """
    inputs, slacks = {"value": reference["value"], **reference.parameters}, 0.0

    def at(name, factor):
        given = {**inputs, name: inputs[name] * factor}
        value = given.pop("value")
        return np.array(function(case.distribution(**given, validate_args=False), value))

    with np.errstate(all="ignore"):
        for name in inputs:
            differences = [np.abs(at(name, 1 + h) - at(name, 1 - h)) / (2 * h) for h in (1e-6, 1e-10, 1e-14)]
            slacks = slacks + np.max(np.where(np.isfinite(differences), differences, 0.0), axis=0)
    return slacks


def check(reference, got, want, *close_arguments, **more):
    good = close(got, want, *close_arguments)
    assert good.all(), reference.describe(~good, np.asarray(got), want, **more)


@each_case
@pytest.mark.parametrize("method", VALUES)
def test_values(case, method):
    reference = Reference(case)
    got = getattr(reference.distribution, method)(reference["value"])
    # A log density passes through 0 where its terms, which are of order 1, cancel.
    absolute = 4e-16 if method == "log_prob" else 0.0
    check(
        reference,
        got,
        reference[method],
        case.tolerance.get(method, 1e-13),
        reference[f"{method}.slack"],
        absolute,
        value=reference["value"],
    )


@each_case
def test_prob(case):
    """The density is the exponential of the exact log density."""
    reference = Reference(case)
    log_prob, slack = reference["log_prob"], reference["log_prob.slack"]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        want = np.exp(log_prob)
        bound = np.where(want > 0, want * (slack + np.abs(log_prob)), 0.0)
    got = reference.distribution.prob(reference["value"])
    check(reference, got, want, case.tolerance.get("prob", 1e-13), bound, value=reference["value"])


@each_gradient()
def test_gradients(case, method):
    reference = Reference(case)
    got, grad = getattr(reference.distribution, f"{method}_and_grad")(reference["value"])
    check(reference, got, reference[method], 1e-12, reference[f"{method}.slack"], 4e-16, value=reference["value"])
    exact = reference[f"{method}_grad"]
    columns = grad.values() if exact.ndim == 2 and len(grad) == exact.shape[1] else [grad[case.parameters[0]]]
    wants = exact.T if len(grad) == exact.shape[1] else [exact]
    slacks = [0.0] * len(grad)
    if "value" in grad:
        slacks = moved(case, reference, lambda d, x: [*getattr(d, f"{method}_and_grad")(x)[1].values()])
    for name, slope, want, slack in zip(grad, columns, wants, slacks, strict=True):
        slope, want = np.asarray(slope), np.asarray(want)
        good = close(slope, want, case.tolerance.get(f"{method}_grad", 1e-10), slack)
        good = good if good.ndim == 1 else good.all(axis=-1)
        shown = (slope, want) if slope.ndim == 1 else (slope[:, 0], want[:, 0])
        assert good.all(), f"in {name}: " + reference.describe(~good, *shown, value=reference["value"])


@reparameterised
def test_sample_gradients(case):
    """dx/dtheta at given draws, by the kernel that `rsample_and_grad` uses."""
    reference = Reference(case)
    if "sample_grad" not in reference:
        pytest.fail("no reference for the gradient of a draw")
    got = draw_slopes(reference.distribution, reference["value"])
    slacks = moved(case, reference, draw_slopes)
    rows = zip(case.parameters, got, reference["sample_grad"].T, slacks, strict=True)
    for name, got, want, slack in rows:
        good = close(got, want, case.tolerance.get("sample_grad", 1e-10), slack)
        assert good.all(), f"in {name}: " + reference.describe(~good, got, want, value=reference["value"])


@each_case
@pytest.mark.parametrize("method", ["icdf", "isf"])
def test_quantiles(case, method):
    reference = Reference(case, "q_")
    got = getattr(reference.distribution, method)(reference["level"])
    check(
        reference,
        got,
        reference[method],
        case.tolerance.get(method, 1e-13),
        reference[f"{method}.slack"],
        level=reference["level"],
    )


@each_case
@pytest.mark.parametrize("method", ["mean", "variance", "skewness", "kurtosis", "entropy"])
def test_moments(case, method):
    reference = Reference(case, "m_")
    got = getattr(reference.distribution, method)()
    # Terms of order 1 cancel where an entropy, or a moment around the middle, is close to 0.
    check(reference, got, reference[method], case.tolerance.get(method, 1e-13), 0.0, 2e-15)
