"""Arrays on the device in what users write: shapes, dtypes, mixtures of host and device, errors, transforms, KL."""

import contextlib
import pickle

import cuda_helpers as device
import numpy as np
import pytest

import fastdist as fd
from fastdist import transforms as t
from fastdist.engine.cuda import arrays, dlpack, target
from fastdist.engine.device import on_device

pytestmark = device.marks

X = np.array([[-1.5, 0.0, 2.0], [0.25, 1.0, -3.0]])


# Shapes and dtypes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch", "shape"),
    [((), ()), ((), (0,)), ((1,), (4,)), ((3,), (2, 3)), ((2, 1), (2, 3)), ((2, 1, 3), (2, 5, 3)), ((3, 1), (2,))],
)
def test_broadcasting(batch, shape):
    loc = np.linspace(-1.0, 1.0, max(1, int(np.prod(batch)))).reshape(batch)
    x = np.linspace(-2.0, 3.0, int(np.prod(shape))).reshape(shape)
    d = fd.Normal(loc, 2.0)
    device.agree(fd.Normal(device.array(loc), 2.0).cdf(device.array(x)), d.cdf(x))
    device.agree(device.put(d).log_likelihood(device.array(x)), d.log_likelihood(x))


def test_strided_values():
    """Transposed, and every second number: nothing need be contiguous."""
    x = device.array(X)
    device.agree(fd.Normal(0.0, 1.0).cdf(x.T), fd.Normal(0.0, 1.0).cdf(X.T))
    device.agree(fd.Normal(0.0, 1.0).cdf(x[:, ::2]), fd.Normal(0.0, 1.0).cdf(X[:, ::2]))


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.int64, np.uint8, np.bool_])
def test_dtypes(dtype):
    x = np.array([0, 1, 3], dtype)
    for d in (fd.Normal(0.5, 2.0), fd.Poisson(2.5)):
        device.agree(d.log_prob(device.array(x)), d.log_prob(x), rtol=1e-6 if dtype is np.float32 else 1e-12)


def test_float32_parameters():
    d = fd.Gamma(np.float32([1.5, 2.5]), np.float32(2.0))
    on_device = device.put(d)
    assert on_device.dtype == np.float32
    device.agree(on_device.mean(), d.mean(), rtol=1e-6)
    device.agree(on_device.sample(4, rng=1), d.sample(4, rng=1), rtol=1e-6)


def test_out():
    x, out = device.array(X), device.array(np.zeros(X.shape))
    assert fd.Normal(0.0, 1.0).cdf(x, out=out) is out
    device.agree(out, fd.Normal(0.0, 1.0).cdf(X))
    with pytest.raises(TypeError, match="out is not"):
        fd.Normal(0.0, 1.0).cdf(x, out=np.zeros(X.shape))
    with pytest.raises(ValueError, match=r"out must be contiguous, of shape \(2, 3\)"):
        fd.Normal(0.0, 1.0).cdf(x, out=device.array(np.zeros(3)))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "u1", "?"])
def test_arrays_lent_by_dlpack(dtype):
    """What a capsule holds, here of an array on the host; and what says that it is on a device goes there."""
    x = np.arange(24).astype(dtype).reshape(2, 3, 4)
    for lent in (x, x[:, 1:, ::2], x[0, 0], x[:0]):
        found = dlpack.described(lent.__dlpack__(), devices=(1,))
        expected = lent.__array_interface__
        assert (found["shape"], found["typestr"]) == (expected["shape"], expected["typestr"])
        assert found["strides"] in (None, lent.strides)
        assert found["data"][0] == expected["data"][0] or not lent.size
    with pytest.raises(TypeError, match="must be in a CUDA device's memory"):
        dlpack.described(x.__dlpack__())
    with pytest.raises(TypeError, match="must be of real numbers"):
        dlpack.described(np.zeros(2, complex).__dlpack__(), devices=(1,))


