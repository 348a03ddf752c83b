"""Events that are vectors or matrices on the device: what it gives beside the host, and that all of it compiles."""

import contextlib
import re

import cuda_helpers as device
import numpy as np
import pytest
import scipy.linalg
from vectors import DISTRIBUTIONS, GROUPS, MOVED

import fastdist as fd
from fastdist.engine.cuda import solver, target

simulated = device.marked


def put(value):
    return device.put(value) if isinstance(value, fd.Distribution) else device.array(value)


@pytest.fixture(autouse=True)
def nothing_is_copied(monkeypatch):
    """Arrays on the device are no operands and no arrays of NumPy's: nothing is copied to the host in silence."""
    if target.SIMULATED:
        array = type(device.array(0.0))

        def refused(self, *_):
            raise TypeError("an array on the device was taken for one on the host")

        monkeypatch.setattr(array, "__array__", refused, raising=False)
        for name in ("add", "sub", "mul", "truediv", "pow", "eq", "ne", "lt", "le", "gt", "ge"):
            monkeypatch.setattr(array, f"__{name}__", refused)
        monkeypatch.setattr(array, "__hash__", object.__hash__)


# Of batches and of the forms of a parameter some are simulated every day.
OTHERS = re.compile("-factor|(Wishart|Multinomial|StudentT|LowRankMultivariateNormal|MatrixNormal)-batch")


@simulated
@pytest.mark.parametrize(
    "group", [pytest.param(name, marks=[pytest.mark.slow] if OTHERS.search(name) else []) for name in GROUPS]
)
def test_agrees_with_the_host(group):
    found, expected = GROUPS[group](put), GROUPS[group](lambda value: value)
    assert found.keys() == expected.keys()
    for name, result in found.items():
        device.agree(result, expected[name], rtol=1e-10)


# Batches share most of their kernels with the others, and some kernels take long.
SWEPT = re.compile(
    "^host|-|by logits|to itself|^divergence [^C]|StudentT"
    "|parameters (DirichletM|Exp|InverseW|Relaxed|Multinomial|Logistic|Wishart)"
)


@pytest.mark.parametrize(
    "group", [pytest.param(name, marks=[pytest.mark.slow] if SWEPT.search(name) else []) for name in GROUPS]
)
def test_compiles(group, dry_device):
    """The kernels that are launched take the types of what they are given, and compile."""
    (kernels,) = dry_device([[group]])
    assert isinstance(kernels, int) and kernels > 0, kernels


# Parameters ---------------------------------------------------------------------------------------


@simulated
@pytest.mark.parametrize("d", MOVED.values(), ids=MOVED)
def test_moves_there_and_back(d):
    there = d.to("cuda")
    assert there.batch_shape == d.batch_shape and there.event_shape == d.event_shape
    assert "on the device" in repr(there)
    assert there.to("cpu") == d
    shape = (2, *d.batch_shape)
    wider = there.expand(shape)
    assert wider.batch_shape == shape
    assert wider.to("cpu") == d.expand(shape)


