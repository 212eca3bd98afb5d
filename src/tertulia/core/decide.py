"""Decide: what a command leads to, given the present. Pure: it changes nothing.

One handler per kind of command. A handler either returns a `Decision` or raises `Refused`; the
turn then records the decision's facts in order. Texts and names from people are cleaned here and
nowhere else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core import moderation
from tertulia.core.errors import Refused
from tertulia.core.events import (
    AwayChanged,
    Event,
    Invited,
    LeaveReason,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Person,
    ReactionAdded,
    ReactionRemoved,
    RealnameChanged,
    Role,
    RoomCreated,
    RoomDeleted,
    RoomKind,
    RoomMoved,
    Signal,
    Tagged,
    TopicChanged,
    Typing,
    UserArrived,
    UserGone,
    UserRenamed,
)
from tertulia.core.history import Message, has_reacted
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.names import (
    clean_nick,
    clean_room_name,
    folded_nick,
    free_nick,
    guest_nick,
    is_guest_nick,
    is_reserved_nick,
    nick_key,
    room_key,
)
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.core.state import Turn, User
from tertulia.core.text import clean_line, clean_text

Evidence = Mapping[EventId, Message]
"""The messages that targeted commands name, as they read now."""


class Decision(Struct, frozen=True):
    """What happened: facts for the logs, signals for those online, and the user's new self."""

    facts: tuple[tuple[RoomId, Event], ...] = ()
    signals: tuple[Signal, ...] = ()
    user: User | None = None
    """The acting user as they are now, when that changed."""
    is_gone: bool = False
    """The acting user is offline from here on."""


def decide(
    turn: Turn, actor: UserId, command: c.Command, policy: Policy, evidence: Evidence
) -> Decision:
    """Return what `command`, asked for by `actor`, leads to.

    Raises:
        Refused: it is not to be; the refusal says why.
    """
    if isinstance(command, c.PostMessage):
        return _post_message(turn, _user(turn, actor), command, policy, evidence)
    if isinstance(command, c.Connect):
        return _connect(turn, command, policy)
    user = _user(turn, actor)
    match command:
        case c.Disconnect():
            return _disconnect(turn, user, command)
        case c.ChangeNick():
            return _change_nick(turn, user, command, policy)
        case c.SetAway():
            return _set_away(user, command, policy)
        case c.SetRealname():
            return _set_realname(user, command, policy)
        case c.CreateRoom():
            return _create_room(turn, user, command, policy)
        case c.DeleteRoom():
            return _delete_room(turn, user, command, policy)
        case c.JoinRoom():
            return _join_room(turn, user, command, policy)
        case c.LeaveRoom():
            return _leave_room(turn, user, command, policy)
        case c.SetTopic():
            return _set_topic(turn, user, command, policy)
        case c.ChangeRules() | c.Kick() | c.Invite() | c.RenameRoom():
            return _moderate(turn, user, command, policy)
        case c.PostDirect():
            return _post_direct(turn, user, command, policy, evidence)
        case c.EditMessage():
            return _edit_message(turn, user, command, policy, evidence)
        case c.DeleteMessage():
            return _delete_message(turn, user, command, policy, evidence)
        case c.AddReaction():
            return _add_reaction(turn, user, command, policy, evidence)
        case c.RemoveReaction():
            return _remove_reaction(turn, user, command, policy, evidence)
        case c.ShowTyping():
            state = _room_of(turn, user, command.room)
            return Decision(signals=(Typing(state.id, user.person),))
        case c.SendTags():
            return _send_tags(turn, user, command, policy)
        case _:
            assert_never(command)


def carry_out(turn: Turn, actor: UserId, decision: Decision) -> None:
    """Record a decision of `actor` in the turn's draft."""
    if decision.user is not None:
        turn.put_user(decision.user)
    for room, event in decision.facts:
        turn.record(room, event)
    if decision.is_gone and (user := turn.users.get(actor)) is not None:
        turn.drop_user(user)


def found_main_room(turn: Turn, policy: Policy) -> None:
    """Make sure that the main room exists and stays."""
    if turn.room_named(policy.main_room) is None:
        created = RoomCreated(policy.main_room, topic=policy.main_room_topic, permanent=True)
        turn.record(RoomId(turn.fresh_id()), created)


def sweep(turn: Turn, rooms: Iterable[RoomState]) -> None:
    """Take everyone out of `rooms`: the server ended without a word while they were inside.

    Conversations of two nameless guests end too, as nobody can come back to them.
    """
    for state in rooms:
        if state.parties and all(party.startswith("u:") for party in state.parties):
            turn.record(state.id, RoomDeleted())
        for member in state.members.values():
            turn.record(state.id, MemberLeft(member.user, LeaveReason.RESTART))
        if state.members and not _is_kept(state):
            turn.record(state.id, RoomDeleted())


