"""A voice: the user that a plugin speaks as, online like everybody else but without a connection.

It comes online when it first has something to say, hears nothing by way of its session (plugins
hear through listeners), and lives on the server's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from tertulia.core.commands import Command, Connect, Disconnect, JoinRoom
from tertulia.core.errors import AlreadyInRoom, NickInUse, Refusal, Refused, ShuttingDown
from tertulia.core.events import Entry, LeaveReason, Signal
from tertulia.core.ids import RoomId, UserId
from tertulia.core.room import RoomState
from tertulia.ports import Answer, Client, Done, Gateway, Outbox, Session, WireFormat


class Voice:
    """One plugin's user; implements `ports.SessionView`."""

    def __init__(self, gateway: Gateway, plugin: str) -> None:
        self._gateway = gateway
        self._plugin = plugin
        self._session: Session | None = None
        self._arriving: asyncio.Future[Session] | None = None

    @property
    def user(self) -> UserId | None:
        """Its user; None while it is not online."""
        return None if self._session is None else self._session.user

    @property
    def identity(self) -> str:
        """What its direct conversations are kept under; empty while it is not online."""
        me = None if self._session is None else self._gateway.me(self._session)
        return "" if me is None else me.identity

    async def submit(self, command: Command) -> Done:
        """Ask for something in its name.

        Raises:
            Refused: it is not to be.
        """
        return await ask(self._gateway, await self.session(), command)

    async def enter(self, room: RoomId) -> Session:
        """Make sure that it is in a public room.

        Raises:
            Refused: it can't come in.
        """
        session = await self.session()
        state = self._gateway.room(room)
        if state is not None and not state.parties and session.user not in state.members:
            try:
                await ask(self._gateway, session, JoinRoom(room))
            except Refused as refused:
                if not isinstance(refused.refusal, AlreadyInRoom):
                    raise
        return session

    async def session(self) -> Session:
        """Return its session; it is brought online for that.

        Raises:
            Refused: nobody can come online.
        """
        if self._session is not None:
            return self._session
        arriving = self._arriving
        if arriving is None:
            self._arriving = arriving = asyncio.get_running_loop().create_future()
            self._arrive(self._plugin)
        return await asyncio.shield(arriving)

    def close(self, reason: LeaveReason = LeaveReason.QUIT) -> None:
        """Take it offline, until it has something to say again."""
        session, self._session = self._session, None
        if session is not None:
            self._gateway.close(session, reason)

    def _arrive(self, nick: str | None) -> None:
        client = Client("plugin", f"plugin:{self._plugin}", f"plugin:{self._plugin}")
        early: list[Answer] = []
        session: Session | None = None

        def on_answer(answer: Answer) -> None:
            if session is None:
                early.append(answer)
            else:
                self._arrived(session, nick, answer)

        session = self._gateway.open(client, self, nick=nick, on_answer=on_answer)
        for answer in early:
            self._arrived(session, nick, answer)

    def _arrived(self, session: Session, nick: str | None, answer: Answer) -> None:
        if self._gateway.me(session) is None and isinstance(answer, Refusal):
            if nick is None or isinstance(answer, ShuttingDown):
                self._end_arrival(Refused(answer))
            else:
                other = answer.suggestion if isinstance(answer, NickInUse) else None
                self._arrive(None if other == nick else other)
            return
        self._session = session
        self._end_arrival(session)

    def _end_arrival(self, outcome: Session | Refused) -> None:
        arriving, self._arriving = self._arriving, None
        if arriving is None:
            return
        if isinstance(outcome, Refused):
            arriving.set_exception(outcome)
            # Whoever waited may have given up.
            arriving.exception()
        else:
            arriving.set_result(outcome)

    # As a view: nobody looks

    @property
    def outbox(self) -> Outbox:
        """See `ports.SessionView.outbox`."""
        return _NOWHERE

    def format_for(self, room: RoomState | None) -> WireFormat:
        """See `ports.SessionView.format_for`."""
        return _SILENCE

    def encode_own(self, entry: Entry, room: RoomState, request: object) -> bytes:
        """See `ports.SessionView.encode_own`."""
        return b""

    def evict(self, refusal: Refusal | None) -> None:
        """See `ports.SessionView.evict`."""
        is_end = isinstance(refusal, ShuttingDown)
        self.close(LeaveReason.SHUTDOWN if is_end else LeaveReason.LOST)


async def ask(gateway: Gateway, session: Session, command: Command) -> Done:
    """Submit a command and wait for its answer.

    Raises:
        Refused: it is not to be.
        TypeError: it is about coming online or going offline, which is a door's business.
    """
    if isinstance(command, (Connect, Disconnect)):
        raise TypeError(f"no plugin can ask for {type(command).__name__}")
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def on_answer(answer: Answer) -> None:
        if not answered.done():
            answered.set_result(answer)

    refusal = gateway.submit(session, command, on_answer)
    answer = refusal if refusal is not None else await answered
    if isinstance(answer, Refusal):
        raise Refused(answer)
    return answer


class _Nowhere:
    """An outbox that nobody reads."""

    __slots__ = ()

    def push(self, data: bytes) -> None:
        """Drop it."""


class _Silence:
    """A wire format that shows nothing."""

    __slots__ = ()

    def encode(self, entry: Entry, room: RoomState) -> bytes:
        """Show nothing."""
        return b""

    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        """Show nothing."""
        return b""

    def join(self, entries: Sequence[Entry], encoded: Sequence[bytes], room: RoomState) -> bytes:
        """Show nothing."""
        return b""


_NOWHERE: Final = _Nowhere()
_SILENCE: Final = _Silence()
