"""Events as bytes: one JSON array, `["name", {params}]`, and perhaps a request id behind.

Both directions for both ends. Whatever the bytes are, decoding returns what they say or raises
`InvalidEvent`, which says where the fault is; nothing else comes out of it. How arrays are told
apart in a stream (`lines`, `wire.websocket`) is not its business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Final, Generic, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from tertulia.wire.events.events import EVENTS, Event
from tertulia.wire.events.objects import RequestId
from tertulia.wire.events.requests import REQUESTS, Request

ECHO: Final = 200
"""How much of a fault's description is passed on; it may quote what was sent."""


class Fault(Enum):
    """What can be wrong with an event itself; the value is its code on the wire."""

    INVALID_JSON = "invalid_json"
    INVALID_EVENT = "invalid_event"
    UNKNOWN_EVENT = "unknown_event"
    INVALID_PARAMS = "invalid_params"
    EVENT_TOO_LONG = "event_too_long"
    LOGIN_REQUIRED = "login_required"
    ALREADY_LOGGED_IN = "already_logged_in"
    UNSUPPORTED_PROTOCOL = "unsupported_protocol"


FAULTS: Final[Mapping[Fault, str]] = {
    Fault.INVALID_JSON: "Not JSON, or not UTF-8, or not a text message.",
    Fault.INVALID_EVENT: "Not an array of a name, an object and perhaps a request id.",
    Fault.UNKNOWN_EVENT: "There is no request of this name.",
    Fault.INVALID_PARAMS: "A param is missing, unknown, or not what it should be.",
    Fault.EVENT_TOO_LONG: "More bytes than `max_event` of `welcome`; it was passed over.",
    Fault.LOGIN_REQUIRED: "Only `login` and `ping` are answered before the login.",
    Fault.ALREADY_LOGGED_IN: "One connection is one person.",
    Fault.UNSUPPORTED_PROTOCOL: "The client speaks a newer protocol than the server.",
}
"""What each of them means."""


class InvalidEvent(Exception):
    """An event that can't be taken; `text` is for people, `path` says where the fault is."""

    def __init__(
        self,
        fault: Fault,
        text: str,
        *,
        path: str | None = None,
        name: str | None = None,
        request: str | int | None = None,
    ) -> None:
        super().__init__(text)
        self.fault = fault
        self.text = text
        self.path = path
        self.name = name
        """The event's name, as far as it is known."""
        self.request = request
        """Its request id, as far as it is known."""


T = TypeVar("T")


class Envelope(Struct, Generic[T], frozen=True):
    """What one array says."""

    name: str
    content: T
    request: str | int | None = None
    """The id that marks a request, and its answer."""


class _Array(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=64)]
    params: Raw
    request: RequestId | None = None


_NAMES: Final = {kind: name for table in (REQUESTS, EVENTS) for name, kind in table.items()}
_WHERE: Final = re.compile(r" - at (?:`key` in )?`(\$[^`]*)`$")
_FIELD: Final = re.compile(r"^Object (?:missing required|contains unknown) field `(\w{1,64})`")

_encoder: Final = msgspec.json.Encoder()
_arrays: Final = msgspec.json.Decoder(_Array)
_requests: Final = {name: msgspec.json.Decoder(kind) for name, kind in REQUESTS.items()}
_events: Final = {name: msgspec.json.Decoder(kind) for name, kind in EVENTS.items()}


def name_of(kind: type[Request] | type[Event]) -> str:
    """Return the name that a kind of request or event has on the wire."""
    return _NAMES[kind]


def encode(content: Request | Event, request: str | int | None = None) -> bytes:
    """Write a request or an event as one JSON array, on one line."""
    name = _NAMES[type(content)]
    if request is None:
        return _encoder.encode((name, content))
    return _encoder.encode((name, content, request))


def with_request(event: bytes, request: str | int) -> bytes:
    """Return an event, written without a request id, with one behind."""
    return event[:-1] + b"," + _encoder.encode(request) + b"]"


def decode_request(data: bytes) -> Envelope[Request]:
    """Read what a client sent.

    Raises:
        InvalidEvent: it is none of the requests.
    """
    return _decode(data, _requests)


def decode_event(data: bytes) -> Envelope[Event]:
    """Read what a server sent.

    Raises:
        InvalidEvent: it is none of the events that this version knows.
    """
    return _decode(data, _events)


def _decode(data: bytes, decoders: Mapping[str, msgspec.json.Decoder[T]]) -> Envelope[T]:
    try:
        array = _arrays.decode(data)
    except msgspec.ValidationError as error:
        text, path = _explain(error)
        raise InvalidEvent(Fault.INVALID_EVENT, text, path=path) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidEvent(Fault.INVALID_JSON, _shortened(str(error))) from None
    decoder = decoders.get(array.name)
    if decoder is None:
        raise InvalidEvent(
            Fault.UNKNOWN_EVENT,
            f"There is no event called {array.name}",
            path="$[0]",
            name=array.name,
            request=array.request,
        )
    try:
        content = decoder.decode(array.params)
    except msgspec.ValidationError as error:
        text, path = _explain(error)
        raise InvalidEvent(
            Fault.INVALID_PARAMS, text, path=path, name=array.name, request=array.request
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidEvent(
            Fault.INVALID_JSON, _shortened(str(error)), name=array.name, request=array.request
        ) from None
    return Envelope(array.name, content, array.request)


def _explain(error: msgspec.ValidationError) -> tuple[str, str]:
    """Return what is wrong, and where."""
    text = str(error)
    path = "$"
    found = _WHERE.search(text)
    if found is not None:
        path = found[1]
        text = text[: found.start()]
    field = _FIELD.match(text)
    if field is not None:
        path = f"{path}.{field[1]}"
    return _shortened(text), _shortened(path)


def _shortened(text: str) -> str:
    return text if len(text) <= ECHO else text[: ECHO - 1] + "…"
