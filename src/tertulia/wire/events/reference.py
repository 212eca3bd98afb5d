"""The reference page of the event protocol, made from the types.

`tools/events_page.py` writes it and the JSON Schema to `docs/reference`, and a test holds them to
the types. What types can't say is written here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from inspect import cleandoc
from typing import Final

import msgspec
from msgspec import inspect

from tertulia.core import errors
from tertulia.core.errors import Refusal, describe
from tertulia.core.language import English
from tertulia.wire.events import events as w
from tertulia.wire.events import objects as o
from tertulia.wire.events import requests as r
from tertulia.wire.events.codec import FAULTS, encode
from tertulia.wire.events.schema import json_schema

_ANA: Final = o.User(id="0aknwszpr0000", nick="ana", label="127.0.0.1:50312")
_LOBBY: Final = "0aknwsz9m0000"
_SAID: Final = w.MessageSent(
    room=_LOBBY, seq=3, id="0aknwszq00000", time=1_795_250_533_304, author=_ANA, text="Olá!"
)

_OBJECTS: Final = (
    o.User,
    o.Member,
    o.OnlineUser,
    o.OwnUser,
    o.Room,
    o.Direct,
    o.Message,
    o.Reaction,
)

_HEAD: Final = """\
# The event protocol

What bots, scripts and web pages speak with Tertulia, at the door `events` (127.0.0.1:4444 unless
the settings say otherwise). This page is made from the types in `tertulia.wire.events`, and so is
[the JSON Schema](events.schema.json).
"""

_GUIDE: Final = """\
## An event is an array

`["name", {{params}}]`, or `["name", {{params}}, id]` with a request id, in JSON, UTF-8.

- **Plain TCP**: one event to a line, the line ends in LF. Empty lines are passed over.
- **WebSocket**, on the same port, path `/events`: one event to a text message. The subprotocol
  `{subprotocol}` may be asked for. Web pages may connect from the same host, or as the setting
  `doors.events.origins` says.

Params that are not set may be left out, and the server leaves out those that have their default.
A request with a param that is not listed here is refused. The server may send events and params
that are not listed here, in a newer version of the same protocol: a client passes over them.

An **id** of a room, a message or a person is text of 13 characters; ids sort by time. A **time**
is in milliseconds of Unix time. Wherever a request names a room, its id or the name of a public
room will do.

```
{example}
```

(`>` is sent by the client, `<` by the server.)

## Requests and answers

- The first request is `login`. Before it, everything but `ping` is answered with the error
  `login_required`; who takes too long is sent `goodbye`. A refused login may be tried again.
- A **request id** is an integer or a text of up to 64 characters, of the client's choice. The
  event that answers the request repeats it. Each request below says which event that is.
- What one does oneself is answered by one's **own copy** of the event that everybody gets. It comes
  when it is stored: what was acknowledged is never lost. Requests that have no such event, or that
  change nothing (the topic is that already), are answered with `done`, if they have an id. All
  else is only told when it went wrong.
- Requests are carried out in the order in which they came, and may be sent without waiting for
  answers. Reading (`get_history`, `search`) does not wait for what was sent before it.
- A `server_error` means that nothing has changed. It goes to its cause only, and repeats the
  request id. The connection stays, but for a WebSocket whose frames break the rules.
- A message with a **key** is kept once, however often it is sent: again with the same key, it is
  answered with one's copy of the first. The last {keys} keys are known, or fewer of very long
  messages, also after coming back.
- Who is too fast is refused with `rate_limited`, whose data has `retry_after` in seconds.
- Who one is, is the connection's business: no request has a param for it.

## Rooms and their logs

All events of a room have a `seq`, from 1, without gaps, the same for everyone. What one is sent
begins with `room_joined`, the room as it was right after its entry `seq`; the events that follow
are past it, in order. Applied one after the other they give the room as it is. After one's own
`user_left`, or after `room_closed`, no more comes. What is said by somebody whom one ignores is
left out, and so is its `seq`.

