"""Compiling what jitted code alone calls: to LLVM's code that others link, and to no machine code of its own.

Numba makes machine code of each function that it compiles. A kernel's is never run: its callers inline or link the
kernel's LLVM code, and the outermost loop is compiled as one.
"""

from __future__ import annotations

from typing import Any

from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class LinkedLibrary(JITCodeLibrary):
    """A library that others link."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class LinkedLowering(NativeLowering):
    """Lowering into a :class:`LinkedLibrary`."""

    _name = "fastdist_linked_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = LinkedLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
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


class LinkedCompiler(CompilerBase):
    """Numba's pipeline with that lowering."""

    def define_pipelines(self) -> list[Any]:
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [(LinkedLowering if step is NativeLowering else step, text) for step, text in manager.passes]
        manager.finalize()
        return [manager]
