"""What can go wrong for a client, as exceptions. All of them are `TertuliaError`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from tertulia.wire.events import events as w


class TertuliaError(Exception):
    """Base of everything that the SDK raises by itself."""


class ServerError(TertuliaError):
    """The server refused a request; nothing has changed."""

    def __init__(
        self,
        code: str,
        text: str,
        path: str | None = None,
        data: Mapping[str, str | int | float] | None = None,
        event: str | None = None,
    ) -> None:
        super().__init__(text or code)
        self.code = code
        """What it is, for programs, such as `nick_in_use`."""
        self.text = text
        """What it is, for people, in the language that the client asked for."""
        self.path = path
        """The param that the fault is in, such as `$.room`."""
        self.data = dict(data or {})
        """More about it, such as `suggestion`."""
        self.event = event
        """The request that was refused, as far as it is known."""

    @classmethod
    def of(cls, error: w.ServerError) -> Self:
        """Return the exception for an error that the server told of."""
        return cls(error.code, error.text, error.path, error.data, error.event)

    @property
    def retry_after(self) -> float | None:
        """Seconds until the same thing would be accepted, if it was only too early for it."""
        seconds = self.data.get("retry_after")
        return None if self.code != "rate_limited" or isinstance(seconds, str) else seconds


class LoginRefused(ServerError):
    """The server does not let the client in like this; trying again would not help."""


class CannotConnect(TertuliaError):
    """There is no server at the address, or it does not speak the event protocol."""


class ConnectionLost(TertuliaError):
    """The connection broke before the answer came; whether it was done can't be said."""


class SessionReplaced(TertuliaError):
    """Somebody came back with this client's token on another connection: this one is over."""


class NoAnswer(TertuliaError, TimeoutError):
    """No answer came in time."""


class QueueFull(TertuliaError):
    """Too much is waiting to be sent already."""


class ClientClosed(TertuliaError):
    """The client is closed, or was never connected."""
