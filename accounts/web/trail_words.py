"""The words of the audit trail, for all rooms: acts, subjects, fields and values. Message ids are English.

A record keeps codes, so that it means the same for ever; this is how people read them. What is not here is shown as it
was written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts import queries
from accounts.rules import OrganisationKind, Role
from accounts.web.organisations import KIND_NAMES
from accounts.web.refusals import role_name
from rulebook.rules import BEIJING

# What was done.
VERBS: Mapping[str, str] = {
    "add_document": _("Paper added"),
    "add_member": _("Person joined an organisation"),
    "add_parcels": _("Parcels added"),
    "remove_parcel": _("Parcel removed"),
    "admit_instrument": _("Product admitted"),
    "request_admission": _("Admission of a product asked for"),
    "review_admission": _("Admission of a product reviewed"),
    "approve_admission": _("Admission of a product approved"),
    "refuse_admission": _("Admission of a product refused"),
    "withdraw_admission": _("Request for admission withdrawn"),
    "buy_basket": _("Basket bought"),
    "propose_block": _("Block agreement proposed"),
    "accept_block": _("Block agreement accepted"),
    "decline_block": _("Block agreement declined"),
    "withdraw_block": _("Block agreement withdrawn"),
    "confirm_block": _("Block agreement decided by the exchange"),
    "refuse_block": _("Block agreement refused"),
    "propose_auction": _("Auction proposed"),
    "announce_auction": _("Auction announced"),
    "refuse_auction": _("Auction refused"),
    "withdraw_auction": _("Auction withdrawn"),
    "cancel_auction": _("Auction cancelled"),
    "apply_to_auction": _("Application to an auction made"),
    "admit_entrant": _("Bidder admitted to an auction"),
    "refuse_entrant": _("Bidder not admitted to an auction"),
    "answer_comment": _("Public comment answered"),
    "comment": _("Public comment made"),
    "answer_finding": _("Finding answered"),
    "raise_finding": _("Finding raised"),
    "close_finding": _("Finding closed"),
    "approve_api_client": _("API client approved"),
    "close_api_client": _("API client closed"),
    "create_api_client": _("API client created"),
    "rotate_client_secret": _("Secret of an API client renewed"),
    "report_large_holding": _("Large holding reported"),
    "dismiss_alert": _("Alert of surveillance dismissed"),
    "open_surveillance_case": _("Case of surveillance opened"),
    "take_case_measure": _("Measure taken in a case"),
    "approve_restriction": _("Halt of a participant approved in a case"),
    "refuse_restriction": _("Halt of a participant refused in a case"),
    "answer_letter": _("Letter of the exchange answered"),
    "close_surveillance_case": _("Case of surveillance closed"),
    "propose_bar": _("Bar from trading entered"),
    "approve_bar": _("Bar from trading approved"),
    "refuse_bar": _("Bar from trading refused"),
    "end_bar": _("Bar from trading ended early"),
    "propose_approval": _("Approval of continuous trading entered"),
    "approve_approval": _("Approval of continuous trading checked"),
    "refuse_approval": _("Approval of continuous trading refused"),
    "end_approval": _("Approval of continuous trading ended"),
    "propose_rule_change": _("Change of a rule proposed"),
    "approve_rule_change": _("Change of a rule approved"),
    "end_rule_change": _("Change of a rule ended without effect"),
    "propose_role": _("Role proposed"),
    "approve_role": _("Role approved"),
    "refuse_role": _("Role refused"),
    "revoke_role": _("Role revoked"),
    "give_access": _("Access given"),
    "end_access": _("Access ended"),
    "assign_work_item": _("Task assigned"),
    "register_organisation": _("Organisation registered"),
    "freeze_organisation": _("Organisation frozen"),
    "register_user": _("Person registered"),
    "create_project": _("Project begun"),
    "create_period": _("Monitoring period begun"),
    "decide_border": _("Border decided"),
    "state_reason": _("Reason stated"),
    "request_calculation": _("Calculation asked for"),
    "verify_monitoring_report": _("Automatic verification run"),
    "upload_to_period": _("Measurements uploaded"),
    "propose_issuance_of_period": _("Issuance proposed for the period"),
    "propose_issuance": _("Issuance of credits proposed"),
    "issue_credits": _("Credits issued by the checker"),
    "issue_period": _("Period issued"),
    "return_issuance": _("Issuance returned"),
    "record_issuance": _("Issuance recorded"),
    "request_retirement": _("Retirement requested"),
    "retire_credits": _("Credits retired"),
    "cancel_retirement": _("Request for retirement withdrawn"),
    "confirm_parameters": _("Parameters confirmed"),
    "halt": _("Trading halted"),
    "lift_halt": _("Halt lifted"),
    "request_withdrawal": _("Withdrawal requested"),
    "take_statement": _("Bank statement taken"),
    "propose_bank_account": _("Bank account proposed"),
    "approve_bank_account": _("Bank account approved"),
    "refuse_bank_account": _("Proposal of a bank account ended"),
    "answer_bank_account": _("The bank answered about the account"),
    "ask_release": _("Release of a bank account asked for"),
    "release_bank_account": _("Bank account released"),
    "keep_bank_account": _("Bank account kept bound"),
    "propose_return": _("Return of unknown money proposed"),
    "propose_explanation": _("Ownership of unknown money proposed"),
    "approve_explanation": _("Ownership of unknown money approved"),
    "refuse_explanation": _("Ownership of unknown money not approved"),
    "ask_for_pack": _("Evidence pack asked for"),
    "make_pack": _("Evidence pack made"),
    "open_day": _("Day opened"),
    "seal_day": _("Day sealed"),
    "close_day": _("Day closed"),
    "run_day_step": _("Step of a day run again"),
    "raise_objection": _("Objection raised"),
    "withdraw_objection": _("Objection taken back"),
    "propose_end_of_objection": _("End of an objection proposed"),
    "approve_end_of_objection": _("End of an objection approved"),
    "refuse_end_of_objection": _("End of an objection refused"),
    "set_invoice_title": _("Invoice title set"),
    "request_invoice": _("Invoice over fees asked for"),
    "propose_red_letter": _("Red letter proposed"),
    "approve_red_letter": _("Red letter approved"),
    "refuse_red_letter": _("Red letter not approved"),
    "send_tax_order_again": _("Order to the tax port sent again"),
    "approve_withdrawal": _("Withdrawal approved"),
    "make_offset_quote": _("Offset quoted"),
    "buy_offset": _("Credits bought for an offset"),
    "end_offset": _("Offset ended"),
}
# What was done to a project or a period: "submit_project".
ACTS: Mapping[str, str] = {
    "edit": _("edited"),
    "submit": _("handed in"),
    "withdraw": _("taken back"),
    "pass": _("passed on"),
    "return": _("sent back"),
    "reject": _("turned down"),
    "accept": _("taken up"),
    "publish": _("put on notice"),
    "sign": _("report signed"),
    "propose": _("registration proposed"),
    "decide": _("decided on"),
    "record": _("put on record"),
    "calculate": _("removals calculated"),
    "lapse": _("lapsed by time"),
    "suspend": _("put on hold"),
    "resume": _("taken up again"),
    "complete": _("completed at its end"),
    "deregister": _("taken off the register"),
}
# What it was done to: "project:12".
NOUNS: Mapping[str, str] = {
    "project": _("Project"),
    "period": _("Monitoring period"),
    "monitoring_period": _("Monitoring period"),
    "user": _("Person"),
    "organisation": _("Organisation"),
    "api_client": _("API client"),
    "instrument": _("Instrument"),
    "document": _("Document"),
    "retirement": _("Retirement"),
    "parameter_set": _("Parameter set"),
    "issuance": _("Issuance"),
    "withdrawal": _("Withdrawal"),
    "bank_statement": _("Bank statement"),
    "bank_account": _("Bank account"),
    "explanation": _("Unknown money"),
    "evidence_pack": _("Evidence pack"),
    "settlement_day": _("Settlement day"),
    "objection": _("Objection"),
    "invoice": _("Fee invoice"),
    "invoice_title": _("Invoice title"),
    "tax_order": _("Order to the tax port"),
    "offset": _("Offset"),
    "offset_quote": _("Quote for an offset"),
    "halt": _("Halt of trading"),
    "surveillance_alert": _("Alert of surveillance"),
    "surveillance_case": _("Case of surveillance"),
    "bar": _("Entry in the register of the barred"),
    "work_item": _("Open task"),
}
FIELDS: Mapping[str, str] = {
    "scope": _("kind of pack"),
    "size": _("size in bytes"),
    "title": _("about"),
    "claimed_fen": _("claimed (fen)"),
    "compensation_fen": _("compensation (fen)"),
    "step": _("step"),
    "found": _("differences found"),
    "state": _("state"),
    "cause": _("cause"),
    "failed": _("failed checks"),
    "run": _("run number"),
    "due_on": _("due on"),
    "due_provisional": _("date is provisional"),
    "document": _("document number"),
    "is_public": _("public"),
    "kind": _("kind of record"),
    "name": _("name of it"),
    "sha256": _("hash (SHA-256)"),
    "digest": _("hash of the content"),
    "notice_from": _("notice from"),
    "notice_until": _("notice until"),
    "level": _("level of review"),
    "round": _("round"),
    "crediting_first": _("crediting period from"),
    "crediting_last": _("crediting period until"),
    "design": _("design choices"),
    "validator_id": _("validation body"),
    "verifier_id": _("verification body"),
    "owner_id": _("owner of the project"),
    "organisation_id": _("organisation acted for"),
    "user_id": _("user"),
    "parcels": _("parcels"),
    "parcel": _("parcel number"),
    "area_ha": _("area in ha"),
    "code": _("code"),
    "division_code": _("division code"),
    "methodology": _("methodology"),
    "summary": _("summary"),
    "record_id": _("calculation record"),
    "job": _("job"),
    "first": _("first day"),
    "last": _("last day"),
    "project": _("project code"),
    "recorded_by_id": _("recorded by"),
    "registered_at": _("registered at"),
    "decided_by_id": _("decided by"),
    "proposed_by_id": _("proposed by"),
    "granted_by_id": _("proposed by (roles)"),
    "approved_by_id": _("approved by"),
    "created_by_id": _("created by"),
    "claimed_by_id": _("handled by"),
    "role": _("role"),
    "held_until": _("held until"),
    "beneficiary": _("beneficiary"),
    "number": _("certificate number"),
    "tonnes": _("quantity (t)"),
    "comment": _("comment number"),
    "text": _("text"),
    "answer": _("answer"),
    "closed": _("closed"),
    "finding": _("finding number"),
    "initial_price_fen": _("initial price"),
    "mode": _("mode of trading"),
    "buffer_percent": _("buffer percentage"),
    "buffer_tonnes": _("buffer (t)"),
    "verified_tonnes": _("verified (t)"),
    "vintages": _("vintages"),
    "issuance": _("issuance number"),
    "version": _("version"),
    "basis": _("basis"),
    "evidence": _("hash of the evidence"),
    "keys": _("parameters"),
    "scopes": _("scopes"),
    "uscc": _("credit code (USCC)"),
    "display_name": _("name shown"),
    "username": _("user name"),
    "reason": _("reason given"),
    "order": _("order of an authority"),
    "order_number": _("number of the order"),
    "halted": _("trading halted"),
    "units": _("units"),
    "total_fen": _("total price"),
    "bought": _("bought"),
    "retired": _("retired so far"),
    "quote": _("quote number"),
    "opinion": _("opinion given"),
    "bank_serial": _("bank serial number"),
    "entry": _("number of the entry"),
    "statement": _("name of the statement"),
    "lines": _("movements on it"),
    "closing_fen": _("closing balance"),
    "pattern": _("pattern found"),
    "alerts": _("alerts of the case"),
    "organisation": _("party concerned"),
    "outcome": _("outcome of the case"),
    "document_number": _("number of the document"),
    "authority": _("authority that decided"),
    "since": _("in force since"),
    "until": _("in force until"),
}
# Values of the field "state".
STATES: Mapping[str, str] = {
    "draft": _("draft"),
    "calculated": _("calculated"),
    "submitted": _("submitted"),
    "accepted": _("accepted"),
    "notice_and_validation": _("notice and validation"),
    "notice_and_verification": _("notice and verification"),
    "registration_review": _("review of the registration"),
    "issuance_review": _("review of the issuance"),
    "registered": _("registered"),
    "issued": _("issued"),
    "returned": _("returned for correction"),
    "rejected": _("rejected for good"),
    "withdrawn": _("withdrawn"),
    "lapsed": _("lapsed"),
    "suspended": _("suspended"),
    "completed": _("completed"),
    "deregistered": _("deregistered"),
    "active": _("active"),
    "proposed": _("proposed"),
    "frozen": _("frozen"),
    "asked": _("asked for"),
    "sent": _("sent to the bank"),
    "ordered": _("ordered"),
    "requested": _("requested"),
    "retired": _("retired"),
    "cancelled": _("cancelled"),
    "closed": _("closed for good"),
}
# Values of the fields in NAMED.
KINDS: Mapping[str, str] = {
    "validation": _("validation report"),
    "verification": _("verification report"),
    "tenure": _("proof of tenure"),
    "design": _("design document"),
    "parcels": _("parcel file"),
    "monitoring": _("monitoring data"),
    "certificate": _("certificate"),
    "evidence": _("evidence"),
    "firm": _("firm"),
    "nightly": _("nightly"),
    "submission": _("at submission"),
    "issuance": _("at issuance"),
    "listed_agreement": _("listed agreement"),
    "continuous": _("continuous trading"),
    "demonstration": _("for the demonstration"),
    "confirmed": _("official evidence"),
}
# Fields whose values are words of a closed list.
NAMED = frozenset({"kind", "cause", "basis", "mode"})
PEOPLE = frozenset({"user_id"})
ORGANISATIONS = frozenset({"organisation_id", "owner_id", "validator_id", "verifier_id"})
ACTED = "_by_id"
FEN = 100


def act_name(verb: str) -> str:
    """Return what was done, in words; the code itself where it has none."""
    if verb in VERBS:
        return gettext(VERBS[verb])
    act, _underline, noun = verb.partition("_")
    if act in ACTS and noun in NOUNS:
        return gettext("%(noun)s: %(act)s") % {"noun": gettext(NOUNS[noun]), "act": gettext(ACTS[act])}
    return verb


def code_of(name: str) -> str:
    """Return the code of an act that someone names in words; any other text as it is."""
    every = [*VERBS, *(f"{act}_{noun}" for act in ACTS for noun in NOUNS)]
    return next((verb for verb in every if act_name(verb).casefold() == name.casefold()), name)


def subject_name(subject: str) -> str:
    """Return what an act was done to: "project:12" as Project 12."""
    noun, _colon, number = subject.partition(":")
    if noun not in NOUNS:
        return subject
    return gettext("%(noun)s %(number)s") % {"noun": gettext(NOUNS[noun]), "number": number}


def field_name(field: str) -> str:
    """Return a field's name; the field itself where it has none."""
    return gettext(FIELDS[field]) if field in FIELDS else field


