"""``out=``: where results go, what is refused, and memory that input and output share."""

import numpy as np
import pytest
from helpers import POINTWISE, argument, batch, each_case

SIZES = [((), (5,)), ((3,), (4, 3)), ((3, 1), (3, 40))]


@each_case
@pytest.mark.parametrize(
    ("method", "batch_shape", "shape"),
    [*((method, *sizes) for method in POINTWISE for sizes in SIZES), ("log_prob", (), (132_001,))],
)
def test_takes_the_result(case, method, batch_shape, shape):
    d = case.distribution(**batch(case, batch_shape))
    x = argument(method, case, shape)
    want = getattr(d, method)(x)
    out = np.full(want.shape, 7.0)
    assert getattr(d, method)(x, out=out) is out
    np.testing.assert_array_equal(out, want)


@each_case
@pytest.mark.parametrize("method", POINTWISE)
def test_layouts(case, method):
    """Non-contiguous, Fortran, big-endian and narrower memory takes the same numbers."""
    d = case.distribution(**batch(case, (3,)))
    x = argument(method, case, (4, 3))
    want = getattr(d, method)(x)
    wide = np.full((8, 6), 7.0)
    for out in (wide[::2, 1::2], wide[::-1][:4, :3], np.empty((4, 3), order="F"), np.empty((4, 3), ">f8")):
        assert getattr(d, method)(x, out=out) is out
        np.testing.assert_array_equal(out, want)
    narrow = np.empty((4, 3), np.float32)
    getattr(d, method)(x, out=narrow)
    np.testing.assert_array_equal(narrow, want.astype(np.float32))
    single = np.empty(())
    one = case.distribution(**case.ordinary[0])
    value = argument(method, case, ())
    assert getattr(one, method)(value.item(), out=single) is single
    assert single == getattr(one, method)(value.item())


@each_case
@pytest.mark.parametrize("method", POINTWISE)
def test_in_place(case, method):
    """The output may be the input, or overlap it in any way."""
    d = case.distribution(**batch(case, (3,)))
    x = argument(method, case, (4, 3))
    want = getattr(d, method)(x)
    same = x.copy()
    getattr(d, method)(same, out=same)
    np.testing.assert_array_equal(same, want)
    for source, target in (((0, 12), (1, 13)), ((1, 13), (0, 12)), ((0, 12), (6, 18))):
        memory = np.zeros(24)
        memory[slice(*source)] = x.ravel()
        value, out = memory[slice(*source)].reshape(4, 3), memory[slice(*target)].reshape(4, 3)
        getattr(d, method)(value, out=out)
        np.testing.assert_array_equal(out, want)
    turned = np.ascontiguousarray(x.ravel())
    out = turned[::-1].reshape(4, 3)
    getattr(d, method)(turned.reshape(4, 3), out=out)
    np.testing.assert_array_equal(out, want)
    tall = case.distribution(**batch(case, (4, 3)))
    memory = np.zeros((4, 3))
    memory[2] = x[0]
    want = getattr(tall, method)(x[0])
    getattr(tall, method)(memory[2], out=memory)
    np.testing.assert_array_equal(memory, want)


@each_case
@pytest.mark.parametrize("method", [*POINTWISE, "sample"])
def test_refuses(case, method):
    d = case.distribution(**batch(case, (3,)))

    def call(out):
        if method == "sample":
            return d.sample((4,), rng=1, out=out)
        return getattr(d, method)(np.full((4, 3), 0.5), out=out)

    who = case.distribution.__name__
    frozen = np.zeros((4, 3))
    frozen.flags.writeable = False
    for out, error, says in (
        (np.zeros(3), ValueError, r"\(3,\).*\(4, 3\)"),
        (np.zeros((4, 3, 1)), ValueError, "shape"),
        (np.zeros((4, 3), bool), TypeError, "dtype"),
        (np.zeros((4, 3), "U1"), TypeError, "dtype"),
        ([[0.0] * 3] * 4, TypeError, "list"),
        (frozen, ValueError, "read-only"),
    ):
        with pytest.raises(error, match=f"{who}.*{says}"):
            call(out)


@each_case
@pytest.mark.parametrize("batch_shape", [(), (3,)])
def test_sample(case, batch_shape):
    d = case.distribution(**batch(case, batch_shape))
    want = d.sample((5,), rng=3)
    swapped = want.astype(want.dtype.newbyteorder())
    for out in (np.empty_like(want), np.empty((10, *batch_shape), want.dtype)[::2], swapped):
        assert d.sample((5,), rng=3, out=out) is out
        np.testing.assert_array_equal(out, want)
    wide = np.empty(want.shape, np.float64)
    d.sample((5,), rng=3, out=wide)
    np.testing.assert_array_equal(wide, want)