def test_contiguous_arrays_are_taken_by_their_pointers():
    """Here PyTorch's on the host, which say the same of themselves; what is not plain memory is viewed with care."""
    torch = pytest.importorskip("torch")
    for name in ("float32", "float64", "int64"):
        x = torch.zeros((2, 3), dtype=getattr(torch, name))
        found, dtype = arrays.Contiguous.of(x), np.dtype(name)
        assert (found.shape, found.size, found.dtype) == ((2, 3), 6, dtype)
        assert found.cells == (0, 0, 6, dtype.itemsize, x.data_ptr(), 6, dtype.itemsize)
    imaginary = torch.zeros(1, dtype=torch.complex64).conj().imag
    for x in (torch.zeros((2, 3)).T, torch.zeros(2, dtype=torch.uint8), torch.zeros(2, requires_grad=True), imaginary):
        assert arrays.Contiguous.of(x) is None
    assert arrays.Contiguous.of(np.zeros(2)) is None


def test_where_an_array_is():
    class Array:
        def __init__(self, kind):
            self._kind = kind

        def __dlpack_device__(self):
            return self._kind, 0

    assert [on_device(Array(kind)) for kind in (1, 2, 3, 13)] == [False, True, False, True]
    assert on_device(device.array(X)) and not on_device(X)


class There:
    """An array of a library that says by DLPack on which device it is."""

    shape, dtype = (2,), np.dtype(np.float64)

    def __init__(self, number):
        self.number = number

    def __dlpack_device__(self):
        return 2, self.number


def test_arrays_of_several_devices(monkeypatch):
    """A call goes to the device of its arrays and leaves the current one as it was; those of two devices do not mix."""
    seen = []

    @contextlib.contextmanager
    def current(number):
        seen.append(number)
        yield
        seen.append("back")

    monkeypatch.setattr(arrays, "SEVERAL", True)
    monkeypatch.setattr(arrays.cuda, "gpus", {number: current(number) for number in (0, 1)})
    call = arrays.switched(lambda *args, **kwargs: seen.append("called"))
    place = arrays.Place(There(1))
    assert place.device == 1 and arrays.device_of(There(0)) == 0
    call(There(1), 0.5, np.zeros(2), place, who="here")
    assert seen == [1, "called", "back"]
    for args in ((There(0), There(1)), ((There(0), 1.0), place), (place, [There(0)])):
        with pytest.raises(TypeError, match="on different devices, cuda:0 and cuda:1: copy one of them"):
            call(*args)
    with pytest.raises(TypeError, match="on different devices"):
        call(There(0), like=There(1))
    call(0.5)
    assert seen == [1, "called", "back", "called"]


# Distributions on the device ----------------------------------------------------------------------


def test_moves_there_and_back():
    d = fd.Gamma([1.0, 2.0], 3.0)
    there = d.to("cuda")
    assert there.to("cuda") is there and d.to("cpu") is d
    assert there.to("cpu") == d
    assert there.batch_shape == (2,) and there.expand((3, 2)).batch_shape == (3, 2)
    assert repr(there).count("array of shape (2,) on the device") == 2
    assert there == there and there != d and hash(there) == hash(there)
    ends = repr(fd.Truncated(there, device.array([0.5, 1.0]), 4.0))
    assert ends.startswith("Truncated(Gamma(") and ends.count("array of shape (2,) on the device>") == 4
    assert pickle.loads(pickle.dumps(there.to("cpu"))) == d


def test_number_for_a_value():
    d = fd.Normal([0.0, 1.0], 1.0)
    device.agree(device.put(d).log_prob(0.5), d.log_prob(0.5))
    device.agree(device.put(d).log_prob(np.array([0.5])), d.log_prob(np.array([0.5])))


