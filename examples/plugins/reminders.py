"""Reminders: a command, a periodic function, and a file that a lifespan opens and closes.

    tertulia serve --plugin examples/plugins/reminders.py

Then `/remind 10 the tea is ready`. What is to come outlasts a restart, in `reminders.db` or the
file that the environment names in `REMINDERS`.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator

from tertulia.plugins import Call, Chat, Plugin, Refused, command, every, lifespan

logger = logging.getLogger(__name__)

LONGEST = 24 * 60
"""Minutes that a reminder may be ahead."""


class Reminders(Plugin):
    """Everything that somebody wants to be reminded of."""

    _file: sqlite3.Connection

    @lifespan()
    def keep_file(self, chat: Chat) -> Iterator[None]:
        """Have the file open while the plugin runs."""
        self._file = sqlite3.connect(os.environ.get("REMINDERS", "reminders.db"))
        self._file.execute("CREATE TABLE IF NOT EXISTS reminders (due REAL, nick TEXT, text TEXT)")
        try:
            yield
        finally:
            self._file.close()

    @command(aliases=("lembrar", "recordar"))
    def remind(self, call: Call, minutes: float, *, text: str) -> str:
        """Reminds you of something in so many minutes."""
        if not 0 <= minutes <= LONGEST:
            raise call.refusal(f"From 0 to {LONGEST} minutes ahead, please.")
        row = (time.time() + 60 * minutes, call.author.person.nick, text)
        with self._file:
            self._file.execute("INSERT INTO reminders VALUES (?, ?, ?)", row)
        return f"You will be reminded in {minutes:g} min."

    @every(1.0)
    async def remind_all(self, chat: Chat) -> None:
        """Tell those whose time has come."""
        due = "SELECT rowid, nick, text FROM reminders WHERE due <= ? LIMIT 10"
        for row, nick, text in self._file.execute(due, (time.time(),)).fetchall():
            try:
                await chat.tell(nick, f"You wanted to be reminded: {text}")
            except Refused as refused:
                # Such as a nick that nobody may have any more.
                logger.warning("somebody can't be reminded: %s", refused.refusal.code)
            with self._file:
                self._file.execute("DELETE FROM reminders WHERE rowid = ?", (row,))
