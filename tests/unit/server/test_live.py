"""The stream of changes: nothing is asked while nobody listens, and the newest cursor is all that is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from starlette.responses import StreamingResponse

from trackboard.errors import Unavailable
from trackboard.server import live
from trackboard.server.api.operation import Given
from trackboard.server.live import Changes
from trackboard.service import Service


class Counting:
    """Stands for a workspace: counts how often it is asked, and changes when a test says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.number = 1
        self.fails = False

    def read_on(self, budget_s: float) -> tuple[Counting, int]:
        del budget_s
        self.asked += 1
        if self.fails:
            raise Unavailable("the disk is away")
        return self, 0

    def version(self) -> int:
        return self.number


def stream_of(changes: Changes, last: str | None = None) -> AsyncIterator[str]:
    given = Given({"last-event-id": last})
    answer = changes.operation.answering(cast(Service, None), given)
    assert isinstance(answer, StreamingResponse)
    return cast(AsyncIterator[str], answer.body_iterator)


async def next_cursor(stream: AsyncIterator[str]) -> str:
    async for event in stream:
        if event.startswith("id: "):
            return event.partition("\n")[0].removeprefix("id: ")
    return ""


def test_streams_tell_of_changes_and_end_when_told() -> None:
    workspace = Counting()

    async def listen() -> None:
        changes = Changes(cast(Service, workspace), poll_s=0.001)
        assert workspace.asked == 0, "nobody listens"
        streams = [stream_of(changes), stream_of(changes)]
        assert [await next_cursor(each) for each in streams] == ["1.0", "1.0"]
        workspace.number = 2
        assert await next_cursor(streams[0]) == "2.0"
        for number in (3, 4, 5):  # of one that does not read only the newest is kept
            workspace.number = number
            assert await next_cursor(streams[0]) == f"{number}.0"
        assert await next_cursor(streams[1]) == "5.0"
        workspace.fails, before = True, workspace.asked
        while workspace.asked < before + 3:  # it goes on asking
            await asyncio.sleep(0.001)
        workspace.fails, workspace.number = False, 6
        assert await next_cursor(streams[0]) == "6.0"
        changes.close()
        assert await next_cursor(streams[0]) in ("", "6.0")
        assert [event async for event in streams[0]] == []

    asyncio.run(listen())


def test_nothing_is_asked_when_the_last_has_gone() -> None:
    workspace = Counting()

    async def listen() -> None:
        changes = Changes(cast(Service, workspace), poll_s=0.001)
        stream = stream_of(changes)
        await next_cursor(stream)
        assert changes.listeners == 1
        await stream.aclose()  # type: ignore[attr-defined]
        assert changes.listeners == 0
        await asyncio.sleep(0.02)  # the question that is on its way
        before = workspace.asked
        await asyncio.sleep(0.05)
        assert workspace.asked == before

    asyncio.run(listen())


def test_a_stream_that_comes_back_is_told_what_it_has_not_heard() -> None:
    workspace = Counting()

    async def listen() -> None:
        changes = Changes(cast(Service, workspace), poll_s=0.001)
        first, again = stream_of(changes), stream_of(changes, "1.0")
        assert await next_cursor(first) == "1.0"
        assert await anext(again) == "retry: 2000\n\n"
        told = asyncio.ensure_future(next_cursor(again))
        before = workspace.asked
        while workspace.asked < before + 3:
            await asyncio.sleep(0.001)
        assert not told.done(), "that was heard"
        workspace.number = 2
        assert await told == "2.0"
        assert await next_cursor(stream_of(changes, "1.0")) == "2.0"
        changes.close()

    asyncio.run(listen())


def test_what_was_known_before_nobody_listened_is_not_told() -> None:
    workspace = Counting()

    async def listen() -> None:
        changes = Changes(cast(Service, workspace), poll_s=0.001)
        stream = stream_of(changes)
        await next_cursor(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        await asyncio.sleep(0.02)
        workspace.number = 2
        assert await next_cursor(stream_of(changes)) == "2.0"
        changes.close()

    asyncio.run(listen())


def test_more_streams_than_a_process_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 1)

    async def listen() -> None:
        changes = Changes(cast(Service, Counting()), poll_s=0.001)
        stream = stream_of(changes)
        await next_cursor(stream)
        with pytest.raises(Unavailable, match="1 pages listen"):
            stream_of(changes)
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(listen())
