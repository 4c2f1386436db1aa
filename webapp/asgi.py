"""HTTP to Django, /ws/live to the live consumer."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
django_app = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from webapp.live import Live, NoSuchSocket  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": django_app,
        "websocket": URLRouter(
            [path("ws/live", Live.as_asgi()), path("<path:rest>", NoSuchSocket.as_asgi())]
        ),
    }
)
