"""Every loop of every family of numbers compiles for devices, in a process that simulates nothing."""

import re

import pytest

import fastdist as fd
from fastdist.kernels import GRADIENTS, POINTWISE

FAMILIES = [
    name
    for name in fd.__all__
    if isinstance(getattr(fd, name), type) and getattr(getattr(fd, name), "_family", None) is not None
]


# Types are found once for both.
CAPABILITIES = [(9, 0), (7, 5)]


def methods(family):
    """The loops of a family."""
    kernels = getattr(fd, family)._family.kernels
    found = [m for m in kernels if m.partition(":")[0] in (*POINTWISE, *GRADIENTS, "sample_grad")]
    return found + ["sample"] * (kernels.sampler is not None)


@pytest.mark.parametrize("family", FAMILIES)
def test_compiles(family, compiler):
    requests = [[family, method, "f8", CAPABILITIES] for method in methods(family)]
    for (_, method, *_), answer in zip(requests, compiler(requests), strict=True):
        assert isinstance(answer, dict), (method, answer)
        assert answer["targets"] == ["sm_90", "sm_75"]


@pytest.mark.parametrize("family", ["Normal", "Exponential", "Laplace", "Uniform"])
def test_single_precision(family, compiler):
    """What is computed in float32 on the host computes in float32 on the device."""
    (answer,) = compiler([[family, "log_prob", "f4", CAPABILITIES]])
    assert answer["double"] == 0, answer


@pytest.mark.parametrize("precision", ["f4", "f8"])
@pytest.mark.parametrize("family", ["Normal", "Exponential", "Laplace"])
def test_values_are_loaded_ahead(family, precision, compiler):
    """Four in a row before any result is stored, and without a test for indices below 0."""
    (answer,) = compiler([[family, "log_prob", precision, CAPABILITIES]])
    assert "ld ld ld ld st st st st ld st" in " ".join(answer["accesses"]), answer
    assert answer["wraps"] == 0, answer


def test_products_and_sums_are_not_fused(compiler):
    """x * x + 3 is two instructions, and one only where a formula says fma."""
    plain, asked = compiler([["", "fused", "", []], ["", "fma", "", []]])
    assert re.search(r"mul\.rn\.f64", plain) and "fma" not in plain
    assert re.search(r"fma\.rn\.f64", asked)


def test_launches(dry_device):
    """What is handed to the driver past numba-cuda is to the byte what that would hand to it."""
    (same,) = dry_device([["launch"]])
    if same is None:
        pytest.skip("only numba-cuda is passed by: here Numba's own target launches")
    assert same is True, same
