"""The decorators: what they refuse, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, get_args

import pytest

from tertulia.core.commands import Command, Disconnect, PostDirect, PostMessage
from tertulia.core.events import Event, MessagePosted
from tertulia.plugins import (
    Plugin,
    command,
    command_filter,
    door,
    every,
    hooks,
    lifespan,
    listener,
)
from tertulia.plugins.hooks import EVENTS, Hooks, hooks_of


def module(**functions: Callable[..., Any]) -> ModuleType:
    found = ModuleType("plugin")
    for name, function in functions.items():
        function.__module__ = "plugin"
        setattr(found, name, function)
    return found


def test_every_event_can_be_listened_to_by_a_name() -> None:
    kinds = {kind for kinds in EVENTS.values() for kind in kinds}
    assert kinds == set(EVENTS["event"]) == set(get_args(Event))


def test_all_hooks_of_a_module_are_found() -> None:
    @listener()
    def on_message(heard: object) -> None: ...

    @command_filter()
    def calm(asked: object, posted: PostMessage | PostDirect) -> None: ...

    @every(60)
    def tick(chat: object) -> None: ...

    @lifespan()
    def life(chat: object) -> Iterator[None]:
        yield

    @door("127.0.0.1:0")
    def finger(gateway: object) -> None: ...

    @command(description="Works.")
    def work(call: object) -> None: ...

    owner = module(on_message=on_message, calm=calm, tick=tick, life=life, finger=finger, work=work)
    found = hooks_of(owner)
    assert found.listeners == ((MessagePosted, on_message),)
    assert [one.kinds for one in found.filters] == [frozenset({PostMessage, PostDirect})]
    assert [one.seconds for one in found.periodic] == [60.0]
    assert found.lifespans == (life,)
    assert [(one.listen, one.way_in) for one in found.doors] == [("127.0.0.1:0", "")]
    assert [one.name for one in found.commands] == ["work"]


def test_a_filter_of_all_commands_sees_all_but_farewells() -> None:
    @command_filter()
    def watch(asked: object, it: Command) -> None: ...

    [found] = hooks_of(module(watch=watch)).filters
    assert found.kinds == set(get_args(Command)) - {Disconnect}


def test_what_declares_nothing_has_no_hooks() -> None:
    assert hooks_of(module(), SimpleNamespace(a=1)) == Hooks()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("on_mesage", "there is no event called on_mesage; did you mean on_message?"),
        ("message", "there is no event called message; did you mean on_message?"),
        ("on_zzz", "there is no event called on_zzz$"),
    ],
)
def test_a_listener_of_no_event_is_refused_where_it_is_declared(name: str, told: str) -> None:
    def function(heard: object) -> None: ...

    function.__name__ = name
    with pytest.raises(ValueError, match=told.replace("?", r"\?")):
        listener()(function)


def test_brackets_are_not_forgotten_in_silence() -> None:
    with pytest.raises(TypeError, match="brackets included"):
        listener(lambda heard: None)  # type: ignore[arg-type]  # what is tested


def test_an_interval_is_some_time() -> None:
    for seconds in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="must be more than 0"):
            every(seconds)


def test_a_lifespan_has_a_yield() -> None:
    with pytest.raises(TypeError, match="life must have one yield"):

        @lifespan()
        def life(chat: object) -> None: ...


def test_what_is_called_with_other_arguments_than_it_takes_is_refused() -> None:
    @listener("message")
    def nothing() -> None: ...

    @every(1)
    def too_much(chat: object, more: object) -> None: ...

    @command_filter()
    def one(asked: object) -> None: ...

    for function, count in ((nothing, 1), (too_much, 1), (one, 2)):
        with pytest.raises(TypeError, match=f"is called with {count} arguments"):
            hooks_of(module(function=function))


def test_a_filter_says_what_it_wants_to_see() -> None:
    @command_filter()
    def bare(asked, it): ...  # type: ignore[no-untyped-def]  # what is tested

    @command_filter()
    def wrong(asked: object, it: PostMessage | str) -> None: ...

    @command_filter()
    def farewell(asked: object, it: Disconnect) -> None: ...

    @command_filter()
    def unknown(asked: object, it: NoSuchCommand) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    for function in (bare, wrong, farewell):
        with pytest.raises(TypeError, match="annotate it with commands, such as PostMessage"):
            hooks_of(module(function=function))
    with pytest.raises(TypeError, match="name 'NoSuchCommand' is not defined"):
        hooks_of(module(function=unknown))


def test_a_wrong_command_of_a_class_is_refused_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="when must be str, int"):

        class Broken(Plugin):
            @command(description="Breaks.")
            def broken(self, call: object, when: dict[str, str]) -> None: ...


def test_this_page_has_every_decorator_that_authors_get() -> None:
    assert set(hooks.__all__) - {"Hooks"} == {
        "Plugin",
        "command",
        "command_filter",
        "door",
        "every",
        "lifespan",
        "listener",
    }