@simulated
@pytest.mark.parametrize(
    ("cls", "given"),
    [
        (fd.Categorical, {"probs": [[0.5, 0.5], [0.0, 0.0]]}),
        (fd.Categorical, {"logits": [0.0, np.nan]}),
        (fd.OneHotCategorical, {"probs": [0.5, -0.5]}),
        (fd.Multinomial, {"total_count": 1.5, "probs": [0.5, 0.5]}),
        (fd.Dirichlet, {"concentration": [[1.0, 2.0], [1.0, 0.0]]}),
        (fd.Dirichlet, {"concentration": [1e307, 1.0]}),
        (fd.Dirichlet, {"concentration": np.zeros((2, 0))}),
        (fd.Dirichlet, {"concentration": 1.0}),
        (fd.MultivariateNormal, {"loc": [0.0, np.inf], "covariance_matrix": np.eye(2)}),
        (fd.MultivariateNormal, {"loc": [0.0, 0.0], "covariance_matrix": [np.eye(2), [[1.0, 2.0], [2.0, 1.0]]]}),
        (fd.MultivariateNormal, {"loc": [0.0, 0.0], "precision_matrix": [[1.0, 2.0], [2.0, 1.0]]}),
        (fd.MultivariateNormal, {"loc": [0.0, 0.0], "covariance_matrix": [[1.0, 0.5], [0.0, 1.0]]}),
        (fd.MultivariateNormal, {"loc": [0.0, 0.0], "scale_tril": [[1.0, 0.5], [0.0, 1.0]]}),
        (fd.MultivariateNormal, {"loc": [0.0, 0.0], "covariance_matrix": np.ones((2, 3))}),
        (fd.MultivariateNormal, {"loc": [0.0, 0.0], "covariance_matrix": np.eye(3)}),
        (fd.MatrixNormal, {"loc": np.ones((2, 1)), "scale_tril_row": -np.eye(2), "scale_tril_column": [[1.0]]}),
        (fd.MatrixNormal, {"loc": np.ones((2, 1)), "scale_tril_row": np.eye(2), "scale_tril_column": np.eye(2)}),
        (fd.MatrixNormal, {"loc": np.full((2, 1), np.nan), "scale_tril_row": np.eye(2), "scale_tril_column": [[1.0]]}),
        (fd.LowRankMultivariateNormal, {"loc": np.ones(2), "cov_factor": np.ones((2, 1)), "cov_diag": [1.0, 0.0]}),
        (fd.LowRankMultivariateNormal, {"loc": np.ones(2), "cov_factor": np.ones((3, 1)), "cov_diag": np.ones(2)}),
        (fd.LowRankMultivariateNormal, {"loc": np.ones(2), "cov_factor": [[np.nan], [1.0]], "cov_diag": np.ones(2)}),
        (fd.Wishart, {"df": [4.0, 1.0], "covariance_matrix": [np.eye(2), 2.0 * np.eye(2)]}),
        (fd.Wishart, {"df": 4.0, "covariance_matrix": [np.eye(2), [[1.0, 2.0], [2.0, 1.0]]]}),
        (fd.Wishart, {"df": 4.0, "precision_matrix": [[1.0, 2.0], [2.0, 1.0]]}),
        (fd.Wishart, {"df": 4.0, "scale_tril": np.ones((2, 2))}),
        (fd.Wishart, {"df": 4.0, "covariance_matrix": np.ones((2, 3))}),
        (fd.InverseWishart, {"df": np.inf, "scale_matrix": np.eye(2)}),
    ],
)
def test_what_is_not_valid_raises_as_on_the_host(cls, given):
    with pytest.raises((ValueError, TypeError)) as expected:
        cls(**given)
    with pytest.raises(type(expected.value)) as found:
        cls(**{name: device.array(np.asarray(value, float)) for name, value in given.items()})
    assert str(found.value) == str(expected.value)


@simulated
@pytest.mark.parametrize(
    ("cls", "given", "count"),
    [
        (fd.Categorical, {"probs": np.ones((2, 3))}, 1),
        (fd.Multinomial, {"total_count": 3, "probs": np.ones((2, 3))}, 2),
        (fd.Dirichlet, {"concentration": np.ones((2, 3))}, 2),
        (fd.MultivariateNormal, {"loc": np.ones(2), "scale_tril": np.eye(2)}, 2),
        (fd.MultivariateNormal, {"loc": np.ones(2), "covariance_matrix": np.eye(2)}, 3),
        (fd.MatrixNormal, {"loc": np.ones((2, 1)), "scale_tril_row": np.eye(2), "scale_tril_column": np.eye(1)}, 3),
        (fd.Wishart, {"df": np.float64(4.0), "covariance_matrix": np.eye(2)}, 4),
    ],
)
def test_what_is_read_back(cls, given, count, monkeypatch):
    """One number for each check of parameters on the device, none where there is no check."""
    given = {name: device.array(value) if np.ndim(value) else value for name, value in given.items()}
    read = []

    def to_host(array):
        read.append(array.shape)
        return device.host(array)

    monkeypatch.setattr("fastdist.engine.cuda.evaluate.to_host", to_host)
    cls(**given)
    assert read == [(1,)] * count
    read.clear()
    d = cls(**given, validate_args=False)
    d.log_prob(device.array(np.ones((4, *d.batch_shape, *d.event_shape))))
    d.mean()
    assert not read


