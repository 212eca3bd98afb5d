"""One connection of the IRC door: its lines, taken in order, and what the chat shows it.

A line that asks the chat for something holds up those behind it until the answer is there, so
that replies come in the order of the commands; only words do not wait for each other. What waits
is bounded, for nothing more is read meanwhile.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final

from tertulia.core import errors as e
from tertulia.core.commands import Command
from tertulia.core.errors import RateLimited, Refusal, describe
from tertulia.core.events import Entry, LeaveReason
from tertulia.core.room import RoomState
from tertulia.core.state import User
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.registration import Registration
from tertulia.doors.irc.reply import Reply
from tertulia.ports import Answer, Done, Link, Outbox, Session, WireFormat
from tertulia.wire.irc.format import IrcFormat
from tertulia.wire.irc.message import END, MAX_BODY, MAX_TAG_DATA, format_line, parse

if TYPE_CHECKING:
    from tertulia.doors.irc.door import IrcDoor

logger = logging.getLogger(__name__)

MAX_UNENDED: Final = 16_384
"""Bytes of a line without an end that are kept; the rest of such a line is dropped."""
MAX_WAITING: Final = 65_536
"""Bytes of lines that may wait; from there on nothing more is read for a while."""
FULL_PAUSE: Final = 0.1
COMMANDS_AT_ONCE: Final = 50
"""Commands besides words that may come in one go; from there on they are metered."""
PIPELINED: Final = frozenset(("PRIVMSG", "NOTICE", "TAGMSG"))
"""Commands that need not wait for each other."""


class TooFast(Exception):
    """A command came too soon, and has done nothing yet: it can be taken again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not for another {seconds} s")
        self.seconds = seconds


class Phase(Enum):
    """How far a connection is."""

    ARRIVING = "arriving"
    OPEN = "open"
    CLOSED = "closed"


