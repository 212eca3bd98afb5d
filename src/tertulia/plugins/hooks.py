"""Every hook that a plugin has, on this page: the decorators, and `Hooks`, which they amount to.

A plugin is a module whose functions have these decorators, or a class based on `Plugin` whose
methods have them; `@command` is shared with clients (`tertulia.declare`). The slash-commands that
every Tertulia has come through `Hooks` as well. Nothing here runs anything.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from typing_extensions import override

from tertulia.core import commands as c
from tertulia.core import events as e
from tertulia.core.commands import Command
from tertulia.core.events import Event
from tertulia.declare import Declared, Mark, command, declared_commands, marked, put_mark
from tertulia.declare.marks import Function, FunctionT
from tertulia.slash.registry import Row

__all__ = [
    "Hooks",
    "Plugin",
    "command",
    "command_filter",
    "door",
    "every",
    "lifespan",
    "listener",
]

PREFIX: Final = "on_"
EVENTS: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "message": (e.MessagePosted,),
    "message_edited": (e.MessageEdited,),
    "message_deleted": (e.MessageDeleted,),
    "reaction_added": (e.ReactionAdded,),
    "reaction_removed": (e.ReactionRemoved,),
    "topic_changed": (e.TopicChanged,),
    "user_joined": (e.MemberJoined,),
    "user_left": (e.MemberLeft,),
    "user_renamed": (e.MemberRenamed,),
    "room_created": (e.RoomCreated,),
    "room_deleted": (e.RoomDeleted,),
    "event": (*e.STATE_CHANGES, e.MessagePosted, *e.AMENDMENTS),
}
"""What can be listened to, by the names that clients know it by; `event` is all of it."""
UNFILTERED: Final = (c.Disconnect,)
"""Whoever goes, goes: there is nothing to refuse."""


def listener(event: str | None = None) -> Callable[[FunctionT], FunctionT]:
    """Have a function called with a `Heard` for each event of a kind, after it is stored.

    The kind is named by `event`, or by the function's own name: `on_message` hears messages,
    `on_event` everything. Each room's events come in order, one after the other. Heard are public
    rooms, and the direct conversations with the plugin's own user; never what that user did.

    Raises:
        ValueError: there is no such event.
    """

    def declare(function: FunctionT) -> FunctionT:
        return put_mark(function, ListenerMark(_event_named(function, event)))

    if callable(event):
        raise TypeError("a listener is declared with @listener(), brackets included")
    return declare


def command_filter() -> Callable[[FunctionT], FunctionT]:
    """Have a function look at commands before they are decided: `def calm(asked, command)`.

    It is called with an `Asked` (who asks, and where) and the command, and sees the kinds of
    command that the annotation of its second parameter names, such as `PostMessage | PostDirect`.
    It returns None to let the command pass, or another of the same kind to put in its place; to
    refuse it, it raises `Refused`, most simply as `raise asked.refusal("No shouting, please.")`.
    """

    def declare(function: FunctionT) -> FunctionT:
        return put_mark(function, FilterMark())

    return declare


def every(seconds: float) -> Callable[[FunctionT], FunctionT]:
    """Have a function called with the `Chat` again and again, `seconds` after the start at first.

    A call that takes longer than that is not overtaken: the next one then follows at once.

    Raises:
        ValueError: that would be all the time.
    """
    if not seconds > 0:
        raise ValueError("the seconds between two calls must be more than 0")

    def declare(function: FunctionT) -> FunctionT:
        return put_mark(function, PeriodicMark(float(seconds)))

    return declare


def lifespan() -> Callable[[FunctionT], FunctionT]:
    """Have a generator, `async` or not, run from the plugin's start to its stop.

    It is called with the `Chat`, goes as far as its one `yield` before anything else of the plugin
    runs, and is taken up from there when the plugin is stopped or reloaded, or the server ends.
    """

    def declare(function: FunctionT) -> FunctionT:
        if not (inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)):
            raise TypeError(f"{function.__name__} must have one yield, between start and stop")
        return put_mark(function, LifespanMark())

    return declare


def door(listen: str, *, way_in: str = "") -> Callable[[FunctionT], FunctionT]:
    """Have a function make a door: called with a `ports.Gateway`, it returns a `ports.StreamDoor`.

    A door is part of the server and runs in the server's own loop, as the doors that come with it
    do, for its bytes are everybody's. It has no time budget, and must neither block nor loop.

    Args:
        listen: Where the door listens, as `HOST:PORT`; port 0 takes a free one.
        way_in: What people type to join through it, with `{host}` and `{port}`.
    """

    def declare(function: FunctionT) -> FunctionT:
        return put_mark(function, DoorMark(listen, way_in))

    return declare


class Plugin:
    """Base of plugins that are classes. One is made, without arguments, when it is loaded.

    What is wrong with its hooks is told when the class is made.
    """

    @override
    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared_commands(cls, leading=2)


# What the decorators leave on functions


class ListenerMark(Mark, frozen=True):
    """See `listener`."""

    event: str


class FilterMark(Mark, frozen=True):
    """See `command_filter`."""


class PeriodicMark(Mark, frozen=True):
    """See `every`."""

    seconds: float


class LifespanMark(Mark, frozen=True):
    """See `lifespan`."""


class DoorMark(Mark, frozen=True):
    """See `door`."""

    listen: str
    way_in: str


# What they amount to


class Filter(Struct, frozen=True):
    """A function that looks at commands of these kinds."""

    kinds: frozenset[type[Command]]
    function: Function


class Periodic(Struct, frozen=True):
    """A function that is called again and again."""

    seconds: float
    function: Function


class DoorFactory(Struct, frozen=True):
    """A function that makes a door, and where that listens."""

    listen: str
    way_in: str
    function: Function


class Hooks(Struct, frozen=True):
    """Everything that one plugin has declared."""

    rows: tuple[Row, ...] = ()
    """Slash-commands that need no thread of a plugin's: those that come with the server."""
    commands: tuple[Declared, ...] = ()
    listeners: tuple[tuple[type[Event], Function], ...] = ()
    filters: tuple[Filter, ...] = ()
    periodic: tuple[Periodic, ...] = ()
    lifespans: tuple[Function, ...] = ()
    doors: tuple[DoorFactory, ...] = ()