def _user(turn: Turn, actor: UserId) -> User:
    user = turn.users.get(actor)
    if user is None:
        raise Refused(e.ShuttingDown())
    return user


# People


def _connect(turn: Turn, command: c.Connect, policy: Policy) -> Decision:
    if command.nick is None:
        nick = guest_nick(command.lot, lambda key: turn.nicks.get(key) is not None)
        identity = f"u:{command.user}"
    else:
        nick = _free_nick(turn, command.nick, policy, holder=None)
        identity = _identity(nick)
    person = Person(command.user, nick, command.label)
    realname = clean_line(command.realname, policy.topic_length)
    user = User(person, nick_key(nick), identity, turn.now, realname=realname)
    return Decision(signals=(UserArrived(person),), user=user)


def _identity(nick: str) -> str:
    """Return what the direct conversations of somebody with a nick of their own are kept under."""
    return f"n:{folded_nick(nick)}"


def _free_nick(turn: Turn, wanted: str, policy: Policy, *, holder: UserId | None) -> str:
    nick = clean_nick(wanted, policy.nick_length)
    if nick is None:
        shown = clean_line(wanted, policy.nick_length)
        raise Refused(e.InvalidNick(shown, policy.nick_length))
    if is_guest_nick(nick) or is_reserved_nick(nick):
        raise Refused(e.ReservedNick(nick))
    owner = turn.nicks.get(nick_key(nick))
    if owner is not None and owner != holder:
        suggestion = free_nick(
            nick, policy.nick_length, lambda key: turn.nicks.get(key) is not None
        )
        raise Refused(e.NickInUse(nick, suggestion))
    return nick


def _change_nick(turn: Turn, user: User, command: c.ChangeNick, policy: Policy) -> Decision:
    old = user.person
    if clean_nick(command.nick, policy.nick_length) == old.nick:
        return Decision()
    nick = _free_nick(turn, command.nick, policy, holder=old.id)
    person = Person(old.id, nick, old.label)
    facts: list[tuple[RoomId, Event]] = [
        (room, MemberRenamed(person, old.nick)) for room in user.rooms
    ]
    facts += [(room, RoomDeleted()) for room in _unreachable_directs(turn, user)]
    return Decision(
        facts=tuple(facts),
        signals=(UserRenamed(person, old.nick),),
        user=replace(user, person=person, key=nick_key(nick), identity=_identity(nick)),
    )


def _set_away(user: User, command: c.SetAway, policy: Policy) -> Decision:
    text = None if command.text is None else clean_line(command.text, policy.away_length)
    if text == user.away:
        return Decision()
    return Decision(signals=(AwayChanged(user.person, text),), user=replace(user, away=text))


def _set_realname(user: User, command: c.SetRealname, policy: Policy) -> Decision:
    realname = clean_line(command.realname, policy.topic_length)
    if realname == user.realname:
        return Decision()
    return Decision(
        signals=(RealnameChanged(user.person, realname),), user=replace(user, realname=realname)
    )


def _disconnect(turn: Turn, user: User, command: c.Disconnect) -> Decision:
    left = MemberLeft(user.person, command.reason, clean_line(command.text, 200))
    facts = [
        fact
        for room in user.rooms
        if (state := turn.rooms.get(room)) is not None
        for fact in _departure(state, left)
    ]
    facts += [(room, RoomDeleted()) for room in _unreachable_directs(turn, user)]
    gone = UserGone(user.person, left.reason, left.text, user.realname)
    return Decision(facts=tuple(facts), signals=(gone,), is_gone=True)


def _unreachable_directs(turn: Turn, user: User) -> list[RoomId]:
    """Return the conversations that nobody can come back to once `user` is not who they are now.

    Those are between two nameless guests, of whom the other has left or taken a name before.
    """
    if not user.identity.startswith("u:"):
        return []
    return [
        room
        for room in turn.directs_of(user.identity)
        if (state := turn.rooms.get(room)) is not None
        and (other := _other_party(user, state)).startswith("u:")
        and _guest(turn, other) is None
    ]


def _other_party(user: User, state: RoomState) -> str:
    """Return the identity of the other one in a direct conversation of `user`."""
    first, second = state.parties
    return second if first == user.identity else first


def _guest(turn: Turn, identity: str) -> User | None:
    """Return the nameless guest online who goes by `identity`."""
    user = turn.users.get(UserId(int(identity[2:])))
    return user if user is not None and user.identity == identity else None


