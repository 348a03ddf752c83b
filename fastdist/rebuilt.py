"""Distributions made anew of their parameters: for copies, pickles and larger batches."""

from __future__ import annotations

import functools
import inspect
from typing import Any


def rebuilt(cls: type, parameters: dict[str, Any], weak: bool) -> Any:
    """A distribution of a class, whose constructor may take other parameters than the family's.

    With `weak` its parameters have no dtype of their own, arrays though they may be by now.
    """
    constructor = _constructor(cls, tuple(parameters))
    if constructor is None:
        distribution: Any = cls(**parameters, validate_args=False)
    else:
        distribution = object.__new__(cls)
        constructor(distribution, **parameters, validate_args=False)
    distribution.__dict__["_weak"] = weak
    return distribution


@functools.cache
def _constructor(cls: type, names: tuple[str, ...]) -> Any:
    """The ``__init__`` of the nearest base that takes parameters by these names, or None if that is the class's own."""
    own = [vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base)]
    for init in own:
        given = inspect.signature(init).parameters.values()
        taken = {p.name for p in given}
        if taken.issuperset((*names, "validate_args")) or any(p.kind is p.VAR_KEYWORD for p in given):
            return None if init is own[0] else init
    return None
