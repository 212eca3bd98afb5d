"""Typed arguments: what a function's signature says about the words typed after a command.

A parameter takes one word (or several in double quotes), `*names` all that are left, and one after
a bare `*` the rest of the line as it was typed. Types: str, int, float, bool, `Literal` and enums,
each also `| None`. Knows nothing of who types and where refusals go.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from typing_extensions import override

from tertulia.core.errors import N_
from tertulia.core.language import fold

_WORD: Final = re.compile(r'"([^"]*)"(?!\S)|(\S+)')
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_SHOWN: Final = 32
"""How much of a wrong word is shown again."""
_YES: Final = frozenset(("yes", "y", "true", "on", "1", "sim", "s", "si"))
_NO: Final = frozenset(("no", "n", "false", "off", "0", "nao"))


class Problem(Enum):
    """What is wrong with the words typed after a command."""

    MISSING = "missing"
    WRONG = "wrong"
    TOO_MANY = "too_many"


class Misfit(ValueError):
    """What was typed does not fit the command. Its text is a sentence for the person."""

    def __init__(self, problem: Problem, name: str, word: str = "", expected: str = "") -> None:
        """`name` is the argument as the usage shows it, `word` what was typed in its place."""
        self.problem = problem
        self.name = name
        self.word = word[:_SHOWN]
        self.expected = expected
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        match self.problem:
            case Problem.MISSING:
                return f"{self.name} is missing."
            case Problem.TOO_MANY:
                return f"That is too much: {self.word}"
            case _:
                return f"{self.name} must be {self.expected}, not {self.word}."


class Parsed(Struct, frozen=True):
    """The arguments to call a command's function with, after its leading ones."""

    positional: tuple[object, ...] = ()
    named: dict[str, object] = {}


class _Kind(Struct, frozen=True):
    """One type of argument."""

    expected: str
    """How a sentence goes on after "must be"; a gettext message id, but for choices."""
    read: Callable[[str], object]
    """Raises ValueError for what does not fit."""
    choices: tuple[str, ...] = ()


class _Parameter(Struct, frozen=True):
    name: str
    shown: str
    kind: _Kind
    form: inspect._ParameterKind
    default: object

    @property
    def is_optional(self) -> bool:
        return self.default is not inspect.Parameter.empty

    def read(self, word: str) -> object:
        try:
            return self.kind.read(word)
        except ValueError:
            raise Misfit(Problem.WRONG, self.shown, word, self.kind.expected) from None


class Signature:
    """The arguments that a command's function takes."""

    __slots__ = ("_parameters",)

    def __init__(self, function: Callable[..., Any], leading: int) -> None:
        """Read the signature of `function`, whose first `leading` parameters are not typed.

        Raises:
            TypeError: it has a parameter that no words can be read for.
        """
        parameters = list(inspect.signature(function).parameters.values())
        if len(parameters) < leading or any(
            one.kind not in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
            for one in parameters[:leading]
        ):
            raise TypeError(f"{_name(function)} must take {leading} argument(s) before the typed")
        typed = parameters[leading:]
        hints = _hints(function, typed)
        self._parameters = tuple(_parameter(function, one, hints.get(one.name)) for one in typed)

    @property
    def usage(self) -> str:
        """What is to be typed after the command's name: `CITY [DAYS]`."""
        return " ".join(map(_shown, self._parameters))

    def parse(self, text: str) -> Parsed:
        """Return the arguments that `text` gives.

        Raises:
            Misfit: there are too few, too many, or some of the wrong type.
        """
        positional: list[object] = []
        named: dict[str, object] = {}
        rest = text.strip()
        for parameter in self._parameters:
            if parameter.form is inspect.Parameter.KEYWORD_ONLY:
                named[parameter.name] = _take_rest(parameter, rest)
                rest = ""
            elif parameter.form is inspect.Parameter.VAR_POSITIONAL:
                positional += map(parameter.read, words_of(rest))
                rest = ""
            else:
                word, rest = _cut(rest)
                positional.append(_value(parameter, word))
        if rest:
            raise Misfit(Problem.TOO_MANY, "", rest)
        return Parsed(tuple(positional), named)

    @override
    def __repr__(self) -> str:
        return f"<Signature {self.usage!r}>"


