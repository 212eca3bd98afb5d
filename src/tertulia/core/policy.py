"""Policy: the bounds on what people may make, as plain data."""

from __future__ import annotations

from msgspec import Struct


class Policy(Struct, frozen=True):
    """Bounds that hold in every door; all lengths in characters."""

    main_room: str = "lobby"
    main_room_topic: str = ""
    """The topic it is created with."""
    nick_length: int = 32
    room_name_length: int = 50
    topic_length: int = 300
    away_length: int = 200
    text_length: int = 4000
    text_lines: int = 100
    key_length: int = 23
    """The most of RFC 2812, 2.3.1."""
    masks_per_list: int = 100
    """In each of a room's lists: bans, exceptions, invitations."""
    tags_length: int = 4094
    """What an author's program may attach to a message."""
    reaction_length: int = 24
    reactions_per_message: int = 20
    rooms_per_user: int = 50
    rooms: int = 10_000
