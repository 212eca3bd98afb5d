"""Fills the disk beneath an open database, makes room again, and checks what happens meanwhile.

Run as `python -m tests.stores.sqlite.full_disk tmpfs|limit FOLDER`. With `tmpfs`, the folder gets
a small file system of its own (so it must be run in a mount namespace where it may mount one);
with `limit`, the kernel lets files grow no more. Prints what the refusal said.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tertulia.ports import StoreUnavailable
from tertulia.stores.sqlite import SqliteStore
from tests.contracts.logbook import Logbook
from tests.contracts.store import texts

MEBIBYTE = 1 << 20


def fill_tmpfs(folder: Path) -> Callable[[], None]:
    """Fill the file system to the last byte; return how to make room again."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                break
    return filler.unlink


def limit_files(folder: Path) -> Callable[[], None]:
    """Let no file grow beyond the largest there is; return how to let them grow again."""
    largest = max(file.stat().st_size for file in folder.iterdir())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def run(folder: Path, fill: Callable[[Path], Callable[[], None]]) -> None:
    """Tell the story, with an assertion for each part of it."""
    database = folder / "tertulia.db"
    store = SqliteStore(database)
    await store.open()
    book = Logbook()
    lobby = book.create()
    book.say(lobby, "said before")
    await store.append(book.take())
    assert texts(await store.search([lobby], "before")) == ["said before"]
    make_room = fill(folder)
    kept = len(book.entries)
    while True:
        book.say(lobby, "x" * 3000)
        batch = book.take()
        try:
            await store.append(batch)
        except StoreUnavailable as refusal:
            sys.stdout.write(f"{refusal}\n")
            break
        kept = len(book.entries)
        assert kept < 1000, "the disk never got full"
    for _ in range(3):
        try:
            await store.append(batch)
        except StoreUnavailable:
            continue
        raise AssertionError("something was kept on a full disk")
    assert await store.read_log(lobby, limit=2000) == book.entries[:kept]
    assert len(await store.read_messages(lobby, limit=10)) == min(10, kept - 1)
    assert texts(await store.search([lobby], "before")) == ["said before"]
    make_room()
    await store.append(batch)
    book.say(lobby, "said after")
    await store.append(book.take())
    assert texts(await store.search([lobby], "after")) == ["said after"]
    await store.close()
    again = SqliteStore(database)
    recovery = await again.open()
    assert recovery.rooms[0].head == len(book.entries)
    assert await again.read_log(lobby, limit=2000) == book.entries
    await again.close()


def main(kind: str, folder: Path) -> None:
    """Run the story on a file system of the given kind."""
    if kind == "tmpfs":
        size = f"size={2 * MEBIBYTE}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True)
        asyncio.run(run(folder, fill_tmpfs))
    else:
        asyncio.run(run(folder, limit_files))
    assert os.listdir(folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
