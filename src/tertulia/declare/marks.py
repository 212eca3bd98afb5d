"""Marks: what a decorator leaves on a function, and finding the functions that have one.

A decorator changes nothing about its function, so a marked function can be called and tested like
any other; whoever looks for marks decides what comes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, Final, TypeVar

from msgspec import Struct

Function = Callable[..., Any]
"""Any function; what it takes and returns is the business of whoever reads its marks."""
FunctionT = TypeVar("FunctionT", bound=Function)
MarkT = TypeVar("MarkT", bound="Mark")

_ATTRIBUTE: Final = "__tertulia_marks__"


class Mark(Struct, frozen=True):
    """Base of what decorators leave on functions."""


def put_mark(function: FunctionT, mark: Mark) -> FunctionT:
    """Leave `mark` on `function`, and return the function.

    Raises:
        TypeError: it is no function of its own, so that it can't be marked.
    """
    try:
        setattr(function, _ATTRIBUTE, (*marks_of(function), mark))
    except (AttributeError, TypeError):
        raise TypeError(f"{function!r} can't be declared; a function can") from None
    return function


def marks_of(function: object) -> tuple[Mark, ...]:
    """Return the marks on a function, the innermost decorator's first."""
    found = getattr(function, _ATTRIBUTE, ())
    return found if isinstance(found, tuple) else ()


def marked(owner: object, kind: type[MarkT]) -> Iterator[tuple[Function, MarkT]]:
    """Yield the functions of a class, an object or a module that have a mark of `kind`, in order.

    Of a class what its bases have comes first, and what it has put in place of that counts; of an
    object they are bound to it. Functions that a module has only imported are not its own.
    """
    seen: set[int] = set()
    for name, function in _members(owner).items():
        if id(function) in seen or not _is_own(owner, function):
            continue
        seen.add(id(function))
        for mark in marks_of(function):
            if isinstance(mark, kind):
                yield getattr(owner, name), mark


def _members(owner: object) -> Mapping[str, object]:
    if isinstance(owner, ModuleType):
        return vars(owner)
    kind = owner if isinstance(owner, type) else type(owner)
    members: dict[str, object] = {}
    for base in reversed(kind.__mro__):
        members.update(vars(base))
    return members


def _is_own(owner: object, function: object) -> bool:
    if not isinstance(owner, ModuleType):
        return True
    return getattr(function, "__module__", None) == owner.__name__
