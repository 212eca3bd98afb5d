"""Refusals: every polite no, as a typed value with its data, and the one place of its words.

`Refused` is raised where something is decided; the `Refusal` inside travels to the door, which
renders it its own way (a sentence, a numeric, a status). Templates are gettext message ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from msgspec import Struct, structs

Translate: TypeAlias = Callable[[str], str]
"""Maps an English message id to the reader's language."""


def N_(message: str) -> str:
    """Mark a message id for translation where the language is not known yet."""
    return message


class Refusal(Struct, frozen=True, tag_field="code"):
    """Why something was not done; `code` is its stable name on every wire."""

    template: ClassVar[str]

    @property
    def code(self) -> str:
        """The stable name of this kind of refusal, such as `nick_in_use`."""
        return str(self.__struct_config__.tag)


class Refused(Exception):
    """Raised instead of doing what was asked; nothing has changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(describe(refusal, lambda message: message))
        self.refusal = refusal


def describe(refusal: Refusal, translate: Translate) -> str:
    """Return the refusal as a sentence in the language of `translate`."""
    return translate(refusal.template).format(**structs.asdict(refusal))


class NoSuchRoom(Refusal, frozen=True, tag="no_such_room"):
    template = N_("There is no room called {name}. /rooms lists them, /create {name} makes it.")
    name: str


class UnknownRoom(Refusal, frozen=True, tag="unknown_room"):
    template = N_("There is no such room any more.")


class RoomExists(Refusal, frozen=True, tag="room_exists"):
    template = N_("There is a room called {name} already. /join {name} takes you there.")
    name: str


class NotInRoom(Refusal, frozen=True, tag="not_in_room"):
    template = N_("You are not in {name}. /join {name} takes you there.")
    name: str


class InNoRoom(Refusal, frozen=True, tag="in_no_room"):
    template = N_("You are in no room. /rooms lists them, /join ROOM takes you into one.")


class AlreadyInRoom(Refusal, frozen=True, tag="already_in_room"):
    template = N_("You are in {name} already.")
    name: str


class InvalidRoomName(Refusal, frozen=True, tag="invalid_room_name"):
    template = N_(
        "{name} can't be a room's name. Use letters, digits, - and _, at most {limit} of them."
    )
    name: str
    limit: int


class NickInUse(Refusal, frozen=True, tag="nick_in_use"):
    template = N_("The nick {nick} is taken, or looks like one that is. {suggestion} is free.")
    nick: str
    suggestion: str


class InvalidNick(Refusal, frozen=True, tag="invalid_nick"):
    template = N_("{nick} can't be a nick. Use letters, digits, - and _, at most {limit} of them.")
    nick: str
    limit: int


class ReservedNick(Refusal, frozen=True, tag="reserved_nick"):
    template = N_("{nick} is kept for guests without a name and for the server. Choose another.")
    nick: str


class NoSuchUser(Refusal, frozen=True, tag="no_such_user"):
    template = N_("There is nobody called {nick} here. /users lists who is.")
    nick: str


class ToYourself(Refusal, frozen=True, tag="to_yourself"):
    template = N_("That would be you.")


class NobodyToAnswer(Refusal, frozen=True, tag="nobody_to_answer"):
    template = N_("Nobody has written to you directly yet. /msg NICK TEXT writes to somebody.")


class NoSuchMessage(Refusal, frozen=True, tag="no_such_message"):
    template = N_("There is no such message.")


class NotYourMessage(Refusal, frozen=True, tag="not_your_message"):
    template = N_("That message is not yours.")


class MessageGone(Refusal, frozen=True, tag="message_gone"):
    template = N_("That message was deleted.")


class AlreadyReacted(Refusal, frozen=True, tag="already_reacted"):
    template = N_("You reacted with {reaction} already.")
    reaction: str


class NoSuchReaction(Refusal, frozen=True, tag="no_such_reaction"):
    template = N_("You have not reacted with {reaction}.")
    reaction: str


class TooManyReactions(Refusal, frozen=True, tag="too_many_reactions"):
    template = N_("That message has {limit} different reactions already; use one of them.")
    limit: int


class InvalidReaction(Refusal, frozen=True, tag="invalid_reaction"):
    template = N_("A reaction is one emoji or one short word, at most {limit} characters.")
    limit: int


class OwnersOnly(Refusal, frozen=True, tag="owners_only"):
    template = N_("Only the owner of {name} may do that.")
    name: str


class NeedsRole(Refusal, frozen=True, tag="needs_role"):
    template = N_("Your role in {name} does not let you do that.")
    name: str


class NotAMember(Refusal, frozen=True, tag="not_a_member"):
    template = N_("{nick} is not in {name}.")
    nick: str
    name: str


class IsAMember(Refusal, frozen=True, tag="is_a_member"):
    template = N_("{nick} is in {name} already.")
    nick: str
    name: str


class WrongKey(Refusal, frozen=True, tag="wrong_key"):
    template = N_("{name} has a key, and that is not it.")
    name: str


class RoomFull(Refusal, frozen=True, tag="room_full"):
    template = N_("{name} is full.")
    name: str


class InviteOnly(Refusal, frozen=True, tag="invite_only"):
    template = N_("Nobody enters {name} without being invited.")
    name: str


class Banned(Refusal, frozen=True, tag="banned"):
    template = N_("You are banned from {name}.")
    name: str


class Unheard(Refusal, frozen=True, tag="unheard"):
    template = N_("{name} is moderated: only those with a role are heard there.")
    name: str


class InvalidRule(Refusal, frozen=True, tag="invalid_rule"):
    template = N_("{value} can't be set for a room.")
    value: str


class TooManyMasks(Refusal, frozen=True, tag="too_many_masks"):
    template = N_("There are {limit} masks in that list of {name}, which is the most.")
    name: str
    limit: int


class OperatorsOnly(Refusal, frozen=True, tag="operators_only"):
    template = N_("Only an operator of this server may do that.")


class MainRoomStays(Refusal, frozen=True, tag="main_room_stays"):
    template = N_("{name} is the main room and can't be deleted.")
    name: str


class EmptyText(Refusal, frozen=True, tag="empty_text"):
    template = N_("There is nothing in it that could be shown.")


class TextTooLong(Refusal, frozen=True, tag="text_too_long"):
    template = N_(
        "That is too long: {length} characters, and {limit} is the most. It was not sent."
    )
    length: int
    limit: int


class LineTooLong(Refusal, frozen=True, tag="line_too_long"):
    template = N_("That line is too long: {limit} bytes is the most. It was not sent.")
    limit: int


class InvalidEncoding(Refusal, frozen=True, tag="invalid_encoding"):
    template = N_("That was not UTF-8 and was not sent. Set your client to UTF-8.")


class TooManyRooms(Refusal, frozen=True, tag="too_many_rooms"):
    template = N_("You are in {limit} rooms, which is the most. /leave one first.")
    limit: int


class ServerHasTooManyRooms(Refusal, frozen=True, tag="server_has_too_many_rooms"):
    template = N_("This server has {limit} rooms, which is the most.")
    limit: int


class RateLimited(Refusal, frozen=True, tag="rate_limited"):
    template = N_("You are too fast. Try again in {retry_after:.0f} s.")
    retry_after: float
    """Seconds until the same thing would be accepted."""


class TooManyLines(Refusal, frozen=True, tag="too_many_lines"):
    template = N_("Too many lines at once: {dropped} of them were not sent.")
    dropped: int


class TooManyConnections(Refusal, frozen=True, tag="too_many_connections"):
    template = N_("Too many connections from your address. Close one, or try again later.")


class Expelled(Refusal, frozen=True, tag="expelled"):
    template = N_("{by} has put you out of the chat: {text}")
    by: str
    text: str


class ChatFull(Refusal, frozen=True, tag="chat_full"):
    template = N_("Apologies: the chat server is full ({limit} clients). Please try again later.")
    limit: int


class StoreUnavailable(Refusal, frozen=True, tag="store_unavailable"):
    template = N_(
        "The server can't keep anything just now, so this was not sent. Try again in a moment."
    )


class HistoryDamaged(Refusal, frozen=True, tag="history_damaged"):
    template = N_("This part of the history can't be read. The operator can find out why.")


class InternalError(Refusal, frozen=True, tag="internal_error"):
    template = N_("Something went wrong here, and nothing was done. The operator's log says what.")


class ShuttingDown(Refusal, frozen=True, tag="shutting_down"):
    template = N_("The chat is being shut down.")


class LoginTimeout(Refusal, frozen=True, tag="login_timeout"):
    template = N_("You did not log in in time.")


class ResumeFailed(Refusal, frozen=True, tag="resume_failed"):
    template = N_("You can't go on where you were: it is too long ago. Log in anew.")


class SessionReplaced(Refusal, frozen=True, tag="session_replaced"):
    template = N_("You have come back through another connection.")


class UnknownCommand(Refusal, frozen=True, tag="unknown_command"):
    template = N_("There is no command /{word}. /help lists them all.")
    word: str


class DidYouMean(Refusal, frozen=True, tag="did_you_mean"):
    template = N_("There is no command /{word}. Did you mean /{suggestion}?")
    word: str
    suggestion: str


class AmbiguousCommand(Refusal, frozen=True, tag="ambiguous_command"):
    template = N_("/{word} could be {candidates}.")
    word: str
    candidates: str


class UnknownLanguage(Refusal, frozen=True, tag="unknown_language"):
    template = N_("This chat does not speak {language}. It speaks {languages}.")
    language: str
    languages: str


class Usage(Refusal, frozen=True, tag="usage"):
    template = N_("Usage: {usage}")
    usage: str


class WrongArgument(Refusal, frozen=True, tag="wrong_argument"):
    template = N_("{word} won't do for {argument}. Usage: {usage}")
    word: str
    argument: str
    """As the usage shows it."""
    usage: str


class RefusedByPlugin(Refusal, frozen=True, tag="refused_by_plugin"):
    template = N_("{plugin} refuses that: {text}")
    plugin: str
    text: str


class PluginFailed(Refusal, frozen=True, tag="plugin_failed"):
    template = N_("The plugin {plugin} has failed. The operator's log says how.")
    plugin: str


class PluginNotRunning(Refusal, frozen=True, tag="plugin_not_running"):
    template = N_("The plugin {plugin} is not running just now. The operator's log says why.")
    plugin: str
