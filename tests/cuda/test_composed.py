"""What is made of formulas, on the device: sums, summaries, divergences, transforms, compositions, mixtures.

Groups of calls run in the simulator, where they agree with the host; and they go to a device that is not there, whose
kernels are held to the types of what they are given, and compile to assembly.
"""

import cuda_helpers as device
import pytest
from composed import GROUPS

import fastdist as fd

# A selection of all kinds, for every day; the others are a large sweep.
PLAIN = {
    *(f"sums {name}" for name in ("Normal", "Gamma", "Truncated(Exponential)")),
    "summaries Gamma",
    "preparations Gamma",
    *(f"divergence {pair}" for pair in ("Normal Normal", "Pareto Normal")),
    "transform ExpTransform",
    "transform SinhArcsinhTransform",
    "transform PowerTransform of ExpTransform of AffineTransform",
    "events StickBreakingTransform",
    "events CorrCholeskyTransform",
    "gumbel_softmax",
}
# In the simulator tests of their own see to these.
ELSEWHERE = ("sums", "summaries", "preparations", "methods Truncated", "methods ZeroInflated")
SIMULATED = [name for name in GROUPS if not name.startswith(ELSEWHERE)]
QUICK = {name for name in SIMULATED if name.startswith(("transform", "events", "dtypes", "vectors"))}
QUICK |= {"methods three normals"}


def groups(names, plain=frozenset()):
    """A test of groups of calls, of which those that are not in `plain` are a large sweep."""
    rows = [pytest.param(name, marks=[] if name in plain else pytest.mark.slow) for name in names]
    return pytest.mark.parametrize("group", rows)


def put(value):
    return device.put(value) if isinstance(value, fd.Distribution) else device.array(value)


@device.marked
@groups(SIMULATED, PLAIN | QUICK)
def test_agrees_with_the_host(group):
    found, expected = GROUPS[group](put), GROUPS[group](lambda value: value)
    assert found.keys() == expected.keys()
    for name, result in found.items():
        device.agree(result, expected[name], atol=1e-12)


@groups(GROUPS, PLAIN)
def test_compiles(group, dry_device):
    (kernels,) = dry_device([[group]])
    assert isinstance(kernels, int) and kernels > 0, kernels
