from __future__ import annotations

from itertools import product

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.apply import replay
from tertulia.core.decide import carry_out, decide, found_main_room
from tertulia.core.events import Entry, LeaveReason, MemberLeft, Role, Rule
from tertulia.core.ids import EPOCH_MS, IdSource, RoomId, UserId
from tertulia.core.moderation import ALLOWED, Action, may
from tertulia.core.policy import Policy
from tertulia.core.room import Member, RoomState
from tertulia.core.rules import made_member
from tertulia.core.state import Turn, World

ROLES = {
    Role.MODERATOR: Rule.MODERATOR,
    Role.ASSISTANT: Rule.ASSISTANT,
    Role.SPEAKER: Rule.SPEAKER,
}


class Den:
    """A room of ana's in which bob and eve are, and a street in which dan is."""

    def __init__(self) -> None:
        self.world = World()
        self.ids = IdSource()
        self.log: list[Entry] = []
        turn = Turn(self.world, self.ids, EPOCH_MS)
        found_main_room(turn, Policy())
        turn.keep()
        self.people = {
            nick: UserId(self.ids.next(EPOCH_MS)) for nick in ("ana", "bob", "eve", "dan")
        }
        for nick, user in self.people.items():
            assert self.ask(nick, c.Connect(user, f"~{nick}@10.0.0.1:1", nick)) is None
        assert self.ask("ana", c.CreateRoom("den")) is None
        state = self.world.room_named("den")
        assert state is not None
        self.id: RoomId = state.id
        for nick in ("bob", "eve"):
            assert self.ask(nick, c.JoinRoom("den")) is None

    def ask(self, nick: str, command: c.Command) -> e.Refusal | None:
        turn = Turn(self.world, self.ids, EPOCH_MS)
        user = self.people[nick]
        try:
            carry_out(turn, user, decide(turn, user, command, Policy(), {}))
        except e.Refused as refused:
            return refused.refusal
        turn.keep()
        self.log += turn.entries
        return None

    @property
    def state(self) -> RoomState:
        return self.world.rooms[self.id]

    def rule(self, nick: str, rule: Rule, value: str = "", *, on: bool = True) -> e.Refusal | None:
        whom = self.people.get(value) if rule in ROLES.values() else None
        return self.ask(nick, c.ChangeRules(self.id, (c.RuleWish(rule, on, value, whom),)))

    def member(self, nick: str) -> Member:
        return self.state.members[self.people[nick]]


def test_the_log_replayed_gives_the_rules_and_the_roles() -> None:
    den = Den()
    for rule, value in [
        (Rule.KEY, "word"),
        (Rule.LIMIT, "9"),
        (Rule.MODERATED, ""),
        (Rule.BAN, "dan"),
        (Rule.EXCEPTION, "*!*@10.*"),
        (Rule.INVITATION, "eve"),
        (Rule.MODERATOR, "bob"),
        (Rule.SPEAKER, "bob"),
    ]:
        assert den.rule("ana", rule, value) is None
    assert den.ask("ana", c.Invite(den.id, den.people["dan"])) is None
    assert den.ask("ana", c.RenameRoom(den.id, "cave")) is None
    assert den.member("bob").roles == (Role.MODERATOR, Role.SPEAKER)
    assert replay(entry for entry in den.log if entry.room == den.id) == den.state
    assert den.world.room_named("den") is None
    assert den.world.room_named("cave") == den.state


@pytest.mark.parametrize(("role", "action"), list(product(Role, Action)))
def test_a_role_may_do_what_the_table_says(role: Role, action: Action) -> None:
    member = made_member(Den().member("bob").user, () if role is Role.MEMBER else (role,))
    assert may(member, action) is (role in ALLOWED[action])


@pytest.mark.parametrize(
    ("role", "refused"),
    [(None, True), (Role.SPEAKER, True), (Role.ASSISTANT, False), (Role.MODERATOR, False)],
)
def test_who_may_kick_does_and_who_may_not_is_refused(role: Role | None, refused: bool) -> None:
    den = Den()
    if role is not None:
        assert den.rule("ana", ROLES[role], "bob") is None
    answer = den.ask("bob", c.Kick(den.id, den.people["eve"], "out"))
    assert (answer == e.NeedsRole("den")) is refused
    if not refused:
        left = den.log[-1].event
        assert isinstance(left, MemberLeft)
        assert (left.reason, left.text) == (LeaveReason.KICKED, "out")
        assert den.people["eve"] not in den.state.members


