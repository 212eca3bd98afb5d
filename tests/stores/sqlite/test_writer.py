from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Generator

import pytest
from typing_extensions import override

from tertulia.ports import StoreUnavailable
from tertulia.stores.sqlite.writer import Writer


class Gate:
    """Holds the writer thread up until it is opened."""

    def __init__(self, writer: Writer) -> None:
        self._open = threading.Event()
        self.passed = writer.submit(self._pass)

    def open(self) -> None:
        self._open.set()

    def _pass(self) -> None:
        assert self._open.wait(10)


class Chores:
    """Upkeep that counts what is left to do."""

    def __init__(self, story: list[str], count: int) -> None:
        self.story = story
        self.left = count
        self.urgent = False
        self.can = True

    def is_due(self) -> bool:
        return self.left > 0

    def is_urgent(self) -> bool:
        return self.urgent and self.left > 0

    def step(self) -> bool:
        self.story.append("chore")
        self.left -= 1
        return self.can


@pytest.fixture
async def writer() -> AsyncIterator[Writer]:
    writer = Writer(asyncio.get_running_loop())
    writer.start()
    yield writer
    await writer.stop(lambda: None)


@pytest.fixture
def story() -> list[str]:
    return []


def steps(story: list[str], name: str, count: int) -> Generator[None, None, str]:
    for number in range(count):
        story.append(f"{name} {number}")
        yield
    return f"{name} done"


async def test_jobs_are_done_in_order_in_one_thread(writer: Writer) -> None:
    threads: list[threading.Thread] = []

    def job(number: int) -> int:
        threads.append(threading.current_thread())
        return number

    futures = [writer.submit(lambda number=number: job(number)) for number in range(5)]  # type: ignore[misc]
    assert await asyncio.gather(*futures) == [0, 1, 2, 3, 4]
    assert len(set(threads)) == 1
    assert threads[0] is not threading.main_thread()


async def test_what_a_job_raises_is_raised_to_who_asked(writer: Writer) -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await writer.submit(fail)
    assert await writer.submit(lambda: "still there") == "still there"


async def test_steps_give_way_to_jobs(writer: Writer, story: list[str]) -> None:
    def submit_from_within() -> Generator[None, None, None]:
        for number in range(3):
            story.append(f"step {number}")
            writer._jobs.put(lambda: story.append("job"))
            yield

    await writer.submit_steps(submit_from_within())
    assert story == ["step 0", "job", "step 1", "job", "step 2", "job"]


async def test_steps_answer_with_their_result(writer: Writer, story: list[str]) -> None:
    first = writer.submit_steps(steps(story, "first", 2))
    second = writer.submit_steps(steps(story, "second", 1))
    assert [await first, await second] == ["first done", "second done"]
    assert story == ["first 0", "first 1", "second 0"]


async def test_steps_that_fail_end_alone(writer: Writer, story: list[str]) -> None:
    def fail() -> Generator[None, None, None]:
        yield
        raise ValueError("no")

    failing = writer.submit_steps(fail())
    others = writer.submit_steps(steps(story, "other", 1))
    with pytest.raises(ValueError, match="no"):
        await failing
    assert await others == "other done"


async def test_steps_nobody_waits_for_end(writer: Writer, story: list[str]) -> None:
    gate = Gate(writer)
    endless = writer.submit_steps(steps(story, "endless", 1_000_000_000))
    endless.cancel()
    gate.open()
    assert await writer.submit_steps(steps([], "next", 1)) == "next done"
    assert story == []


async def test_upkeep_is_done_when_there_is_no_job(writer: Writer, story: list[str]) -> None:
    chores = Chores(story, 3)
    done = asyncio.get_running_loop().create_future()
    step = chores.step

    def step_and_tell() -> bool:
        could = step()
        if not chores.left:
            writer.wake(done)
        return could

    chores.step = step_and_tell  # type: ignore[method-assign]
    await writer.submit(lambda: writer.keep_up(chores))
    await done
    assert story == ["chore"] * 3


async def test_urgent_upkeep_goes_before_steps(writer: Writer, story: list[str]) -> None:
    chores = Chores(story, 2)
    chores.urgent = True
    gate = Gate(writer)
    ready = writer.submit(lambda: writer.keep_up(chores))
    long = writer.submit_steps(steps(story, "long", 1))
    gate.open()
    await ready
    await long
    assert story == ["chore", "chore", "long 0"]


async def test_upkeep_that_fails_lets_the_rest_go_on(
    writer: Writer, story: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Chores):
        @override
        def step(self) -> bool:
            super().step()
            raise ValueError("no")

    broken = Broken(story, 1_000_000_000)
    broken.urgent = True
    gate = Gate(writer)
    ready = writer.submit(lambda: writer.keep_up(broken))
    long = writer.submit_steps(steps(story, "long", 2))
    gate.open()
    await ready
    assert await long == "long done"
    assert await writer.submit(lambda: "still there") == "still there"
    assert story == ["chore", "long 0", "long 1"]
    assert "ValueError: no" in caplog.text


async def test_the_last_job_breaks_steps_off(story: list[str]) -> None:
    writer = Writer(asyncio.get_running_loop())
    writer.start()
    gate = Gate(writer)
    endless = writer.submit_steps(steps(story, "endless", 1_000_000_000))
    before = writer.submit(lambda: story.append("before"))
    last = writer.stop(lambda: story.append("last"))
    gate.open()
    await before
    await last
    with pytest.raises(StoreUnavailable):
        await endless
    assert story == ["before", "last"]


def test_a_closed_loop_is_no_trouble() -> None:
    loop = asyncio.new_event_loop()
    writer = Writer(loop)
    writer.start()
    gate = Gate(writer)
    stopped = threading.Event()
    last = writer.stop(stopped.set)
    loop.close()
    gate.open()
    assert stopped.wait(10)
    assert not last.done()
    writer._thread.join(10)
    assert not writer._thread.is_alive()
