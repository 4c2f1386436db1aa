"""Who may call what: one table, keyed by operation id. An operation that is not in it cannot be mounted.

Rights are `read`, `trade`, `manage` (owners: accounts and their keys) and `self` (one's own sign-in, by a page only:
no token has it). An owner has all, a trader all but `manage`, a viewer `read` and `self`."""

from django.http import HttpRequest
from ninja import NinjaAPI

# None: no sign-in needed.
RIGHTS: dict[str, str | None] = {
    "health": None,
    "ready": None,
    "get_session": None,
    "sign_in": None,
    "sign_in_code": None,
    "ask_passkey": None,
    "sign_in_passkey": None,
    "sign_out": None,
    "get_setup": None,
    "make_owner": None,
    "step_up": "self",
    "change_password": "self",
    "list_sites": "manage",
    "add_account": "manage",
    "get_key": "manage",
    "check_key": "manage",
    "change_key": "manage",
    "switch_live": "manage",
    "list_devices": "self",
    "rename_device": "self",
    "revoke_device": "self",
    "list_factors": "self",
    "start_factor": "self",
    "confirm_factor": "self",
    "remove_factor": "self",
    "new_recovery_codes": "self",
    "ask_proof": "self",
    "list_passkeys": "self",
    "start_passkey": "self",
    "confirm_passkey": "self",
    "remove_passkey": "self",
    "list_tokens": "self",
    "make_token": "self",
    "revoke_token": "self",
    "get_push": "self",
    "list_push_devices": "self",
    "add_push_device": "self",
    "renew_push_device": "self",
    "remove_push_device": "self",
    "get_push_preferences": "self",
    "set_push_preferences": "self",
    "test_push": "self",
    "read_push": "self",
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
    "start_over": "trade",
    "pause_trading": "trade",
}
# Asks a page for a proof of the last two minutes.
FRESH = frozenset(
    {
        *("change_password", "start_factor", "remove_factor", "new_recovery_codes", "make_token"),
        *("add_account", "change_key", "export_journal", "start_passkey", "remove_passkey"),
        *("add_push_device", "remove_push_device", "set_push_preferences"),
    }
)
# Of these, what a recovery code is good for.
ENROLLING = frozenset({"start_factor", "start_passkey"})
# What a session that a recovery code opened may do beside looking: get out, and show or enrol a second factor.
RECOVERED = ENROLLING | {
    *("cancel_order", "cancel_all", "close_position", "close_all_positions", "preview_order"),
    # Its own way asks again before an account trades on.
    *("pause_trading", "confirm_factor", "confirm_passkey", "ask_proof", "step_up"),
}
# Orders that go out of such a session too, and of one that slept, when they only reduce.
REDUCING = frozenset({"place_order", "place_batch"})
# Asks a page for one proof after twelve hours without a trade. What only gets out is not here: cancels, closes, stops.
RISKY = frozenset(
    {"place_order", "place_batch", "amend_order", "reverse_position", "set_leverage", "set_position_mode"}
)
# Written into the audit log once done. Orders are sealed there by their evidence, later.
AUDITED = frozenset(
    {
        *("set_time_zone", "set_leverage", "set_position_mode", "export_journal", "start_over"),
        "set_push_preferences",
    }
)
_by_route: dict[tuple[str, str], str] = {}


def bind(api: NinjaAPI, prefix: str) -> None:
    """Reads every mounted operation into the table by route and method. Raises KeyError for one without a right."""
    for base, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                route = "/".join(part.strip("/") for part in (prefix, base, path) if part.strip("/"))
                if operation.operation_id is None:
                    raise KeyError(f"{route} has no operation id")
                for method in operation.methods:
                    if operation.operation_id not in RIGHTS:
                        raise KeyError(f"{operation.operation_id} has no right")
                    _by_route[method, _plain(route)] = operation.operation_id


def operation_of(request: HttpRequest) -> str:
    """The operation that this request asks for; "" when there is none."""
    match = request.resolver_match
    return _by_route.get((request.method or "", _plain(match.route if match else "")), "")


def is_export(request: HttpRequest, operation: str) -> bool:
    """Whether a list is taken away as a file."""
    return operation in ("list_executions", "list_closed_pnl") and request.GET.get("format") == "csv"


def _plain(route: str) -> str:
    """Ninja writes {order_id}, Django <order_id>: one form for both."""
    return route.strip("/").replace("{", "<").replace("}", ">")
