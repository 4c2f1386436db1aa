"""Who may call what: one table, keyed by operation id. An operation that is not in it cannot be mounted."""

from django.http import HttpRequest
from ninja import NinjaAPI

# None: no sign-in needed.
RIGHTS: dict[str, str | None] = {
    "health": None,
    "ready": None,
    "get_session": None,
    "sign_in": None,
    "sign_out": None,
    "get_status": "read",
    "list_accounts": "read",
    "list_instruments": "read",
    "list_markets": "read",
    "list_candles": "read",
    "get_book": "read",
    "list_public_trades": "read",
    "get_funding": "read",
    "list_favourites": "read",
    # A user's own list: it touches no order and no account.
    "put_favourite": "read",
    "delete_favourite": "read",
    "list_positions": "read",
    "list_wallets": "read",
    "list_orders": "read",
    "get_order": "read",
    "list_executions": "read",
    "list_events": "read",
    "list_trips": "read",
    "get_trip": "read",
    "list_figures": "read",
    "get_day": "read",
    "get_curve": "read",
    "list_progress": "read",
    "list_holdings": "read",
    "list_notes": "read",
    "list_closed_pnl": "read",
    "export_journal": "read",
    "put_note": "trade",
    "set_time_zone": "trade",
    "place_order": "trade",
    "place_batch": "trade",
    "amend_order": "trade",
    "set_trading_stop": "trade",
    "cancel_order": "trade",
    "cancel_all": "trade",
    "close_position": "trade",
    "close_all_positions": "trade",
    "reverse_position": "trade",
    "set_leverage": "trade",
    "set_position_mode": "trade",
    "get_position": "read",
    "get_protection": "read",
    "preview_order": "trade",
}
_by_route: dict[tuple[str, str], str | None] = {}


def bind(api: NinjaAPI, prefix: str) -> None:
    """Reads every mounted operation into the table by route and method. Raises KeyError for one without a right."""
    for base, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                route = "/".join(part.strip("/") for part in (prefix, base, path) if part.strip("/"))
                if operation.operation_id is None:
                    raise KeyError(f"{route} has no operation id")
                for method in operation.methods:
                    _by_route[method, _plain(route)] = RIGHTS[operation.operation_id]


def needed(request: HttpRequest) -> str | None:
    """The right this request needs; None when anybody may."""
    match = request.resolver_match
    route = _plain(match.route if match else "")
    return _by_route.get((request.method or "", route), "trade")


def _plain(route: str) -> str:
    """Ninja writes {order_id}, Django <order_id>: one form for both."""
    return route.strip("/").replace("{", "<").replace("}", ">")
