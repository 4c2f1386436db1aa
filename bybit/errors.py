"""Errors named by what the caller should do next, and the list of codes that prove a refusal. Pure.

Two kinds of answer to an order, no third: `Refused` (Bybit said no, with a code on the list below) and `Unknown`
(everything else). A wrong Unknown costs seconds, a wrong Refused costs a position. Codes and meanings:
https://bybit-exchange.github.io/docs/v5/error
"""


class BybitError(Exception):
    """Base of all that can go wrong between us and Bybit. Its text is fit for a person and holds no secret."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Refused(BybitError):
    """Bybit refused with a code that proves nothing was carried out. Tell the person; do not repeat."""


class Unknown(BybitError):
    """The outcome has no proof (time-out, reset, 5xx, an unknown code). Ask Bybit; never send again."""


class NotSent(BybitError):
    """The connection was never made, so not a byte of the request left this machine."""


class Banned(Unknown):
    """Bybit has banned this server's address (HTTP 403): ask nothing more for ten minutes. Whether the request itself
    was carried out is not proven."""


class Gone(BybitError):
    """Cancel or amend of an order that Bybit no longer has open: read it again, it is usually final."""


class Duplicate(BybitError):
    """The orderLinkId exists at Bybit: an earlier send landed. Read the order and adopt it."""


class ClockRefused(BybitError):
    """Refused for its timestamp (10002): measure the clock; the request was not carried out."""


# The same id was used before: the first one landed.
DUPLICATE = frozenset({"110072", "170141"})
# Cancel or amend came too late, or the order is not there (yet).
GONE = frozenset({"110001", "110008", "110010", "40004", "170139", "170142", "170143", "170190", "170213"})
CLOCK = frozenset({"10002"})
# The key is no more: unknown, or expired.
DEAD_KEY = frozenset({"10003", "33004"})

# General: parameters, keys, permissions, compliance (error page, "UTA & Common").
_GENERAL = {"10001", "10003", "10004", "10005", "10007", "10008", "10009", "10010", "10017", "10024", "10027"}
_GENERAL |= {"10028", "10029", "33004", "100028", "-2015"}
# Derivatives: price, balance, margin, reduce-only, limits, trading status (error page, "Trade" and "Position").
_TRADE = {"110003", "110004", "110005", "110006", "110007", "110009", "110011", "110012", "110013", "110014"}
_TRADE |= {"110015", "110017", "110019", "110020", "110021", "110023", "110029", "110031", "110032", "110033"}
_TRADE |= {"110034", "110036", "110038", "110039", "110040", "110042", "110044", "110045", "110046", "110051"}
_TRADE |= {"110052", "110053", "110057", "110058", "110059", "110060", "110061", "110063", "110066", "110074"}
_TRADE |= {"110076", "110077", "110085", "110086", "110089", "110090", "110092", "110093", "110094", "110095"}
_TRADE |= {"110096", "110097", "110098", "110099", "110100", "110103", "110108", "110109", "110118", "110119"}
_TRADE |= {"110120", "110121", "110123", "110124", "110125", "110132", "30208", "30209", "30228", "3400139"}
# Amend, position mode, leverage, TP/SL: what is asked for is there already, or cannot be.
_TRADE |= {"110022", "110024", "110025", "110026", "110027", "110028", "110043", "110064", "34040"}
# Spot (error page, "Spot Trade"): balance, filters, market status, TP/SL prices, region.
_SPOT = {"170031", "170033", "170034", "170036", "170037", "170105", "170115", "170116", "170117", "170121"}
_SPOT |= {"170124", "170130", "170131", "170132", "170133", "170134", "170136", "170137", "170140", "170145"}
_SPOT |= {"170148", "170151", "170157", "170159", "170192", "170193", "170194", "170197", "170198", "170201"}
_SPOT |= {"170202", "170203", "170204", "170206", "170209", "170210", "170217", "170218", "170221", "170224"}
_SPOT |= {"170226", "170228", "170229", "170241", "170312", "170313", "170341", "170344", "170348", "170355"}
_SPOT |= {"170358", "170359", "170371", "170372", "170381", "170382", "170810"}
REFUSED = frozenset(_GENERAL | _TRADE | _SPOT)


def classify(code: str, message: str) -> BybitError:
    """The error for a retCode other than 0. Whatever is not on a list is Unknown."""
    text = message or f"Bybit answered with code {code}"
    for codes, kind in ((DUPLICATE, Duplicate), (GONE, Gone), (CLOCK, ClockRefused), (REFUSED, Refused)):
        if code in codes:
            return kind(text, code)
    return Unknown(text, code)
