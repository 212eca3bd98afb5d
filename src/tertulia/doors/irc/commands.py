"""The commands of the IRC door: one row each, with what it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from tertulia.doors.irc import (
    capabilities,
    channels,
    facts,
    history,
    marks,
    metadata,
    modes,
    numerics,
    operators,
    people,
    watching,
    who,
    words,
)
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc.message import Message

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

Handle: TypeAlias = "Callable[[IrcClient, Message, Reply], None]"


class Row(Struct, frozen=True):
    """One command."""

    handle: Handle
    least: int = 0
    """Parameters without which it is refused."""
    before: bool = False
    """Whether it can be said before registration is complete."""
    too_few: str = ""
    """The numeric for too few of them, where it is not ERR_NEEDMOREPARAMS."""
    too_few_words: str = "Not enough parameters"


COMMANDS: Final[Mapping[str, Row]] = {
    "CAP": Row(capabilities.cap, 1, before=True),
    "PASS": Row(people.pass_, 1, before=True),
    "NICK": Row(
        people.nick,
        1,
        before=True,
        too_few=numerics.ERR_NONICKNAMEGIVEN,
        too_few_words="No nickname given",
    ),
    "USER": Row(people.user, 4, before=True),
    "PING": Row(
        facts.ping, 1, before=True, too_few=numerics.ERR_NOORIGIN, too_few_words="No origin"
    ),
    "PONG": Row(facts.pong, before=True),
    "QUIT": Row(people.quit_, before=True),
    "JOIN": Row(channels.join, 1),
    "PART": Row(channels.part, 1),
    "TOPIC": Row(channels.topic, 1),
    "NAMES": Row(channels.names),
    "LIST": Row(channels.list_),
    "KICK": Row(channels.kick, 2),
    "INVITE": Row(channels.invite),
    "RENAME": Row(channels.rename, 2),
    "MODE": Row(modes.mode, 1),
    "PRIVMSG": Row(words.privmsg),
    "NOTICE": Row(words.notice),
    "TAGMSG": Row(words.tagmsg, 1),
    "REDACT": Row(words.redact, 2),
    "AWAY": Row(people.away, before=True),
    "SETNAME": Row(people.setname, 1),
    "USERHOST": Row(people.userhost, 1),
    "ISON": Row(people.ison, 1),
    "WHO": Row(who.who),
    "WHOIS": Row(
        who.whois, 1, too_few=numerics.ERR_NONICKNAMEGIVEN, too_few_words="No nickname given"
    ),
    "WHOWAS": Row(
        who.whowas, 1, too_few=numerics.ERR_NONICKNAMEGIVEN, too_few_words="No nickname given"
    ),
    "MONITOR": Row(watching.monitor, 1),
    "MOTD": Row(facts.motd),
    "LUSERS": Row(facts.lusers),
    "VERSION": Row(facts.version),
    "TIME": Row(facts.time),
    "INFO": Row(facts.info),
    "STATS": Row(facts.stats, 1),
    "LINKS": Row(facts.links),
    "ADMIN": Row(facts.admin),
    "HELP": Row(facts.help_),
    "HELPOP": Row(facts.help_),
    "WALLOPS": Row(operators.wallops, 1),
    "OPER": Row(operators.oper, 2),
    "KILL": Row(operators.kill, 1),
    "REHASH": Row(operators.rehash),
    "CHATHISTORY": Row(history.chathistory, 1),
    "METADATA": Row(metadata.metadata, 2),
    "MARKREAD": Row(marks.markread),
}
