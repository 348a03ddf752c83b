"""Part of a product of matrices that stays in registers until it is done.

A loop that vectorises keeps its sums in memory: each step loads and stores them. Here they are a tile of HEIGHT by
WIDTH numbers, small enough for the registers of any processor, and each number of a row is used WIDTH times, each of a
column HEIGHT times once it is loaded.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["HEIGHT", "WIDTH", "fill_tile"]

# Twelve registers of four numbers, or six of eight, hold the sums.
HEIGHT, WIDTH = 6, 8


def fill_tile(rows, first, factor, column, count, tile):
    """Fill columns `column` on of `tile` with the first `count` numbers of rows `first` on times rows of `factor`.

    The terms of a sum are added in order, each as by :func:`fastdist.engine.bits.fma`. Arrays are C-contiguous.
    """
    for e in range(HEIGHT):
        tile[e, column : column + WIDTH] = rows[first + e, :count] @ factor[:count, column : column + WIDTH]


@intrinsic
def compiled(typingctx, rows, first, factor, column, count, tile):
    """:func:`fill_tile` in machine code."""
    arrays = rows, factor, tile

    def codegen(context, builder, signature, args):
        data, lengths = [], []
        for kind, value in zip(arrays, (args[0], args[2], args[5]), strict=True):
            array = context.make_array(kind)(context, builder, value)
            data.append(array.data)
            lengths.append(builder.extract_value(array.shape, 1))
        first, column, count = args[1], args[3], args[4]

        def cell(array, row, place):
            return builder.gep(data[array], [builder.add(builder.mul(row, lengths[array]), place)])

        def number(k):
            return ir.Constant(first.type, k)

        vector = ir.VectorType(ir.DoubleType(), WIDTH)
        same = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
        nothing = ir.Constant(vector, ir.Undefined)
        kind = ir.FunctionType(vector, [vector] * 3)
        fma = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{WIDTH}f64")
        sums = [cgutils.alloca_once_value(builder, ir.Constant(vector, [0.0] * WIDTH)) for _ in range(HEIGHT)]
        with cgutils.for_range(builder, count) as loop:
            right = builder.load(builder.bitcast(cell(1, loop.index, column), vector.as_pointer()), align=8)
            for e, total in enumerate(sums):
                left = builder.load(cell(0, builder.add(first, number(e)), loop.index))
                lane = builder.insert_element(nothing, left, ir.Constant(ir.IntType(32), 0))
                spread = builder.shuffle_vector(lane, nothing, same)
                builder.store(builder.call(fma, [spread, right, builder.load(total)]), total)
        for e, total in enumerate(sums):
            place = builder.bitcast(cell(2, number(e), column), vector.as_pointer())
            builder.store(builder.load(total), place, align=8)
        return context.get_dummy_value()

    return types.void(rows, types.intp, factor, types.intp, types.intp, tile), codegen