@pytest.mark.parametrize(
    ("rule", "value", "refusal"),
    [
        (Rule.KEY, "word", e.WrongKey("den")),
        (Rule.LIMIT, "3", e.RoomFull("den")),
        (Rule.INVITE_ONLY, "", e.InviteOnly("den")),
        (Rule.BAN, "*!*@10.0.*", e.Banned("den")),
    ],
)
def test_a_rule_keeps_people_out_unless_they_are_invited(
    rule: Rule, value: str, refusal: e.Refusal
) -> None:
    den = Den()
    assert den.rule("ana", rule, value) is None
    assert den.ask("dan", c.JoinRoom("den")) == refusal
    assert den.ask("ana", c.Invite(den.id, den.people["dan"])) is None
    assert den.ask("dan", c.JoinRoom("den")) is None
    assert den.state.invited == ()


def test_a_key_lets_people_in() -> None:
    den = Den()
    den.rule("ana", Rule.KEY, "word")
    assert den.ask("dan", c.JoinRoom("den", "word")) is None


def test_an_exception_lets_a_banned_one_in_and_speak() -> None:
    den = Den()
    den.rule("ana", Rule.BAN, "dan")
    den.rule("ana", Rule.EXCEPTION, "dan")
    assert den.ask("dan", c.JoinRoom("den")) is None
    assert den.ask("dan", c.PostMessage(den.id, "hi")) is None
    den.rule("ana", Rule.EXCEPTION, "dan!*@*", on=False)
    assert den.ask("dan", c.PostMessage(den.id, "hi")) == e.Banned("den")


def test_in_a_moderated_room_only_those_with_a_role_are_heard() -> None:
    den = Den()
    den.rule("ana", Rule.MODERATED)
    assert den.ask("bob", c.PostMessage(den.id, "hi")) == e.Unheard("den")
    den.rule("ana", Rule.SPEAKER, "bob")
    assert den.ask("bob", c.PostMessage(den.id, "hi")) is None


def test_people_outside_are_heard_only_where_the_rules_let_them() -> None:
    den = Den()
    assert den.ask("dan", c.PostMessage(den.id, "hi")) == e.NotInRoom("den")
    den.rule("ana", Rule.MEMBERS_ONLY, on=False)
    assert den.ask("dan", c.PostMessage(den.id, "hi")) is None


def test_a_locked_topic_takes_a_role() -> None:
    den = Den()
    assert den.ask("bob", c.SetTopic(den.id, "books")) is None
    den.rule("ana", Rule.TOPIC_LOCKED)
    assert den.ask("bob", c.SetTopic(den.id, "tea")) == e.NeedsRole("den")
    assert (den.state.topic, den.state.topic_by) == ("books", "bob")


def test_nobody_takes_the_room_from_its_owner() -> None:
    den = Den()
    den.rule("ana", Rule.MODERATOR, "bob")
    assert den.rule("bob", Rule.MODERATOR, "ana", on=False) == e.OwnersOnly("den")
    assert den.rule("ana", Rule.MODERATOR, "ana", on=False) is None
    assert den.member("ana").roles == ()


def test_what_is_so_already_changes_nothing() -> None:
    den = Den()
    den.rule("ana", Rule.MODERATED)
    before = len(den.log)
    assert den.rule("ana", Rule.MODERATED) is None
    assert len(den.log) == before


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (Rule.KEY, "two words"),
        (Rule.KEY, ""),
        (Rule.LIMIT, "-1"),
        (Rule.LIMIT, "many"),
        (Rule.BAN, "two words"),
    ],
)
def test_a_value_that_cannot_be_is_refused(rule: Rule, value: str) -> None:
    assert den_refusal(rule, value) == e.InvalidRule(value)


def den_refusal(rule: Rule, value: str) -> e.Refusal | None:
    return Den().rule("ana", rule, value)


def test_a_list_has_an_end() -> None:
    den = Den()
    wishes = tuple(c.RuleWish(Rule.BAN, value=f"n{place}") for place in range(100))
    assert den.ask("ana", c.ChangeRules(den.id, wishes)) is None
    assert den.rule("ana", Rule.BAN, "more") == e.TooManyMasks("den", 100)


def test_the_name_of_another_room_cannot_be_taken() -> None:
    den = Den()
    assert den.ask("ana", c.RenameRoom(den.id, "lobby")) == e.RoomExists("lobby")
    assert den.ask("bob", c.RenameRoom(den.id, "cave")) == e.NeedsRole("den")
