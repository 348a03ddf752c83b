"""dtypes: float32 in, float32 out, right to a few of its ulp; everything else is float64."""

import copy
import pickle

import numpy as np
import pytest
from helpers import (
    HELD,
    OF_PARAMETERS,
    POINTWISE,
    SUMMARISED,
    argument,
    batch,
    each_case,
    each_method,
    if_summarised,
    values,
)

import fastdist as fd

EPS = float(np.finfo(np.float32).eps)


GRADIENTS = [if_summarised(c, m) for c in HELD for m in c.gradients]


def narrowed(case, shape):
    return batch(case, shape, np.float32)


@each_method
@pytest.mark.parametrize("batch_shape", [(), (3,), (3, 1)])
def test_float32_is_right_to_a_few_ulp(case, method, batch_shape):
    """Against float64 at the same inputs, to 4 ulp and what half an ulp in the inputs would change."""
    parameters = narrowed(case, batch_shape)
    d = case.distribution(**parameters)
    assert d.dtype == np.float32
    x = argument(method, case, (3, 500) if len(batch_shape) == 2 else (500, 3)).astype(np.float32)
    got = getattr(d, method)(x)
    assert got.dtype == np.float32
    wide = case.distribution(**{name: v.astype(np.float64) for name, v in parameters.items()})
    want = getattr(wide, method)(x.astype(np.float64))
    slack = np.abs(want)
    if method == "log_prob":
        _, grad = wide.log_prob_and_grad(x.astype(np.float64))
        slack = slack + 1
        if "value" in grad:
            slack = slack + np.abs(x * grad["value"])
    if method == "prob":
        slack = slack * (1 + np.abs(np.log(np.maximum(want, 1e-300))))
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    assert np.all(np.abs(got[finite] - want[finite]) <= 4 * EPS * slack[finite] + 1e-44)


@each_case
@pytest.mark.parametrize("method", POINTWISE)
def test_which_dtype(case, method):
    """float32 where both sides are, or one is and the other has no dtype of its own."""
    weak = case.distribution(**case.ordinary[0])
    narrow = case.distribution(**narrowed(case, ()))
    wide = case.distribution(**batch(case, (1,)))
    x = argument(method, case, (2,))
    event = any(np.ndim(v) for v in case.ordinary[0].values())  # a list has a dtype, a number does not
    f32, f64 = np.float32, np.float64
    assert weak.dtype == wide.dtype == f64 and narrow.dtype == f32
    for value, of_weak, of_narrow, of_wide in (
        (x.astype(f32), f64 if event else f32, f32, f64),
        (x, f64, f64, f64),
        (x[0].item(), f64, f32, f64),
        (np.float32(x[0]), f64 if event else f32, f32, f64),
        (np.float64(x[0]), f64, f64, f64),
        (1, f64, f32, f64),
        (np.array([0, 1], np.int32), f64, f32, f64),
        (np.array([False, True]), f64, f32, f64),
        (x.astype(np.float16), f64 if event else f32, f32, f64),
        (x.astype(np.longdouble), f64, f64, f64),
    ):
        for d, dtype in ((weak, of_weak), (narrow, of_narrow), (wide, of_wide)):
            assert getattr(d, method)(value).dtype == dtype, (value, d)


@each_case
@pytest.mark.parametrize("kind", [np.int8, np.int32, np.int64, np.uint8, np.uint64, bool])
def test_integer_values(case, kind):
    d = case.distribution(**batch(case, (3,)))
    k = np.array([[0], [1]], kind)
    # Values of int64 have loops of their own, which are the usual ones of counts.
    of_few = not d.support.is_discrete or str(case) not in SUMMARISED
    for method in ("log_prob",) if kind is np.int64 and of_few else POINTWISE:
        np.testing.assert_array_equal(getattr(d, method)(k), getattr(d, method)(k.astype(np.float64)))


@each_case
def test_integer_parameters(case):
    """Integers, booleans and lists of them are as good as floats."""
    ones = {name: np.ones(np.shape(v)) for name, v in case.ordinary[0].items()}
    taken = case.distribution.arg_constraints
    ones = {name: v - (name in ("low", "loc") and taken[name].check(0.0)) for name, v in ones.items()}
    whole = {name: v for name, v in ones.items() if np.all(taken[name].check(v))}
    others = {name: np.asarray(case.ordinary[0][name])[()] for name in ones.keys() - whole.keys()}
    d = case.distribution(**others, **whole)
    for kind in (np.int64, np.int8, np.uint16, bool):
        same = case.distribution(**others, **{name: v.astype(kind)[()] for name, v in whole.items()})
        assert same.dtype == np.float64 and same == d
    same = case.distribution(**others, **{name: v.astype(int).tolist() for name, v in whole.items()})
    assert same.dtype == np.float64 and same.log_prob(0.5) == d.log_prob(0.5)