@simulated
def test_what_only_the_host_takes():
    with pytest.raises(NotImplementedError, match="VonMisesFisher: parameters must be on the host"):
        fd.VonMisesFisher(device.array(np.array([1.0, 0.0])), 3.0)
    with pytest.raises(NotImplementedError, match="Jacobians are made on the host only"):
        MOVED["MultivariateStudentT"].to("cuda").rsample_and_grad(2)
    normal = MOVED["MultivariateNormal"].to("cuda")
    low_rank = fd.LowRankMultivariateNormal(np.zeros(2), np.ones((2, 1)), np.ones(2))
    for p, q in ((normal, low_rank.to("cuda")), (low_rank.to("cuda"),) * 2, (normal, MOVED["MultivariateNormal"])):
        with pytest.raises(NotImplementedError, match="is computed on the host only"):
            fd.kl_divergence(p, q)
    with pytest.raises(TypeError, match="is on the host and another is on the device"):
        fd.MultivariateNormal(np.zeros(2), covariance_matrix=device.array(np.eye(2)))
    with pytest.raises(TypeError, match="is on the host and another is on the device"):
        normal.log_prob(np.zeros(2))


@simulated
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes(dtype):
    """float32 stays float32; what is not contiguous is no other."""
    d = fd.Dirichlet(np.array([0.5, 2.0, 3.0], dtype))
    there = d.to("cuda")
    assert there.dtype == dtype
    x = d.sample((5,), rng=3)
    device.agree(there.sample((5,), rng=3), x, rtol=1e-6)
    device.agree(there.log_prob(device.array(x)), d.log_prob(x), rtol=1e-6)
    device.agree(there.mean(), d.mean(), rtol=1e-6)
    weights = device.array(np.array([[0.5, 1.0], [0.25, 0.0], [0.25, 1.0]], dtype)).T
    device.agree(fd.Categorical(weights).log_prob(1), np.array([np.log(0.25), -np.inf], dtype), rtol=1e-6)


# Large matrices, by what stands in the place of CuPy ------------------------------------------------


@pytest.fixture
def numpy_solver(monkeypatch):
    def given(array):
        return device.array(np.ascontiguousarray(array))

    library = solver.Library(
        np,
        scipy.linalg.solve_triangular,
        contextlib.nullcontext,
        lambda pointer: contextlib.nullcontext(),
        device.host,
        given,
    )
    monkeypatch.setattr(solver, "library", lambda: library)


@pytest.fixture
def large():
    """Positive definite matrices of more columns than a thread works through."""
    columns = np.random.default_rng(0).normal(size=(2, 33, 40))
    return columns @ columns.swapaxes(-2, -1)


@simulated
@pytest.mark.parametrize("name", ["covariance_matrix", "precision_matrix"])
def test_large_matrices(name, large, numpy_solver):
    d = fd.MultivariateNormal(np.zeros(33), **{name: large})
    there, x = d.to("cuda"), d.sample((1,), rng=1)
    device.agree(there.sample((1,), rng=1), x, rtol=1e-8)
    device.agree(there.log_prob(device.array(x)), d.log_prob(x), rtol=1e-10)
    device.agree(there.entropy(), d.entropy())
    for other in ("covariance_matrix", "precision_matrix", "scale_tril"):
        device.agree(getattr(there, other), getattr(d, other), rtol=1e-8, atol=1e-10)


@simulated
def test_large_scales(large, numpy_solver):
    d = fd.Wishart(40.0, large[0])
    there = d.to("cuda")
    device.agree(there.mean(), d.mean())
    device.agree(there.entropy(), d.entropy())
    device.agree(there.precision_matrix, d.precision_matrix, rtol=1e-8, atol=1e-10)


@simulated
def test_large_matrices_that_are_not_definite(large, numpy_solver):
    large[1, 7, 7] = 0.0
    with pytest.raises(ValueError, match=r"at index \(1,\): its leading minor of order 8 is not positive"):
        fd.MultivariateNormal(device.array(np.zeros(33)), device.array(large))


@simulated
def test_large_matrices_ask_for_cupy(large):
    if fd.cuda.info()["cupy"] is None:
        with pytest.raises(ImportError, match="by CuPy, which is not installed: pip install cupy"):
            fd.MultivariateNormal(device.array(np.zeros(33)), device.array(large))


# Use ----------------------------------------------------------------------------------------------


@simulated
def test_broadcasting():
    d = DISTRIBUTIONS["Dirichlet-batch"]
    x = np.array([0.2, 0.3, 0.5])
    for put_there in (d, d.to("cuda")):
        device.agree(put_there.log_prob(device.array(x)), d.log_prob(x))
        y = d.sample((4,), rng=1)
        device.agree(put_there.log_likelihood(device.array(y)), d.log_likelihood(y), rtol=1e-10)
        device.agree(put_there.log_prob(device.array(y[:0])), d.log_prob(y[:0]))
    batched = fd.MultivariateNormal(np.zeros((2, 1, 2)), covariance_matrix=np.stack([np.eye(2)] * 3))
    x = np.ones((4, 2, 3, 2))
    device.agree(batched.to("cuda").log_prob(device.array(x)), batched.log_prob(x))
    x = np.ones((2, 5, 1, 2))  # the batch lies on both sides of an axis that it lacks
    wide = fd.MultivariateNormal(np.zeros((2, 1, 3, 2)), covariance_matrix=np.eye(2))
    device.agree(wide.to("cuda").log_prob(device.array(x)), wide.log_prob(x))