def words_of(text: str) -> list[str]:
    """Return the words of a line; several in double quotes are one."""
    return list(_words(text))


def _words(text: str) -> Iterator[str]:
    for found in _WORD.finditer(text):
        yield found[2] if found[1] is None else found[1]


def _cut(text: str) -> tuple[str | None, str]:
    """Return the first word, if there is one, and the rest."""
    found = _WORD.match(text)
    if found is None:
        return None, ""
    return found[2] if found[1] is None else found[1], text[found.end() :].lstrip()


def _value(parameter: _Parameter, word: str | None) -> object:
    if word is not None:
        return parameter.read(word)
    if parameter.is_optional:
        return parameter.default
    raise Misfit(Problem.MISSING, parameter.shown)


def _take_rest(parameter: _Parameter, rest: str) -> object:
    return _value(parameter, rest or None)


def _shown(parameter: _Parameter) -> str:
    if parameter.form is inspect.Parameter.VAR_POSITIONAL:
        return f"[{parameter.shown} ...]"
    return f"[{parameter.shown}]" if parameter.is_optional else parameter.shown


# From a function to its parameters


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", function))


def _hints(
    function: Callable[..., Any], parameters: Sequence[inspect.Parameter]
) -> dict[str, object]:
    """Return the types of `parameters` alone: others may name what is only there for checkers."""
    inner = inspect.unwrap(function)
    wanted = types.SimpleNamespace(
        __annotations__={
            one.name: one.annotation for one in parameters if one.annotation is not one.empty
        }
    )
    try:
        return get_type_hints(wanted, getattr(inner, "__globals__", {}))
    except NameError as error:
        raise TypeError(f"{_name(function)}: {error}") from None


def _parameter(function: Callable[..., Any], one: inspect.Parameter, hint: object) -> _Parameter:
    if one.kind is one.VAR_KEYWORD:
        raise TypeError(f"{_name(function)}: nobody can type **{one.name}")
    kind = _kind_of(str if hint is None else hint)
    if kind is None:
        raise TypeError(
            f"{_name(function)}: {one.name} must be str, int, float, bool, Literal or an enum"
        )
    shown = "|".join(kind.choices) or one.name.upper().replace("_", "-")
    return _Parameter(one.name, shown, kind, one.kind, one.default)


def _kind_of(hint: object) -> _Kind | None:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        bare = [one for one in get_args(hint) if one is not types.NoneType]
        return _kind_of(bare[0]) if len(bare) == 1 else None
    if origin is Literal:
        return _choice({str(one): one for one in get_args(hint)})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choice({str(one.value): one for one in hint})
    return _SIMPLE.get(hint) if isinstance(hint, type) else None


def _choice(values: dict[str, object]) -> _Kind:
    folded = {fold(word): value for word, value in values.items()}

    def read(word: str) -> object:
        key = fold(word)
        if key not in folded:
            raise ValueError(word)
        return folded[key]

    *others, last = values
    expected = f"{', '.join(others)} or {last}" if others else last
    return _Kind(expected, read, tuple(values))


def _read_whole(word: str) -> int:
    if not _WHOLE.fullmatch(word):
        raise ValueError(word)
    return int(word)


def _read_number(word: str) -> float:
    if not _NUMBER.fullmatch(word):
        raise ValueError(word)
    return float(word)


def _read_yes_or_no(word: str) -> bool:
    key = fold(word)
    if key in _YES:
        return True
    if key in _NO:
        return False
    raise ValueError(word)


_SIMPLE: Final[dict[type, _Kind]] = {
    str: _Kind(N_("a text"), str),
    int: _Kind(N_("a whole number"), _read_whole),
    float: _Kind(N_("a number"), _read_number),
    bool: _Kind(N_("yes or no"), _read_yes_or_no),
}