@each_case
def test_parameters_that_mix(case):
    """A number has no dtype of its own beside a float32; float64 wins over float32."""
    narrow = narrowed(case, (2,))
    first, *others = case.parameters
    event = np.ndim(case.ordinary[0][first])
    for name in others:
        mixed = {**narrow, name: case.ordinary[0][name]}
        assert case.distribution(**mixed).dtype == np.float32
        wide = {**narrow, name: narrow[name].astype(np.float64)}
        assert case.distribution(**wide).dtype == np.float64
    assert case.distribution(**narrow).dtype == np.float32
    assert event or case.distribution(**{n: v[0] for n, v in narrow.items()}).dtype == np.float32


@pytest.mark.parametrize("method", [*OF_PARAMETERS, "perplexity"])
@pytest.mark.parametrize(
    ("case", "batch_shape"), [*((case, ()) for case in HELD), *(if_summarised(case, (3,)) for case in HELD)], ids=str
)
def test_summaries_keep_the_dtype(case, method, batch_shape):
    narrow = narrowed(case, batch_shape)
    d = case.distribution(**narrow)
    # The parameters that it keeps: normalised weights are rounded to float32 before anything is made of them.
    wide = case.distribution(**{name: getattr(d, name).astype(np.float64) for name in narrow})
    got, want = getattr(d, method)(), getattr(wide, method)()
    assert np.shape(got) == batch_shape
    if method == "mode" and d.support.is_discrete:
        np.testing.assert_array_equal(got, want)
        return
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, want, rtol=EPS, atol=1e-44)


@pytest.mark.parametrize(("case", "method"), GRADIENTS, ids=str)
def test_gradients_keep_the_dtype(case, method):
    narrow = narrowed(case, (3,))
    x = values(case, (50, 3)).astype(np.float32)
    wide = case.distribution(**{name: v.astype(np.float64) for name, v in narrow.items()})
    got, grad = getattr(case.distribution(**narrow), f"{method}_and_grad")(x)
    _, exact = getattr(wide, f"{method}_and_grad")(x.astype(np.float64))
    assert got.dtype == np.float32
    for name, slope in grad.items():
        assert slope.dtype == np.float32
        np.testing.assert_allclose(slope, exact[name], rtol=8 * EPS, atol=1e-44)


@each_case
def test_refuses_what_is_not_real(case):
    d = case.distribution(**case.ordinary[0])
    for value in ("1.0", ["a"], 1j, [None], object(), np.array(["2020"], "M8[Y]")):
        for method in POINTWISE:
            with pytest.raises(TypeError, match=rf"{case.distribution.__name__}\.{method}.*real"):
                getattr(d, method)(value)


def test_numbers_stay_without_a_dtype():
    """In larger batches, in what is made of others, in copies of these, and in what they are over."""
    normal = fd.Normal(0.0, 1.0)
    whole = fd.TransformedDistribution(normal, fd.transforms.ExpTransform())
    cut = fd.Truncated(normal, 0.0, 2.0)
    x = np.float32([0.5, 0.25])
    for d in (normal, whole, cut, fd.ZeroInflated(fd.Poisson(3.0), 0.5)):
        wide = d.expand((2,))
        family = [d, wide, wide.expand((3, 2)), d.expand(())]
        family += [made for f in family for made in (copy.copy(f), pickle.loads(pickle.dumps(f)))]
        family += [f.base for f in family if hasattr(f, "base")]
        for each in family:
            assert each.dtype == np.float64 and each.log_prob(x).dtype == np.float32, each
        assert (
            wide == pickle.loads(pickle.dumps(wide)) and eval(repr(wide), {**vars(fd.transforms), **vars(fd)}) == wide
        )
    wide = fd.Truncated(normal.expand((2,)), 0.0, 2.0)
    assert wide.log_prob(x).dtype == np.float32
    strong = fd.Normal(np.zeros(2), 1.0)
    assert fd.Truncated(strong, 0.0, 2.0).log_prob(x).dtype == strong.expand((3, 2)).log_prob(x).dtype == np.float64