# Rooms


def _create_room(turn: Turn, user: User, command: c.CreateRoom, policy: Policy) -> Decision:
    name = clean_room_name(command.name, policy.room_name_length)
    if name is None:
        shown = clean_line(command.name, policy.room_name_length)
        raise Refused(e.InvalidRoomName(shown, policy.room_name_length))
    existing = turn.room_named(name)
    if existing is not None:
        raise Refused(e.RoomExists(existing.name))
    if len(turn.rooms) >= policy.rooms:
        raise Refused(e.ServerHasTooManyRooms(policy.rooms))
    _check_room_for_one_more(user, policy)
    room = RoomId(turn.fresh_id())
    facts: list[tuple[RoomId, Event]] = [(room, RoomCreated(name, by=user.person))]
    topic = clean_line(command.topic, policy.topic_length)
    if topic:
        facts.append((room, TopicChanged(user.person, topic)))
    facts.append((room, MemberJoined(user.person, Role.OWNER, user.realname, user.away)))
    return Decision(facts=tuple(facts))


def _delete_room(turn: Turn, user: User, command: c.DeleteRoom, policy: Policy) -> Decision:
    state = _public_room(turn, command.room)
    if room_key(state.name) == room_key(policy.main_room):
        raise Refused(e.MainRoomStays(state.name))
    if state.owner != user.person.id:
        raise Refused(e.OwnersOnly(state.name))
    return Decision(facts=((state.id, RoomDeleted(user.person)),))


def _join_room(turn: Turn, user: User, command: c.JoinRoom, policy: Policy) -> Decision:
    if isinstance(command.room, str):
        found = turn.room_named(command.room)
        if found is None and command.create:
            return _create_room(turn, user, c.CreateRoom(command.room), policy)
        if found is None:
            raise Refused(e.NoSuchRoom(clean_line(command.room, policy.room_name_length)))
        state = found
    else:
        state = _public_room(turn, command.room)
    if user.person.id in state.members:
        raise Refused(e.AlreadyInRoom(state.name))
    _check_room_for_one_more(user, policy)
    moderation.check_may_enter(state, user, command.key)
    role = Role.OWNER if state.owner == user.person.id else Role.MEMBER
    return Decision(facts=((state.id, MemberJoined(user.person, role, user.realname, user.away)),))


def _check_room_for_one_more(user: User, policy: Policy) -> None:
    if len(user.rooms) >= policy.rooms_per_user:
        raise Refused(e.TooManyRooms(policy.rooms_per_user))


def _leave_room(turn: Turn, user: User, command: c.LeaveRoom, policy: Policy) -> Decision:
    state = _room_of(turn, user, command.room)
    if state.kind is RoomKind.DIRECT:
        raise Refused(e.UnknownRoom())
    text = clean_line(command.text, policy.topic_length)
    left = MemberLeft(user.person, LeaveReason.LEFT, text)
    return Decision(facts=tuple(_departure(state, left)))


def _departure(state: RoomState, left: MemberLeft) -> list[tuple[RoomId, Event]]:
    """Return the one notice of a departure, and the end of a room that nothing keeps."""
    facts: list[tuple[RoomId, Event]] = [(state.id, left)]
    if len(state.members) == 1 and not _is_kept(state):
        facts.append((state.id, RoomDeleted()))
    return facts


def _is_kept(state: RoomState) -> bool:
    """Tell whether a room stays when nobody is in it."""
    return state.permanent or state.has_history


def _set_topic(turn: Turn, user: User, command: c.SetTopic, policy: Policy) -> Decision:
    state = _room_of(turn, user, command.room)
    if state.kind is RoomKind.DIRECT:
        raise Refused(e.UnknownRoom())
    moderation.check_may_set_topic(state, user)
    topic = clean_line(command.topic, policy.topic_length)
    if topic == state.topic:
        return Decision()
    return Decision(facts=((state.id, TopicChanged(user.person, topic)),))


def _moderate(
    turn: Turn,
    user: User,
    command: c.ChangeRules | c.Kick | c.Invite | c.RenameRoom,
    policy: Policy,
) -> Decision:
    state = _room_of(turn, user, command.room)
    if state.kind is RoomKind.DIRECT:
        raise Refused(e.UnknownRoom())
    match command:
        case c.ChangeRules():
            changed = moderation.change_rules(state, user, command, policy)
            return Decision() if changed is None else Decision(facts=((state.id, changed),))
        case c.Kick():
            left = moderation.kick(turn, state, user, command, policy)
            return Decision(facts=tuple(_departure(state, left)))
        case c.Invite():
            invited = moderation.invite(turn, state, user, command)
            asked = Invited(user.person, invited.user, state.id, state.name)
            return Decision(facts=((state.id, invited),), signals=(asked,))
        case c.RenameRoom():
            renamed = moderation.rename(turn, state, user, command, policy)
            if renamed is None:
                return Decision()
            moved = RoomMoved(state.id, renamed.old_name, renamed.text)
            return Decision(facts=((state.id, renamed),), signals=(moved,))