@simulated
@pytest.mark.parametrize("name", ["Dirichlet-batch", "MultivariateNormal"])
def test_long_sums_are_made_in_parts(name, monkeypatch):
    d = MOVED[name]
    x = d.sample((7,), rng=1)
    want = d.log_likelihood_and_grad(x)
    monkeypatch.setattr("fastdist.engine.cuda.rows.MOST_TERMS", 20)
    value, slopes = d.to("cuda").log_likelihood_and_grad(device.array(x))
    device.agree(value, want[0])
    for parameter, slope in slopes.items():
        device.agree(slope, want[1][parameter], rtol=1e-10)


@simulated
def test_many_events_of_parameters_on_the_host():
    """Sums that the host makes of whole arrays."""
    d = DISTRIBUTIONS["LowRankMultivariateNormal"]
    x = d.sample((40,), rng=1)
    value, slopes = d.log_likelihood_and_grad(device.array(x))
    expected, own = d.log_likelihood_and_grad(x)
    device.agree(value, expected)
    for name, slope in slopes.items():
        device.agree(slope, own[name], rtol=1e-10)


@simulated
def test_nothing():
    """No parameter sets, and no draws."""
    empty = device.array(np.zeros((0, 2)))
    normal = fd.MultivariateNormal(empty, covariance_matrix=device.array(np.eye(2)))
    device.agree(normal.log_prob(device.array(np.zeros(2))), np.zeros(0))
    device.agree(normal.variance(), np.zeros((0, 2)))
    device.agree(fd.Dirichlet(empty).mean(), np.zeros((0, 2)))
    device.agree(fd.Categorical(empty).sample(2, rng=1), np.zeros((2, 0), np.int64))
    device.agree(MOVED["Dirichlet"].to("cuda").sample((0,), rng=1), np.zeros((0, 3)))


@simulated
def test_independent():
    d = fd.Independent(fd.Gamma([[1.0, 2.0], [0.5, 30.0]], 1.5), 1)
    there, x = d.to("cuda"), d.sample((3,), rng=1)
    device.agree(there.log_prob(device.array(x)), d.log_prob(x))
    device.agree(there.log_prob(device.array(x[:0])), d.log_prob(x[:0]))
    device.agree(there.sample((3,), rng=1), x)
    with pytest.raises(ValueError, match="a value must end in the axes of an event"):
        there.log_prob(device.array(np.zeros(3)))


@simulated
@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax(hard):
    logits = np.array([[0.0, 1.0, -np.inf], [5.0, 0.0, 2.0]])
    there = device.array(logits)
    device.agree(fd.gumbel_softmax(there, 0.5, hard, rng=1), fd.gumbel_softmax(logits, 0.5, hard, rng=1))
    narrow = np.float32(logits)
    device.agree(fd.gumbel_softmax(device.array(narrow), rng=1), fd.gumbel_softmax(narrow, rng=1), rtol=1e-6)
    with pytest.raises(ValueError, match=r"a logit must be finite or -inf; got another at index \(1, 0\)"):
        fd.gumbel_softmax(device.array([[0.0], [np.nan]]))
    with pytest.raises(NotImplementedError, match="along the last axis"):
        fd.gumbel_softmax(there, axis=0)


@simulated
def test_what_only_the_host_computes_says_so():
    """Nothing is copied in silence."""
    normal = fd.Independent(fd.Normal(np.zeros(3), 1.0), 1).to("cuda")
    mixture = fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.Dirichlet(np.ones((2, 3))))
    x = device.array(np.zeros(3))
    for call in (lambda: normal.prob(x), lambda: normal.log_prob_and_grad(x), lambda: mixture.log_prob_and_grad(x)):
        with pytest.raises(TypeError, match="computed on the host only"):
            call()
    with pytest.raises(NotImplementedError, match="draws are made on the host only"):
        mixture.sample(3, device="cuda")
    with pytest.raises(ValueError, match="a value must end in the axes of an event"):
        DISTRIBUTIONS["Dirichlet"].log_prob(device.array(np.zeros(2)))
