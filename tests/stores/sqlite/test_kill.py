from __future__ import annotations

import random
import subprocess
import sys
from itertools import islice
from pathlib import Path

from tertulia.core.history import fold
from tertulia.stores.sqlite import SqliteStore
from tests.contracts.store import texts
from tests.stores.sqlite.appender import ROOM

ROOT = Path(__file__).parents[3]
KILLS = 5


def append_and_kill(database: Path, acknowledgements: int) -> int:
    """Have a process append, kill it after so many batches, and return the last `seq` it had."""
    command = [sys.executable, "-m", "tests.stores.sqlite.appender", str(database)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen = list(islice(process.stdout, acknowledgements))
        process.kill()
        seen += process.stdout.readlines()
    return int(seen[-1])


async def test_a_killed_server_loses_and_doubles_nothing(tmp_path: Path) -> None:
    database = tmp_path / "tertulia.db"
    dice = random.Random(2)
    for _ in range(KILLS):
        acknowledged = append_and_kill(database, dice.randint(20, 60))
        store = SqliteStore(database)
        recovery = await store.open()
        head = recovery.rooms[0].head
        log = await store.read_log(ROOM, limit=head + 1)
        found = await store.search([ROOM], "number", limit=head)
        await store.close()
        assert head >= acknowledged
        assert [entry.seq for entry in log] == list(range(1, head + 1))
        assert len({entry.id for entry in log}) == head
        assert recovery.last_id == log[-1].id
        living = [message for message in fold(log) if not message.is_deleted]
        assert texts(reversed(found)) == texts(living)
