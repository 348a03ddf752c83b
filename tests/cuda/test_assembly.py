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


each_capability = pytest.mark.parametrize(
    "capability", [(9, 0), pytest.param((7, 5), marks=pytest.mark.slow)], ids=["9.0", "7.5"]
)


def methods(family):
    """The loops of a family."""
    kernels = getattr(fd, family)._family.kernels
    found = [m for m in kernels if m.partition(":")[0] in (*POINTWISE, *GRADIENTS, "sample_grad")]
    return found + ["sample"] * (kernels.sampler is not None)


@pytest.mark.parametrize("family", FAMILIES)
@each_capability
def test_compiles(family, capability, compiler):
    requests = [[family, method, "f8", capability] for method in methods(family)]
    for (_, method, *_), answer in zip(requests, compiler(requests), strict=True):
        assert isinstance(answer, dict), (method, answer)
        assert answer["target"] == "sm_{}{}".format(*capability)


@pytest.mark.parametrize("family", ["Normal", "Exponential", "Laplace", "Uniform"])
def test_single_precision(family, compiler):
    """What is computed in float32 on the host computes in float32 on the device."""
    (answer,) = compiler([[family, "log_prob", "f4", (9, 0)]])
    assert answer["double"] == 0, answer


def test_products_and_sums_are_not_fused(compiler):
    """x * x + 3 is two instructions, and one only where a formula says fma."""
    plain, asked = compiler([["", "fused", "", []], ["", "fma", "", []]])
    assert re.search(r"mul\.rn\.f64", plain) and "fma" not in plain
    assert re.search(r"fma\.rn\.f64", asked)
