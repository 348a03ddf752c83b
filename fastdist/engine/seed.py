"""From ``rng=`` to the key of one draw."""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np

Key = tuple[int, int, int]
"""A Philox key of two 32-bit words, and one word of its counter."""

_LOW = 0xFFFFFFFF


@functools.lru_cache(maxsize=1024)
def _from_int(seed: int) -> Key:
    return _from_generator(np.random.default_rng(seed))


def _from_generator(generator: np.random.Generator) -> Key:
    draw = generator.bit_generator.random_raw
    a, b = draw(), draw()
    # The low halves first: some bit generators give 32 bits at a time.
    return a & _LOW, b & _LOW, (a >> 32) ^ (b >> 32)


def key_from(rng: Any, who: str) -> Key:
    """The key of one draw.

    None takes the system's entropy. A Generator is advanced by two raw outputs. An int or a
    SeedSequence gives the key that a new ``numpy.random.default_rng`` of it gives.

    Raises
    ------
    TypeError, ValueError
        For anything else; `who` is named.
    """
    if isinstance(rng, np.random.Generator):
        return _from_generator(rng)
    if rng is None:
        bits = int.from_bytes(os.urandom(12), "little")
        return bits & _LOW, (bits >> 32) & _LOW, bits >> 64
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        if rng < 0:
            raise ValueError(f"{who}: rng must not be negative; got {rng!r}")
        return _from_int(int(rng))
    if isinstance(rng, np.random.SeedSequence):
        return _from_generator(np.random.default_rng(rng))
    raise TypeError(f"{who}: rng must be None, an int, a SeedSequence or a numpy.random.Generator; got {rng!r}")