def hooks_of(*owners: object) -> Hooks:
    """Return what modules and plugin objects declare, in order.

    Raises:
        TypeError: something declared can't be called as it would be.
        ValueError: something declared has no name, or none that can be shown.
    """
    listeners = [
        (kind, _called_with(function, 1))
        for owner in owners
        for function, mark in marked(owner, ListenerMark)
        for kind in EVENTS[mark.event]
    ]
    filters = [
        Filter(_kinds(function), _called_with(function, 2))
        for owner in owners
        for function, _ in marked(owner, FilterMark)
    ]
    periodic = [
        Periodic(mark.seconds, _called_with(function, 1))
        for owner in owners
        for function, mark in marked(owner, PeriodicMark)
    ]
    doors = [
        DoorFactory(mark.listen, mark.way_in, _called_with(function, 1))
        for owner in owners
        for function, mark in marked(owner, DoorMark)
    ]
    lifespans = [
        _called_with(function, 1) for owner in owners for function, _ in marked(owner, LifespanMark)
    ]
    commands = [one for owner in owners for one in declared_commands(owner, leading=1)]
    return Hooks(
        commands=tuple(commands),
        listeners=tuple(listeners),
        filters=tuple(filters),
        periodic=tuple(periodic),
        lifespans=tuple(lifespans),
        doors=tuple(doors),
    )


def _event_named(function: Function, event: str | None) -> str:
    name = event or str(function.__name__)
    key = name.removeprefix(PREFIX)
    if key not in EVENTS or (event is None and not name.startswith(PREFIX)):
        near = get_close_matches(key, EVENTS, n=1)
        hint = f"; did you mean {PREFIX}{near[0]}?" if near else ""
        raise ValueError(f"there is no event called {name}{hint}")
    return key


def _called_with(function: Function, count: int) -> Function:
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError as error:
        raise TypeError(f"{function.__name__} is called with {count} arguments: {error}") from None
    return function


def _kinds(function: Function) -> frozenset[type[Command]]:
    """Return the kinds of command that a filter's second parameter is annotated with."""
    _called_with(function, 2)
    parameter = list(inspect.signature(function).parameters.values())[1]
    wanted = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    inner = inspect.unwrap(function)
    try:
        hint = get_type_hints(wanted, getattr(inner, "__globals__", {}))[parameter.name]
    except NameError as error:
        raise TypeError(f"{function.__name__}: {error}") from None
    named = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    known = set(get_args(Command)) - set(UNFILTERED)
    kinds = frozenset(set(named) - set(UNFILTERED) if hint == Command else named)
    if not kinds or not kinds <= known:
        raise TypeError(
            f"{function.__name__}: annotate {parameter.name} with commands, such as PostMessage"
        )
    return kinds
