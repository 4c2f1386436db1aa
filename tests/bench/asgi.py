"""The product's application, with one more socket: the plain Channels consumer that `fill` is measured against."""

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from webapp.asgi import application as product

GROUP = "bench"


class Plain(AsyncWebsocketConsumer):  # type: ignore[misc]
    """As Channels' own tutorial has it: in a group, and what comes is sent."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def mark(self, message: dict[str, Any]) -> None:
        await self.send(text_data=message["text"])


pages = product.application_mapping["websocket"]
application = ProtocolTypeRouter(
    {
        "http": product.application_mapping["http"],
        "websocket": URLRouter([path("bench/socket", Plain.as_asgi()), *pages.routes]),
    }
)
