"""Refusals: every polite no of the chat as a numeric, with what stands before its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tertulia.core import errors as e
from tertulia.core.errors import Refusal, describe
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.reply import Reply

_NUMERICS: Final[Mapping[type[Refusal], tuple[str, str]]] = {
    e.NoSuchRoom: (n.ERR_NOSUCHCHANNEL, "No such channel"),
    e.UnknownRoom: (n.ERR_NOSUCHCHANNEL, "No such channel"),
    e.InvalidRoomName: (n.ERR_NOSUCHCHANNEL, "Illegal channel name"),
    e.NotInRoom: (n.ERR_NOTONCHANNEL, "You're not on that channel"),
    e.NickInUse: (n.ERR_NICKNAMEINUSE, "Nickname is already in use"),
    e.InvalidNick: (n.ERR_ERRONEUSNICKNAME, "Erroneous nickname"),
    e.ReservedNick: (n.ERR_ERRONEUSNICKNAME, "That nickname is reserved"),
    e.NoSuchUser: (n.ERR_NOSUCHNICK, "No such nick/channel"),
    e.NeedsRole: (n.ERR_CHANOPRIVSNEEDED, "You're not a channel operator"),
    e.OwnersOnly: (n.ERR_CHANOPRIVSNEEDED, "Only the owner of the channel may do that"),
    e.NotAMember: (n.ERR_USERNOTINCHANNEL, "They aren't on that channel"),
    e.IsAMember: (n.ERR_USERONCHANNEL, "is already on channel"),
    e.WrongKey: (n.ERR_BADCHANNELKEY, "Cannot join channel (+k)"),
    e.RoomFull: (n.ERR_CHANNELISFULL, "Cannot join channel (+l)"),
    e.InviteOnly: (n.ERR_INVITEONLYCHAN, "Cannot join channel (+i)"),
    e.Banned: (n.ERR_BANNEDFROMCHAN, "Cannot join channel (+b)"),
    e.Unheard: (n.ERR_CANNOTSENDTOCHAN, "Cannot send to channel (+m)"),
    e.TooManyRooms: (n.ERR_TOOMANYCHANNELS, "You have joined too many channels"),
    e.TooManyMasks: (n.ERR_BANLISTFULL, "Channel list is full"),
    e.EmptyText: (n.ERR_NOTEXTTOSEND, "No text to send"),
    e.OperatorsOnly: (n.ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator"),
}
_BARE: Final = (n.ERR_NOTEXTTOSEND, n.ERR_NOPRIVILEGES)
"""Numerics that take no parameter but the words."""


def refuse(reply: Reply, command: str, refusal: Refusal, *params: str) -> None:
    """Answer with a refusal of `command`; `params` are what it was about."""
    code, words = _NUMERICS.get(type(refusal), (n.ERR_UNKNOWNERROR, ""))
    if isinstance(refusal, e.Banned) and command in ("PRIVMSG", "NOTICE", "TAGMSG"):
        code, words = n.ERR_CANNOTSENDTOCHAN, "Cannot send to channel (+b)"
    if isinstance(refusal, e.NotInRoom) and command in ("PRIVMSG", "NOTICE", "TAGMSG"):
        code, words = n.ERR_CANNOTSENDTOCHAN, "Cannot send to channel (+n)"
    if isinstance(refusal, e.RateLimited):
        reply.fail(command, "RATE_LIMITED", describe(refusal, str))
    elif code == n.ERR_UNKNOWNERROR:
        reply.numeric(code, command, *params, describe(refusal, str))
    elif code in _BARE:
        reply.numeric(code, words)
    else:
        reply.numeric(code, *params, words)