class IrcClient:
    """Implements `ports.StreamHandler` and `ports.SessionView`."""

    __slots__ = (
        "_batches",
        "_command_due",
        "_is_scheduled",
        "_is_skipping",
        "_lines",
        "_pending",
        "_pending_words",
        "_rest",
        "_stop_timer",
        "_waiting",
        "away_asked",
        "caps",
        "door",
        "is_cap302",
        "link",
        "marks",
        "modes",
        "phase",
        "registration",
        "session",
        "spoke_at",
        "subscriptions",
        "tag_echoes",
        "wire",
    )

    session: Session

    def __init__(self, door: IrcDoor, link: Link) -> None:
        """Wait for somebody to say who they are, through `link`."""
        self.door = door
        self.link = link
        self.phase = Phase.ARRIVING
        self.registration = Registration()
        self.caps: frozenset[str] = frozenset()
        self.wire: IrcFormat = door.format(self.caps)
        self.modes: set[str] = set()
        """User modes: `i`, `w`, `B`, and `o` for an operator."""
        self.is_cap302 = False
        self.away_asked: str | None = None
        """An away text that came before registration was complete."""
        self.marks: dict[str, int] = {}
        """How far it has read, by what targets compare by."""
        self.subscriptions: set[str] = set()
        """The keys of metadata that it wants to hear of."""
        self.tag_echoes: deque[Reply] = deque()
        """Replies that end with tags of its own, as soon as those have an id."""
        self.spoke_at = door.monotonic()
        self._rest = b""
        self._is_skipping = False
        self._lines: list[bytes] = []
        self._waiting = 0
        self._pending = 0
        """Answers that are still to come, and for them other lines wait."""
        self._pending_words = 0
        self._is_scheduled = False
        self._batches = 0
        self._command_due = float("-inf")
        self._stop_timer: Callable[[], None] = link.call_later(
            door.settings.registration_seconds, self._registration_late
        )

    # Who it is

    @property
    def server(self) -> str:
        """The server's name."""
        return self.door.settings.name

    @property
    def user(self) -> User | None:
        """Who it is, once online."""
        return self.door.gateway.me(self.session) if self.phase is Phase.OPEN else None

    @property
    def nick(self) -> str:
        """What they are called; `*` before they are."""
        user = self.user
        if user is not None:
            return user.person.nick
        return "*" if self.phase is Phase.OPEN else self.registration.nick or "*"

    def fresh_batch(self) -> str:
        """Return the name of a new batch."""
        self._batches += 1
        return f"b{self._batches}"

    def set_caps(self, caps: frozenset[str]) -> None:
        """Write in another way from here on."""
        self.caps = caps
        self.wire = self.door.format(caps)
        if self.phase is Phase.OPEN:
            self.door.gateway.refresh(self.session)

    # What comes in

    def receive_data(self, data: bytes) -> None:
        """See `ports.StreamHandler.receive_data`."""
        if self.phase is Phase.CLOSED:
            return
        if data:
            self.spoke_at = self.door.monotonic()
            lines = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
            self._rest = lines.pop()
            for line in lines:
                if self._is_skipping:
                    self._is_skipping = False
                elif line:
                    self._lines.append(line)
                    self._waiting += len(line) + 64
            if len(self._rest) > MAX_UNENDED:
                if not self._is_skipping:
                    self._lines.append(self._rest)
                self._rest, self._is_skipping = b"", True
        self._go_on()

    def receive_eof(self) -> None:
        """See `ports.StreamHandler.receive_eof`."""
        self.quit("Connection closed", LeaveReason.QUIT)

    def _go_on(self) -> None:
        """Take the lines that need not wait."""
        self._is_scheduled = False
        taken = 0
        lines = self._lines
        try:
            while taken < len(lines) and self.phase is not Phase.CLOSED:
                if not self._take(lines[taken]):
                    break
                taken += 1
        except TooFast as too_fast:
            self.link.pause(too_fast.seconds)
        if taken:
            self._waiting -= sum(len(line) + 64 for line in lines[:taken])
            del lines[:taken]
        if self._waiting > MAX_WAITING and self.phase is not Phase.CLOSED:
            self.link.pause(FULL_PAUSE)

    def _take(self, raw: bytes) -> bool:
        """Take one line; False when it has to wait."""
        if self.registration.is_entering or self._pending:
            return False
        line = self._read(raw)
        if line is None:
            return True
        message = parse(line)
        if message is None:
            return True
        if self._pending_words and message.command not in PIPELINED:
            return False
        if message.command not in PIPELINED:
            self._meter()
        label = message.tags.get("label", "") if "labeled-response" in self.caps else ""
        reply = Reply(self, label)
        try:
            self.door.dispatch(self, message, reply)
        except TooFast:
            raise
        except Exception:
            logger.exception("a command of IRC failed: %s", message.command[:20])
            reply.numeric(n.ERR_UNKNOWNERROR, message.command[:20], "Something went wrong here")
        self._settle(reply)
        return True

    def _meter(self) -> None:
        """Hold up commands that come too fast: some take work without asking the chat.

        Raises:
            TooFast: the next one may be taken in a while.
        """
        rate = self.door.settings.commands_per_second
        if not rate:
            return
        now = self.door.monotonic()
        due = max(self._command_due, now - COMMANDS_AT_ONCE / rate) + 1.0 / rate
        if due > now:
            raise TooFast(due - now)
        self._command_due = due

    def _read(self, raw: bytes) -> str | None:
        """Return a line as text; None when it was answered already, or there is none."""
        tags, _, body = raw.partition(b" ") if raw.startswith(b"@") else (b"", b"", raw)
        if len(tags) > MAX_TAG_DATA + 1 or len(body.lstrip(b" ")) > MAX_BODY - 2:
            self._say(n.ERR_INPUTTOOLONG, "Input line was too long")
            return None
        try:
            return raw.replace(b"\0", b"").decode()
        except UnicodeDecodeError:
            words = "Message rejected, your IRC software MUST use UTF-8 encoding on this network"
            command = body.split(b" ", 1)[0].decode(errors="replace")
            command = command if command.isalnum() else "*"
            self.send(format_line(self.server, "FAIL", (command, "INVALID_UTF8", words)))
            return None

    def _settle(self, reply: Reply) -> None:
        if reply.awaited:
            reply.flush()
        else:
            reply.finish()

    # Asking the chat

    def ask(
        self,
        reply: Reply,
        command: Command,
        then: Callable[[Answer], None],
        *,
        is_words: bool = False,
        may_wait: bool = True,
    ) -> None:
        """Ask for `command` and call `then` with the answer, whatever it is.

        Raises:
            TooFast: the limits put it off; unless `may_wait` is false, then it is refused.
        """

        def on_answer(answer: Answer) -> None:
            reply.awaited -= 1
            if is_words:
                self._pending_words -= 1
            else:
                self._pending -= 1
            if self.phase is not Phase.CLOSED:
                then(answer)
                self._settle_answered(reply)
                self._schedule()

        refusal = self.door.gateway.submit(self.session, command, on_answer, reply)
        if refusal is not None:
            if isinstance(refusal, RateLimited) and may_wait and not reply.awaited:
                raise TooFast(refusal.retry_after)
            then(refusal)
            return
        reply.awaited += 1
        if is_words:
            self._pending_words += 1
        else:
            self._pending += 1

    def _settle_answered(self, reply: Reply) -> None:
        if reply.awaited:
            reply.flush()
        elif reply.is_batched:
            reply.flush()
            # After what happened in the rooms has been written, which belongs to the batch.
            self.hold()
            self.link.call_later(0, partial(self.release, reply))
        else:
            reply.finish()

    def hold(self) -> None:
        """Let lines wait, for something is being looked up."""
        self._pending += 1

    def release(self, reply: Reply) -> None:
        """Let them go on."""
        self._pending -= 1
        if self.phase is not Phase.CLOSED:
            reply.finish()
            self._schedule()

    def _schedule(self) -> None:
        if self._lines and not self._is_scheduled:
            self._is_scheduled = True
            self.link.call_later(0, self._go_on_later)

    def _go_on_later(self) -> None:
        if self.phase is not Phase.CLOSED:
            self._go_on()

    # Registration

    def proceed(self) -> None:
        """Go online, if everything is known that it takes."""
        registration = self.registration
        if self.phase is not Phase.ARRIVING or not registration.is_complete:
            return
        if not self.door.accepts(registration.password):
            self._say(n.ERR_PASSWDMISMATCH, "Password incorrect")
            self.disconnect("Password incorrect", LeaveReason.LOST)
            return
        registration.is_entering = True
        origin = self.link.client
        label = f"~{registration.login}@{origin.label}"
        self.session = self.door.gateway.open(
            type(origin)(origin.door, label, origin.address),
            self,
            nick=registration.nick,
            on_answer=self._arrived,
            enter=False,
            hears_itself=False,
            realname=registration.realname,
        )

    def _arrived(self, answer: Answer) -> None:
        if self.phase is Phase.CLOSED:
            return
        self.registration.is_entering = False
        if isinstance(answer, Done):
            self.phase = Phase.OPEN
            self._stop_timer()
            self.spoke_at = self.door.monotonic()
            self._stop_timer = self.link.call_later(self.door.settings.ping_seconds, self._look)
            self.door.welcome(self)
            self._schedule()
            return
        nick = self.registration.nick
        self.registration.forget_nick()
        if isinstance(answer, e.ShuttingDown | e.StoreUnavailable):
            self.disconnect(describe(answer, str), LeaveReason.LOST)
            return
        code = n.ERR_NICKNAMEINUSE if isinstance(answer, e.NickInUse) else n.ERR_ERRONEUSNICKNAME
        words = "Nickname is already in use" if code == "433" else "Erroneous nickname"
        self.send(format_line(self.server, code, ("*", nick, words)))
        self._schedule()

    def _registration_late(self) -> None:
        self.disconnect("Registration timed out", LeaveReason.TIMEOUT)

    def _look(self) -> None:
        """See whether they are still there (RFC 2812, 3.7.2)."""
        settings = self.door.settings
        quiet = self.door.monotonic() - self.spoke_at
        if quiet >= settings.ping_seconds + settings.pong_seconds:
            self.quit("Ping timeout", LeaveReason.TIMEOUT)
            return
        if quiet >= settings.ping_seconds:
            self.send(f"PING :{self.server}")
            wait = settings.ping_seconds + settings.pong_seconds - quiet
        else:
            wait = settings.ping_seconds - quiet
        self._stop_timer = self.link.call_later(max(0.1, wait), self._look)

    # What goes out

    def push(self, data: bytes) -> None:
        """Send bytes."""
        if data:
            self.link.outbox.push(data)

    def send(self, line: str) -> None:
        """Send a line."""
        self.push(f"{line}{END}".encode())

    def _say(self, code: str, *params: str) -> None:
        self.send(format_line(self.server, code, (self.nick, *params)))

    # Events, by `ports.SessionView`

    @property
    def outbox(self) -> Outbox:
        """See `ports.SessionView.outbox`."""
        return self.link.outbox

    def format_for(self, room: RoomState | None) -> WireFormat:
        """See `ports.SessionView.format_for`."""
        return self.wire

    def encode_own(self, entry: Entry, room: RoomState, request: object) -> bytes:
        """See `ports.SessionView.encode_own`."""
        if not isinstance(request, Reply):
            return self.wire.encode(entry, room)
        return self.door.echo(self, entry, room, request)

    def evict(self, refusal: Refusal | None) -> None:
        """See `ports.SessionView.evict`."""
        if isinstance(refusal, e.Expelled):
            self.send(format_line(refusal.by, "KILL", (self.nick, refusal.text)))
            self._close(f"Killed ({refusal.by} ({refusal.text}))", LeaveReason.KICKED)
        elif refusal is None:
            self._close("Closing", LeaveReason.LOST)
        else:
            reason = LeaveReason.LOST
            if isinstance(refusal, e.ShuttingDown):
                reason = LeaveReason.SHUTDOWN
            self._close(describe(refusal, str), reason)

    # The end

    def quit(self, text: str, reason: LeaveReason) -> None:
        """Leave the chat with parting words."""
        if self.phase is Phase.OPEN or self.registration.is_entering:
            self.door.gateway.close(self.session, reason, text)
        self._close(text, reason)

    def disconnect(self, words: str, reason: LeaveReason) -> None:
        """Close the connection, and say why."""
        self.quit(words, reason)

    def _close(self, words: str, reason: LeaveReason) -> None:
        if self.phase is Phase.CLOSED:
            return
        self.send(f"ERROR :Closing Link: {self.link.client.address} ({words})")
        self._let_go()
        self.link.close(reason)

    def connection_lost(self, reason: LeaveReason) -> None:
        """See `ports.StreamHandler.connection_lost`."""
        if self.phase is Phase.OPEN or self.registration.is_entering:
            self.door.gateway.close(self.session, reason)
        self._let_go()

    def _let_go(self) -> None:
        if self.phase is Phase.CLOSED:
            return
        self._stop_timer()
        self.door.forget(self)
        self.phase = Phase.CLOSED
        self._lines = []
        self._rest = b""
