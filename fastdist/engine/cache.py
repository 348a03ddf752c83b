"""Compiled kernels on disk, addressed by their content.

A kernel's file is named by a digest of all that decides its machine code: the byte code and
constants of the whole call tree, the loop around it, the signature, the versions and the
processor. An edit anywhere in the tree is another name, so nothing is ever stale; nothing
changed is the same name, so the folder does not grow. A folder that cannot be read or written
is as good as an empty one.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import compiler
from numba.core.registry import cpu_target


def folder() -> Path | None:
    """Where compiled kernels are kept: ``FASTDIST_CACHE_DIR``, or the user's cache folder."""
    chosen = os.environ.get("FASTDIST_CACHE_DIR")
    if chosen is not None:
        return Path(chosen) if chosen else None
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "fastdist" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "fastdist"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "fastdist"


@functools.cache
def _machine() -> bytes:
    """Versions and processor: machine code for one is wrong or slow on another."""
    codegen = cpu_target.target_context.codegen()
    versions = (numba.__version__, llvmlite.__version__, np.__version__, sys.version, platform.machine())
    return repr((versions, codegen.magic_tuple())).encode()


def address(*parts: str) -> str:
    """The name of the file for what `parts` describe."""
    digest = hashlib.sha256(_machine())
    for part in parts:
        digest.update(part.encode())
    return digest.hexdigest()


def load(name: str) -> Any:
    """The compile result kept under `name`, or None."""
    place = folder()
    if place is None:
        return None
    try:
        payload = pickle.loads((place / name[:2] / name).read_bytes())
        context = cpu_target.target_context
        context.refresh()
        return compiler.CompileResult._rebuild(context, *payload)
    except Exception:  # a file cut short, or written by an unlike build: compile again
        return None


def save(name: str, result: Any) -> None:
    """Keep a compile result under `name`; whoever reads at the same time sees all of it or nothing."""
    place = folder()
    if place is None:
        return
    temporary = None
    try:
        target = place / name[:2] / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            temporary = file.name
            file.write(pickle.dumps(result._reduce(), protocol=pickle.HIGHEST_PROTOCOL))
        os.replace(temporary, target)
    except (OSError, pickle.PicklingError):
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
