"""Between the log and the wire: entries as events, events as entries.

A client makes entries of what it hears and applies them (`core.apply`), as the server does, so
that its picture of a room is the server's. What a newer server may have added to an enumeration
is read as the plainest of its kind. Rooms and people are converted in `snapshots`.
"""

from __future__ import annotations

from typing import TypedDict, assert_never

from tertulia.core import events as e
from tertulia.core.events import Entry, LeaveReason, Role, RoomKind, Signal
from tertulia.core.ids import EventId, RoomId
from tertulia.wire.events import events as w
from tertulia.wire.events.objects import RuleChange
from tertulia.wire.events.snapshots import (
    id_of,
    known,
    optional_id,
    person_of,
    read_id,
    room_id_of,
    user_of,
)


class _Place(TypedDict):
    room: str
    seq: int
    id: str
    time: int


def event_of(entry: Entry) -> w.RoomEvent:
    """Return an entry of a room's log as an event."""
    at = _Place(room=room_id_of(entry.room), seq=entry.seq, id=id_of(entry.id), time=entry.time)
    event = entry.event
    match event:
        case e.MessagePosted(author=author, reply_to=reply_to):
            return w.MessageSent(
                **at,
                author=user_of(author),
                text=event.text,
                action=event.action,
                reply_to=optional_id(reply_to),
                to=event.to,
                notice=event.notice,
                tags=dict(event.tags),
            )
        case e.MessageEdited(by=by, target=target, text=text):
            return w.MessageEdited(**at, message=id_of(target), by=user_of(by), text=text)
        case e.MessageDeleted(by=by, target=target, reason=why):
            return w.MessageDeleted(**at, message=id_of(target), by=user_of(by), reason=why)
        case e.ReactionAdded(by=by, target=target, reaction=sign):
            return w.ReactionAdded(**at, message=id_of(target), by=user_of(by), reaction=sign)
        case e.ReactionRemoved(by=by, target=target, reaction=sign):
            return w.ReactionRemoved(**at, message=id_of(target), by=user_of(by), reaction=sign)
        case e.TopicChanged(by=by, topic=topic):
            return w.TopicChanged(**at, by=user_of(by), topic=topic)
        case e.MemberJoined(user=user, role=role):
            return w.UserJoined(
                **at, user=user_of(user), role=role.value, realname=event.realname, away=event.away
            )
        case e.MemberLeft(user=user, reason=reason, text=text, by=by_whom):
            by_user = None if by_whom is None else user_of(by_whom)
            return w.UserLeft(**at, user=user_of(user), reason=reason.value, text=text, by=by_user)
        case e.MemberInvited(by=by, user=user):
            return w.UserInvited(**at, by=user_of(by), user=user_of(user))
        case e.RulesChanged(by=by, changes=changes):
            return w.RulesChanged(**at, by=user_of(by), changes=tuple(map(_change_of, changes)))
        case e.RoomRenamed(by=by, name=name, old_name=old_name):
            return w.RoomRenamed(
                **at, by=user_of(by), name=name, old_name=old_name, text=event.text
            )
        case e.MemberRenamed(user=user, old_nick=old_nick):
            return w.UserRenamed(**at, user=user_of(user), old_nick=old_nick)
        case e.RoomCreated(by=maker):
            return w.RoomOpened(
                **at,
                name=event.name,
                kind=event.kind.value,
                by=None if maker is None else user_of(maker),
                parties=event.parties,
                permanent=event.permanent,
                topic=event.topic,
            )
        case e.RoomDeleted(by=maker):
            return w.RoomClosed(**at, by=None if maker is None else user_of(maker))
        case _:
            assert_never(event)


def entry_of(event: w.RoomEvent) -> Entry | None:
    """Return the entry of a room's log that an event tells of; None when it is of no known kind."""
    content = _content_of(event)
    if content is None:
        return None
    room, ident = RoomId(read_id(event.room)), EventId(read_id(event.id))
    return Entry(room, event.seq, ident, event.time, content)


