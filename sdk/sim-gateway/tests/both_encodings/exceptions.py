"""Where an object that came as protobuf may differ from the same one that came as text of version 178."""

from dataclasses import dataclass

UNSET = 1.7976931348623157e308
UNSET_TEXT = "1.7976931348623157E308"
UNSET_INTEGER = 2147483647
UNSET_LONG = 9223372036854775807
# The text is the same number, written differently.
SAME_NUMBER = "same number"


@dataclass(frozen=True, eq=False)
class Exception178:
    """A field of a callback that text cannot say as protobuf does, and why.

    `path` is the field's path in the arguments; a star stands for any one step. `text` is what the text client makes
    of the field, and where not given `protobuf` may be anything.
    """

    callback: str
    path: str
    text: object
    why: str
    protobuf: object = ...

    def covers(self, callback, path):
        mine, theirs = self.path.split("."), path.split(".")
        return (
            callback == self.callback
            and len(mine) == len(theirs)
            and all(want in ("*", got) for want, got in zip(mine, theirs))
        )

    def allows(self, protobuf, text):
        if self.text == SAME_NUMBER:
            return "" not in (protobuf, text) and float(protobuf) == float(text)
        return text == self.text and self.protobuf in (..., protobuf)

    def group(self):
        """What it shares with the other fields of the same callback that differ for the same reason."""
        return self.callback, self.why

    def __str__(self):
        return f"{self.callback} {self.path}: {self.why}"


def each(callback, fields, text, why, protobuf=...):
    return [Exception178(callback, field, text, why, protobuf) for field in fields.split()]


NEWER = "newer than version 178"
NOT_THERE = "this message does not have it in text"
ZERO = "text has no absent number here, it writes 0"
NO_SIDE = "IB writes ? where there is nothing to say"
NONE = "IB writes None where there is nothing to say"
LARGEST = "IB writes the largest number for an unset one"
EMPTY_LIST = "the client makes an empty list of it in protobuf and none in text"
MARGINS = (
    "3.initMarginBefore 3.initMarginChange 3.initMarginAfter 3.maintMarginBefore 3.maintMarginChange "
    "3.maintMarginAfter 3.equityWithLoanBefore 3.equityWithLoanChange 3.equityWithLoanAfter"
)

EXCEPTIONS = [
    *each("error", "1", 0, NEWER),
    # Contracts.
    *each("contractDetails", "1.contract.strike", 0.0, ZERO, UNSET),
    *each("contractDetails", "1.secIdList", None, EMPTY_LIST, []),
    *each("symbolSamples", "1.*.contract.localSymbol 1.*.contract.tradingClass", "", NOT_THERE),
    # Orders.
    *each("openOrder", "1.strike 2.lmtPrice 2.auxPrice 2.cashQty", 0.0, ZERO, UNSET),
    *each("openOrder", "2.volatilityType 2.referencePriceType", 0, ZERO, UNSET_INTEGER),
    *each("openOrder", "2.usePriceMgmtAlgo", False, ZERO, None),
    *each("openOrder", "1.right 2.deltaNeutralOpenClose", "?", NO_SIDE, ""),
    *each("openOrder", "2.deltaNeutralOrderType 2.adjustedOrderType", "None", NONE, ""),
    *each("openOrder", "2.smartComboRoutingParams", None, EMPTY_LIST, []),
    *each("openOrder", "3.marginCurrency 3.rejectReason", "", NEWER),
    *each("openOrder", MARGINS, UNSET_TEXT, LARGEST, ""),
    *each("openOrder", MARGINS, SAME_NUMBER, "the client writes it as text itself"),
    *each("completedOrder", "0.strike 1.lmtPrice 1.auxPrice 1.cashQty", 0.0, ZERO, UNSET),
    *each("completedOrder", "1.volatilityType 1.referencePriceType", 0, ZERO, UNSET_INTEGER),
    *each("completedOrder", "1.routeMarketableToBbo", False, ZERO, None),
    *each("completedOrder", "0.right", "?", NO_SIDE, ""),
    *each("completedOrder", "1.deltaNeutralOrderType", "None", NONE, ""),
    *each("completedOrder", "1.smartComboRoutingParams", None, EMPTY_LIST, []),
    *each("completedOrder", "1.refFuturesConId", UNSET_INTEGER, LARGEST, 0),
    *each("completedOrder", "1.parentPermId", UNSET_LONG, LARGEST, 0),
    *each("completedOrder", "1.clientId", 0, NOT_THERE),
    *each("completedOrder", "2.commissionAndFees", UNSET, NOT_THERE),
    *each("completedOrder", "2.commissionAndFeesCurrency", "", NOT_THERE),
    # Fills.
    *each("execDetails", "1.strike", 0.0, ZERO, UNSET),
    *each("commissionAndFeesReport", "0.realizedPNL 0.yield_", UNSET, LARGEST, 0.0),
    # Holdings.
    *each("position", "1.strike", 0.0, ZERO, UNSET),
    *each("positionMulti", "3.strike", 0.0, ZERO, UNSET),
    *each("updatePortfolio", "0.strike", 0.0, ZERO, UNSET),
]
