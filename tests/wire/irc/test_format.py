from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.events import (
    AwayChanged,
    Entry,
    Event,
    Invited,
    LeaveReason,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Person,
    ReactionAdded,
    RealnameChanged,
    Role,
    RoomDeleted,
    RoomRenamed,
    Rule,
    RuleChange,
    RulesChanged,
    Signal,
    Tagged,
    TopicChanged,
    Typing,
    UserGone,
    UserRenamed,
)
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.room import Member, RoomState
from tertulia.core.text import clean_text
from tertulia.wire.irc.format import IrcFormat

ANA = Person(UserId(7), "ana", "~ana@10.0.0.1:5")
BOB = Person(UserId(8), "bob", "10.0.0.2:6")
DEN = RoomState(RoomId(1), "den", members={ANA.id: Member(ANA, Role.OWNER)})
SERVER = "irc.example"

PLAIN = IrcFormat(frozenset(), SERVER)
FULL = IrcFormat(
    frozenset(
        (
            *("message-tags", "server-time", "extended-join", "away-notify", "setname"),
            *("invite-notify", "draft/message-redaction", "draft/channel-rename"),
        )
    ),
    SERVER,
)


def lines(wire: IrcFormat, event: Event) -> list[str]:
    entry = Entry(DEN.id, 3, EventId(5), 1_795_176_000_123, event)
    return wire.encode(entry, DEN).decode().split("\r\n")[:-1]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (MessagePosted(ANA, "hi"), [":ana!~ana@10.0.0.1 PRIVMSG #den :hi"]),
        (MessagePosted(BOB, "hi"), [":bob!~bob@10.0.0.2 PRIVMSG #den :hi"]),
        (MessagePosted(ANA, "hi", notice=True), [":ana!~ana@10.0.0.1 NOTICE #den :hi"]),
        (MessagePosted(ANA, "hi", to="bob"), [":ana!~ana@10.0.0.1 PRIVMSG bob :hi"]),
        (
            MessagePosted(ANA, "waves", action=True),
            [":ana!~ana@10.0.0.1 PRIVMSG #den :\x01ACTION waves\x01"],
        ),
        (
            MessagePosted(ANA, "one\ntwo"),
            [":ana!~ana@10.0.0.1 PRIVMSG #den :one", ":ana!~ana@10.0.0.1 PRIVMSG #den :two"],
        ),
        (MemberJoined(ANA), [":ana!~ana@10.0.0.1 JOIN #den"]),
        (MemberLeft(ANA, LeaveReason.LEFT, "bye"), [":ana!~ana@10.0.0.1 PART #den bye"]),
        (MemberLeft(ANA, LeaveReason.QUIT), []),
        (
            MemberLeft(BOB, LeaveReason.KICKED, "", ANA),
            [":ana!~ana@10.0.0.1 KICK #den bob ana"],
        ),
        (TopicChanged(ANA, ""), [":ana!~ana@10.0.0.1 TOPIC #den :"]),
        (
            RulesChanged(ANA, (RuleChange(Rule.SPEAKER, user=BOB),)),
            [":ana!~ana@10.0.0.1 MODE #den +v bob"],
        ),
        (MemberInvited(ANA, BOB), []),
        (RoomRenamed(ANA, "cave", "den"), []),
        (MessageEdited(ANA, EventId(2), "hi!"), [":ana!~ana@10.0.0.1 PRIVMSG #den :(edited) hi!"]),
        (MessageDeleted(ANA, EventId(2)), [":irc.example NOTICE #den :ana took a message back"]),
        (
            ReactionAdded(ANA, EventId(2), "+1"),
            [":ana!~ana@10.0.0.1 PRIVMSG #den :\x01ACTION reacted with +1\x01"],
        ),
        (RoomDeleted(), [":irc.example KICK #den ana :Room deleted"]),
    ],
)
def test_a_plain_client_is_told_in_lines_that_it_knows(event: Event, told: list[str]) -> None:
    assert lines(PLAIN, event) == told


TIME = "time=2026-11-20T12:00:00.123Z"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            MessagePosted(ANA, "hi", reply_to=EventId(2), tags=(("+x", "a;b"),)),
            (
                f"@{TIME};msgid=0000000000005;+x=a\\:b;+draft/reply=0000000000002 "
                ":ana!~ana@10.0.0.1 PRIVMSG #den :hi"
            ),
        ),
        (
            MemberJoined(ANA, realname="Ana Maria"),
            f"@{TIME} :ana!~ana@10.0.0.1 JOIN #den * :Ana Maria",
        ),
        (MemberInvited(ANA, BOB), f"@{TIME} :ana!~ana@10.0.0.1 INVITE bob #den"),
        (
            RoomRenamed(ANA, "cave", "den", "dark"),
            f"@{TIME} :ana!~ana@10.0.0.1 RENAME #den #cave dark",
        ),
        (
            MessageDeleted(ANA, EventId(2), "oops"),
            f"@{TIME} :ana!~ana@10.0.0.1 REDACT #den 0000000000002 oops",
        ),
        (
            ReactionAdded(ANA, EventId(2), "+1"),
            (
                f"@{TIME};msgid=0000000000005;+draft/react=+1;+draft/reply=0000000000002 "
                ":ana!~ana@10.0.0.1 TAGMSG #den"
            ),
        ),
    ],
)
def test_a_client_with_capabilities_is_told_by_them(event: Event, told: str) -> None:
    assert lines(FULL, event) == [told]


@pytest.mark.parametrize(
    ("signal", "plain", "full"),
    [
        (UserRenamed(ANA, "eva"), ":eva!~ana@10.0.0.1 NICK ana", ":eva!~ana@10.0.0.1 NICK ana"),
        (
            UserGone(ANA, LeaveReason.QUIT, "bye"),
            ":ana!~ana@10.0.0.1 QUIT bye",
            ":ana!~ana@10.0.0.1 QUIT bye",
        ),
        (AwayChanged(ANA, "tea"), "", ":ana!~ana@10.0.0.1 AWAY tea"),
        (AwayChanged(ANA, None), "", ":ana!~ana@10.0.0.1 AWAY"),
        (RealnameChanged(ANA, "A M"), "", ":ana!~ana@10.0.0.1 SETNAME :A M"),
        (
            Invited(ANA, BOB, DEN.id, "den"),
            ":ana!~ana@10.0.0.1 INVITE bob #den",
            ":ana!~ana@10.0.0.1 INVITE bob #den",
        ),
        (Typing(DEN.id, ANA), "", "@+typing=active :ana!~ana@10.0.0.1 TAGMSG #den"),
        (
            Tagged(DEN.id, ANA, (("+x", ""),), id=EventId(5)),
            "",
            "@msgid=0000000000005;+x :ana!~ana@10.0.0.1 TAGMSG #den",
        ),
    ],
)
def test_a_signal_is_a_line_for_those_who_know_it(signal: Signal, plain: str, full: str) -> None:
    assert PLAIN.encode_signal(signal, DEN).decode().rstrip("\r\n") == plain
    assert FULL.encode_signal(signal, DEN).decode().rstrip("\r\n") == full


@given(st.text(st.characters(codec="utf-8"), max_size=2000), st.booleans())
def test_whatever_is_said_stays_within_lines_of_512_bytes(text: str, action: bool) -> None:
    said = MessagePosted(ANA, clean_text(text, 100), action)
    for line in lines(PLAIN, said):
        assert len(line.encode()) <= 510
        assert line.startswith(":ana!~ana@10.0.0.1 PRIVMSG #den :")
        assert not {"\r", "\n", "\0"} & set(line)
