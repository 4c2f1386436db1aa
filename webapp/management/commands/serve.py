"""The web process: HTTP and the live socket, by daphne."""

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Serves the console and its API."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default="localhost", help="localhost by default: a proxy stands in front"
        )
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        # daphne's own module installs the reactor, so it is imported before anything that might.
        from channels.routing import get_default_application

        from webapp.server import BoundedServer

        hosts = _loopback(options["port"]) if options["host"] == "localhost" else [options["host"]]
        endpoints = [f"tcp:{options['port']}:interface={_escaped(host)}" for host in hosts]
        BoundedServer(
            application=get_default_application(),
            endpoints=endpoints,
            # No access log: it would print URLs.
            action_logger=None,
            websocket_timeout=12 * 3600,
            websocket_max_message_size=64 * 1024,
            websocket_max_frame_size=64 * 1024,
            proxy_forwarded_address_header=None,
            verbosity=1,
            server_name="Tradepost",
        ).run()


def _escaped(host: str) -> str:
    return host.replace(":", "\\:")


def _loopback(port: int) -> list[str]:
    """Both loopbacks where this machine has both: browsers try ::1 first."""
    hosts = ["127.0.0.1"]
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        hosts.append("::1")
    except OSError:
        pass
    return hosts
