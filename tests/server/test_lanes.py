"""Filters in front of the turns: order stays, nobody else waits, and without one nobody does."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest
from msgspec.structs import replace
from typing_extensions import override

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.commands import Command
from tertulia.core.events import Entry, LeaveReason, MessagePosted
from tertulia.core.room import RoomState
from tertulia.ports import Done, Session, Verdict
from tertulia.server import lanes
from tests.server.driving import Chat, Guest
from tests.server.virtual import in_virtual_time


class FakeFilter:
    """Judges when a test says so."""

    def __init__(self, *kinds: type[Command]) -> None:
        self._kinds = kinds
        self.asked: list[tuple[Command, Callable[[Verdict], None]]] = []

    def wants(self, command: Command) -> bool:
        return isinstance(command, self._kinds)

    def judge(
        self, session: Session, command: Command, on_verdict: Callable[[Verdict], None]
    ) -> None:
        self.asked.append((command, on_verdict))

    def decide(self, verdict: Verdict | None = None, *, at: int = 0) -> None:
        """Give a verdict on a command that waits: itself, unless there is another."""
        command, on_verdict = self.asked.pop(at)
        on_verdict(command if verdict is None else verdict)

    @property
    def texts(self) -> list[str]:
        """The messages that wait."""
        return [it.text for it, _ in self.asked if isinstance(it, c.PostMessage)]


class Immediate(FakeFilter):
    """Puts every message into capitals, at once."""

    @override
    def judge(
        self, session: Session, command: Command, on_verdict: Callable[[Verdict], None]
    ) -> None:
        assert isinstance(command, c.PostMessage)
        on_verdict(replace(command, text=command.text.upper()))


def words(guest: Guest) -> list[str]:
    """Return the messages that somebody has heard."""
    return [line.split()[-1] for line in guest.heard if "MessagePosted" in line]


def kinds(guest: Guest) -> list[str]:
    """Return the kinds of entries that somebody has heard; signals are shorter lines."""
    return [line.split()[2] for line in guest.heard if len(line.split()) > 2]


def codes(answers: Collection[object]) -> list[str]:
    return [answer.code for answer in answers if isinstance(answer, e.Refusal)]


@in_virtual_time
async def test_without_a_filter_a_command_is_in_the_next_turn_at_once() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ana.say("hello")
        assert chat.engine.waiting == 1


@in_virtual_time
async def test_a_command_that_no_filter_wants_is_in_the_next_turn_at_once() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        chat.gateway.filter_commands(FakeFilter(c.PostDirect))
        ana.say("hello")
        assert chat.engine.waiting == 1


@in_virtual_time
async def test_a_command_waits_for_its_verdict_and_then_is_decided_and_answered() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        judge = FakeFilter(c.PostMessage)
        chat.gateway.filter_commands(judge)
        ana.say("hello")
        await chat.settle()
        assert (words(bob), ana.answers) == ([], [])
        judge.decide()
        await chat.settle()
        assert words(bob) == ["hello"]
        assert [type(answer) for answer in ana.answers] == [Done]


@in_virtual_time
async def test_a_refused_command_leads_to_nothing_but_its_answer() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        judge = FakeFilter(c.PostMessage)
        chat.gateway.filter_commands(judge)
        ana.say("darn")
        judge.decide(e.RefusedByPlugin("calm", "Mind your words."))
        await chat.settle()
        assert ana.answers == [e.RefusedByPlugin("calm", "Mind your words.")]
        assert (words(bob), ana.live.in_flight) == ([], 0)


@in_virtual_time
async def test_another_command_is_decided_in_its_place() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        chat.gateway.filter_commands(Immediate(c.PostMessage))
        ana.say("hello")
        await chat.settle()
        assert words(bob) == ["HELLO"]


@in_virtual_time
async def test_what_one_person_asks_for_stays_in_order_whatever_the_verdicts_order() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        judge = FakeFilter(c.PostMessage)
        chat.gateway.filter_commands(judge)
        for word in ("one", "two", "three"):
            ana.say(word)
        assert judge.texts == ["one", "two", "three"]
        judge.decide(at=2)
        judge.decide(e.EmptyText(), at=1)
        await chat.settle()
        assert words(bob) == []
        judge.decide()
        await chat.settle()
        assert words(bob) == ["one", "three"]
        assert codes(ana.answers) == ["empty_text"]


@in_virtual_time
async def test_what_no_filter_wants_waits_behind_what_one_wants() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        judge = FakeFilter(c.PostMessage)
        chat.gateway.filter_commands(judge)
        ana.say("before")
        ana.ask(c.ChangeNick("anna"))
        await chat.settle()
        assert bob.heard == []
        judge.decide()
        await chat.settle()
        assert kinds(bob)[:2] == ["MessagePosted", "MemberRenamed"]


@in_virtual_time
async def test_the_last_words_of_somebody_who_hangs_up_come_before_their_farewell() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        judge = FakeFilter(c.PostMessage)
        chat.gateway.filter_commands(judge)
        ana.say("bye")
        chat.gateway.close(ana.session, LeaveReason.QUIT)
        await chat.settle()
        assert bob.heard == []
        judge.decide()
        await chat.settle()
        assert kinds(bob) == ["MessagePosted", "MemberLeft"]


@in_virtual_time
async def test_others_do_not_wait() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        judge = FakeFilter(c.PostMessage)
        chat.gateway.filter_commands(judge)
        ana.say("slow")
        bob.say("quick")
        judge.decide(at=1)
        await chat.settle()
        assert words(ana) == ["quick"]
        judge.decide()


@in_virtual_time
async def test_somebody_can_be_refused_on_arrival_and_then_is_not_there() -> None:
    async with Chat() as chat:
        judge = FakeFilter(c.Connect)
        chat.gateway.filter_commands(judge)
        ana = chat.open("ana")
        judge.decide(e.RefusedByPlugin("calm", "Not you."))
        await chat.settle()
        assert ana.answers == [e.RefusedByPlugin("calm", "Not you.")]
        assert [*chat.gateway.users(), *chat.gateway.sessions()] == []


@in_virtual_time
async def test_when_the_filter_goes_what_waits_keeps_its_place() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        judge = FakeFilter(c.PostMessage)
        chat.gateway.filter_commands(judge)
        ana.say("one")
        chat.gateway.filter_commands(None)
        ana.say("two")
        await chat.settle()
        assert words(bob) == []
        judge.decide()
        ana.say("three")
        await chat.settle()
        assert words(bob) == ["one", "two", "three"]


@in_virtual_time
async def test_at_the_end_what_waits_is_refused_and_farewells_are_kept() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        chat.gateway.filter_commands(FakeFilter(c.PostMessage))
        ana.say("too late")
        ana.ask(c.ChangeNick("anna"))
        chat.gateway.evict_all()
        chat.gateway.close(ana.session, LeaveReason.SHUTDOWN)
        await chat.settle()
        assert codes(ana.answers) == ["shutting_down"]
        assert (words(bob), kinds(bob)[-1]) == ([], "MemberLeft")


@in_virtual_time
async def test_a_second_verdict_changes_nothing() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        judge = FakeFilter(c.PostMessage)
        chat.gateway.filter_commands(judge)
        ana.say("once")
        _, on_verdict = judge.asked[0]
        judge.decide()
        on_verdict(e.EmptyText())
        await chat.settle()
        assert (words(bob), codes(ana.answers)) == (["once"], [])


@in_virtual_time
async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_WAITING", 2)
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        judge = FakeFilter(c.PostMessage)
        chat.gateway.filter_commands(judge)
        for word in ("one", "two", "three"):
            ana.say(word)
        chat.gateway.close(ana.session, LeaveReason.QUIT)
        assert codes(ana.answers) == ["rate_limited"]
        judge.decide()
        judge.decide()
        await chat.settle()
        assert words(bob) == ["one", "two"]
        assert kinds(bob)[-1] == "MemberLeft"


@in_virtual_time
async def test_who_follows_the_entries_gets_each_once_it_is_stored_in_order() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        followed: list[tuple[int, str]] = []

        def follow(entry: Entry, room: RoomState) -> None:
            assert chat.store.kept[entry.room, entry.seq] == entry.id
            if isinstance(entry.event, MessagePosted):
                followed.append((entry.seq, f"{room.name} {entry.event.text}"))

        chat.gateway.follow_entries(follow)
        ana.say("one")
        ana.say("two")
        await chat.settle()
        chat.gateway.follow_entries(None)
        ana.say("three")
        await chat.settle()
        assert followed == [(3, "lobby one"), (4, "lobby two")]