def _public_room(turn: Turn, room: RoomId) -> RoomState:
    state = turn.rooms.get(room)
    if state is None or state.kind is not RoomKind.PUBLIC:
        raise Refused(e.UnknownRoom())
    return state


def _room_of(turn: Turn, user: User, room: RoomId) -> RoomState:
    """Return a room that `user` is in; to all others a direct conversation does not exist."""
    state = turn.rooms.get(room)
    if state is None:
        raise Refused(e.UnknownRoom())
    if state.kind is RoomKind.DIRECT:
        if user.identity not in state.parties:
            raise Refused(e.UnknownRoom())
    elif user.person.id not in state.members:
        raise Refused(e.NotInRoom(state.name))
    return state


# Messages


def _post_message(
    turn: Turn, user: User, command: c.PostMessage, policy: Policy, evidence: Evidence
) -> Decision:
    state = _room_to_speak_in(turn, user, command.room)
    if command.reply_to is not None:
        _check_answered(command.reply_to, state, evidence)
    text = _message_text(command.text, policy)
    to = _other_nick(turn, user, state) if state.parties else ""
    tags = _clean_tags(command.tags, policy) if command.tags else ()
    posted = MessagePosted(
        user.person, text, command.action, command.reply_to, to, command.notice, tags
    )
    return Decision(facts=((state.id, posted),))


def _room_to_speak_in(turn: Turn, user: User, room: RoomId) -> RoomState:
    """Return a room in which `user` may be heard; some rooms hear people who are not inside."""
    state = turn.rooms.get(room)
    if state is None or state.rules.members_only or state.kind is RoomKind.DIRECT:
        state = _room_of(turn, user, room)
    moderation.check_may_speak(state, user)
    return state


def _check_answered(reply_to: EventId, state: RoomState, evidence: Evidence) -> None:
    answered = evidence.get(reply_to)
    if answered is None or answered.room != state.id:
        raise Refused(e.NoSuchMessage())


def _clean_tags(tags: tuple[tuple[str, str], ...], policy: Policy) -> tuple[tuple[str, str], ...]:
    """Return what a program attaches as it is passed on: nothing in it can break a line."""
    by_name = {
        clean_line(name, sys.maxsize): clean_line(value, sys.maxsize) for name, value in tags
    }
    cleaned = tuple(by_name.items())
    length = sum(len(name) + len(value) for name, value in cleaned)
    if length > policy.tags_length:
        raise Refused(e.TextTooLong(length, policy.tags_length))
    return cleaned


def _send_tags(turn: Turn, user: User, command: c.SendTags, policy: Policy) -> Decision:
    state = _room_to_speak_in(turn, user, command.room)
    to = _other_nick(turn, user, state) if state.parties else ""
    tags = _clean_tags(command.tags, policy)
    tagged = Tagged(state.id, user.person, tags, to, EventId(turn.fresh_id()), turn.now)
    return Decision(signals=(tagged,))


def _post_direct(
    turn: Turn, user: User, command: c.PostDirect, policy: Policy, evidence: Evidence
) -> Decision:
    nick, identity = _addressee(turn, command.nick, policy)
    if identity == user.identity:
        raise Refused(e.ToYourself())
    text = _message_text(command.text, policy)
    parties = tuple(sorted((user.identity, identity)))
    tags = _clean_tags(command.tags, policy) if command.tags else ()
    posted = MessagePosted(
        user.person, text, command.action, command.reply_to, nick, command.notice, tags
    )
    state = turn.direct_between(parties)
    if command.reply_to is not None:
        if state is None:
            raise Refused(e.NoSuchMessage())
        _check_answered(command.reply_to, state, evidence)
    if state is not None:
        return Decision(facts=((state.id, posted),))
    if len(turn.rooms) >= policy.rooms:
        raise Refused(e.ServerHasTooManyRooms(policy.rooms))
    room = RoomId(turn.fresh_id())
    created = RoomCreated("", RoomKind.DIRECT, user.person, parties=parties)
    return Decision(facts=((room, created), (room, posted)))


