"""Numba's pipeline as kernels and loops go through it.

Two things differ. Vectors are as wide as is fast. And what jitted code alone calls becomes LLVM's code that others
link, and no machine code of its own: Numba makes machine code of each function that it compiles, but a kernel's is
never run, because its callers inline or link it, and the outermost loop is compiled as one.
"""

from __future__ import annotations

import functools
from typing import Any

import llvmlite.binding as llvm
from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

WIDE = '"prefer-vector-width"="512"'


@functools.cache
def slow_to_widen() -> bool:
    """Whether LLVM's own choice of a vector's width is best.

    For most processors with AVX-512 it takes half of a register, since the first of them slow down when they use all.
    Those that came after them do not, and they have VBMI2.
    """
    return not llvm.get_host_cpu_features().get("avx512vbmi2", False)


class WideLibrary(JITCodeLibrary):
    """A library whose functions use all of a vector register."""

    def add_ir_module(self, ir_module: Any) -> None:
        for function in ir_module.functions:
            if not function.is_declaration and not slow_to_widen():
                set.add(function.attributes, WIDE)  # llvmlite's own method knows only attributes without a value
        super().add_ir_module(ir_module)


class LinkedLibrary(WideLibrary):
    """A library that others link."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class WideLowering(NativeLowering):
    """Lowering into a :class:`WideLibrary`."""

    _name = "fastdist_wide_lowering"
    library = WideLibrary

    def run_pass(self, state: Any) -> bool:
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return super().run_pass(state)


@register_pass(mutates_CFG=True, analysis_only=False)
class LinkedLowering(WideLowering):
    """Lowering into a :class:`LinkedLibrary`."""

    _name = "fastdist_linked_lowering"
    library = LinkedLibrary

    def run_pass(self, state: Any) -> bool:
        state.flags.no_compile = True
        super().run_pass(state)
        description, environment = state["cr"].fndesc, state["cr"].env
        # Callers know the function by an object of its own, which points nowhere.
        known = _dynfunc.make_function(
            description.lookup_module(), description.qualname, "", 0, environment, (state.library,)
        )
        state.targetctx.insert_user_function(known, description, [state.library])
        # Early versions of Numba have none.
        state.reload_init.extend(getattr(state.library, "_reload_init", ()))
        state["cr"] = state["cr"]._replace(cfunc=known)
        return True


class _Compiler(CompilerBase):
    """Numba's pipeline with another lowering."""

    lowering: type[NativeLowering]

    def define_pipelines(self) -> list[Any]:
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [(self.lowering if step is NativeLowering else step, text) for step, text in manager.passes]
        manager.finalize()
        return [manager]


class WideCompiler(_Compiler):
    """For the outermost function."""

    lowering = WideLowering


class LinkedCompiler(_Compiler):
    """For what jitted code alone calls."""

    lowering = LinkedLowering
