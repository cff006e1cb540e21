"""What is asked, by subject. Each question is asked on both sides and compared there."""

import questions_data
import questions_orders
from contracts import APPLE, EURO, contract, idle

ACCOUNT = "DU1234567"


def session(pair):
    pair.ask("the user", lambda desk: desk.reqUserInfo(3))
    pair.ask("the next id", lambda desk: desk.reqIds(1))
    pair.ask("the accounts", lambda desk: desk.reqManagedAccts())
    pair.ask("the family codes", lambda desk: desk.reqFamilyCodes())
    pair.ask_protobuf("the time", lambda desk: desk.reqCurrentTimeInMillis(), "currentTimeInMillis")


def conduct(pair):
    pair.ask("a log level", lambda desk: desk.setServerLogLevel(3), idle)
    pair.ask("a lost connection", commands=["notice 1100", "notice 1102"])


def reference(pair):
    pair.ask("a stock", lambda desk: desk.reqContractDetails(10, APPLE))
    pair.ask("a currency", lambda desk: desk.reqContractDetails(11, EURO))
    pair.ask("no such contract", lambda desk: desk.reqContractDetails(12, contract("NOTHING")))
    pair.ask("symbols like MS", lambda desk: desk.reqMatchingSymbols(13, "MS"))
    pair.ask("a market rule", lambda desk: desk.reqMarketRule(26))


def account(pair):
    pair.ask("positions", lambda desk: desk.reqPositions())
    pair.ask("no more positions", lambda desk: desk.cancelPositions(), idle)
    tags = "NetLiquidation,TotalCashValue,BuyingPower"
    pair.ask("a summary", lambda desk: desk.reqAccountSummary(40, "All", tags))
    pair.ask("no more summary", lambda desk: desk.cancelAccountSummary(40), idle)
    pair.ask("the account", lambda desk: desk.reqAccountUpdates(True, ACCOUNT))
    pair.ask("no more account", lambda desk: desk.reqAccountUpdates(False, ACCOUNT), idle)
    pair.ask("positions of one", lambda desk: desk.reqPositionsMulti(41, ACCOUNT, ""))
    pair.ask("without them", lambda desk: desk.cancelPositionsMulti(41), idle)
    pair.ask("the account of one", lambda desk: desk.reqAccountUpdatesMulti(42, ACCOUNT, "", True))
    pair.ask("without it", lambda desk: desk.cancelAccountUpdatesMulti(42), idle)
    pair.ask("profit", lambda desk: desk.reqPnL(43, ACCOUNT, ""), steps=["2s"])
    pair.ask("without it", lambda desk: desk.cancelPnL(43), idle)
    pair.ask("profit of one", lambda desk: desk.reqPnLSingle(44, ACCOUNT, "", 265598), steps=["2s"])
    pair.ask("without it", lambda desk: desk.cancelPnLSingle(44), idle)


ALL = [session, conduct, reference, *questions_data.ALL, *questions_orders.ALL, account]