def _other_nick(turn: Turn, user: User, state: RoomState) -> str:
    """Return the nick of the other one in a direct conversation, as far as it is known."""
    other = _other_party(user, state)
    if other.startswith("u:"):
        guest = _guest(turn, other)
        if guest is None:
            raise Refused(e.UnknownRoom())
        return guest.person.nick
    online = turn.user_called(nick_key(other[2:]))
    if online is None or online.identity != other:
        return other[2:]
    return online.person.nick


def _addressee(turn: Turn, nick: str, policy: Policy) -> tuple[str, str]:
    """Return the nick that a direct message goes to and the identity it is kept under."""
    cleaned = clean_nick(nick, policy.nick_length)
    if cleaned is None:
        raise Refused(e.NoSuchUser(clean_line(nick, policy.nick_length)))
    online = turn.user_called(nick_key(cleaned))
    # Somebody who only looks like the one meant is not to get what was meant for them.
    if online is not None and folded_nick(online.person.nick) == folded_nick(cleaned):
        return online.person.nick, online.identity
    if is_guest_nick(cleaned) or is_reserved_nick(cleaned):
        raise Refused(e.NoSuchUser(cleaned))
    return cleaned, _identity(cleaned)


def _message_text(text: str, policy: Policy) -> str:
    cleaned = clean_text(text, policy.text_lines)
    if not cleaned:
        raise Refused(e.EmptyText())
    if len(cleaned) > policy.text_length:
        raise Refused(e.TextTooLong(len(cleaned), policy.text_length))
    return cleaned


def _target(turn: Turn, user: User, target: EventId, evidence: Evidence) -> Message:
    """Return the message, if `user` may know of it: others can't tell it from none at all."""
    message = evidence.get(target)
    if message is None:
        raise Refused(e.NoSuchMessage())
    try:
        _room_of(turn, user, message.room)
    except Refused:
        raise Refused(e.NoSuchMessage()) from None
    if message.is_deleted:
        raise Refused(e.MessageGone())
    return message


def _own_target(turn: Turn, user: User, target: EventId, evidence: Evidence) -> Message:
    message = _target(turn, user, target, evidence)
    if message.author.id != user.person.id:
        raise Refused(e.NotYourMessage())
    return message


def _edit_message(
    turn: Turn, user: User, command: c.EditMessage, policy: Policy, evidence: Evidence
) -> Decision:
    message = _own_target(turn, user, command.target, evidence)
    text = _message_text(command.text, policy)
    if text == message.text:
        return Decision()
    return Decision(facts=((message.room, MessageEdited(user.person, message.id, text)),))


def _delete_message(
    turn: Turn, user: User, command: c.DeleteMessage, policy: Policy, evidence: Evidence
) -> Decision:
    message = _target(turn, user, command.target, evidence)
    if message.author.id != user.person.id:
        state = turn.rooms.get(message.room)
        own = None if state is None else state.members.get(user.person.id)
        if not moderation.may(own, moderation.Action.DELETE):
            raise Refused(e.NotYourMessage())
    reason = clean_line(command.reason, policy.topic_length)
    deleted = MessageDeleted(user.person, message.id, reason)
    return Decision(facts=((message.room, deleted),))


def _add_reaction(
    turn: Turn, user: User, command: c.AddReaction, policy: Policy, evidence: Evidence
) -> Decision:
    message = _target(turn, user, command.target, evidence)
    reaction = _clean_reaction(command.reaction)
    if len(reaction) > policy.reaction_length or len(reaction.split()) != 1:
        raise Refused(e.InvalidReaction(policy.reaction_length))
    if has_reacted(message, user.person, reaction):
        raise Refused(e.AlreadyReacted(reaction))
    known = {given.reaction for given in message.reactions}
    if reaction not in known and len(known) >= policy.reactions_per_message:
        raise Refused(e.TooManyReactions(policy.reactions_per_message))
    return Decision(facts=((message.room, ReactionAdded(user.person, message.id, reaction)),))


def _remove_reaction(
    turn: Turn, user: User, command: c.RemoveReaction, policy: Policy, evidence: Evidence
) -> Decision:
    message = _target(turn, user, command.target, evidence)
    reaction = _clean_reaction(command.reaction)
    if not has_reacted(message, user.person, reaction):
        raise Refused(e.NoSuchReaction(clean_line(reaction, policy.reaction_length)))
    removed = ReactionRemoved(user.person, message.id, reaction)
    return Decision(facts=((message.room, removed),))


def _clean_reaction(reaction: str) -> str:
    """Return a reaction as it is shown, uncut: one that is too long is refused, not shortened."""
    return clean_line(reaction, sys.maxsize)