def _content_of(event: w.RoomEvent) -> e.Event | None:
    match event:
        case w.MessageSent(reply_to=answered):
            return e.MessagePosted(
                person_of(event.author),
                event.text,
                event.action,
                None if answered is None else EventId(read_id(answered)),
                event.to,
                event.notice,
                tuple(event.tags.items()),
            )
        case w.MessageEdited(by=by, message=target, text=text):
            return e.MessageEdited(person_of(by), EventId(read_id(target)), text)
        case w.MessageDeleted(by=by, message=target):
            return e.MessageDeleted(person_of(by), EventId(read_id(target)), event.reason)
        case w.ReactionAdded(by=by, message=target, reaction=sign):
            return e.ReactionAdded(person_of(by), EventId(read_id(target)), sign)
        case w.ReactionRemoved(by=by, message=target, reaction=sign):
            return e.ReactionRemoved(person_of(by), EventId(read_id(target)), sign)
        case w.TopicChanged(by=by, topic=topic):
            return e.TopicChanged(person_of(by), topic)
        case w.UserJoined(user=user, role=role):
            return e.MemberJoined(
                person_of(user), known(Role, role, Role.MEMBER), event.realname, event.away
            )
        case w.UserLeft(user=user, reason=reason, text=text):
            why = known(LeaveReason, reason, LeaveReason.LEFT)
            by_whom = None if event.by is None else person_of(event.by)
            return e.MemberLeft(person_of(user), why, text, by_whom)
        case w.UserInvited(by=by, user=user):
            return e.MemberInvited(person_of(by), person_of(user))
        case w.RulesChanged(by=by, changes=changes):
            read = tuple(change for one in changes if (change := _read_change(one)) is not None)
            return e.RulesChanged(person_of(by), read)
        case w.RoomRenamed(by=by, name=name, old_name=old_name):
            return e.RoomRenamed(person_of(by), name, old_name, event.text)
        case w.UserRenamed(user=user, old_nick=old_nick):
            return e.MemberRenamed(person_of(user), old_nick)
        case w.RoomOpened(by=maker):
            return e.RoomCreated(
                event.name,
                known(RoomKind, event.kind, RoomKind.PUBLIC),
                None if maker is None else person_of(maker),
                event.permanent,
                event.parties,
                event.topic,
            )
        case w.RoomClosed(by=maker):
            return e.RoomDeleted(None if maker is None else person_of(maker))
        case _:
            return None


def _change_of(change: e.RuleChange) -> RuleChange:
    user = None if change.user is None else user_of(change.user)
    return RuleChange(rule=change.rule.value, on=change.on, value=change.value, user=user)


def _read_change(change: RuleChange) -> e.RuleChange | None:
    """Return a change of rules; None when it is of no known rule."""
    try:
        rule = e.Rule(change.rule)
    except ValueError:
        return None
    user = None if change.user is None else person_of(change.user)
    return e.RuleChange(rule, change.on, change.value, user)


def signal_event(signal: Signal) -> w.Event | None:
    """Return what is told and not kept as an event; None for what this wire does not show."""
    match signal:
        case e.AwayChanged(user=user, text=away):
            return w.Presence(user=user_of(user), away=away)
        case e.UserRenamed(user=user, old_nick=old_nick):
            return w.NickChanged(user=user_of(user), old_nick=old_nick)
        case e.Typing(room=room, user=user):
            return w.Typing(room=room_id_of(room), user=user_of(user))
        case e.Announced(text=text):
            return w.Notice(lines=tuple(text.splitlines()), source="operator")
        case e.RoomListed(room=room, is_new=is_new):
            kind = w.RoomCreated if is_new else w.RoomUpdated
            return kind(
                room=room_id_of(room),
                name=signal.name,
                topic=signal.topic,
                members=signal.members,
            )
        case e.RoomUnlisted(room=room):
            return w.RoomDeleted(room=room_id_of(room))
        case e.Invited(by=by, room=room, name=name):
            return w.Invited(by=user_of(by), room=room_id_of(room), name=name)
        case e.UserArrived() | e.RoomMoved() | e.UserGone() | e.RealnameChanged() | e.Tagged():
            return None
        case _:
            assert_never(signal)
