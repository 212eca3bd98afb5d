"""The welcome: what somebody reads who has just come online, and what the server says it can do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tertulia.doors.irc import facts, people
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc import modes as m
from tertulia.wire.irc.format import source_of

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

TOKENS_PER_LINE: Final = 12
USER_MODES: Final = "Biow"
MONITORED: Final = 100
"""How many somebody may watch for."""
WHOX_FIELDS: Final = "tcuihsnfdlaor"


def isupport(client: IrcClient) -> list[str]:
    """Return the tokens of RPL_ISUPPORT, all of them true."""
    settings = client.door.settings
    policy = settings.policy
    per_list = policy.masks_per_list
    return [
        f"AWAYLEN={policy.away_length}",
        "BOT=B",
        "CASEMAPPING=ascii",
        f"CHANLIMIT=#:{policy.rooms_per_user}",
        f"CHANMODES={m.LISTS},{m.KEYED},{m.COUNTED},{m.FLAGS}",
        f"CHANNELLEN={policy.room_name_length + 1}",
        "CHANTYPES=#",
        "CHATHISTORY=100",
        "ELIST=CMNTU",
        "EXCEPTS=e",
        "INVEX=I",
        f"KEYLEN={policy.key_length}",
        f"KICKLEN={policy.topic_length}",
        f"MAXLIST=b:{per_list},e:{per_list},I:{per_list}",
        f"MODES={m.MAX_CHANGES}",
        f"MONITOR={MONITORED}",
        "MSGREFTYPES=msgid,timestamp",
        f"NETWORK={settings.network}",
        f"NICKLEN={policy.nick_length}",
        "PREFIX=(ohv)@%+",
        "SAFELIST",
        "TARGMAX=JOIN:,KICK:,LIST:,NAMES:,NOTICE:4,PART:,PRIVMSG:4,TAGMSG:4,WHOIS:1,MONITOR:",
        f"TOPICLEN={policy.topic_length}",
        "UTF8ONLY",
        "WHOX",
    ]


def welcome(client: IrcClient) -> None:
    """Send everything that a client expects after registration (RFC 2812, 5.1)."""
    door, reply = client.door, Reply(client)
    settings = door.settings
    user = client.user
    if user is None:
        return
    source = source_of(user.person)
    reply.numeric(n.RPL_WELCOME, f"Welcome to the {settings.network} Network, {source}")
    reply.numeric(
        n.RPL_YOURHOST, f"Your host is {settings.name}, running version {settings.version}"
    )
    reply.numeric(n.RPL_CREATED, f"This server was started {facts.date(door.began)}")
    modes = m.LISTS + m.KEYED + m.COUNTED + m.FLAGS + m.ROLES
    takes = m.LISTS + m.KEYED + m.COUNTED + m.ROLES
    reply.numeric(
        n.RPL_MYINFO,
        settings.name,
        settings.version,
        USER_MODES,
        "".join(sorted(modes)),
        "".join(sorted(takes)),
    )
    for tokens in _grouped(isupport(client)):
        reply.numeric(n.RPL_ISUPPORT, *tokens, "are supported by this server")
    facts.tell_lusers(client, reply)
    facts.tell_motd(client, reply)
    reply.finish()
    people.go_away_as_asked(client)
    door.read(client, Reply(client), _tell_missed(client))


def _grouped(tokens: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(tokens), TOKENS_PER_LINE):
        yield tokens[start : start + TOKENS_PER_LINE]


async def _tell_missed(client: IrcClient) -> None:
    """Show the direct messages that came while nobody was here under this name."""
    for message in await client.door.gateway.missed(client.session):
        client.push(
            client.wire.words(
                source_of(message.author),
                "PRIVMSG",
                client.nick,
                message.text,
                action=message.action,
                tags=client.wire.tags(message.time, message.id),
                more=client.wire.tags(message.time),
            )
        )
