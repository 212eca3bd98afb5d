"""CAP: which extensions a client wants (IRCv3 capability-negotiation, 302)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.client import Phase
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc.message import Message

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

CAPS: Final[Mapping[str, str]] = {
    "account-notify": "",
    "account-tag": "",
    "away-notify": "",
    "batch": "",
    "cap-notify": "",
    "chghost": "",
    "draft/channel-rename": "",
    "draft/chathistory": "",
    "draft/event-playback": "",
    "draft/message-redaction": "",
    "draft/metadata-3": "max-subs=100,max-keys=50,max-value-bytes=300",
    "draft/no-implicit-names": "",
    "draft/pre-away": "",
    "draft/read-marker": "",
    "echo-message": "",
    "extended-join": "",
    "extended-monitor": "",
    "invite-notify": "",
    "labeled-response": "",
    "message-tags": "",
    "multi-prefix": "",
    "server-time": "",
    "setname": "",
    "standard-replies": "",
    "userhost-in-names": "",
}
"""What there is, with the value that CAP LS 302 shows."""

ALWAYS_302: Final = frozenset(("cap-notify",))
"""On for whoever speaks version 302, and can't be taken off."""
LINE: Final = 400


def cap(client: IrcClient, message: Message, reply: Reply) -> None:
    """CAP: negotiate capabilities."""
    subcommand, *params = message.params
    match subcommand.upper():
        case "LS":
            _ls(client, params, reply)
        case "LIST":
            _list(client, reply)
        case "REQ":
            _req(client, params, reply)
        case "END":
            client.registration.is_negotiating = False
            client.proceed()
        case _:
            reply.numeric(n.ERR_INVALIDCAPCMD, subcommand[:50] or "*", "Invalid CAP command")


def _begin(client: IrcClient) -> None:
    if client.phase is Phase.ARRIVING:
        client.registration.is_negotiating = True


def _ls(client: IrcClient, params: list[str], reply: Reply) -> None:
    _begin(client)
    asked = params[0] if params else ""
    if asked.isascii() and asked.isdecimal() and int(asked[:6]) >= 302:
        client.is_cap302 = True
        client.set_caps(client.caps | ALWAYS_302)
    shown = [
        f"{name}={value}" if value and client.is_cap302 else name for name, value in CAPS.items()
    ]
    _tell(client, "LS", shown, reply)


def _list(client: IrcClient, reply: Reply) -> None:
    _tell(client, "LIST", sorted(client.caps), reply)


def _tell(client: IrcClient, subcommand: str, names: list[str], reply: Reply) -> None:
    """Add a list of capabilities, in several lines where the client can take them."""
    lines: list[list[str]] = [[]]
    size = 0
    for name in names:
        if size + len(name) > LINE and client.is_cap302:
            lines.append([])
            size = 0
        lines[-1].append(name)
        size += len(name) + 1
    for line in lines[:-1]:
        reply.line(client.server, "CAP", client.nick, subcommand, "*", " ".join(line))
    # With a blank at the end, a line of one name still has its colon.
    last = " ".join(lines[-1])
    reply.raw(f":{client.server} CAP {client.nick} {subcommand} :{last}")


def _req(client: IrcClient, params: list[str], reply: Reply) -> None:
    _begin(client)
    asked = params[0] if params else ""
    caps = set(client.caps)
    for name in asked.split():
        wanted = not name.startswith("-")
        bare = name.removeprefix("-")
        if bare not in CAPS or (not wanted and client.is_cap302 and bare in ALWAYS_302):
            reply.raw(f":{client.server} CAP {client.nick} NAK :{asked}")
            return
        (caps.add if wanted else caps.discard)(bare)
    client.set_caps(frozenset(caps))
    reply.raw(f":{client.server} CAP {client.nick} ACK :{asked}")
