"""One ear per process on the channel layer, however many pages are open: a message comes once, and is handed to all
pages of its group here. What is lost on the way is read from the log at the next heartbeat."""

import asyncio
import logging
import uuid
from collections import defaultdict
from typing import Any, Protocol

import redis
from channels.layers import get_channel_layer

log = logging.getLogger("tradepost.live")

# Nobody waits longer than this for a layer that does not answer.
LAYER_SECONDS = 2.0
PAUSE_SECONDS = 1.0
# The layer forgets its members after a day, and at once when Valkey starts empty.
REJOIN_SECONDS = 15.0
AWAY = (redis.RedisError, OSError, TimeoutError)


class Page(Protocol):
    async def told(self, message: dict[str, Any]) -> None: ...


class Hub:
    """Listens on a plain channel of its own. No consumer waits on it, so the layer hands its messages over directly."""

    def __init__(self) -> None:
        self._layer = get_channel_layer()
        self._channel = f"pages.{uuid.uuid4().hex}"
        self._pages: dict[str, set[Page]] = defaultdict(set)
        self._tasks: set[asyncio.Task[None]] = set()
        # Joining and leaving one group must reach the layer in their order.
        self._order = asyncio.Lock()

    async def join(self, group: str, page: Page) -> None:
        """From now on the page is told what is sent to the group; if the layer is away, as soon as it is back."""
        new = group not in self._pages
        self._pages[group].add(page)
        if not self._tasks:
            self._tasks = {asyncio.create_task(work()) for work in (self._listen, self._stay)}
        if new:
            await self.rejoin([group])

    def leave(self, group: str, page: Page) -> None:
        """The page hears nothing more of the group, at once; nor does this process, soon after it was the last."""
        pages = self._pages.get(group, set())
        pages.discard(page)
        if not pages and self._pages.pop(group, None) is not None:
            task = asyncio.create_task(self._discard(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _discard(self, group: str) -> None:
        async with self._order:
            if group not in self._pages:
                await self._ask(self._layer.group_discard(group, self._channel))

    async def rejoin(self, groups: list[str]) -> None:
        """For groups whose messages did not come: the layer may have forgotten us."""
        async with self._order:
            for group in groups:
                if group in self._pages and not await self._ask(self._layer.group_add(group, self._channel)):
                    return

    async def _ask(self, question: Any) -> bool:
        try:
            await asyncio.wait_for(question, LAYER_SECONDS)
        except AWAY as problem:
            log.warning("the channel layer is away (%s): pages live from the log", type(problem).__name__)
            return False
        return True

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
                for page in list(self._pages.get(message["group"], ())):
                    await self._tell(page, message)
            except AWAY as problem:
                log.warning("the channel layer is away (%s): pages live from the log", type(problem).__name__)
                await asyncio.sleep(PAUSE_SECONDS)
                await self.rejoin(list(self._pages))
            except Exception:
                log.exception("a message for the pages could not be read")
                await asyncio.sleep(PAUSE_SECONDS)

    async def _tell(self, page: Page, message: dict[str, Any]) -> None:
        try:
            await page.told(message)
        except Exception:
            log.exception("a page took no message")

    async def _stay(self) -> None:
        while True:
            await asyncio.sleep(REJOIN_SECONDS)
            try:
                await self.rejoin(list(self._pages))
            except Exception:
                log.exception("the groups could not be joined anew")


hub = Hub()
