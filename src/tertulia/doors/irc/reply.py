"""A reply: what one command of a client's leads to, with the client's label on it.

Lines of a labelled command wait until it is done, for only then is it known whether there is
none (ACK), one, or a batch (IRCv3 labeled-response); without a label they go out at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tertulia.wire.irc.format import Tags
from tertulia.wire.irc.message import END, format_line, format_tags

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

NO_TAGS: Final[Tags] = ()


class Reply:
    """Gathers the lines that answer one command."""

    __slots__ = (
        "_batch",
        "_client",
        "_is_over",
        "_label",
        "_lines",
        "_is_label_used",
        "awaited",
        "is_echoed",
    )

    def __init__(self, client: IrcClient, label: str = "") -> None:
        self._client = client
        self._label = label
        self._lines: list[tuple[Tags, str]] = []
        self._batch = ""
        self._is_over = False
        self._is_label_used = False
        self.awaited = 0
        """Answers of the chat that are still to come."""
        self.is_echoed = False
        """Whether a line of it is still to come with what happened in a room, bearing the label."""

    @property
    def label(self) -> str:
        """What the client marked its command with."""
        return self._label

    @property
    def is_batched(self) -> bool:
        """Whether a batch is open."""
        return bool(self._batch)

    def numeric(self, code: str, *params: str) -> None:
        """Add a numeric reply; the client's nick goes before `params`."""
        self.line(self._client.server, code, self._client.nick, *params)

    def line(self, source: str, command: str, *params: str, tags: Tags = NO_TAGS) -> None:
        """Add a line."""
        self.raw(format_line(source, command, params), tags)

    def raw(self, line: str, tags: Tags = NO_TAGS) -> None:
        """Add a line as it is."""
        self._lines.append((tags, line))

    def fail(self, command: str, code: str, *params: str) -> None:
        """Add a standard reply that says what went wrong."""
        self.line(self._client.server, "FAIL", command, code, *params)

    def open_batch(self) -> None:
        """Let everything from here on be one batch, if the command has a label."""
        if self._label and not self._batch:
            self._batch = self._client.fresh_batch()
            start = f"BATCH +{self._batch} labeled-response"
            self._push([((("label", self._label),), f":{self._client.server} {start}")])

    def echo_tags(self) -> Tags:
        """Return the tags for a line that comes with what happened in a room."""
        if self._batch:
            return (("batch", self._batch),)
        if self._label and not self._is_label_used:
            self._is_label_used = True
            return (("label", self._label),)
        return NO_TAGS

    def flush(self) -> None:
        """Send what can be sent now."""
        if not self._lines or (self._label and not self._batch):
            return
        tags = self.echo_tags() if self._batch else NO_TAGS
        self._push([(tags + own, line) for own, line in self._lines])
        self._lines = []

    def finish(self) -> None:
        """Send the rest: the command is done."""
        if self._is_over:
            return
        self._is_over = True
        if self._batch:
            self.flush()
            self._push([(NO_TAGS, f":{self._client.server} BATCH -{self._batch}")])
        elif not self._label:
            self.flush()
        elif len(self._lines) == 1:
            tags, line = self._lines[0]
            self._push([((("label", self._label), *tags), line)])
        elif self._lines:
            self._send_batch()
        elif not self.is_echoed:
            self._push([((("label", self._label),), f":{self._client.server} ACK")])
        self._lines = []

    def _send_batch(self) -> None:
        batch, server = self._client.fresh_batch(), self._client.server
        inner = (("batch", batch),)
        self._push(
            [
                ((("label", self._label),), f":{server} BATCH +{batch} labeled-response"),
                # What is in a batch of its own already is in this one through that.
                *(
                    (tags if any(name == "batch" for name, _ in tags) else inner + tags, line)
                    for tags, line in self._lines
                ),
                (NO_TAGS, f":{server} BATCH -{batch}"),
            ]
        )

    def _push(self, lines: Sequence[tuple[Tags, str]]) -> None:
        self._client.push(
            "".join([format_tags(tags) + line + END for tags, line in lines]).encode()
        )