def test_what_keeps_its_parameters_on_the_host():
    """Rows and what is made of other distributions: only the constants of loops move."""
    parts = fd.MixtureSameFamily(fd.Categorical(probs=[0.2, 0.8]), fd.Normal([0.0, 1.0], [[1.0], [2.0]]))
    other = fd.TransformedDistribution(fd.Gamma([2.0, 3.0], 1.0), t.ExpTransform())
    unlike = fd.Mixture(fd.Categorical(probs=[0.2, 0.8]), [fd.Gamma([2.0, 3.0], 1.0), other])
    device.agree(unlike.to("cuda").sample(5, rng=1), unlike.sample(5, rng=1))
    for d in (fd.Categorical(probs=[[0.2, 0.8], [0.5, 0.5]]), fd.Truncated(parts, 0.5, 4.0)):
        k = np.array([[0, 1], [1, 1]])
        there = d.to("cuda")
        device.agree(there.log_prob(device.array(k)), d.log_prob(k))
        device.agree(there.sample(5, rng=1), d.sample(5, rng=1))
        device.agree(there.expand((3, 2)).sample(5, rng=1), d.expand((3, 2)).sample(5, rng=1))
        device.agree(there.to("cpu").log_prob(k), d.log_prob(k))
        np.testing.assert_array_equal(there.mean(), d.mean())
    for call in (
        lambda: there.log_prob_and_grad(device.array(k)),
        lambda: there.rsample_and_grad(3),
        lambda: fd.Truncated(parts.to("cuda"), 0.5, 4.0),
        lambda: fd.Truncated(parts, device.array([0.5, 0.6]), 4.0),
    ):
        with pytest.raises(NotImplementedError, match=r"Truncated: .* on the host only.* moves by \.to\('cpu'\)"):
            call()


def test_what_is_made_of_another_moves_with_its_parameters():
    for d in (
        fd.Truncated(fd.Gamma([2.0, 3.0], 1.0), 0.5, 4.0),
        fd.ZeroInflated(fd.Binomial(9, logits=[0.0, 1.0]), 0.2),
    ):
        there, k = d.to("cuda"), np.array([[0, 1], [1, 3]])
        device.agree(there.log_prob(device.array(k)), d.log_prob(k))
        device.agree(there.mean(), d.mean())
        device.agree(there.expand((3, 2)).variance(), d.expand((3, 2)).variance())
        assert there.to("cpu") == d


def test_alias_table():
    d = fd.Categorical(logits=[0.0, 1.0, -np.inf, 2.0])
    device.agree(d.sample(101, rng=9, device="cuda"), d.sample(101, rng=9))


def test_same_draws_whatever_the_grid(monkeypatch):
    d = fd.Gamma(0.3, 1.0)
    want = device.host(d.sample(37, rng=2, device="cuda"))
    monkeypatch.setattr("fastdist.engine.cuda.evaluate.BLOCKS", 1)
    np.testing.assert_array_equal(device.host(d.sample(37, rng=2, device="cuda")), want)


