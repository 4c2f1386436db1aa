"""The shared checker: Tradepost's record held against the paper exchange's ledger and its journal of requests.

`broken` names what must hold at every moment (one create per order, exact fills, no verdict without evidence, a log
that only moves forward); `apart` names what must hold once the faults are over (the same orders, positions, wallet).
`tests/witness.py` reads both."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
D = Decimal
FINAL_STATUSES = {"Filled", "Cancelled", "PartiallyFilledCanceled", "Deactivated", "Rejected"}
SHOWN = {
    "Untriggered": "working",
    "Triggered": "working",
    "New": "working",
    "PartiallyFilled": "working",
    "Filled": "filled",
    "Cancelled": "cancelled",
    "PartiallyFilledCanceled": "cancelled",
    "Deactivated": "cancelled",
    "Rejected": "rejected",
}
FINAL = {"filled", "cancelled", "rejected"}
PLACE = {"new": 0, "sending": 1, "unknown": 2, "acked": 3, "working": 4} | dict.fromkeys(FINAL, 5)
OUR_VERDICTS = {"never_sent", "never_arrived", "clock", "history_expired"}
SIGNATURE_LIFE = timedelta(seconds=6)


@dataclass
class Story:
    """Both sides of one account, ours read first: the exchange's can only be further on."""

    ours: dict[str, list[Row]]
    venue: Row
    creates: list[Row]
    # How long after signing "never arrived" may first be said.
    settle: timedelta = timedelta(seconds=20)
    by_link: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    proof: dict[Any, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for order in self.venue["orders"]:
            if order["orderLinkId"]:
                self.by_link[order["orderLinkId"]].append(order)
        for row in self.ours["evidence"]:
            self.proof[row["order_id"]].append(row)


def broken(story: Story) -> list[str]:
    """What is wrong now and would stay wrong: I1 to I6."""
    checks: tuple[Callable[[Story], Iterator[str]], ...] = (
        _intent_first,
        _one_create,
        _never_more_than_told,
        _exact_fills,
        _only_forward,
        _proven_ends,
    )
    return [problem for check in checks for problem in check(story)]


# ---- at every moment


def _links(entry: Row) -> list[str]:
    batch = entry["params"].get("request")
    links = [item.get("orderLinkId", "") for item in batch] if isinstance(batch, list) else []
    return [link for link in (*links, entry["orderLinkId"]) if link]


def _intent_first(story: Story) -> Iterator[str]:
    """I1: the row was there before the first byte."""
    rows = {row["order_link_id"]: row for row in story.ours["orders"] if row["source"] != "external"}
    signed = [entry for entry in story.creates if entry["account"] in ("", story.venue["account"])]
    for entry in signed:
        for link in _links(entry):
            row = rows.get(link)
            if row is None:
                yield f"I1 {link}: sent, and no row of ours"
            elif row["created_at"].timestamp() * 1e9 > entry["at_ns"]:
                yield f"I1 {link}: sent before its row"
            elif not any(proof["kind"] == "intent" for proof in story.proof[row["id"]]):
                yield f"I1 {link}: no intent kept"


def _one_create(story: Story) -> Iterator[str]:
    """I2: at most one request and one order for each id."""
    for link, count in Counter(link for entry in story.creates for link in _links(entry)).items():
        if count > 1:
            yield f"I2 {link}: {count} create requests"
    for link, orders in story.by_link.items():
        if len(orders) > 1:
            yield f"I2 {link}: {len(orders)} orders at the exchange"
    known = Counter(row["exchange_order_id"] for row in story.ours["orders"] if row["exchange_order_id"])
    for order_id, count in known.items():
        if count > 1:
            yield f"I2 {order_id}: {count} rows for one order"


def _never_more_than_told(story: Story) -> Iterator[str]:
    """I3, the half that always holds: every order id of ours that claims to be Bybit's is Bybit's."""
    theirs = {order["orderId"]: order for order in story.venue["orders"]}
    for row in story.ours["orders"]:
        order = theirs.get(row["exchange_order_id"])
        if row["exchange_order_id"] and order is None:
            yield f"I3 {row['id']}: no such order at the exchange"
        if order is not None and (order["symbol"], order["side"]) != (row["symbol"], row["side"]):
            yield f"I3 {row['id']}: another market or side at the exchange"
        if order is not None and D(order["cumExecQty"]) < row["cum_exec_qty"]:
            yield f"I3 {row['id']}: more executed here than there"


def _money(value: Any) -> Decimal | None:
    return None if value in (None, "") else D(str(value))


def _exact_fills(story: Story) -> Iterator[str]:
    """I4: each fill of ours is one of theirs, to the last digit, and the sums follow from the rows."""
    theirs = {row["execId"]: row for row in story.venue["executions"]}
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for fill in story.ours["fills"]:
        if fill["is_trade"] and fill["order_id"] is not None:
            sums[fill["order_id"]] += fill["qty"]
        told = theirs.get(fill["exec_id"])
        if told is None:
            yield f"I4 {fill['exec_id']}: a fill that the exchange does not know"
            continue
        names = {"price": "execPrice", "qty": "execQty", "value": "execValue", "fee": "execFee"}
        for ours, name in names.items():
            if fill[ours] != _money(told[name]):
                yield f"I4 {fill['exec_id']}: {ours} {fill[ours]}, not {told[name]}"
        if (fill["symbol"], fill["side"]) != (told["symbol"], told["side"]):
            yield f"I4 {fill['exec_id']}: another market or side"
    for exec_id, count in Counter(fill["exec_id"] for fill in story.ours["fills"]).items():
        if count > 1:
            yield f"I4 {exec_id}: booked {count} times"
    for row in story.ours["orders"]:
        if row["fills_qty"] != sums[row["id"]]:
            yield f"I4 {row['id']}: fills_qty {row['fills_qty']}, its fills add up to {sums[row['id']]}"


def _only_forward(story: Story) -> Iterator[str]:
    """I5: the log has no gap, versions rise, executed quantity never falls, an end stays an end."""
    seqs = [event["seq"] for event in story.ours["events"]]
    counter = story.ours["counter"][0] if story.ours["counter"] else {"seq": 0, "floor": 0}
    if seqs and seqs != list(range(seqs[0], counter["seq"] + 1)):
        yield f"I5 the log runs from {seqs[0]} to {counter['seq']} with {len(seqs)} events"
    last: dict[tuple[str, str], Row] = {}
    for event in story.ours["events"]:
        name = (event["kind"], event["key"])
        before = last.get(name)
        if before is not None and event["version"] <= before["version"]:
            yield f"I5 {name}: version {event['version']} after {before['version']}"
        if event["kind"] == "order":
            event["order"] = json.loads(event["body"])
            if before is not None:
                yield from _step(event["key"], before["order"], event["order"])
        last[name] = event


def _step(key: str, before: Row, after: Row) -> Iterator[str]:
    if D(after["filled_qty"]) < D(before["filled_qty"]):
        yield f"I5 {key}: filled {before['filled_qty']} and then {after['filled_qty']}"
    was_final = before["exchange_status"] in FINAL_STATUSES
    if was_final and (after["exchange_status"] not in FINAL_STATUSES or after["state"] not in FINAL):
        yield f"I5 {key}: {before['exchange_status']} and then {after['exchange_status']}"
    reopened = before["reject_code"] in OUR_VERDICTS and not was_final
    if PLACE[after["state"]] < PLACE[before["state"]] and not reopened:
        yield f"I5 {key}: {before['state']} and then {after['state']}"


def _proven_ends(story: Story) -> Iterator[str]:
    """I6: every end has its evidence."""
    sent = {link for entry in story.creates for link in _links(entry)}
    for row in story.ours["orders"]:
        if row["state"] in FINAL:
            missing = _missing_proof(row, story, sent)
            if missing:
                yield f"I6 {row['id']}: {row['state']} ({row['reject_code']}) {missing}"


def _missing_proof(row: Row, story: Story, sent: set[str]) -> str:
    proof = story.proof[row["id"]]
    if row["exchange_status"] in FINAL_STATUSES:
        told = [item["body"].get("orderStatus") for item in proof if item["kind"] == "report"]
        fits = SHOWN.get(row["exchange_status"]) == row["state"] and row["exchange_status"] in told
        return "" if fits else f"without a report that says {row['exchange_status']}"
    if row["state"] == "rejected" and story.by_link.get(row["order_link_id"]):
        return "but the exchange has it"
    answers = [item["body"] for item in proof if item["kind"] == "answer"]
    verdicts = [item for item in proof if item["kind"] == "verdict"]
    code = row["reject_code"]
    if code == "never_arrived":
        return _weak_absence(row, verdicts, story.settle)
    if code == "never_sent":
        told_so = any(item["body"].get("code") == code for item in verdicts)
        refused = any(body.get("kind") == "NotSent" for body in answers)
        return "" if (told_so or refused) and row["order_link_id"] not in sent else "but it was sent"
    if code == "history_expired":
        return "" if any(item["body"].get("code") == code for item in verdicts) else "without a verdict"
    kinds = {"ClockRefused"} if code == "clock" else {"Refused", "Gone"}
    fits = any(body.get("kind") in kinds and (code == "clock" or body["code"] == code) for body in answers)
    return "" if fits else "without a refusal"


def _weak_absence(row: Row, verdicts: list[Row], settle: timedelta) -> str:
    for item in verdicts:
        body = item["body"]
        if body.get("code") == "never_arrived":
            asked = [body.get(name) for name in ("realtime", "history", "executions")]
            if asked != ["nothing"] * 3 or body.get("negatives", 0) < 3:
                return f"with a weak proof {body}"
            return "" if item["at"] - row["sent_at"] >= settle else "too early"
    return "without a verdict"


# ---- once it is calm


def apart(story: Story) -> list[str]:
    """Where the two sides differ: I3, I4 and I7 once the faults are over."""
    checks = (_missing_orders, _different_orders, _missing_fills, _different_positions, _unpublished)
    return [difference for check in checks for difference in check(story)]


def _missing_orders(story: Story) -> Iterator[str]:
    known = {row["exchange_order_id"]: row for row in story.ours["orders"]}
    for order in story.venue["orders"]:
        row = known.get(order["orderId"])
        if row is None:
            yield f"I3 {order['orderId']} ({order['orderLinkId']}) has no row"
        elif order["orderLinkId"] and row["source"] != "external" and str(row["id"]) != order["orderLinkId"]:
            yield f"I3 {order['orderId']} is another order's row"


def _different_orders(story: Story) -> Iterator[str]:
    theirs = {order["orderId"]: order for order in story.venue["orders"]}
    for row in story.ours["orders"]:
        if row["needs_read"] or row["state"] in ("new", "sending", "unknown"):
            yield f"I7 {row['id']} is {row['state']}, needs_read {row['needs_read']}"
        order = theirs.get(row["exchange_order_id"])
        if order is None or row["reject_code"] == "history_expired":
            if row["state"] not in FINAL and row["exchange_order_id"]:
                yield f"I7 {row['id']} is {row['state']} and the exchange has none"
            continue
        state = SHOWN[order["orderStatus"]]
        price = None if order["orderType"] == "Market" else D(order["price"])
        shown = (row["exchange_status"], row["state"], row["cum_exec_qty"], row["qty"], row["price"])
        told = (order["orderStatus"], state, D(order["cumExecQty"]), D(order["qty"]), price)
        if shown != told:
            yield f"I7 {row['id']}: {shown}, not {told}"


def _missing_fills(story: Story) -> Iterator[str]:
    ours = {fill["exec_id"]: fill for fill in story.ours["fills"]}
    for row in story.venue["executions"]:
        fill = ours.get(row["execId"])
        if fill is None:
            yield f"I4 {row['execId']} of {row['orderLinkId'] or row['orderId']} is missing"
        elif fill["order_id"] is None and row["orderId"] and row["execType"] == "Trade":
            yield f"I4 {row['execId']} belongs to no order"


def _different_positions(story: Story) -> Iterator[str]:
    held = {(row["symbol"], row["positionIdx"]): row for row in story.venue["positions"]}
    ours = {(row["symbol"], row["position_idx"]): row for row in story.ours["positions"]}
    for name in held.keys() | ours.keys():
        told, row = held.get(name), ours.get(name)
        there = (told["side"], D(told["size"]), D(told["avgPrice"])) if told else ("", D(0), None)
        here = (row["side"], row["size"], row["entry_price"]) if row else ("", D(0), None)
        if here != there:
            yield f"I7 position {name}: {here}, not {there}"
        signed = there[1] if there[0] != "Sell" else -there[1]
        if row and row["ours_size"] != signed:
            yield f"I7 position {name}: our fills add up to {row['ours_size']}, not {signed}"
    wallet = story.ours["wallet"][0]["coins"] if story.ours["wallet"] else []
    balances = {coin["coin"]: D(coin["wallet_balance"]) for coin in wallet}
    for coin in story.venue["wallet"]["coin"]:
        if balances.get(coin["coin"], D(0)) != D(coin["walletBalance"]):
            yield f"I7 wallet {coin['coin']}: {balances.get(coin['coin'])}, not {coin['walletBalance']}"


# The exchange books the parts of an open holding to eight places.
DIGITS = D("0.0000001")


def unjournaled(story: Story) -> list[str]:
    """I8: every fill is in the journal, its days add up to the exchange's books, its places to our positions."""
    found = [
        f"I8 {fill['exec_id']} is not journaled" for fill in story.ours["fills"] if not fill["journaled"]
    ]
    days = {row["coin"]: row for row in story.ours["days"]}
    none = dict.fromkeys(("realised", "fees", "funding"), D(0))
    for coin, funds in story.venue["funds"].items():
        if "fees" not in funds:
            # A coin that only spot moves: the wallet says what is left of it.
            continue
        ours = days.get(coin, none)
        found += [
            f"I8 {coin}: {name} {ours[name]}, not {funds[name]}"
            for name in ("fees", "funding")
            if ours[name] != D(funds[name])
        ]
        if abs(ours["realised"] - D(funds["realised"])) > DIGITS:
            found.append(f"I8 {coin}: realised {ours['realised']}, not {funds['realised']}")
    held = {(row["symbol"], row["position_idx"]): row["ours_size"] for row in story.ours["positions"]}
    for row in story.ours["places"]:
        if row["category"] != "spot" and held.get((row["symbol"], row["position_idx"]), D(0)) != row["size"]:
            found.append(f"I8 {row['symbol']} {row['position_idx']}: {row['size']} in the journal")
    return found


def _unpublished(story: Story) -> Iterator[str]:
    logged = story.ours["counter"][0]["seq"] if story.ours["counter"] else 0
    sent = story.ours["published"][0]["seq"] if story.ours["published"] else 0
    if logged != sent:
        yield f"I7 logged up to {logged}, published up to {sent}"
