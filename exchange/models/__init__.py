"""Tables of the market: instruments and their days, orders, events, trades, proposals, what streams read."""

from exchange.models.admissions import Admission
from exchange.models.auctions import Auction, AuctionBid, AuctionEntrant
from exchange.models.blocks import BlockTrade
from exchange.models.bulletins import Bulletin, DailyFigure, ReferencePrice
from exchange.models.holdings import LargeHolding
from exchange.models.instruments import ApprovalRecord, Halt, Instrument, InstrumentDay, MatchState
from exchange.models.market import MarketEvent, MatchBatch, TradeProposal
from exchange.models.orders import Order, OrderEvent, Trade
from exchange.models.purchases import PurchasesAsked, PurchasesDone
from exchange.models.surveillance import BarredParty, CaseMeasure, SurveillanceAlert, SurveillanceCase, WatchedDay

__all__ = [
    "Admission",
    "ApprovalRecord",
    "Auction",
    "AuctionBid",
    "AuctionEntrant",
    "BarredParty",
    "BlockTrade",
    "Bulletin",
    "CaseMeasure",
    "DailyFigure",
    "Halt",
    "Instrument",
    "InstrumentDay",
    "LargeHolding",
    "MarketEvent",
    "MatchBatch",
    "MatchState",
    "Order",
    "OrderEvent",
    "PurchasesAsked",
    "PurchasesDone",
    "ReferencePrice",
    "SurveillanceAlert",
    "SurveillanceCase",
    "Trade",
    "TradeProposal",
    "WatchedDay",
]