@pytest.mark.parametrize("n", [1, 8, 24, 25, 37, 64])
def test_same_values_whatever_the_grid(monkeypatch, n):
    """A thread that has several values loads some of them at once, and does the others one by one."""
    monkeypatch.setattr("fastdist.engine.cuda.evaluate.BLOCKS", 1)
    monkeypatch.setattr("fastdist.engine.cuda.evaluate.MANY", 16)
    x = np.linspace(-3.0, 4.0, n)
    x[n // 2] = np.nan
    for d in (fd.Normal(0.5, 2.0), fd.Exponential(2.0), fd.Gamma(2.5, 1.0)):
        device.agree(d.log_prob(device.array(x)), d.log_prob(x))
        for own, result in zip(
            d.log_prob_and_grad(device.array(x))[1].values(), d.log_prob_and_grad(x)[1].values(), strict=True
        ):
            device.agree(own, result)
    single = fd.Normal(np.float32(0.5), np.float32(2.0))
    device.agree(single.log_prob(device.array(np.float32(x))), single.log_prob(np.float32(x)), rtol=1e-6)
    batch = fd.Normal([[0.5], [1.0]], 2.0)
    device.agree(device.put(batch).log_prob(device.array(x)), batch.log_prob(x))


def test_uniforms_are_the_same_bits():
    np.testing.assert_array_equal(
        device.host(fd.Uniform(0.0, 1.0).sample(9, rng=4, device="cuda")), fd.Uniform(0.0, 1.0).sample(9, rng=4)
    )


def test_sum_of_many():
    """More slots than one pass folds."""
    x = np.random.default_rng(0).normal(size=5000)
    device.agree(fd.Normal(0.1, 1.0).log_likelihood(device.array(x)), fd.Normal(0.1, 1.0).log_likelihood(x), rtol=1e-14)


def test_what_is_asked_of_parameters_is_computed_there_or_refused():
    """Nothing is copied to the host behind the caller's back."""
    d = fd.Binomial(5, probs=[0.2, 0.5])
    there = device.put(d)
    device.agree(there.logits, d.logits)
    device.agree(fd.Binomial(5, logits=device.array(d.logits)).probs, d.probs)
    device.agree(there.moment(1), d.moment(1))
    device.agree(
        device.put(fd.VonMises([0.0, 1.0], 2.0)).log_prob_and_grad(device.array(X[0, 0]))[0],
        fd.VonMises([0.0, 1.0], 2.0).log_prob(X[0, 0]),
    )
    base = fd.Normal(np.zeros((2, 3)), [1.0, 2.0, 3.0])
    parts = fd.Independent(device.put(base), 1)
    device.agree(parts.entropy(), fd.Independent(base, 1).entropy())
    device.agree(parts.perplexity(), fd.Independent(base, 1).perplexity())
    for call in (
        there.enumerate_support,
        there.expect,
        device.put(fd.Delta([1.0, 2.0])).expect,
        lambda: there.moment(2),
        lambda: device.put(fd.Hypergeometric([10.0, 12.0], 4, 3)).support,
        lambda: MIXTURES[0].to("cuda").entropy(),
        lambda: MIXTURES[0].to("cuda").expect(),
        parts.covariance,
    ):
        with pytest.raises(NotImplementedError, match=r"computed on the host only.* moves by \.to\('cpu'\)"):
            call()


# Mixtures -----------------------------------------------------------------------------------------

MIXTURES = (
    fd.MixtureSameFamily(fd.Categorical(probs=[0.2, 0.8]), fd.Normal([0.0, 1.0], 1.0)),
    fd.Mixture(fd.Categorical(probs=[0.2, 0.8]), [fd.Normal(0.0, 1.0), fd.Cauchy(1.0, 1.0)]),
)
each_mixture = pytest.mark.parametrize("d", MIXTURES, ids=lambda d: type(d).__name__)


@each_mixture
@pytest.mark.parametrize("x", [0.5, np.array(0.5), np.ones((0, 3)), np.ones((2, 3)).T, np.float32([0.5, 1.0])], ids=str)
def test_gradients_of_mixtures(d, x):
    """Of values of all shapes and layouts; one number of the host's goes to where the mixture is."""
    rtol = 1e-6 if getattr(x, "dtype", None) == np.float32 else 1e-11
    value, slopes = d.to("cuda").log_prob_and_grad(x if isinstance(x, float) else device.array(x))
    expected, others = d.log_prob_and_grad(x)
    device.agree(value, expected, rtol=rtol)
    assert slopes.keys() == others.keys()
    for name, slope in slopes.items():
        device.agree(slope, others[name], rtol=rtol)


@each_mixture
def test_mixtures_stay_on_the_device(d):
    there = d.to("cuda").expand((2,))
    device.agree(there.sample(3, rng=1), d.expand((2,)).sample(3, rng=1))
    device.agree(there.median(), d.expand((2,)).median())
    device.agree(there.mean(), d.expand((2,)).mean())
    assert d.to("cuda").to("cpu") == d
    with pytest.raises(TypeError, match=r"the distribution is on the device, and the array of shape \(3,\) is on the"):
        there.log_prob_and_grad(np.ones(3))


def test_parts_of_mixtures_on_the_device():
    """Given as arrays there; parts that are numbers go along, and batches of the host's do not."""
    weights, loc = np.float32([0.25, 0.75]), np.float32([[0.0, 1.0], [2.0, 4.0]])
    x, own = np.float32([0.5, 3.0]), np.float32(1.5)
    d = fd.MixtureSameFamily(fd.Categorical(probs=weights), fd.Normal(loc, own))
    there = fd.MixtureSameFamily(
        fd.Categorical(probs=device.array(weights)), fd.Normal(device.array(loc), device.array(own))
    )
    assert there.dtype == np.float32 and there.batch_shape == (2,)
    assert repr(there).startswith("MixtureSameFamily(Categorical(probs=<float32 array of shape (2,) on the device>)")
    for name in ("log_prob", "cdf", "log_sf"):
        device.agree(getattr(there, name)(device.array(x)), getattr(d, name)(x), rtol=1e-6)
    device.agree(there.kurtosis(), d.kurtosis(), rtol=1e-6)

    by_logits = fd.Categorical(logits=device.array(np.log(weights)))
    one, other = fd.Normal(0.0, 1.5), fd.Cauchy([1.0, 2.0], 1.0)
    d, there = (
        fd.Mixture(fd.Categorical(logits=np.log(weights)), [one, other]),
        fd.Mixture(by_logits, [one, device.put(other)]),
    )
    expanded = there.expand((3, 2))
    device.agree(expanded.cdf(device.array(np.float64(x))), d.expand((3, 2)).cdf(np.float64(x)), rtol=1e-6)
    device.agree(there.sample(5, rng=1), d.sample(5, rng=1), rtol=1e-6)
    for make in (
        lambda: fd.MixtureSameFamily(fd.Categorical(probs=[0.2, 0.8]), device.put(fd.Normal([0.0, 1.0], 1.0))),
        lambda: fd.Mixture(fd.Categorical(probs=[0.2, 0.8]), [one, device.put(other)]),
        lambda: fd.Mixture(by_logits, [one, other]),
        lambda: fd.MixtureSameFamily(by_logits, fd.Normal([0.0, 1.0], 1.0)),
    ):
        with pytest.raises(TypeError, match=r"the parameters of .* are on the host and others are on the device; move"):
            make()


def test_mixtures_of_vectors_on_the_device():
    """Densities; what else there is of them is the host's, and is refused with words."""
    loc, x = np.array([[0.0, 1.0], [2.0, -1.0]]), np.array([[0.5, 1.0], [0.0, 0.0]])
    parts = fd.Independent(fd.Normal(loc, 1.5), 1)
    d = fd.MixtureSameFamily(fd.Categorical(probs=[0.25, 0.75]), parts)
    there = d.to("cuda")
    assert there.to("cpu") == d and there.expand((3,)).batch_shape == (3,)
    narrow = fd.Mixture(
        fd.Categorical(probs=np.float32([0.25, 0.75])), [fd.Independent(fd.Normal(np.float32(m), 1.5), 1) for m in loc]
    )
    single = np.float32(x)
    device.agree(narrow.to("cuda").log_prob(device.array(single)), narrow.log_prob(single), rtol=1e-6)
    normal = fd.MixtureSameFamily(fd.Categorical(probs=[0.25, 0.75]), fd.MultivariateNormal(loc, np.eye(2)))
    device.agree(normal.log_prob(device.array(x)), normal.log_prob(x))
    device.agree(normal.log_likelihood(device.array(x)), normal.log_likelihood(x))
    with pytest.raises(ValueError, match="must end in the axes of an event"):
        there.log_prob(device.array(np.zeros((2, 3))))
    for call in (there.sample, there.rsample_and_grad, there.mean, there.variance, there.covariance, there.entropy):
        with pytest.raises(NotImplementedError):
            call()
    for call in (
        lambda: there.log_prob_and_grad(device.array(x)),
        lambda: there.log_likelihood_and_grad(device.array(x)),
        lambda: there.log_prob(x),
        lambda: d.log_prob(device.array(x)),
    ):
        with pytest.raises(TypeError, match="on the host"):
            call()


def test_the_component_of_a_draw_does_not_depend_on_its_sampler():
    """Shapes below 1 take a sampler with one uniform more: draws of the other component stay."""
    far = fd.Normal(-100.0, 1.0)
    first, second = (
        fd.Mixture(fd.Categorical(probs=[0.5, 0.5]), [far, fd.Gamma(shape, 1.0)]).sample(50, rng=3)
        for shape in (0.5, 2.0)
    )
    np.testing.assert_array_equal(first[first < 0], second[first < 0])
    assert (second[first >= 0] >= 0).all() and 10 < (first < 0).sum() < 40


# Errors -------------------------------------------------------------------------------------------


def test_host_and_device_do_not_mix():
    x = device.array(X)
    for call in (
        lambda: fd.Normal([0.0, 1.0, 2.0], 1.0).log_prob(x),
        lambda: fd.Normal(x, 1.0).log_prob(X),
        lambda: fd.Normal(x, np.ones((2, 3))),
        lambda: fd.kl_divergence(fd.Normal(x, 1.0), fd.Normal(X, 1.0)),
    ):
        with pytest.raises(TypeError, match=r"an array of shape .* is on the host and another is on the device"):
            call()


def test_parameters_are_checked_on_the_device():
    with pytest.raises(ValueError, match=r"Gamma: parameter rate must satisfy .*; got -2\.0 at index \(1,\)"):
        fd.Gamma(1.0, device.array([1.0, -2.0]))
    with pytest.raises(ValueError, match=r"Uniform: low must be below high.* low = 2\.0, high = 1\.0 at index \(1,\)"):
        fd.Uniform(device.array([0.0, 2.0]), 1.0)
    with pytest.raises(ValueError, match="Poisson: parameter rate must satisfy"):
        fd.Poisson(device.array([np.nan]))
    with pytest.raises(ValueError, match=r"Normal: the parameters do not broadcast: .*\(2,\).*\(3,\)"):
        fd.Normal(device.array([0.0, 1.0]), device.array([1.0, 1.0, 1.0]))
    with pytest.raises(TypeError, match="must be real numbers; got dtype complex128"):
        fd.Normal(device.array([1j]), 1.0)
    with pytest.raises(TypeError, match="must be real numbers; got dtype complex128"):
        fd.Normal(0.0, 1.0).log_prob(device.array([1j]))


def test_constraints_are_checked_on_the_host():
    x = device.array(X)
    for check, value in (
        (fd.Gamma.support.check, x),
        (fd.constraints.simplex.check, x),
        (fd.Uniform(device.array([0.0, 1.0]), 2.0).support.check, 0.5),
    ):
        with pytest.raises(TypeError, match="this is computed on the host only"):
            check(value)


def test_duals_and_devices_do_not_meet():
    """Derivatives by Dual are computed on the host: nothing is copied there in silence."""
    x, one = device.array(X[0]), fd.Dual(0.5, 1.0)
    for call in (
        lambda: fd.Dual(x, x),
        lambda: fd.Dual(X[0], x),
        lambda: fd.Normal(one, 1.0).log_prob(x),
        lambda: fd.Normal(one, 1.0).cdf(x),
        lambda: fd.Normal(one, 1.0).log_likelihood(x),
        lambda: fd.Normal(one, device.array([1.0, 2.0])),
        lambda: fd.Normal(x, 1.0).log_prob(one),
        lambda: fd.Dirichlet(fd.Dual(np.ones(3), np.ones(3))).log_prob(device.array(np.full(3, 1 / 3))),
        lambda: t.AffineTransform(one, 1.0)(x),
        lambda: t.AffineTransform(x, 1.0)(one),
    ):
        with pytest.raises(TypeError, match=r"must be on the host|derivatives by Dual are computed on the host only"):
            call()


def test_parameters_of_transforms_on_the_device():
    """They are checked there, shown as such, and equal to none but themselves."""
    scale = device.array(X[0, [0, 2]])
    transform = t.AffineTransform(1.0, scale)
    assert repr(transform) == "AffineTransform(loc=1.0, scale=<float64 array of shape (2,) on the device>)"
    assert transform == transform and transform != t.AffineTransform(1.0, scale)
    assert transform.forward_shape((3, 1)) == (3, 2)
    device.agree(transform(0.5), t.AffineTransform(1.0, X[0, [0, 2]])(0.5))
    for make, message in (
        (lambda: t.AffineTransform(device.array([0.0, np.inf]), 1.0), r"loc must be finite; got inf at index \(1,\)"),
        (lambda: t.AffineTransform(0.0, device.array([1.0, 0.0])), "scale must be finite and not 0; got 0.0"),
        (lambda: t.PowerTransform(device.array([np.nan])), "exponent must be finite and not 0; got nan"),
        (lambda: t.SinhArcsinhTransform(0.0, device.array([1.0, -1.0])), "tailweight must be positive and finite"),
        (lambda: t.IntervalTransform(0.0, device.array([1.0, -1.0])), r"above lower_bound, .* got -1.0 at index"),
        (lambda: t.IntervalTransform(device.array([0.0, 2.0]), 1.0), r"above lower_bound, .* got 1.0 at index \(1,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
    with pytest.raises(TypeError, match="must be real numbers; got dtype complex128"):
        t.AffineTransform(device.array([1j]), 1.0)
    for call in (lambda: transform.sign, lambda: t.HouseholderTransform(scale)):
        with pytest.raises(TypeError, match="this is computed on the host only"):
            call()


def test_devices_have_two_names():
    with pytest.raises(ValueError, match="Normal: device must be 'cpu' or 'cuda'; got 'gpu'"):
        fd.Normal(0.0, 1.0).to("gpu")
    with pytest.raises(ValueError, match="device must be"):
        fd.Normal(0.0, 1.0).sample(2, device="tpu")
    with pytest.raises(TypeError, match="out is not taken"):
        fd.Normal(0.0, 1.0).sample(2, device="cuda", out=np.zeros(2))
    np.testing.assert_array_equal(
        fd.Normal(0.0, 1.0).sample(2, rng=1, device="cpu"), fd.Normal(0.0, 1.0).sample(2, rng=1)
    )


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (type("CudaSupportError", (Exception,), {})("driver"), "no CUDA driver answers"),
        (type("NvvmSupportError", (Exception,), {})("no nvvm"), r"pip install \"fastdist\[cuda\]\""),
        (type("CudaAPIError", (Exception,), {})("CUDA_ERROR_OUT_OF_MEMORY"), "not enough memory"),
        (type("LinkerError", (Exception,), {})("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), "install a newer driver"),
    ],
)
def test_what_is_missing_is_said(error, says):
    def fails():
        raise error

    with pytest.raises((RuntimeError, MemoryError), match=says) as caught:
        target.explained(fails)()
    assert caught.value.__cause__ is error


def test_info():
    found = fd.cuda.info()
    assert found["numba"] and found["simulated"] == target.SIMULATED
    assert found["problem"] is None


# Transforms and divergences -----------------------------------------------------------------------


def test_a_divergence_to_a_distribution_on_the_host():
    p, q = fd.Normal([0.0, 1.0], 2.0), fd.Normal(0.5, 1.0)
    device.agree(fd.kl_divergence(device.put(p), q), fd.kl_divergence(p, q))


@pytest.mark.parametrize(
    "transform",
    [
        t.ComposeTransform([t.ExpTransform(), t.IndependentTransform(t.LogTransform(), 1)]),
        t.IndependentTransform(t.SigmoidTransform(), 1),
        t.ComposeTransform([t.ExpTransform().inv, t.SoftplusTransform().inv]),
    ],
    ids=["of events", "independent", "inverses"],
)
def test_log_determinants(transform):
    """Sums over the axes of events, and over the parts of a chain."""
    x = np.array([[1.25, 2.0], [3.0, 40.0]])
    y, log_det = transform.forward_and_log_det(device.array(x))
    device.agree(y, transform(x))
    device.agree(log_det, transform.log_abs_det_jacobian(x))
    device.agree(transform.log_abs_det_jacobian(device.array(x), y), transform.log_abs_det_jacobian(x))


def test_transforms_of_the_host_say_so():
    x = device.array(np.zeros((2, 4)))
    for transform in (t.PermuteTransform([3, 1, 0, 2]), t.ReshapeTransform((4,), (2, 2))):
        with pytest.raises(TypeError, match="Transform: this is computed on the host only"):
            transform(x)


def test_divergences_of_rows_say_so():
    p = fd.Categorical(probs=[0.2, 0.8])
    with pytest.raises(NotImplementedError, match=r"\(Categorical, Categorical\) is computed on the host only"):
        fd.kl_divergence(p.to("cuda"), p)
