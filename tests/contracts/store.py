"""What every store must do; run by `tests/stores/test_memory.py`, `test_sqlite.py`, and so on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from tertulia.core.apply import BrokenLog
from tertulia.core.events import MessagePosted
from tertulia.core.history import Message, fold
from tertulia.core.ids import EventId, RoomId
from tertulia.ports import ReadMark, Recovery, Store, StoredRoom, StoreUnavailable
from tests.contracts.logbook import ANA, RUI, Logbook

RECENT = 5
"""How many messages of each room the stores under test return when they are opened."""


class StoreContract:
    """One suite for all stores; a sub-class says how its store is made.

    `make_store` returns a store, not yet open. Called again within the same test, it returns one
    that holds what was stored before.
    """

    @pytest.fixture
    def make_store(self) -> Callable[[], Store]:
        raise NotImplementedError

    @pytest.fixture
    async def store(self, make_store: Callable[[], Store]) -> AsyncIterator[Store]:
        store = make_store()
        await store.open()
        yield store
        await store.close()

    @pytest.fixture
    def book(self) -> Logbook:
        return Logbook()

    # Opening and appending

    async def test_a_new_store_holds_nothing(self, make_store: Callable[[], Store]) -> None:
        recovery = await look_into(make_store())
        assert recovery.rooms == ()
        assert recovery.last_id == 0

    async def test_entries_come_back_as_they_were(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        book.join(lobby)
        first = book.say(lobby, 'Olá, "mundo" \\ ção 東京 \u200d👍')
        book.write(lobby, MessagePosted(RUI, "waves", action=True, reply_to=first.id, to="ana"))
        book.react(first, "👍")
        book.leave(lobby)
        await store.append(book.take())
        assert await store.read_log(lobby) == book.of(lobby)

    async def test_a_large_batch_is_kept_whole(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        for number in range(1234):
            book.say(lobby, f"number {number}")
        await store.append(book.take())
        assert await store.read_log(lobby, limit=2000) == book.of(lobby)

    async def test_batches_of_every_size_are_kept_whole(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        await store.append(book.take())
        for size in (1, 2, 15, 16, 17, 31, 33, 100, 255, 256, 257):
            for number in range(size):
                book.say(lobby, f"{number} of {size}")
            await store.append(book.take())
        assert await store.read_log(lobby, limit=2000) == book.of(lobby)

    async def test_an_empty_batch_changes_nothing(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        await store.append(book.take())
        await store.append([])
        assert await store.read_log(lobby) == book.of(lobby)

    async def test_a_batch_with_a_gap_is_refused_whole(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        await store.append(book.take())
        good, _, late = (book.say(lobby, text) for text in ("one", "two", "three"))
        with pytest.raises(BrokenLog):
            await store.append([good, late])
        assert len(await store.read_log(lobby)) == 1

    async def test_a_place_can_not_be_taken_twice(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        await store.append(book.take())
        with pytest.raises(BrokenLog):
            await store.append(book.of(lobby))
        assert await store.read_log(lobby) == book.of(lobby)

    async def test_a_room_begins_with_its_creation(self, store: Store, book: Logbook) -> None:
        with pytest.raises(BrokenLog):
            await store.append([book.say(RoomId(99), "hello?")])

    async def test_ids_must_rise(self, store: Store, book: Logbook) -> None:
        lobby, attic = book.create(), book.create("attic")
        later, sooner = book.say(attic, "later"), book.say(lobby, "sooner")
        await store.append(book.take()[:2])
        with pytest.raises(BrokenLog):
            await store.append([sooner, later])
        await store.append([later, sooner])

    async def test_a_refused_batch_can_be_followed_by_a_good_one(
        self, store: Store, book: Logbook
    ) -> None:
        lobby = book.create()
        await store.append(book.take())
        one, two = book.say(lobby, "one"), book.say(lobby, "two")
        with pytest.raises(BrokenLog):
            await store.append([two])
        await store.append([one, two])
        assert await store.read_log(lobby) == book.of(lobby)

    async def test_a_closed_store_refuses(self, make_store: Callable[[], Store]) -> None:
        store = make_store()
        await store.open()
        await store.close()
        await store.close()
        with pytest.raises(StoreUnavailable):
            await store.append(Logbook().entries, [ReadMark("n:ana", RoomId(1), 1)])
        with pytest.raises(StoreUnavailable):
            await store.read_log(RoomId(1))
        with pytest.raises(StoreUnavailable):
            await store.search([RoomId(1)], "word")

    # Coming back

    async def test_a_room_comes_back_with_its_state_and_head(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        lobby = book.create()
        book.join(lobby, ANA)
        book.join(lobby, RUI)
        book.retitle(lobby, "Tea at five")
        message = book.say(lobby, "hello")
        book.leave(lobby, RUI)
        book.react(message, "👍", ANA)
        attic = book.create("attic")
        recovery = await reopened(make_store, book)
        assert {room.state.id: room.state for room in recovery.rooms} == {
            lobby: book.state(lobby),
            attic: book.state(attic),
        }
        assert {room.state.id: room.head for room in recovery.rooms} == {lobby: 7, attic: 1}
        assert recovery.last_id == book.entries[-1].id

    async def test_the_log_goes_on_where_it_ended(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        lobby = book.create()
        book.say(lobby, "before")
        store = make_store()
        await store.open()
        await store.append(book.take())
        await store.close()
        store = make_store()
        await store.open()
        book.say(lobby, "after")
        await store.append(book.take())
        assert await store.read_log(lobby) == book.of(lobby)
        await store.close()

    async def test_the_newest_messages_come_back_with_what_amends_them(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        lobby = book.create()
        messages = [book.say(lobby, f"number {number}") for number in range(RECENT + 2)]
        book.join(lobby)
        kept = messages[-RECENT:]
        edited = book.edit(kept[0], "changed")
        book.edit(messages[0], "too old to be shown")
        reacted = book.react(kept[1], "👍")
        recovery = await reopened(make_store, book)
        assert recovery.rooms[0].recent == (*kept, edited, reacted)

    async def test_a_deleted_room_does_not_come_back(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        lobby, attic = book.create(), book.create("attic")
        book.say(attic, "soon gone")
        last = book.end(attic)
        recovery = await reopened(make_store, book)
        assert [room.state.id for room in recovery.rooms] == [lobby]
        assert recovery.last_id == last.id

    async def test_a_deleted_room_is_found_by_nothing(self, store: Store, book: Logbook) -> None:
        attic = book.create("attic")
        message = book.say(attic, "soon gone")
        await store.append(book.take(), [ReadMark("n:ana", attic, 2)])
        book.end(attic)
        await store.append(book.take())
        assert await store.read_log(attic) == []
        assert await store.read_messages(attic) == []
        assert await store.find_messages([message.id]) == {}
        assert await store.search([attic], "gone") == []
        assert await store.read_marks("n:ana") == {}

    # Reading

    async def test_a_log_is_read_in_pages(self, store: Store, book: Logbook) -> None:
        lobby, attic = book.create(), book.create("attic")
        for number in range(5):
            book.say(lobby, f"number {number}")
            book.say(attic, "elsewhere")
            book.join(lobby)
        await store.append(book.take())
        assert await store.read_log(lobby, limit=4) == book.of(lobby)[:4]
        assert await store.read_log(lobby, after=4, limit=4) == book.of(lobby)[4:8]
        assert await store.read_log(lobby, after=11) == []
        assert await store.read_log(lobby, limit=0) == []
        assert await store.read_log(RoomId(1)) == []

    async def test_the_newest_messages_are_read_in_order(self, store: Store, book: Logbook) -> None:
        lobby = await self.chatter(store, book)
        assert texts(await store.read_messages(lobby, limit=3)) == ["7", "8", "9"]

    async def test_messages_are_paged_backwards(self, store: Store, book: Logbook) -> None:
        lobby = await self.chatter(store, book)
        newest = await store.read_messages(lobby, limit=4)
        older = await store.read_messages(lobby, before=newest[0].seq, limit=4)
        oldest = await store.read_messages(lobby, before=older[0].seq, limit=4)
        assert [texts(page) for page in (newest, older, oldest)] == [
            ["6", "7", "8", "9"],
            ["2", "3", "4", "5"],
            ["0", "1"],
        ]

    async def test_messages_are_paged_forwards(self, store: Store, book: Logbook) -> None:
        lobby = await self.chatter(store, book)
        first = await store.read_messages(lobby, after=0, limit=6)
        second = await store.read_messages(lobby, after=first[-1].seq, limit=6)
        assert texts(first) == ["0", "1", "2", "3", "4", "5"]
        assert texts(second) == ["6", "7", "8", "9"]
        assert await store.read_messages(lobby, after=second[-1].seq) == []

    async def test_a_page_of_nothing_is_empty(self, store: Store, book: Logbook) -> None:
        lobby = await self.chatter(store, book)
        assert await store.read_messages(lobby, limit=0) == []
        assert await store.read_messages(RoomId(1)) == []

    async def test_messages_read_as_they_are_now(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        first, second, third = (book.say(lobby, text) for text in ("one", "two", "three"))
        await store.append(book.take())
        book.edit(first, "uno")
        book.react(first, "👍")
        book.react(first, "🎉")
        book.unreact(first, "🎉")
        book.delete(second)
        await store.append(book.take())
        assert await store.read_messages(lobby) == fold(book.of(lobby))
        only = await store.read_messages(lobby, after=0, limit=2)
        assert [(message.text, message.is_deleted) for message in only] == [
            ("uno", False),
            ("", True),
        ]
        assert (await store.find_messages([third.id]))[third.id].text == "three"

    async def test_messages_are_found_by_id(self, store: Store, book: Logbook) -> None:
        lobby, attic = book.create(), book.create("attic")
        one, two = book.say(lobby, "one"), book.say(attic, "two")
        edit = book.edit(two, "dos")
        await store.append(book.take())
        found = await store.find_messages([two.id, one.id, edit.id, EventId(5)])
        assert found == {message.id: message for message in fold(book.entries)}
        assert found[two.id].text == "dos"
        assert await store.find_messages([]) == {}

    # Words that are taken back

    async def test_a_deletion_erases_the_words_from_the_log(
        self, store: Store, book: Logbook
    ) -> None:
        lobby = book.create()
        message = book.say(lobby, "secret")
        book.edit(message, "also secret")
        await store.append(book.take())
        book.edit(message, "secret again")
        book.delete(message)
        await store.append(book.take())
        log = await store.read_log(lobby)
        assert [entry.seq for entry in log] == [1, 2, 3, 4, 5]
        assert [entry.id for entry in log] == [entry.id for entry in book.of(lobby)]
        assert [getattr(entry.event, "text", None) for entry in log] == [None, "", "", "", None]

    async def test_a_message_may_come_and_go_in_one_batch(
        self, store: Store, book: Logbook
    ) -> None:
        lobby = book.create()
        message = book.say(lobby, "secret")
        book.edit(message, "also secret")
        book.delete(message)
        await store.append(book.take())
        assert "secret" not in str(await store.read_log(lobby))
        assert await store.search([lobby], "secret") == []

    async def test_an_edit_after_the_deletion_brings_no_words_back(
        self, store: Store, book: Logbook
    ) -> None:
        lobby = book.create()
        message = book.say(lobby, "secret")
        book.delete(message)
        await store.append(book.take())
        book.edit(message, "secret")
        await store.append(book.take())
        assert "secret" not in str(await store.read_log(lobby))
        assert await store.search([lobby], "secret") == []

    # Searching

    async def test_a_search_finds_the_newest_first(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        for text in ("tea", "coffee", "more tea", "Tea!", "teapot"):
            book.say(lobby, text)
        await store.append(book.take())
        assert texts(await store.search([lobby], "tea")) == ["Tea!", "more tea", "tea"]

    async def test_a_search_needs_all_words(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        for text in ("tea with milk", "milk", "tea", "milk, then tea"):
            book.say(lobby, text)
        await store.append(book.take())
        found = texts(await store.search([lobby], "tea milk"))
        assert found == ["milk, then tea", "tea with milk"]

    async def test_quotes_hold_a_phrase_together(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        for text in ("green tea", "tea, green", "green and tea", "a green TEA cup"):
            book.say(lobby, text)
        await store.append(book.take())
        found = texts(await store.search([lobby], '"green tea"'))
        assert found == ["a green TEA cup", "green tea"]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Café à la crème", "cafe CREME"),
            ("cafe", "CAFÉ"),
            ("Straße", "strasse"),
            ("ÇA VA", "ca va"),
            ("Đường phố", "duong pho"),
            ("l'eau", "eau"),
            ("foo-bar_baz", "foo-bar"),
            ("ｗｉｄｅ", "wide"),
            ("今日は東京へ行く", "東京"),
            ("ที่นี่สวยมาก", "สวย"),
            ("İSTANBUL", "istanbul"),
            ("naïve café", '"naive cafe"'),
            ("1,000 km", "000"),
            ("e\u0301te\u0301", "été"),
        ],
    )
    async def test_case_accents_and_punctuation_make_no_difference(
        self, store: Store, book: Logbook, text: str, words: str
    ) -> None:
        lobby = book.create()
        book.say(lobby, text)
        book.say(lobby, "something else")
        await store.append(book.take())
        assert texts(await store.search([lobby], words)) == [text]

    @pytest.mark.parametrize(
        "words",
        [
            "", " ", '"', '""', '" "', "*", "^tea", "tea*", "NEAR(tea milk)", "tea OR", "AND",
            "NOT tea", "text:tea", "room : 5", "{text}", "(tea", "tea)", "-tea", "+", "a\x00b",
            '"tea', 'tea"', "'", ";", "--", "\\", "👍", "tea AND NOT milk", "\ud7ff", "%", "_",
        ],
    )  # fmt: skip
    async def test_nothing_in_a_query_has_a_hidden_meaning(
        self, store: Store, book: Logbook, words: str
    ) -> None:
        lobby = book.create()
        book.say(lobby, "teatime")
        await store.append(book.take())
        assert await store.search([lobby], words) == []

    async def test_a_long_query_is_no_trouble(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        words = " ".join(f"w{number}" for number in range(3000))
        book.say(lobby, words)
        await store.append(book.take())
        assert len(await store.search([lobby], words)) == 1
        assert await store.search([lobby], "x" * 100_000) == []

    async def test_a_search_stays_in_its_rooms(self, store: Store, book: Logbook) -> None:
        rooms = [book.create(f"room {number}") for number in range(120)]
        for number, room in enumerate(rooms):
            book.say(room, f"tea {number}")
        await store.append(book.take())
        assert texts(await store.search([rooms[7]], "tea")) == ["tea 7"]
        assert texts(await store.search(rooms[3:5], "tea")) == ["tea 4", "tea 3"]
        most = await store.search(rooms[:100], "tea", limit=200)
        assert texts(most) == [f"tea {number}" for number in range(99, -1, -1)]
        assert await store.search([], "tea") == []
        assert await store.search([RoomId(1)], "tea") == []

    async def test_a_search_is_paged_by_id(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        for number in range(7):
            book.say(lobby, f"tea {number}")
        await store.append(book.take())
        first = await store.search([lobby], "tea", limit=3)
        second = await store.search([lobby], "tea", limit=3, before=first[-1].id)
        third = await store.search([lobby], "tea", limit=3, before=second[-1].id)
        assert [texts(page) for page in (first, second, third)] == [
            ["tea 6", "tea 5", "tea 4"],
            ["tea 3", "tea 2", "tea 1"],
            ["tea 0"],
        ]
        assert await store.search([lobby], "tea", limit=0) == []

    async def test_a_search_finds_what_a_message_says_now(
        self, store: Store, book: Logbook
    ) -> None:
        lobby = book.create()
        edited, twice = book.say(lobby, "old words"), book.say(lobby, "older words")
        book.edit(twice, "old words")
        await store.append(book.take())
        assert len(await store.search([lobby], "old")) == 2
        book.edit(edited, "new words")
        book.edit(twice, "newer words")
        book.edit(twice, "newest words")
        await store.append(book.take())
        assert await store.search([lobby], "old") == []
        assert texts(await store.search([lobby], "words")) == ["newest words", "new words"]
        assert texts(await store.search([lobby], "newest")) == ["newest words"]

    async def test_a_deleted_message_is_found_no_more(self, store: Store, book: Logbook) -> None:
        lobby = book.create()
        indexed, edited = book.say(lobby, "secret one"), book.say(lobby, "open")
        await store.append(book.take())
        assert len(await store.search([lobby], "secret")) == 1
        book.edit(edited, "secret two")
        await store.append(book.take())
        book.delete(indexed)
        book.delete(edited)
        fresh = book.say(lobby, "secret three")
        book.delete(fresh)
        await store.append(book.take())
        for word in ("secret", "open", "one", "two", "three"):
            assert await store.search([lobby], word) == []

    async def test_a_search_finds_what_was_said_before_a_restart(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        lobby = book.create()
        message = book.say(lobby, "before")
        store = make_store()
        await store.open()
        await store.append(book.take())
        await store.close()
        store = make_store()
        await store.open()
        assert texts(await store.search([lobby], "before")) == ["before"]
        book.edit(message, "changed after")
        await store.append(book.take())
        assert await store.search([lobby], "before") == []
        assert texts(await store.search([lobby], "after")) == ["changed after"]
        await store.close()

    # Marks

    async def test_marks_are_kept_and_only_grow(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        lobby, attic = book.create(), book.create("attic")
        store = make_store()
        await store.open()
        await store.append(book.take(), [ReadMark("n:ana", lobby, 1)])
        await store.append((), [ReadMark("n:ana", attic, 1), ReadMark("n:rui", attic, 1)])
        await store.append((), [ReadMark("n:ana", lobby, 9), ReadMark("n:ana", lobby, 7)])
        await store.append((), [ReadMark("n:ana", lobby, 3)])
        await store.close()
        store = make_store()
        await store.open()
        assert await store.read_marks("n:ana") == {lobby: 9, attic: 1}
        assert await store.read_marks("n:rui") == {attic: 1}
        assert await store.read_marks("n:eva") == {}
        await store.close()

    async def test_marks_and_entries_are_kept_together_or_not_at_all(
        self, store: Store, book: Logbook
    ) -> None:
        lobby = book.create()
        await store.append(book.take())
        book.say(lobby, "one")
        with pytest.raises(BrokenLog):
            await store.append([book.say(lobby, "two")], [ReadMark("n:ana", lobby, 3)])
        assert await store.read_marks("n:ana") == {}

    # Compacting

    async def test_saved_states_replay_like_the_whole_log(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        store = make_store()
        await store.open()
        lobby = book.create()
        book.join(lobby, ANA)
        book.say(lobby, "hello")
        await store.append(book.take())
        assert await store.compact([book.stored(lobby)]) == 0
        book.join(lobby, RUI)
        book.retitle(lobby, "Tea")
        await store.append(book.take())
        await store.close()
        recovery = await look_into(make_store())
        assert recovery.rooms[0].state == book.state(lobby)
        assert recovery.rooms[0].head == 5
        assert texts(fold(recovery.rooms[0].recent)) == ["hello"]

    async def test_an_older_state_never_replaces_a_newer_one(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        store = make_store()
        await store.open()
        lobby = book.create()
        early = book.stored(lobby)
        book.retitle(lobby, "Tea")
        await store.append(book.take())
        await store.compact([book.stored(lobby)], erase_before=book.now + 1)
        await store.compact([early])
        await store.close()
        recovery = await look_into(make_store())
        assert recovery.rooms == (StoredRoom(book.state(lobby), 2),)

    async def test_old_messages_are_erased_with_all_that_amends_them(
        self, store: Store, book: Logbook
    ) -> None:
        lobby = book.create()
        old = [book.say(lobby, f"old {number}") for number in range(3)]
        book.edit(old[0], "edited early")
        bound = book.now + 1
        book.now += 1000
        kept = book.say(lobby, "new one")
        book.edit(old[1], "edited late")
        book.react(old[2], "👍")
        edit = book.edit(kept, "new two")
        await store.append(book.take())
        assert await store.search([lobby], "edited early") != []
        assert await store.compact([book.stored(lobby)], erase_before=bound) == 3
        assert await store.read_log(lobby) == [kept, edit]
        assert texts(await store.read_messages(lobby)) == ["new two"]
        assert await store.find_messages([message.id for message in old]) == {}
        for word in ("old", "edited", "early", "late"):
            assert await store.search([lobby], word) == []
        assert texts(await store.search([lobby], "new")) == ["new two"]

    async def test_a_bound_counts_the_very_millisecond_as_kept(
        self, store: Store, book: Logbook
    ) -> None:
        lobby = book.create()
        book.say(lobby, "before")
        at = book.say(lobby, "at")
        await store.append(book.take())
        assert await store.compact([book.stored(lobby)], erase_before=at.time) == 1
        assert texts(await store.read_messages(lobby)) == ["at"]

    async def test_a_room_outlives_all_of_its_messages(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        store = make_store()
        await store.open()
        lobby = book.create()
        book.join(lobby, ANA)
        book.say(lobby, "hello")
        book.retitle(lobby, "Tea")
        last = book.say(lobby, "bye")
        await store.append(book.take())
        assert await store.compact([book.stored(lobby)], erase_before=book.now + 1) == 2
        assert await store.read_log(lobby) == []
        await store.close()
        store = make_store()
        recovery = await store.open()
        assert recovery.rooms == (StoredRoom(book.state(lobby), 5),)
        assert recovery.last_id == last.id
        book.say(lobby, "hello again")
        await store.append(book.take())
        assert texts(await store.read_messages(lobby)) == ["hello again"]
        await store.close()

    async def test_states_survive_erasing_even_when_none_are_given(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        store = make_store()
        await store.open()
        lobby, attic = book.create(), book.create("attic")
        for room in (lobby, attic):
            book.join(room, ANA)
            message = book.say(room, "hello")
        bound = book.now + 1
        book.now += 1000
        book.retitle(lobby, "Tea")
        book.react(message, "👍")
        await store.append(book.take())
        assert await store.compact([], erase_before=bound) == 2
        await store.close()
        recovery = await look_into(make_store())
        assert {room.state.id: room.state for room in recovery.rooms} == {
            lobby: book.state(lobby),
            attic: book.state(attic),
        }
        assert {room.state.id: room.head for room in recovery.rooms} == {lobby: 4, attic: 4}

    async def test_what_a_deleted_room_held_is_erased(
        self, make_store: Callable[[], Store], book: Logbook
    ) -> None:
        store = make_store()
        await store.open()
        lobby, attic = book.create(), book.create("attic")
        book.say(lobby, "stays")
        message = book.say(attic, "goes")
        book.react(message, "👍")
        await store.append(book.take(), [ReadMark("n:ana", attic, 2)])
        assert len(await store.search([attic], "goes")) == 1
        last = book.end(attic)
        await store.append(book.take())
        assert await store.compact([book.stored(lobby)]) == 1
        assert await store.compact([book.stored(lobby)]) == 0
        assert await store.find_messages([message.id]) == {}
        assert await store.read_marks("n:ana") == {}
        assert texts(await store.search([lobby], "stays")) == ["stays"]
        await store.close()
        recovery = await look_into(make_store())
        assert [room.state.id for room in recovery.rooms] == [lobby]
        assert recovery.last_id == last.id

    async def test_much_is_erased_and_the_rest_stays(self, store: Store, book: Logbook) -> None:
        lobby, attic = book.create(), book.create("attic")
        for number in range(1500):
            book.say(lobby if number % 3 else attic, f"old {number}")
        await store.append(book.take())
        bound = book.now + 1
        book.now += 10
        kept = [book.say(room, "new") for room in (lobby, attic)]
        await store.append(book.take())
        stored = [book.stored(lobby), book.stored(attic)]
        assert await store.compact(stored, erase_before=bound) == 1500
        assert await store.read_log(lobby) + await store.read_log(attic) == kept
        assert await store.search([lobby, attic], "old") == []
        assert len(await store.search([lobby, attic], "new")) == 2

    async def chatter(self, store: Store, book: Logbook) -> RoomId:
        """Have ten messages in a room, with comings and goings between them."""
        lobby, attic = book.create(), book.create("attic")
        for number in range(10):
            book.say(lobby, str(number))
            book.say(attic, "elsewhere")
            book.join(lobby)
            book.leave(lobby)
        await store.append(book.take())
        return lobby


async def reopened(make_store: Callable[[], Store], book: Logbook) -> Recovery:
    """Return what a store holds after all of the book was stored and it was opened again."""
    store = make_store()
    await store.open()
    await store.append(book.take())
    await store.close()
    return await look_into(make_store())


async def look_into(store: Store) -> Recovery:
    """Return what a store holds, which is opened and closed again."""
    recovery = await store.open()
    await store.close()
    return recovery


def texts(messages: Iterable[Message]) -> list[str]:
    """Return what messages say."""
    return [message.text for message in messages]
