"""Distributions whose events are batches of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, devices, lifted
from fastdist.distribution import Distribution
from fastdist.engine import evaluate, rows
from fastdist.engine.device import cuda, on_device, summed
from fastdist.engine.rows import Table
from fastdist.forward.dual import Dual
from fastdist.kl import Of, register_kl

# An event of more numbers is summed in a second pass: the threads then share its terms.
LONGEST = 1 << 15


class Independent(Distribution):
    r"""Distribution of events whose parts are independent: the last axes of a batch, taken for one event.

    .. math:: \log p(x) = \sum_i \log p_i(x_i)

    Parameters
    ----------
    base_distribution : Distribution
        The distributions of the parts, as a batch: of numbers, vectors or matrices.
    reinterpreted_batch_ndims : int
        How many of the last axes of its batch belong to an event.
    validate_args : bool
        Whether to check the arguments.

    Notes
    -----
    SciPy has no such thing; the class, its arguments and its attributes are torch's. Draws and summaries are those of
    the base, entropies and log densities are summed. The log densities of numbers are added up as they are computed,
    so that no array of them is made. Derivatives are the base's, too: since each number of an event depends on its own
    parameters alone, the derivative of a log density in a parameter has the axes of that parameter, and that
    of a draw is the diagonal of its Jacobian. Over no axis at all the methods are those of the base; else an event is
    not a number, and has no cdf.

    Raises
    ------
    TypeError
        If `base_distribution` is not a distribution, or `reinterpreted_batch_ndims` is not an int.
    ValueError
        If `reinterpreted_batch_ndims` is negative, or the batch has not so many axes.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Independent(fd.Normal(loc=[0.0, 1.0, 2.0], scale=1.0), 1)
    >>> d.batch_shape, d.event_shape
    ((), (3,))
    >>> d.log_prob([0.0, 1.0, 2.0])
    np.float64(-2.756815599614018)
    >>> d.log_prob_and_grad([1.0, 1.0, 1.0])[1]["value"]
    array([-1., -0.,  1.])
    """

    base_dist: Distribution
    reinterpreted_batch_ndims: int

    _summed: tuple[int, ...]
    _fused: bool

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool = True
    ) -> None:
        base, ndims = base_distribution, reinterpreted_batch_ndims
        if not isinstance(base, Distribution):
            raise TypeError(f"Independent: base_distribution must be a distribution; got {base!r}")
        if isinstance(ndims, bool) or not hasattr(ndims, "__index__"):
            raise TypeError(f"Independent: reinterpreted_batch_ndims must be an int; got {ndims!r}")
        ndims = ndims.__index__()
        if not 0 <= ndims <= len(base.batch_shape):
            raise ValueError(
                f"Independent: reinterpreted_batch_ndims must be from 0 to {len(base.batch_shape)}, the axes of the "
                f"batch of shape {base.batch_shape}; got {ndims}"
            )
        cut = len(base.batch_shape) - ndims
        self.__dict__.update(
            base_dist=base,
            reinterpreted_batch_ndims=ndims,
            batch_shape=base.batch_shape[:cut],
            event_shape=base.batch_shape[cut:] + base.event_shape,
            dtype=base.dtype,
            has_rsample=base.has_rsample,
            has_enumerate_support=base.has_enumerate_support and not ndims,
            _parameters=base._parameters,
            _draw_dtype=base._draw_dtype,
            _summed=tuple(range(-ndims, 0)),
            # Of vectors and matrices, and of what is made of other distributions, the results are few.
            _fused=bool(ndims) and type(base)._pointwise is Distribution._pointwise,
        )

    @constraints.dependent_property
    def support(self) -> Any:
        """The support of the base, along more axes."""
        base, ndims = self.base_dist.support, self.reinterpreted_batch_ndims
        return constraints.independent(base, ndims) if ndims else base

    # Tangents -----------------------------------------------------------------------------------

    def _tangents_of(self, name: str, given: Any) -> dict[str, Any]:
        return lifted.of_part(given, {})

    def _axes_of(self, name: str) -> int:
        return self.reinterpreted_batch_ndims + self.base_dist._axes_of(name)

    def _differentiated(self, name: str, d: Any, *value: Any) -> tuple[Any, ...]:
        if name == "log_prob_and_grad":
            value = tuple(v if isinstance(v, Dual) else self._events(v, "Independent.log_prob") for v in value)
            first, *slopes = self.base_dist._differentiated(name, d, *value)
            return self._added_up(first), *slopes
        if name != "covariance":
            found = getattr(self._base_at(d), name)()
            return (self._added_up(found) if name == "entropy" else found,)
        self.covariance()  # or the reason why there is none
        variance = self._base_at(d).variance()
        return (np.eye(variance.shape[-1]) * variance[..., np.newaxis],)

    def _nested(self, name: str, d: Any, value: Any) -> Any:
        return self._added_up(getattr(self._base_at(d), name)(value))

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        return self._base_at(d).rsample(shape, rng=rng)

    def _base_at(self, d: Any) -> Any:
        return lifted.with_tangents(self.base_dist, d, {name: name for name in self._parameters})

    def _gradient_names(self) -> tuple[str, ...]:
        return self.base_dist._gradient_names()

    def _rsampled(self, tangents: dict[str, Dual], shape: Any, rng: Any) -> Any:
        return self.base_dist._rsampled(tangents, shape, rng)

    # Identity -----------------------------------------------------------------------------------

    def expand(self, batch_shape: Any) -> Distribution:
        """The same distribution with its parameters broadcast to `batch_shape`."""
        shape = self._shape(batch_shape, "batch_shape")
        ndims = self.reinterpreted_batch_ndims
        return Independent(self.base_dist.expand(shape + self.event_shape[:ndims]), ndims)

    def __reduce__(self) -> Any:
        return Independent, (self.base_dist, self.reinterpreted_batch_ndims)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Independent):
            return NotImplemented
        same = self.reinterpreted_batch_ndims == other.reinterpreted_batch_ndims
        return same and self.base_dist == other.base_dist

    def __hash__(self) -> int:
        return hash((Independent, self.base_dist, self.reinterpreted_batch_ndims))

    def __repr__(self) -> str:
        return f"Independent({self.base_dist!r}, {self.reinterpreted_batch_ndims})"

    def to(self, device: str) -> Independent:
        """The same distribution with the base on a CUDA device, ``"cuda"``, or on the host, ``"cpu"``."""
        return Independent(self.base_dist.to(device), self.reinterpreted_batch_ndims)

    # Evaluation ---------------------------------------------------------------------------------

    def _pointwise(self, name: str, value: Any, out: Any = None) -> Any:
        if type(value) is Dual:
            return chain_rule.pointwise(self, name, value, out)
        if not self.reinterpreted_batch_ndims:
            return getattr(self.base_dist, name)(value, out=out)
        who = f"Independent.{name}"
        if name not in ("log_prob", "prob"):
            raise NotImplementedError(f"{who} is not defined for events that are not numbers")
        if on_device(value) and name == "log_prob" and self._fused:
            program, constants, _ = self.base_dist._ready(name)
            rows.events_shape(cuda().Described(value), self.event_shape, self.batch_shape, who)
            return evaluate.events(program, value, constants, len(self.event_shape), self.dtype, who, out)
        value = self._events(value, who)
        size = int(np.prod(self.event_shape))
        if self._fused and size <= LONGEST:
            program, constants, _ = self.base_dist._ready("log_prob")
            result = evaluate.events(program, value, constants, len(self.event_shape), self.dtype, who, out)
        else:
            total = self._added_up(self.base_dist.log_prob(value))
            result, given = evaluate.destination(out, np.shape(total), np.asarray(total).dtype, who)
            result[...] = total
            if given is not None:
                given[...] = result
            result = out if out is not None else result[()]
        if name == "log_prob":
            return result
        return np.exp(result, out=out) if out is not None else np.exp(result)

    def _events(self, value: Any, who: str) -> np.ndarray:
        """`value` as an array that ends in the axes of an event."""
        return rows.as_events(value, self.event_shape, Table((), self.batch_shape), self.dtype, who)[0]

    def _added_up(self, terms: Any) -> Any:
        """The sum of the base's results over the reinterpreted axes."""
        return summed(terms, len(self._summed)) if self._summed else terms

    def _with_gradient(self, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
        if not self.reinterpreted_batch_ndims:
            return getattr(self.base_dist, name)(value)
        if name != "log_prob_and_grad":
            raise NotImplementedError(f"Independent.{name} is not defined for events that are not numbers")
        terms, grad = self.base_dist.log_prob_and_grad(self._events(value, f"Independent.{name}"))
        return self._added_up(terms), grad

    def log_likelihood(self, value: Any) -> Any:
        """Sum of :meth:`log_prob` over the sample axes: one number for each element of the batch."""
        return self._added_up(self.base_dist.log_likelihood(self._events(value, "Independent.log_likelihood")))

    def log_likelihood_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_likelihood` with its derivative in each parameter of the base."""
        x = self._events(value, "Independent.log_likelihood_and_grad")
        terms, grad = self.base_dist.log_likelihood_and_grad(x)
        return self._added_up(terms), grad

    # Draws --------------------------------------------------------------------------------------

    def sample(self, shape: Any = (), *, rng: Any = None, out: Any = None, device: str | None = None) -> Any:
        return self.base_dist.sample(shape, rng=rng, out=out, device=device)

    sample.__doc__ = Distribution.sample.__doc__

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with the derivative of each of its numbers in the parameters that this number depends on."""
        self._check_rsample("rsample_and_grad")
        return self.base_dist.rsample_and_grad(shape, rng=rng)

    # Summaries ----------------------------------------------------------------------------------

    def mean(self) -> Any:
        """The mean of the base."""
        return self.base_dist.mean()

    def variance(self) -> Any:
        """The variance of the base."""
        return self.base_dist.variance()

    def stddev(self) -> Any:
        """The standard deviation of the base."""
        return self.base_dist.stddev()

    def mode(self) -> Any:
        """The mode of the base."""
        return self.base_dist.mode()

    def entropy(self) -> Any:
        """The sum of the entropies of the base."""
        return self._added_up(self.base_dist.entropy())

    def perplexity(self) -> Any:
        """Exponential of the entropy."""
        return devices.exponential(self.entropy(), self.dtype)

    def covariance(self) -> Any:
        """Covariance matrix of an event, along two last axes: diagonal for a vector of numbers."""
        if self.base_dist.event_shape or self.reinterpreted_batch_ndims != 1:
            raise NotImplementedError("Independent.covariance: an event must be a vector of independent numbers")
        devices.refuse(self.base_dist, "covariance")
        variance = np.asarray(self.variance())
        return np.where(np.eye(variance.shape[-1], dtype=bool), variance[..., np.newaxis], variance.dtype.type(0.0))

    def _of_parameters(self, name: str) -> Any:
        return self._of_the_base(name)()

    def median(self) -> Any:
        """The median of the base, if an event is a number."""
        return self._of_the_base("median")()

    def interval(self, confidence: float) -> tuple[Any, Any]:
        """The base's, if an event is a number."""
        return self._of_the_base("interval")(confidence)

    def moment(self, order: int) -> Any:
        """The base's, if an event is a number."""
        return self._of_the_base("moment")(order)

    def expect(self, func: Any = None) -> Any:
        """The base's, if an event is a number."""
        return self._of_the_base("expect")(func)

    def _of_the_base(self, name: str) -> Any:
        """A method of the base that is defined for numbers."""
        if self.reinterpreted_batch_ndims:
            raise NotImplementedError(f"Independent.{name} is not defined for events that are not numbers")
        return getattr(self.base_dist, name)

    def enumerate_support(self, expand: bool = True) -> Any:
        """All values of the base, if none of its axes is taken for an event: else they were too many."""
        if self.reinterpreted_batch_ndims:
            raise NotImplementedError(
                "Independent.enumerate_support: all combinations of the values of the parts would be too many"
            )
        return self.base_dist.enumerate_support(expand)


def _parts(*sides: Any) -> tuple[Distribution, Distribution, int]:
    """The distributions of the parts, and how many axes of their batches are an event's."""
    found = []
    for d in sides:
        base: Any = d
        ndims = 0
        while isinstance(base, Independent):
            base, ndims = base.base_dist, ndims + base.reinterpreted_batch_ndims
        found.append((base, ndims))
    (first, ndims), (second, other) = found
    if ndims != other:
        raise NotImplementedError(
            f"kl_divergence: the parts of p and q must be distributions of events of as many axes; p takes {ndims} axes"
            f" of the batch of a {type(first).__name__} for its events, and q {other} of a {type(second).__name__}"
        )
    return first, second, ndims


register_kl(Independent, Independent)(Of(_parts))
