from __future__ import annotations

from typing import get_args

import pytest

from tertulia.core import commands as c
from tertulia.core.ids import EventId, RoomId, UserId

ROOM, TARGET = RoomId(1), EventId(2)


@pytest.mark.parametrize(
    "command",
    [
        c.EditMessage(TARGET, "x"),
        c.DeleteMessage(TARGET),
        c.AddReaction(TARGET, "+1"),
        c.RemoveReaction(TARGET, "+1"),
        c.PostMessage(ROOM, "x", reply_to=TARGET),
    ],
)
def test_commands_about_a_message_name_it(command: c.Command) -> None:
    assert c.target_of(command) == TARGET


@pytest.mark.parametrize(
    "command", [c.PostMessage(ROOM, "x"), c.PostDirect("ana", "x"), c.DeleteRoom(ROOM)]
)
def test_other_commands_name_none(command: c.Command) -> None:
    assert c.target_of(command) is None


def test_no_command_says_who_asks() -> None:
    kinds = set(get_args(c.Command)) - {c.Connect}
    assert not {"user", "author", "by", "actor"} & {
        field for kind in kinds for field in kind.__struct_fields__
    }


def test_commands_do_not_change() -> None:
    with pytest.raises(AttributeError):
        c.Connect(UserId(1), "").nick = "ana"  # type: ignore[misc]
