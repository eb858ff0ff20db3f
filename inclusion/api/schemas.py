"""What this room takes and gives as JSON: prices as decimal text in yuan, money in fen, credits in whole tonnes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.utils.translation import gettext
from pydantic import BaseModel, Field

from accounts.api.bodies import Body, Quantity, Text
from accounts.rules import Actor
from inclusion import queries
from inclusion.models import OffsetPurchase, OffsetQuote
from inclusion.queries import FootprintView
from inclusion.rules import REGIONS
from rulebook.rules import beijing

Amount = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[Text, Field(min_length=1, max_length=120)]


class EventActivityBody(Body):
    """One source of an event: a quantity in the unit of its factor."""

    item: Annotated[Text, Field(max_length=40)]
    quantity: Amount
    category: Annotated[Text, Field(max_length=40)] = "other"


class EventFuelBody(Body):
    """A fuel that an event burns, in tonnes."""

    fuel: Annotated[Text, Field(max_length=40)]
    tonnes: Amount


class EventBody(Body):
    """The inputs of I1.event: what an event uses. Ranges are checked by the methodology."""

    year: int
    region: Annotated[Text, Field(max_length=40)] = REGIONS[0]
    activities: Annotated[list[EventActivityBody], Field(max_length=200)] = []
    electricity_kwh: Amount | None = None
    green_power_kwh: Amount | None = None
    heat_gj: Amount | None = None
    fuels: Annotated[list[EventFuelBody], Field(max_length=20)] = []

    def as_inputs(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


class QuoteBody(Body):
    """What to quote: `units`, or an `event` whose whole footprint is offset; filters are optional."""

    units: Quantity | None = None
    event: EventBody | None = None
    event_name: Name | None = None
    types: Annotated[list[Literal["F", "G", "W", "S"]], Field(max_length=4)] = []
    vintages: Annotated[list[int], Field(max_length=20)] = []
    division: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None


class PurchaseBody(Body):
    """A quote to buy and retire, and what stands on the certificate."""

    quote: int
    beneficiary: Name
    beneficiary_is_person: bool = False
    purpose: Annotated[Text, Field(max_length=24)] = "event"
    period_first: Annotated[date, Field(strict=False)] | None = None
    period_last: Annotated[date, Field(strict=False)] | None = None
    note: Annotated[Text, Field(max_length=200)] = ""


class FactorShown(BaseModel):
    """An emission factor as used. `per` is the unit of the quantity; the value is kg or t CO2e of it."""

    value: float
    unit: str
    per: str
    year: int | None
    source: str
    confidence: str
    status: str
    parameter_set: str
    version: str


class FootprintLineShown(BaseModel):
    """One source of a footprint."""

    category: str
    item: str
    quantity: float
    tco2e: float
    factor: FactorShown | None


class FootprintShown(BaseModel):
    """A calculated footprint: totals, sources with their factors, warnings, and every figure between."""

    operation: str
    methodology_version: str
    total_tco2e: float
    units_required: int
    by_category: dict[str, float]
    lines: list[FootprintLineShown]
    warnings: list[str]
    not_counted: list[str]
    trace: list[dict[str, Any]]


class QuoteLineShown(BaseModel):
    """One price level that a quote takes from; its order is placed at this price."""

    instrument: str
    project_name: str
    vintage: int
    type: str
    division_name: str
    price: str
    quantity: int
    value_fen: int
    fee_fen: int


class QuoteShown(BaseModel):
    """A quote: what an amount costs at most, fee included, until it expires. `purchase` is set once it is bought."""

    id: int
    units: int
    value_fen: int
    fee_fen: int
    total_fen: int
    at: datetime
    expires_at: datetime
    event_name: str | None
    total_tco2e: float | None
    lines: list[QuoteLineShown]
    purchase: int | None


class OffsetCertificateShown(BaseModel):
    """A retirement of a purchase; its certificate is found by the number."""

    number: str
    tonnes: int
    state: str
    serials: list[str]


class OffsetProblemShown(BaseModel):
    """What the market or the registry refused on the way."""

    code: str
    detail: str


class OffsetShown(BaseModel):
    """A purchase that is retired at once. `state`: ordered, bought, then retired, partly or failed."""

    id: int
    quote: int
    state: str
    units: int
    bought: int
    retired: int
    value_fen: int
    fee_fen: int
    beneficiary: str
    purpose: str
    orders: list[int]
    certificates: list[OffsetCertificateShown]
    problems: list[OffsetProblemShown]
    ordered_at: datetime
    ended_at: datetime | None


def footprint_shown(view: FootprintView) -> FootprintShown:
    """Return a calculated footprint."""
    return FootprintShown(
        operation="I1.event",
        methodology_version=view.methodology_version,
        total_tco2e=view.total_tco2e,
        units_required=view.units_required,
        by_category=dict(view.by_category),
        lines=[
            FootprintLineShown(
                category=one.line.category,
                item=one.line.name,
                quantity=one.line.quantity,
                tco2e=one.line.tco2e,
                factor=FactorShown(
                    value=one.factor.value,
                    unit="tCO2e" if one.factor.in_tonnes else "kgCO2e",
                    per=one.factor.unit,
                    year=one.factor.year,
                    source=one.factor.source,
                    confidence=one.factor.confidence,
                    status=one.factor.status,
                    parameter_set=one.factor.set_id,
                    version=one.factor.version,
                )
                if one.factor
                else None,
            )
            for one in view.lines
        ],
        warnings=list(view.warnings),
        not_counted=list(view.not_counted),
        trace=[dict(step) for step in view.trace],
    )


def quote_shown(row: OffsetQuote) -> QuoteShown:
    """Return a quote."""
    footprint = queries.footprint_of(row)
    bought = getattr(row, "purchase", None)
    return QuoteShown(
        id=row.pk,
        units=row.units,
        value_fen=row.value_fen,
        fee_fen=row.fee_fen,
        total_fen=row.total_fen,
        at=beijing(row.at),
        expires_at=beijing(row.expires_at),
        event_name=row.footprint.event if row.footprint else None,
        total_tco2e=footprint.total_tco2e if footprint else None,
        lines=[
            QuoteLineShown(
                instrument=line.instrument_code,
                project_name=line.project_name,
                vintage=line.vintage_year,
                type=line.credit_type,
                division_name=line.division_name,
                price=f"{line.price_fen // 100}.{line.price_fen % 100:02d}",
                quantity=line.quantity,
                value_fen=line.value_fen,
                fee_fen=line.fee_fen,
            )
            for line in sorted(row.lines.all(), key=lambda line: line.number)
        ],
        purchase=bought.pk if bought else None,
    )


def offset_shown(row: OffsetPurchase, actor: Actor) -> OffsetShown:
    """Return a purchase as it stands."""
    return OffsetShown(
        id=row.pk,
        quote=row.quote_id,
        state=row.state,
        units=row.units,
        bought=row.bought_units,
        retired=row.retired_units,
        value_fen=row.value_fen,
        fee_fen=row.fee_fen,
        beneficiary=queries.names_for(actor, row)[0],
        purpose=row.purpose,
        orders=sorted(one.order_id for one in row.orders.all()),
        certificates=[
            OffsetCertificateShown(number=one.number, tonnes=one.units, state=one.state, serials=list(one.serials))
            for one in queries.certificates_of(row)
        ],
        problems=[
            OffsetProblemShown(code=one["code"], detail=gettext(one["message"]).format(**one["found"]))
            for one in row.problems
        ],
        ordered_at=beijing(row.ordered_at),
        ended_at=beijing(row.ended_at) if row.ended_at else None,
    )
