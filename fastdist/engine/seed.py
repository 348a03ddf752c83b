"""From ``rng=`` to the key of one draw."""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np
from numpy.random import Generator

Key = tuple[int, int]
"""A Philox key: two 32-bit words."""

_LOW = 0xFFFFFFFF


@functools.lru_cache(maxsize=1024)
def _from_int(seed: int) -> Key:
    return _from_generator(np.random.default_rng(seed))


def _from_generator(generator: Generator) -> Key:
    draw = generator.bit_generator.random_raw
    bits = draw()
    if bits <= _LOW:  # a bit generator of 32 bits at a time, or once in 4e9 calls
        bits |= draw() << 32
    return bits & _LOW, (bits >> 32) & _LOW


def key_from(rng: Any, caller: object) -> Key:
    """The key of one draw.

    None takes the system's entropy. A Generator is advanced by 64 bits. An int or a SeedSequence
    gives the key that a new ``numpy.random.default_rng`` of it gives.

    Raises
    ------
    TypeError, ValueError
        For anything else; the class of `caller` is named.
    """
    if isinstance(rng, Generator):
        return _from_generator(rng)
    if rng is None:
        bits = int.from_bytes(os.urandom(8), "little")
        return bits & _LOW, bits >> 32
    who = type(caller).__name__
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, (bool, np.timedelta64)):
        if rng < 0:
            raise ValueError(f"{who}: rng must not be negative; got {rng!r}")
        return _from_int(int(rng))
    if isinstance(rng, np.random.SeedSequence):
        return _from_generator(np.random.default_rng(rng))
    raise TypeError(f"{who}: rng must be None, an int, a SeedSequence or a numpy.random.Generator; got {rng!r}")
