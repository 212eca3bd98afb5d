"""Commands about people: names, who somebody is, being away, and not listening to somebody."""

from __future__ import annotations

from tertulia.core.commands import ChangeNick, SetAway
from tertulia.core.errors import NoSuchUser, Refused
from tertulia.core.events import RoomKind
from tertulia.core.plain import moment
from tertulia.core.state import User
from tertulia.slash.call import Call
from tertulia.slash.columns import pairs, wrap
from tertulia.slash.parse import Arguments
from tertulia.slash.rooms import enter


def nick(call: Call, arguments: Arguments) -> None:
    """Take another nick, or tell the present one.

    `/entrar #tea` reads as “enter the room tea” in Portuguese and Spanish, so that is done.
    """
    wanted = arguments.optional_nick()
    arguments.end()
    if wanted is None:
        me = call.me().person
        call.say(call.gettext("You are {nick}. Your id is {id}.", nick=me.nick, id=me.label))
    elif wanted.startswith("#"):
        enter(call, wanted.removeprefix("#"))
    else:
        call.submit(ChangeNick(wanted), lambda _: _tell_nick(call))


def whois(call: Call, arguments: Arguments) -> None:
    """Tell what is known of somebody who is online."""
    wanted = arguments.nick()
    arguments.end()
    user = call.gateway.user_called(wanted)
    if user is None:
        raise Refused(NoSuchUser(wanted))
    rows = [
        (call.gettext("id"), user.person.label),
        (call.gettext("online since"), f"{moment(user.since, call.zone):%Y-%m-%d %H:%M}"),
    ]
    if user.away is not None:
        rows.append((call.gettext("away"), user.away or call.gettext("yes")))
    rooms = _room_names(call, user)
    if rooms:
        rows.append((call.gettext("rooms"), ", ".join(rooms)))
    call.say(user.person.nick, *pairs(rows))


def away(call: Call, arguments: Arguments) -> None:
    """Go away, with a text or without."""
    command = SetAway(arguments.optional_text())
    call.submit(command, lambda _: call.confirm(call.gettext("You are away now. /back ends it.")))


def back(call: Call, arguments: Arguments) -> None:
    """Be here again."""
    arguments.end()
    call.submit(SetAway(None), lambda _: call.confirm(call.gettext("You are back.")))


def ignore(call: Call, arguments: Arguments) -> None:
    """Hide what somebody says and does, or list whose words are hidden."""
    wanted = arguments.optional_nick()
    arguments.end()
    if wanted is None:
        _tell_ignored(call)
    elif not call.refuse(call.gateway.ignore(call.session, wanted)):
        call.say(
            call.gettext(
                "You will not see what {nick} says and does. /unignore {nick} ends that.",
                nick=_as_shown(call, wanted),
            )
        )


def unignore(call: Call, arguments: Arguments) -> None:
    """Show again what somebody says and does."""
    wanted = arguments.nick()
    arguments.end()
    if not call.refuse(call.gateway.unignore(call.session, wanted)):
        shown = _as_shown(call, wanted)
        call.say(call.gettext("You see again what {nick} says and does.", nick=shown))


def _tell_nick(call: Call) -> None:
    call.confirm(call.gettext("You are {nick} now.", nick=call.me().person.nick))


def _tell_ignored(call: Call) -> None:
    nicks = call.gateway.ignored(call.session)
    if not nicks:
        call.say(call.gettext("You ignore nobody."))
        return
    head = call.gettext("You ignore:")
    call.say(*wrap(head, [*(f"{nick}," for nick in nicks[:-1]), nicks[-1]]))


def _as_shown(call: Call, nick: str) -> str:
    user = call.gateway.user_called(nick)
    return nick if user is None else user.person.nick


def _room_names(call: Call, user: User) -> list[str]:
    rooms = map(call.gateway.room, user.rooms)
    return [room.name for room in rooms if room is not None and room.kind is RoomKind.PUBLIC]
