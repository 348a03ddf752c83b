"""The base of all distributions: parameters, shapes, validation, methods, SciPy's spellings.

A distribution's own file declares its parameters, its support and its kernels. Everything that a
user calls is here, written once.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from fastdist import chain_rule, devices, interpolate, interpolate_slopes, lattice, lifted
from fastdist.constraints import Constraint
from fastdist.engine import evaluate
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F32, F64, Constants
from fastdist.engine.loops import Program
from fastdist.engine.seed import key_from
from fastdist.forward.dual import Dual
from fastdist.kernels import Family, Kernels
from fastdist.parameter import Parameter, exactly_one, frozen, shown
from fastdist.random import sampling
from fastdist.reals import BEYOND, as_float
from fastdist.rebuilt import rebuilt
from fastdist.scipy_methods import SciPyMethods

# Values from which it pays to interpolate a tail first: that takes about as long as a few thousand of them.
_MANY = 1 << 14


class Distribution(SciPyMethods, chain_rule.Differentiable, metaclass=lifted.Liftable):
    """A frozen distribution: its parameters are checked once and never change.

    Shapes are ``sample_shape + batch_shape + event_shape``: the batch is what the parameters
    broadcast to, an event is one draw. A result without axes is a NumPy scalar. Methods take
    anything that broadcasts against the batch; elementwise ones write to ``out=`` if it is given.

    Attributes
    ----------
    batch_shape, event_shape : tuple of int
    dtype : numpy.dtype
        float32 if every parameter that has a dtype has it, else float64.
    arg_constraints : dict
        The constraint of each parameter.
    support : Constraint
        Where the density is positive.
    has_rsample : bool
        Whether draws are differentiable in the parameters.
    """

    arg_constraints: ClassVar[dict[str, Constraint]]
    support: ClassVar[Any]
    kernels: ClassVar[Kernels]
    has_rsample: ClassVar[bool] = False
    has_enumerate_support: ClassVar[bool] = False

    _declared: ClassVar[dict[str, Parameter]] = {}
    _family: ClassVar[Family]
    _draws: ClassVar[np.dtype | None] = None
    _vector: ClassVar[bool] = False
    _relations: ClassVar[tuple[tuple[str, Any], ...]] = ()
    _on_device: ClassVar[bool] = False
    """Whether parameters that are vectors or matrices may be on a device."""
    _place: Any = None
    _own: Any = MappingProxyType({})
    """On a device, each parameter of its own batch."""

    batch_shape: tuple[int, ...]
    event_shape: tuple[int, ...]
    dtype: np.dtype

    # What _freeze sets: the parameters as users see them and as kernels take them, whether all of
    # them were Python numbers, what was prepared of them, and ready calls for single numbers.
    _parameters: dict[str, Any]
    _arguments: tuple[Any, ...]
    _weak: bool
    _constants: dict[Any, Any]
    _interpolants: dict[str, Any]
    _methods: dict[str, tuple[Program, Constants, str]]
    _calls: dict[str, Callable[..., Any]]
    _scalar_types: tuple[type, ...]
    _kind: Any
    _draw_dtype: np.dtype
    _draw_kind: Any

    def __init__(self, validate_args: bool = True, **parameters: Any) -> None:
        self._freeze(validate_args, **parameters)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Parameter)}
        cls._declared = {**cls._declared, **own}
        cls.arg_constraints = {name: parameter.constraint for name, parameter in cls._declared.items()}
        for name in vars(cls).keys() & devices.HOST_ONLY:
            setattr(cls, name, devices.host_only(vars(cls)[name]))
        cls._vector = any(constraint.event_dim for constraint in cls.arg_constraints.values())
        if "kernels" in vars(cls):
            either = [] if cls._vector else [name for name, p in cls._declared.items() if p.derived is not None]
            names = tuple(name for name in cls._declared if name not in either[:1])
            cls._family = Family(cls.__name__, cls.kernels, cls.support, names, bool(either))
            if cls.support.is_discrete:
                cls._draws = np.dtype(np.int64)

    # Construction -------------------------------------------------------------------------------

    def _freeze(self, validate_args: bool | None, **given: Any) -> None:
        """Convert, check and keep the parameters: called by every ``__init__``, once."""
        validate_args = validate_args is None or validate_args  # as wants_checks, without a call
        cls = type(self)
        declared = cls._declared
        values: dict[str, Any] = {}
        weak = numbers = not cls._vector
        for name, value in given.items() if numbers else ():
            kind = type(value)
            if kind is not float and kind is not int:
                weak = False
                if kind is not np.float64:
                    numbers = False
                    break
            try:
                number = values[name] = float(value)
            except OverflowError:
                raise ValueError(f"{cls.__name__}: parameter {name} {BEYOND}") from None
            if validate_args and not declared[name].accepts(number):
                raise ValueError(declared[name].message(number, cls.__name__))
        if numbers:
            self.__dict__.update(
                _parameters={name: np.float64(value) for name, value in values.items()},
                _arguments=tuple(values.values()),
                batch_shape=(),
                event_shape=(),
                dtype=F64,
            )
        elif any(map(on_device, given.values())):
            devices.freeze(self, validate_args, given)
        else:
            self.__dict__.update(frozen(cls.__name__, declared, given, validate_args))
        self.__dict__.update(
            _weak=weak,
            _constants={},
            _interpolants={},
            _methods={},
            _calls={},
            _scalar_types=(float, int) if self.dtype == F32 else (float, int, np.float64),
            _kind=self.dtype.type,
            _draw_dtype=cls._draws or self.dtype,
            _draw_kind=(cls._draws or self.dtype).type,
        )
        if validate_args and cls._relations:
            self._check_relations()

    def _freeze_either(self, validate_args: bool, either: dict[str, Any], **others: Any) -> None:
        """As :meth:`_freeze`, where exactly one of two parameters says the same as the other.

        Kernels take the one that is given in the place of both, and after all parameters 1 if it is
        the second, else 0.
        """
        name, value = exactly_one(type(self).__name__, either)
        self._freeze(validate_args, **others, **{name: value})
        self.__dict__["_arguments"] += (float(name != next(iter(either))),)

    def _check_relations(self) -> None:
        """Raise a ValueError unless all parameter sets satisfy what the family declares of them together."""
        for relation, holds in self._relations:
            if self._place is not None:
                devices.require(self, relation, holds)
                continue
            with np.errstate(all="ignore"):
                self._require(relation, holds(*self._arguments[: len(self._parameters)]))

    def _require(self, relation: str, holds: Any) -> None:
        """Raise a ValueError that shows the first parameter set for which a relation does not hold."""
        if holds is not True and not np.all(holds):
            index = int(np.argmin(holds))
            raise ValueError(devices.failure(type(self).__name__, relation, self._parameters, np.shape(holds), index))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: make a new one instead of setting {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be deleted")

    def __reduce__(self) -> Any:
        return rebuilt, (type(self), self._as_given(self._parameters), self._weak)

    def _as_given(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Parameters as Python numbers, if they were given as such."""
        single = self._weak and not self.batch_shape
        return {name: float(value) for name, value in parameters.items()} if single else parameters

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distribution) or type(self) is not type(other):
            return NotImplemented
        same_names = self._parameters.keys() == other._parameters.keys() and self.dtype == other.dtype
        if self._place is not None or other._place is not None:
            return self is other
        return same_names and all(np.array_equal(v, other._parameters[name]) for name, v in self._parameters.items())

    def __hash__(self) -> int:
        if self._place is not None:
            return id(self)
        return hash((type(self), *((np.asarray(value) + 0.0).tobytes() for value in self._parameters.values())))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={shown(value, self._weak)}" for name, value in self._parameters.items())
        return f"{type(self).__name__}({arguments})"

    @property
    def param_shape(self) -> tuple[int, ...]:
        """The shape of `probs` and of `logits`, of a family that takes either."""
        return np.shape(self.probs)  # type: ignore[attr-defined]

    def expand(self, batch_shape: Any) -> Distribution:
        """The same distribution with its parameters broadcast to `batch_shape`."""
        shape = self._shape(batch_shape, "batch_shape")
        if self._place is not None:
            return devices.expanded(self, shape)
        extra = {name: np.shape(v)[len(self.batch_shape) :] for name, v in self._parameters.items()}
        try:
            np.broadcast_to(np.empty(self.batch_shape), shape)
        except ValueError:
            raise ValueError(
                f"{type(self).__name__}: batch_shape {self.batch_shape} does not expand to {shape}"
            ) from None
        parameters = {name: np.broadcast_to(v, shape + extra[name]) for name, v in self._parameters.items()}
        return rebuilt(type(self), parameters, self._weak)

    def to(self, device: str) -> Distribution:
        """The same distribution with its parameters on a CUDA device, ``"cuda"``, or on the host, ``"cpu"``.

        What it then computes is an array there: CuPy's if CuPy is installed, else Numba's.
        """
        return devices.moved(self, device)

    # Evaluation ---------------------------------------------------------------------------------

    def _ready(self, name: str) -> tuple[Program, Constants, str]:
        """The loops of a method, their constants, and the method's full name: looked up once."""
        if name not in self._methods:
            who = f"{type(self).__name__}.{name}"
            if name not in self.kernels:
                raise NotImplementedError(f"{who} has no closed form for this family")
            chosen = f"{name}:regime"
            if chosen not in self.kernels or self._place is not None or not self._in_regime():
                chosen = name
            prepare, _ = self.kernels[chosen]
            constants = self._prepared(prepare)
            if self._place is not None:
                constants = devices.constants(self, constants)
            self._methods[name] = self._family.program(chosen), constants, who
        return self._methods[name]

    def _in_regime(self) -> bool:
        """Whether all parameter sets allow the formulas that a family declares for a regime."""
        return False

    def _prepared(self, prepare: Any) -> Constants:
        if prepare not in self._constants:
            self._constants[prepare] = evaluate.prepare(prepare, self._arguments, self.batch_shape)
        return self._constants[prepare]

    def _pointwise(self, name: str, value: Any, out: Any = None) -> Any:
        """A method of a value: one number by its own entry, anything else by the array loops."""
        if out is None and type(value) in self._scalar_types:
            call = self._calls.get(name)
            if call is not None:
                try:
                    return self._kind(call(value))
                except TypeError:  # an integer that is no float
                    return self._pointwise_general(name, value, out)
        if type(value) is Dual:
            return chain_rule.pointwise(self, name, value, out)
        return self._pointwise_general(name, value, out)

    def _pointwise_general(self, name: str, value: Any, out: Any) -> Any:
        program, constants, who = self._methods.get(name) or self._ready(name)
        if constants.scalars is not None and program.outputs == 1 and type(value) in self._scalar_types and out is None:
            entry, scalars = program.scalar(constants.shape), constants.scalars
            self._calls[name] = functools.partial(entry, *scalars)
            return self._kind(entry(*scalars, as_float(value, who, "a value")))
        quick = None
        if name in self.kernels.quick and constants.scalars is not None and not on_device(value):
            value = evaluate.operand(value, who) if type(value) in (list, tuple) else value
            quick = self._quick(name, math.prod(np.shape(value)))
        return evaluate.pointwise(program, value, constants, self.dtype, self._weak, who, out, quick)

    def _quick(self, name: str, n: int) -> tuple[Program, Constants] | None:
        """What computes most of `n` values sooner than the family's own formula, once it is prepared."""
        if self.kernels.tabulated:
            return lattice.quick(self, name, n)
        if n < _MANY:
            return None
        if name not in self._interpolants:
            self._interpolants[name] = interpolate.constants(self, name)
        constants = self._interpolants[name]
        return None if constants is None else (interpolate.program(self._family, name, self._in_regime()), constants)

    def log_prob(self, value: Any, *, out: Any = None) -> Any:
        """Log of the density or mass at `value`: -inf outside the support, NaN for NaN."""
        return self._pointwise("log_prob", value, out)

    def prob(self, value: Any, *, out: Any = None) -> Any:
        """Density or mass at `value`: 0 outside the support, NaN for NaN."""
        return self._pointwise("prob", value, out)

    def cdf(self, value: Any, *, out: Any = None) -> Any:
        """Probability of a draw at or below `value`."""
        return self._pointwise("cdf", value, out)

    def sf(self, value: Any, *, out: Any = None) -> Any:
        """Probability of a draw above `value`, accurate where `cdf` is close to 1."""
        return self._pointwise("sf", value, out)

    def log_cdf(self, value: Any, *, out: Any = None) -> Any:
        """Log of :meth:`cdf`, accurate where the cdf itself underflows."""
        return self._pointwise("log_cdf", value, out)

    def log_sf(self, value: Any, *, out: Any = None) -> Any:
        """Log of :meth:`sf`, accurate where the tail itself underflows."""
        return self._pointwise("log_sf", value, out)

    def icdf(self, p: Any, *, out: Any = None) -> Any:
        """Quantile: the smallest value whose cdf reaches `p`; the support's ends at 0 and 1."""
        return self._pointwise("icdf", p, out)

    def isf(self, p: Any, *, out: Any = None) -> Any:
        """Inverse of :meth:`sf`, accurate for quantiles close to the upper end."""
        return self._pointwise("isf", p, out)

    # Gradients ----------------------------------------------------------------------------------

    def _with_gradient(self, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
        program, constants, who = self._ready(name)
        results = evaluate.pointwise(program, value, constants, self.dtype, self._weak, who)
        return results[0], dict(zip(self._gradient_names(), results[1:], strict=True))

    def _gradient_names(self) -> tuple[str, ...]:
        return tuple(self._parameters) if self._draw_dtype.kind == "i" else ("value", *self._parameters)

    def log_prob_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_prob` with its derivative in ``"value"`` and in each parameter, element by element.

        Where the log density is -inf because the value is outside the support, derivatives are 0.
        """
        return self._with_gradient("log_prob_and_grad", value)

    def cdf_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`cdf` with its derivative in ``"value"`` and in each parameter, element by element."""
        return self._with_gradient("cdf_and_grad", value)

    def log_likelihood(self, value: Any) -> Any:
        """Sum of :meth:`log_prob` over the sample axes: one number for each element of the batch.

        The sum is the same to the last bit for any number of threads.
        """
        return self._total("log_prob", value)[0]

    def log_likelihood_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_likelihood` with its derivative in each parameter, in one pass over `value`."""
        results = self._total("log_prob_and_grad", value)
        return results[0], dict(zip(self._parameters, results[1:], strict=True))

    def _total(self, name: str, value: Any) -> tuple[Any, ...]:
        program, constants, _ = self._ready(name)
        return evaluate.total(program, value, constants, self.dtype, f"{type(self).__name__}.log_likelihood")

    # Draws --------------------------------------------------------------------------------------

    def sample(self, shape: Any = (), *, rng: Any = None, out: Any = None, device: str | None = None) -> Any:
        """Draws of shape ``shape + batch_shape + event_shape``.

        Parameters
        ----------
        shape : int or tuple of int
            The sample shape.
        rng : None, int, numpy.random.SeedSequence or numpy.random.Generator
            A Generator is advanced. Draw i depends on the seed and on i alone: not on
            the number of threads, and not on how many draws there are.
        out : ndarray, optional
            Where to put the draws.
        device : {"cpu", "cuda"}, optional
            Where to draw: where the parameters are unless said otherwise. A seed gives the same draws everywhere, but
            for the rounding of elementary functions.
        """
        key = key_from(rng, self)
        if devices.chosen(self, device):
            return devices.drawn(self, self._shape(shape, "shape"), key, out)
        if out is None and type(shape) is tuple and not shape and not self.batch_shape:
            call = self._calls.get("sample")
            if call is None:
                sampler, constants = self._sampling()
                one = sampler.one(constants, self._draw_dtype)
                call = self._calls["sample"] = functools.partial(one, *(constants.scalars or ()))
            return self._draw_kind(call(*key))
        full = self._shape(shape, "shape") + self.batch_shape
        ready = self._calls.get("draw")
        if ready is None:
            ready = self._calls["draw"] = functools.partial(sampling.draw, *self._sampling())
        if out is None and full:
            target = np.empty(full, self._draw_dtype)
            ready(target, key)
            return target
        target, given = evaluate.destination(out, full, self._draw_dtype, type(self).__name__)
        ready(target, key)
        if given is not None:
            given[...] = target
            target = given
        return target if out is not None else target[()]

    def _sampler(self) -> sampling.Sampler:
        """The sampler for these parameters."""
        return self.kernels.sampler

    def _sampling(self) -> tuple[sampling.Sampler, Constants]:
        if self.kernels.tabulated and not self.batch_shape:
            tabulated = lattice.sampling(self)
            if tabulated is not None:
                return tabulated
        sampler = self._sampler() if self._place is None else self.kernels.sampler
        return sampler, self._prepared(sampler.prepare or self.kernels.prepare)

    def rsample(self, shape: Any = (), *, rng: Any = None, out: Any = None) -> Any:
        """Draws that are differentiable in the parameters: see :meth:`rsample_and_grad`."""
        self._check_rsample("rsample")
        return self.sample(shape, rng=rng, out=out)

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their derivatives in each parameter, element by element.

        For a draw x the derivative is -(dF/dparameter) / density at x: what moves x so that its
        cdf value stays.
        """
        self._check_rsample("rsample_and_grad")
        draws = self.sample(shape, rng=rng)
        return draws, self._slopes_of_draws(draws)

    def _slopes_of_draws(self, draws: Any) -> dict[str, Any]:
        """The derivatives of draws in each parameter."""
        program, constants, who = self._ready("sample_grad")
        if interpolate_slopes.has_fits(self, draws, self._parameters):
            return interpolate_slopes.slopes(self, draws, self._parameters)
        results = evaluate.pointwise(program, draws, constants, self.dtype, self._weak, who)
        return dict(zip(self._parameters, results if program.outputs > 1 else (results,), strict=True))

    def _check_rsample(self, method: str) -> None:
        if not self.has_rsample:
            raise NotImplementedError(
                f"{type(self).__name__}.{method}: draws are not differentiable in the parameters; use the score "
                "function: weight the derivative of log_prob at a sample by the quantity whose mean you differentiate"
            )

    # Summaries ----------------------------------------------------------------------------------

    def _of_parameters(self, name: str) -> Any:
        if name not in self.kernels:
            raise NotImplementedError(f"{type(self).__name__}.{name} has no closed form here")
        _, formula = self.kernels[name]
        return evaluate.of_parameters(formula, self._arguments, self.batch_shape, self.dtype)

    def mean(self) -> Any:
        """Mean: NaN or infinite where the integral is."""
        return self._of_parameters("mean")

    def variance(self) -> Any:
        """Variance: NaN or infinite where the integral is."""
        return self._of_parameters("variance")

    def stddev(self) -> Any:
        """Square root of the variance."""
        if "stddev" in getattr(self, "kernels", ()):
            return self._of_parameters("stddev")
        return devices.root(self.variance(), self.dtype)

    def skewness(self) -> Any:
        """Third standardised moment."""
        return self._of_parameters("skewness")

    def kurtosis(self) -> Any:
        """Excess kurtosis: 0 for a normal distribution."""
        return self._of_parameters("kurtosis")

    def median(self) -> Any:
        """The quantile of one half."""
        if "median" in self.kernels:
            return self._of_parameters("median")
        return self.icdf(0.5 if self._place is not None else np.full(self.batch_shape, 0.5, self.dtype)[()])

    def mode(self) -> Any:
        """A value where the density or mass is largest."""
        return self._of_parameters("mode")

    def entropy(self) -> Any:
        """Differential entropy, or the entropy of a discrete distribution, in nats."""
        return self._of_parameters("entropy")

    def perplexity(self) -> Any:
        """Exponential of the entropy."""
        if "entropy" not in self.kernels:
            return devices.exponential(self.entropy(), self.dtype)
        entropy = evaluate.of_parameters(self.kernels["entropy"][1], self._arguments, self.batch_shape, F64)
        found = devices.exponential(entropy, self.dtype)
        return found if self._place is not None else found.astype(self.dtype)

    @devices.host_only
    def enumerate_support(self, expand: bool = True) -> Any:
        """All values of a finite support, along a new first axis.

        Parameters
        ----------
        expand : bool
            Repeat them over the batch; if False the batch axes have length 1.
        """
        who = f"{type(self).__name__}.enumerate_support"
        low, high = np.unique(self.support.lower), np.unique(self.support.upper)
        if not (self.has_enumerate_support and np.isfinite(low).all() and np.isfinite(high).all()):
            raise NotImplementedError(f"{who}: the support is not finite")
        if low.size != 1 or high.size != 1:
            raise NotImplementedError(f"{who}: the support is not the same over the batch")
        values = np.arange(int(low[0]), int(high[0]) + 1).reshape((-1, *(1,) * len(self.batch_shape)))
        return np.broadcast_to(values, (len(values), *self.batch_shape)).copy() if expand else values

    # SciPy's spellings --------------------------------------------------------------------------

    pdf = pmf = prob
    logpdf = logpmf = log_prob
    logcdf = log_cdf
    logsf = log_sf
    ppf = icdf

    # Shapes -------------------------------------------------------------------------------------

    def _shape(self, shape: Any, what: str) -> tuple[int, ...]:
        if type(shape) is tuple and len(shape) == 1 and type(shape[0]) is int:
            shape = shape[0]
        if type(shape) is int and shape >= 0:
            return (shape,)
        try:
            entries = (shape.__index__(),) if hasattr(shape, "__index__") else tuple(n.__index__() for n in shape)
        except (TypeError, AttributeError):
            raise TypeError(f"{type(self).__name__}: {what} must be an int or a tuple of ints; got {shape!r}") from None
        if any(n < 0 for n in entries):
            raise ValueError(f"{type(self).__name__}: {what} must not be negative; got {shape!r}")
        return entries