class Values:
    """Values of fields as people read them; each person and organisation is looked up once."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, int], str] = {}

    def text(self, field: str, value: Any) -> str:
        """Return a value of a field in words."""
        if value is None or value == "" or value == [] or value == {}:
            return "—"
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(value, int) and (field in PEOPLE or field.endswith(ACTED)):
            return self._once("user", value, queries.user_name)
        if isinstance(value, int) and field in ORGANISATIONS:
            return self._once("organisation", value, _organisation_name)
        if isinstance(value, int) and field.endswith("_fen"):
            return f"¥{value / FEN:,.2f}"
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return gettext(", ").join(value)
        if isinstance(value, list | dict):
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        return _word(field, value) if isinstance(value, str) else str(value)

    def _once(self, kind: str, number: int, name_of: Callable[[int], str]) -> str:
        if (kind, number) not in self._names:
            self._names[kind, number] = name_of(number)
        return self._names[kind, number] or str(number)


def _organisation_name(number: int) -> str:
    found = queries.organisations({number})
    return found[number].name if number in found else ""


def _word(field: str, value: str) -> str:
    if field.endswith("_at") and value[:1].isdecimal():
        return f"{datetime.fromisoformat(value).astimezone(BEIJING):%Y-%m-%d %H:%M}"
    if field == "role" and value in set(Role):
        return role_name(value)
    if field == "kind" and value in set(OrganisationKind):
        return str(KIND_NAMES[OrganisationKind(value)])
    if field == "state" and value in STATES:
        return gettext(STATES[value])
    return gettext(KINDS[value]) if field in NAMED and value in KINDS else value