A direct conversation is a room of two, which has no name and is in no list. It begins with
`room_opened`, and its messages have a `to`. Direct messages that came while nobody was online
under one's nick are told after the login, as `missed_messages`.

Whoever logs in also has the **list of rooms**: all public rooms come with `welcome`, and every
change afterwards as `room_created`, `room_updated` and `room_deleted`, whether one is in the room
or not. Changes may be gathered for a tenth of a second.

## Coming back

When a connection is lost, one stays in one's rooms for `resume_seconds`, and others do not notice.
To come back, log in with the `token` of the last `welcome` and, as `cursors`, the last `seq` that
was seen of each room, be it in an event or in `room_joined`:

```
{resume}
```

The answer is a `welcome` with `resumed`, and for each room exactly the events past the cursor,
then live ones. Where too much was missed, or it is not in the log any more, or there is no cursor,
`room_joined` with `reset` gives the room as it is instead; a direct conversation of which nothing
was seen needs no cursor. Rooms that are not in `joined` one is out of. A message that was sent and
never acknowledged is sent again with its key.

A token is good for coming back once: `welcome` has a new one, and as soon as anything is sent on
the new connection the old one is spent. If the connection that was lost still stands, it is closed
with `goodbye` (`replaced`). After `resume_failed`, log in with a nick on the same connection.

To leave for good, send `logout`, or close the WebSocket with code 1000: then others are told at
once, as they are when one has logged in with `resumable` false.
"""


def page() -> str:
    """Return the reference page, in Markdown."""
    guide = _GUIDE.format(
        subprotocol=o.SUBPROTOCOL, keys=o.KEYS, example=_example(), resume=_resume_example()
    )
    parts = [
        _HEAD,
        guide,
        _section("Requests", "What a client sends.", r.REQUESTS),
        _section("Answers", "What is sent to one client alone.", w.ANSWERS),
        _section("Room events", "What happens in the rooms one is in.", w.ROOM_EVENTS),
        _section("The list of rooms", "For who watches it.", w.LIST_EVENTS),
        _section("People and notices", "Told to those online, and never kept.", w.PEOPLE_EVENTS),
        _objects(),
        _errors(),
    ]
    return "\n".join(parts)


def schema_text() -> str:
    """Return the JSON Schema as it stands in the file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


# Examples


def _example() -> str:
    welcome = w.Welcome(
        protocol=o.PROTOCOL,
        server="Tertulia",
        version="1.0",
        user=o.OwnUser(id=_ANA.id, nick="ana", label=_ANA.label, identity="n:ana"),
        rooms=(o.Room(id=_LOBBY, name="lobby", members=1),),
        main_room=_LOBBY,
        joined=(_LOBBY,),
        token="qGlB3WqRN9nKKoIUn7VQlWdnTGQb2mJn",
        resume_seconds=60.0,
        max_event=65_536,
    )
    joined = w.RoomJoined(
        room=_LOBBY,
        seq=2,
        name="lobby",
        members=(o.Member(id=_ANA.id, nick="ana", label=_ANA.label),),
        permanent=True,
        created=1_795_250_533_000,
        changed=2,
    )
    no_such_room = errors.NoSuchRoom("loby")
    refused = w.ServerError(
        code=no_such_room.code,
        text=describe(no_such_room, English().gettext),
        event="send_message",
        path="$.room",
        data={"name": "loby"},
    )
    return _dialogue(
        ("> ", encode(r.Login(nick="ana"), 1)),
        ("< ", encode(welcome, 1)),
        ("< ", encode(joined)),
        ("> ", encode(r.SendMessage(room="lobby", text="Olá!"), 2)),
        ("< ", encode(_SAID, 2)),
        ("> ", encode(r.SendMessage(room="loby", text="Olá?"), 3)),
        ("< ", encode(refused, 3)),
    )


