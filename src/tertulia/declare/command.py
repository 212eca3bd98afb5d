"""The decorator `command`, and what it declares: a name, a usage, a sentence, typed arguments.

What is left out follows from the function: its name, its docstring's first line, its signature.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from tertulia.core.text import clean_line
from tertulia.declare.arguments import Parsed, Signature
from tertulia.declare.marks import Function, FunctionT, Mark, marked, put_mark

_WORD: Final = re.compile(r"[^\W_][\w-]{0,31}")
_LONGEST: Final = 200
"""Characters of a usage or a description."""


class CommandMark(Mark, frozen=True):
    """What `@command` was given; None where the function says it."""

    name: str | None = None
    usage: str | None = None
    description: str | None = None
    aliases: tuple[str, ...] = ()


class Declared(Struct, frozen=True):
    """A command that a function was declared to be."""

    name: str
    aliases: tuple[str, ...]
    usage: str
    """With the name and without a prefix: `weather CITY [DAYS]`."""
    description: str
    function: Function
    signature: Signature

    def parse(self, text: str) -> Parsed:
        """Return the arguments that `text`, typed after the name, gives.

        Raises:
            Misfit: it does not fit the signature.
        """
        return self.signature.parse(text)


def command(
    name: str | None = None,
    *,
    usage: str | None = None,
    description: str | None = None,
    aliases: Sequence[str] = (),
) -> Callable[[FunctionT], FunctionT]:
    """Declare that a function is a command.

    Args:
        name: The word to be typed; without it, the function's name with `-` for `_`.
        usage: The name and what is to be typed after it; without it, made from the signature.
        description: One sentence; without it, the first line of the function's docstring.
        aliases: Other words for it, in any language.

    Raises:
        TypeError: used without brackets.
        ValueError: a word or a text that can't be shown.
    """
    if callable(name):
        raise TypeError("a command is declared with @command(), brackets included")
    if isinstance(aliases, str):
        raise TypeError("aliases are several words, such as ('w',)")
    for word in (*((name,) if name is not None else ()), *aliases):
        _check_word(word)
    for text in (usage, description):
        _check_text(text)
    mark = CommandMark(name, usage, description, tuple(aliases))

    def declare(function: FunctionT) -> FunctionT:
        return put_mark(function, mark)

    return declare


def declared_commands(owner: object, *, leading: int) -> list[Declared]:
    """Return the commands that a class, an object or a module declares, in order.

    `leading` counts the parameters that are not typed; of a class, whose methods are not bound,
    `self` among them.

    Raises:
        TypeError: a function takes something that can't be typed.
        ValueError: a name or a description can't be shown, or there is none.
    """
    return [_declared(function, mark, leading) for function, mark in marked(owner, CommandMark)]


def _declared(function: Function, mark: CommandMark, leading: int) -> Declared:
    own = str(getattr(function, "__name__", ""))
    name = mark.name or own.replace("_", "-")
    _check_word(name)
    described = (inspect.getdoc(function) or "").partition("\n")[0]
    description = mark.description or described
    _check_text(description)
    if not description:
        raise ValueError(f"the command {name} needs a description, or a docstring")
    signature = Signature(function, leading)
    usage = mark.usage or f"{name} {signature.usage}".rstrip()
    return Declared(name, mark.aliases, usage, description, function, signature)


def _check_word(word: str) -> None:
    if not _WORD.fullmatch(word):
        raise ValueError(f"{word!r} can't be a command's word: letters, digits, - and _, no blanks")


def _check_text(text: str | None) -> None:
    if text is None:
        return
    if clean_line(text, _LONGEST) != text or set(text) & set("{}"):
        raise ValueError(f"{text!r} must be one line without braces, {_LONGEST} at the most")
