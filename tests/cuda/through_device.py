"""The engine of the host by way of the device: with ``--device=cuda`` every suite tests the device's loops too."""

import numpy as np

from fastdist.engine import evaluate
from fastdist.engine.evaluate import Constants
from fastdist.random import sampling


def install():
    """Let calls for arrays of numbers go to the device and come back."""
    from fastdist.engine.cuda import evaluate as device

    on_host, summed_on_host = evaluate.pointwise, evaluate.total

    def goes(value, constants):
        there = isinstance(value, np.ndarray) and value.size and value.dtype.kind in "fiu"
        return type(constants) is Constants and there

    def back(result):
        return device.to_host(result)[()]

    def pointwise(program, value, constants, own, weak, who, out=None, quick=None):
        if out is not None or not goes(value, constants):
            return on_host(program, value, constants, own, weak, who, out, quick)
        x = device.of_host(value)
        found = device.pointwise(program, x, device.placed(constants, device.Place(x)), own, weak, who)
        return tuple(map(back, found)) if program.outputs > 1 else back(found)

    def total(program, value, constants, own, who):
        if not goes(value, constants):
            return summed_on_host(program, value, constants, own, who)
        x = device.of_host(value)
        return tuple(map(back, device.total(program, x, device.placed(constants, device.Place(x)), own, who)))

    def draw(sampler, constants, out, key):
        if not out.size:
            return
        place = device.new_place()
        out[...] = device.to_host(device.draw(sampler, constants, out.shape, out.dtype, key, place))

    evaluate.pointwise, evaluate.total, sampling.draw = pointwise, total, draw
