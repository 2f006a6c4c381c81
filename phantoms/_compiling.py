"""How kernels become machine code, which is kept beside the sources.

It is renewed when a kernel's own file changes, so whoever changes a kernel that others call touches
their files as well: lattices, then shapes and motions, then painting and texture.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

Point: TypeAlias = tuple[float, float, float]
"""A point, millimetres."""

Compiled = TypeVar("Compiled", bound="Callable[..., Any]")


def compiled(function: Compiled) -> Compiled:
    """Compile a kernel, keeping the machine code on disk where some folder can be written.

    Names with an underscore are called by other kernels only; they get no way in from Python,
    which halves the time that compiling them takes.
    """
    is_inner = function.__name__.startswith("_")
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "no_cpython_wrapper": is_inner,
        "no_cfunc_wrapper": True,
    }
    with contextlib.suppress(RuntimeError):  # numba finds no folder for the machine code
        return cast("Compiled", njit(cache=True, **options)(function))
    return cast("Compiled", njit(**options)(function))