def _resume_example() -> str:
    login = r.Login(token="qGlB3WqRN9nKKoIUn7VQlWdnTGQb2mJn", cursors={_LOBBY: 3})
    return _dialogue(("> ", encode(login, 1)))


def _dialogue(*lines: tuple[str, bytes]) -> str:
    return "\n".join(mark + event.decode() for mark, event in lines)


# Events and their params


def _section(title: str, sentence: str, table: Mapping[str, type]) -> str:
    parts = [f"## {title}\n\n{sentence}\n"]
    parts += [_kind(name, kind) for name, kind in table.items()]
    return "\n".join(parts)


def _kind(name: str, kind: type) -> str:
    lines = [f"### `{name}`", "", cleandoc(kind.__doc__ or "")]
    if issubclass(kind, r.Request):
        lines += ["", f"Answer: `{kind.answer}`."]
    return "\n".join((*lines, "", *_fields(kind)))


def _objects() -> str:
    return "\n".join(("## Objects\n\nWhat stands inside of events.\n", *map(_object, _OBJECTS)))


def _object(kind: type) -> str:
    return "\n".join((f"### {kind.__name__}", "", cleandoc(kind.__doc__ or ""), "", *_fields(kind)))


def _fields(kind: type) -> Iterator[str]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    if not info.fields:
        yield "No params.\n"
        return
    yield "| Param | Type | |"
    yield "| --- | --- | --- |"
    for field in info.fields:
        assert isinstance(field.type, inspect.Metadata), "every param says what it is"
        description = (field.type.extra_json_schema or {})["description"]
        yield f"| `{field.name}` | {_type_text(field.type)}{_default(field)} | {description} |"
    yield ""


def _default(field: inspect.Field) -> str:
    if field.required:
        return ""
    if field.default in (msgspec.NODEFAULT, None, "", ()):
        return ", optional"
    return f", default `{msgspec.json.encode(field.default).decode()}`"


def _type_text(kind: inspect.Type) -> str:
    """Return a type in words."""
    if isinstance(kind, inspect.Metadata):
        title = (kind.extra_json_schema or {}).get("title")
        return str(title) if title else _type_text(kind.type)
    if isinstance(kind, inspect.UnionType):
        types = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return " or ".join(map(_type_text, types))
    if isinstance(kind, inspect.VarTupleType):
        return f"list of {_type_text(kind.item_type)}"
    if isinstance(kind, inspect.DictType):
        return f"object: {_type_text(kind.key_type)} to {_type_text(kind.value_type)}"
    if isinstance(kind, inspect.StructType):
        return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})"
    if isinstance(kind, inspect.IntType):
        return f"integer{_bounds(kind.ge, kind.le)}"
    if isinstance(kind, inspect.StrType):
        return "text" if kind.max_length is None else f"text of up to {kind.max_length} characters"
    return {inspect.BoolType: "true or false", inspect.FloatType: "number"}[type(kind)]


def _bounds(least: int | None, most: int | None) -> str:
    if most is None or most == o.MAX_SAFE:
        return "" if not least else f", at least {least}"
    return f", {least} to {most}"


# Errors


def _errors() -> str:
    lines = [
        "## Errors",
        "",
        "The `code` of a `server_error`. What is wrong with an event itself:",
        "",
        "| Code | |",
        "| --- | --- |",
        *(f"| `{fault.value}` | {sentence} |" for fault, sentence in FAULTS.items()),
        "",
        "What is refused; the params of the text are in `data`:",
        "",
        "| Code | Text | Data |",
        "| --- | --- | --- |",
        *(_refusal(kind) for kind in _refusals()),
    ]
    return "\n".join(lines) + "\n"


def _refusals() -> Iterable[type[Refusal]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in kinds if issubclass(kind, Refusal) and kind is not Refusal]


def _refusal(kind: type[Refusal]) -> str:
    code = kind.__struct_config__.tag
    data = ", ".join(f"`{name}`" for name in kind.__struct_fields__)
    return f"| `{code}` | {kind.template} | {data} |".replace("|  |", "| |")
