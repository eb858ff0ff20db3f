"""Settlement's routes, each with who may use it."""

from accounts.rules import PUBLIC, SIGNED_IN, Role, roles, signed_in
from accounts.web.routes import route
from settlement.api import bank, holds, invoices, log, transfers, views
from settlement.api import days as day_api_views
from settlement.web import (
    bank_accounts,
    daily,
    days,
    desk,
    funds,
    hold_acts,
    holdings,
    invoice_desk,
    ledger,
    objections,
    proofs,
    transfer_acts,
    trusted,
)
from settlement.web import holds as hold_pages
from settlement.web import invoices as invoice_pages
from settlement.web import log as log_pages
from settlement.web import statements as statement_pages
from settlement.web import suspense as suspense_pages
from settlement.web import transfers as transfer_pages

READS = signed_in(scope="ledger:read")
MONEY = roles(Role.FIRM_INITIATOR, Role.OWNER, scope="ledger:write")

HOLDERS = (Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER)
OPERATOR = roles(Role.SETTLEMENT_OPERATOR)
WATCHES = roles(Role.SETTLEMENT_OPERATOR, Role.AUDITOR)
PROPOSES = roles(Role.FIRM_INITIATOR, Role.OWNER, Role.SETTLEMENT_OPERATOR, scope="ledger:write")
CONFIRMS = roles(Role.FIRM_CONFIRMER, Role.OWNER)
STOPS = roles(*HOLDERS, Role.SETTLEMENT_OPERATOR, scope="ledger:write")
TRUSTS = roles(Role.FIRM_INITIATOR, Role.OWNER)
ENDS_TRUST = roles(*HOLDERS)
TRANSFER = "transfers/<int:transfer_id>/"
TRUST = "trusted-accounts/<int:trust_id>/"
REVERSAL = "transfer-reversals/<int:reversal_id>/"

transfer_api = [
    route("transfers/", transfers.Transfers.as_view(), name="api-transfers", GET=READS, POST=PROPOSES),
    route(TRANSFER, transfers.OneTransfer.as_view(), name="api-transfer", GET=READS),
    route(f"{TRANSFER}evidence/", transfers.TransferEvidence.as_view(), name="api-transfer-evidence", GET=READS),
    route(f"{TRANSFER}confirm/", transfers.ConfirmTransfer.as_view(), name="api-transfer-confirm", POST=CONFIRMS),
    route(f"{TRANSFER}approve/", transfers.ApproveTransfer.as_view(), name="api-transfer-approve", POST=OPERATOR),
    route(f"{TRANSFER}refuse/", transfers.RefuseTransfer.as_view(), name="api-transfer-refuse", POST=OPERATOR),
    route(f"{TRANSFER}stop/", transfers.StopTransfer.as_view(), name="api-transfer-stop", POST=STOPS),
    route(
        f"{TRANSFER}reversals/",
        transfers.TransferReversals.as_view(),
        name="api-transfer-reversals",
        GET=WATCHES,
        POST=OPERATOR,
    ),
    route(REVERSAL, transfers.OneReversal.as_view(), name="api-transfer-reversal", GET=WATCHES),
    route(
        f"{REVERSAL}approve/", transfers.ApproveReversal.as_view(), name="api-transfer-reversal-approve", POST=OPERATOR
    ),
    route(f"{REVERSAL}refuse/", transfers.RefuseReversal.as_view(), name="api-transfer-reversal-refuse", POST=OPERATOR),
    route("trusted-accounts/", transfers.TrustedAccounts.as_view(), name="api-trusted", GET=READS, POST=TRUSTS),
    route(TRUST, transfers.OneTrustedAccount.as_view(), name="api-trusted-account", GET=READS),
    route(f"{TRUST}approve/", transfers.ApproveTrustedAccount.as_view(), name="api-trusted-approve", POST=CONFIRMS),
    route(f"{TRUST}end/", transfers.EndTrustedAccount.as_view(), name="api-trusted-end", POST=ENDS_TRUST),
]

HOLD = "holds/<int:hold_id>/"
HELD_BY = (Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER)
OFFICES = (Role.SETTLEMENT_OPERATOR, Role.ECOLOGY_RECORDER)
PLEDGES = roles(Role.FIRM_INITIATOR, Role.OWNER)
CONFIRMS_PLEDGE = roles(Role.FIRM_CONFIRMER, Role.OWNER)
REGISTERS = roles(Role.SETTLEMENT_OPERATOR)
REFUSES_PLEDGE = roles(*HELD_BY, Role.SETTLEMENT_OPERATOR)
ASKS_LIFT = roles(*OFFICES, Role.FIRM_INITIATOR, Role.OWNER)
LIFTS = roles(*OFFICES)
SEES_HOLDS = roles(*HELD_BY, *OFFICES, Role.AUDITOR)

hold_api = [
    route(HOLD, holds.OneHold.as_view(), name="api-hold", GET=READS),
    route(f"{HOLD}evidence/", holds.HoldEvidence.as_view(), name="api-hold-evidence", GET=READS),
    route("pledges/", holds.Pledges.as_view(), name="api-pledges", POST=PLEDGES),
    route(f"{HOLD}confirm/", holds.ConfirmPledge.as_view(), name="api-hold-confirm", POST=CONFIRMS_PLEDGE),
    route(f"{HOLD}register/", holds.RegisterPledge.as_view(), name="api-hold-register", POST=REGISTERS),
    route(f"{HOLD}refuse/", holds.RefusePledge.as_view(), name="api-hold-refuse", POST=REFUSES_PLEDGE),
    route(f"{HOLD}lifts/", holds.Lifts.as_view(), name="api-hold-lifts", POST=ASKS_LIFT),
    route(f"{HOLD}lift/", holds.LiftHold.as_view(), name="api-hold-lift", POST=LIFTS),
    route(f"{HOLD}refuse-lift/", holds.RefuseLift.as_view(), name="api-hold-refuse-lift", POST=ASKS_LIFT),
]

INVOICE = "invoices/<int:request_id>/"
invoice_api = [
    route("invoices/", invoices.Invoices.as_view(), name="api-invoices", GET=READS, POST=MONEY),
    route("invoices/fees/", invoices.InvoiceableFees.as_view(), name="api-invoice-fees", GET=READS),
    route(INVOICE, invoices.OneInvoice.as_view(), name="api-invoice", GET=READS),
    route("invoice-titles/", invoices.InvoiceTitles.as_view(), name="api-invoice-titles", GET=READS, POST=MONEY),
]

RAISES = roles(*HOLDERS, scope="ledger:write")
OBJECTION = "objections/<int:objection_id>/"
day_api = [
    route("statements/daily/", day_api_views.Daily.as_view(), name="api-daily", GET=READS),
    route("objections/", day_api_views.Objections.as_view(), name="api-objections", GET=READS, POST=RAISES),
    route(OBJECTION, day_api_views.OneObjection.as_view(), name="api-objection", GET=READS),
    route(
        f"{OBJECTION}withdraw/", day_api_views.WithdrawObjection.as_view(), name="api-objection-withdraw", POST=RAISES
    ),
]

api_routes = [
    *day_api,
    *hold_api,
    *invoice_api,
    route("holdings/", views.Holdings.as_view(), name="api-holdings", GET=READS),
    route("batches/", views.Batches.as_view(), name="api-batches", GET=PUBLIC),
    route("batches/<int:asset_id>/", views.Batch.as_view(), name="api-batch", GET=PUBLIC),
    route("statements/", views.Statements.as_view(), name="api-statements", GET=READS),
    route("deposits/", views.Deposits.as_view(), name="api-deposits", GET=READS, POST=MONEY),
    route("deposits/<int:deposit_id>/", views.Deposit.as_view(), name="api-deposit", GET=READS),
    route("withdrawals/", views.Withdrawals.as_view(), name="api-withdrawals", GET=READS, POST=MONEY),
    route("withdrawals/<int:withdrawal_id>/", views.Withdrawal.as_view(), name="api-withdrawal", GET=READS),
    route(
        "withdrawals/<int:withdrawal_id>/approve/",
        views.ApproveWithdrawal.as_view(),
        name="api-withdrawal-approve",
        POST=roles(Role.FIRM_CONFIRMER),
    ),
    *transfer_api,
    route("log/heads/", log.LogHeads.as_view(), name="api-log-heads", GET=PUBLIC),
    route("log/keys/", log.LogKeys.as_view(), name="api-log-keys", GET=PUBLIC),
    route("log/proofs/", log.LogProof.as_view(), name="api-log-proof", GET=PUBLIC),
    route("log/consistency/", log.LogConsistency.as_view(), name="api-log-consistency", GET=PUBLIC),
    route("log/export/", log.LogExport.as_view(), name="api-log-export", GET=WATCHES),
    # The bank has no account here: its signature is looked at in the view.
    route("bank-notices/", bank.BankNotices.as_view(), name="api-bank-notices", POST=PUBLIC),
]

PEOPLE = roles(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER)
SENDERS = roles(Role.FIRM_INITIATOR, Role.OWNER)
DESK = roles(Role.SETTLEMENT_OPERATOR, Role.AUDITOR)

SEES = roles(*HOLDERS, Role.SETTLEMENT_OPERATOR, Role.AUDITOR)
NEW = roles(Role.FIRM_INITIATOR, Role.OWNER, Role.SETTLEMENT_OPERATOR)
STOP = roles(*HOLDERS, Role.SETTLEMENT_OPERATOR)

transfer_web = [
    route("transfers/", transfer_pages.TransfersPage.as_view(), name="settlement-transfers", GET=SEES),
    route("transfers.xlsx", transfer_pages.TransfersExport.as_view(), name="settlement-transfers-export", GET=SEES),
    route("transfers/new/", transfer_pages.NewTransfer.as_view(), name="settlement-transfer-new", GET=NEW, POST=NEW),
    route("transfers/receiver/", transfer_pages.Receiver.as_view(), name="settlement-transfer-receiver", GET=NEW),
    route("transfers/trusted/", trusted.TrustedPage.as_view(), name="settlement-trusted", GET=SEES, POST=TRUSTS),
    route(
        "transfers/trusted/<int:trust_id>/approve/",
        trusted.ApproveTrust.as_view(),
        name="settlement-trusted-approve",
        GET=CONFIRMS,
        POST=CONFIRMS,
    ),
    route(
        "transfers/trusted/<int:trust_id>/end/",
        trusted.EndTrust.as_view(),
        name="settlement-trusted-end",
        GET=ENDS_TRUST,
        POST=ENDS_TRUST,
    ),
    route(TRANSFER, transfer_pages.TransferPage.as_view(), name="settlement-transfer", GET=SEES),
    route(
        f"{TRANSFER}evidence/",
        transfer_pages.EvidenceDownload.as_view(),
        name="settlement-transfer-evidence",
        GET=SEES,
    ),
    *(
        route(f"{TRANSFER}{verb}/", view.as_view(), name=f"settlement-transfer-{name}", GET=row, POST=row)
        for verb, view, name, row in (
            ("confirm", transfer_acts.ConfirmTransfer, "confirm", CONFIRMS),
            ("approve", transfer_acts.ApproveTransfer, "approve", OPERATOR),
            ("refuse", transfer_acts.RefuseTransfer, "refuse", OPERATOR),
            ("stop", transfer_acts.StopTransfer, "stop", STOP),
            ("reversal", transfer_acts.ProposeReversal, "reversal", OPERATOR),
            ("reversal/decide", transfer_acts.DecideReversal, "reversal-decide", OPERATOR),
        )
    ),
]

hold_web = [
    route("holds/", hold_pages.HoldsPage.as_view(), name="settlement-holds", GET=SEES_HOLDS),
    route("holds.xlsx", hold_pages.HoldsExport.as_view(), name="settlement-holds-export", GET=SEES_HOLDS),
    route("pledges/new/", hold_pages.NewPledge.as_view(), name="settlement-pledge-new", GET=PLEDGES, POST=PLEDGES),
    route(HOLD, hold_pages.HoldPage.as_view(), name="settlement-hold", GET=SEES_HOLDS),
    route(f"{HOLD}evidence/", hold_pages.HoldEvidence.as_view(), name="settlement-hold-evidence", GET=SEES_HOLDS),
    route(
        f"{HOLD}release/", hold_pages.AskLift.as_view(), name="settlement-hold-release", GET=ASKS_LIFT, POST=ASKS_LIFT
    ),
    *(
        route(f"{HOLD}{verb}/", view.as_view(), name=f"settlement-hold-{verb}", GET=row, POST=row)
        for verb, view, row in (
            ("confirm", hold_acts.ConfirmPledge, CONFIRMS_PLEDGE),
            ("register", hold_acts.RegisterPledge, REGISTERS),
            ("refuse", hold_acts.RefusePledge, REFUSES_PLEDGE),
            ("lift", hold_acts.LiftHold, LIFTS),
            ("refuse-lift", hold_acts.RefuseLift, ASKS_LIFT),
        )
    ),
]

SEES_INVOICES = roles(*HOLDERS, Role.SETTLEMENT_OPERATOR, Role.AUDITOR)
ASKS_INVOICE = roles(Role.FIRM_INITIATOR, Role.OWNER)
CORRECT = "invoice-desk/<int:request_id>/"

invoice_web = [
    route("invoices/", invoice_pages.InvoicesPage.as_view(), name="settlement-invoices", GET=PEOPLE),
    route("invoices.xlsx", invoice_pages.InvoicesExport.as_view(), name="settlement-invoices-export", GET=PEOPLE),
    *(
        route(f"invoices/{path}/", view.as_view(), name=f"settlement-invoice-{path}", GET=row, POST=row)
        for path, view, row in (
            ("title", invoice_pages.TitlePage, ASKS_INVOICE),
            ("new", invoice_pages.NewInvoice, ASKS_INVOICE),
        )
    ),
    route(INVOICE, invoice_pages.InvoicePage.as_view(), name="settlement-invoice", GET=SEES_INVOICES),
    route(
        "invoices/files/<slug:number>/",
        invoice_pages.InvoiceFile.as_view(),
        name="settlement-invoice-file",
        GET=SEES_INVOICES,
    ),
    route("invoice-desk/", invoice_desk.InvoiceDesk.as_view(), name="settlement-invoice-desk", GET=WATCHES),
    route(
        "invoice-desk.xlsx",
        invoice_desk.InvoiceDeskExport.as_view(),
        name="settlement-invoice-desk-export",
        GET=WATCHES,
    ),
    route(
        CORRECT,
        invoice_desk.CorrectInvoice.as_view(),
        name="settlement-invoice-correct",
        GET=WATCHES,
        POST=OPERATOR,
    ),
    *(
        route(f"{CORRECT}{verb}/", view.as_view(), name=f"settlement-red-{verb}", GET=OPERATOR, POST=OPERATOR)
        for verb, view in (("approve", invoice_desk.ApproveRedLetter), ("refuse", invoice_desk.RefuseRedLetter))
    ),
    route(
        "invoice-desk/orders/<int:order_id>/again/",
        invoice_desk.SendAgain.as_view(),
        name="settlement-tax-order-again",
        POST=OPERATOR,
    ),
]

OBJECTS = roles(*HOLDERS)
SEES_OBJECTIONS = roles(*HOLDERS, Role.SETTLEMENT_OPERATOR, Role.AUDITOR)

day_web = [
    route("settlement-days/", days.DaysPage.as_view(), name="settlement-days", GET=WATCHES),
    route("settlement-days.xlsx", days.DaysExport.as_view(), name="settlement-days-export", GET=WATCHES),
    route("settlement-days/<str:day>/", days.DayPage.as_view(), name="settlement-day", GET=WATCHES),
    route("settlement-days/<str:day>.xlsx", days.DayExport.as_view(), name="settlement-day-export", GET=WATCHES),
    route("objections/", objections.ObjectionsPage.as_view(), name="settlement-objections", GET=SEES_OBJECTIONS),
    route(
        "objections.xlsx",
        objections.ObjectionsExport.as_view(),
        name="settlement-objections-export",
        GET=SEES_OBJECTIONS,
    ),
    route(
        "objections/new/<int:entry_id>/",
        objections.NewObjection.as_view(),
        name="settlement-objection-new",
        GET=OBJECTS,
        POST=OBJECTS,
    ),
    route(
        OBJECTION,
        objections.ObjectionPage.as_view(),
        name="settlement-objection",
        GET=SEES_OBJECTIONS,
        POST=OPERATOR,
    ),
    *(
        route(f"{OBJECTION}{verb}/", view.as_view(), name=f"settlement-objection-{verb}", GET=row, POST=row)
        for verb, view, row in (
            ("approve", objections.ApproveEnd, OPERATOR),
            ("refuse", objections.RefuseEnd, OPERATOR),
            ("withdraw", objections.WithdrawObjection, OBJECTS),
        )
    ),
]

web_routes = [
    *day_web,
    *transfer_web,
    *invoice_web,
    *hold_web,
    route("holdings/", holdings.HoldingsPage.as_view(), name="settlement-holdings", GET=SIGNED_IN),
    route("holdings.xlsx", holdings.HoldingsExport.as_view(), name="settlement-holdings-export", GET=SIGNED_IN),
    route("holdings/overview.xlsx", holdings.OverviewExport.as_view(), name="settlement-overview", GET=SIGNED_IN),
    route("holdings/<int:asset_id>/posting/", holdings.Posting.as_view(), name="settlement-posting", POST=PEOPLE),
    route("statement/", holdings.StatementPage.as_view(), name="settlement-statement", GET=SIGNED_IN),
    route("statement.xlsx", holdings.StatementExport.as_view(), name="settlement-statement-export", GET=SIGNED_IN),
    route("statement/daily/", daily.DailyPage.as_view(), name="settlement-daily", GET=SIGNED_IN),
    route("statement/daily.xlsx", daily.DailyExport.as_view(), name="settlement-daily-export", GET=SIGNED_IN),
    route("statement/daily.pdf", daily.DailyPaper.as_view(), name="settlement-daily-paper", GET=SIGNED_IN),
    route("ledger/", ledger.LedgerPage.as_view(), name="settlement-ledger", GET=SEES),
    route("ledger.xlsx", ledger.LedgerExport.as_view(), name="settlement-ledger-export", GET=SEES),
    route("ledger/<int:entry_id>/", ledger.EntryPage.as_view(), name="settlement-entry", GET=SEES),
    route("funds/", funds.FundsPage.as_view(), name="settlement-funds", GET=PEOPLE),
    route(
        "funds/bank-account/",
        bank_accounts.BankAccountPage.as_view(),
        name="settlement-bank-account",
        GET=PEOPLE,
        POST=SENDERS,
    ),
    *(
        route(
            f"funds/bank-account/<int:account_id>/{verb}/",
            view.as_view(),
            name=f"settlement-bank-account-{verb}",
            GET=row,
            POST=row,
        )
        for verb, view, row in (
            ("approve", bank_accounts.ApproveBankAccount, CONFIRMS),
            ("refuse", bank_accounts.RefuseBankAccount, PEOPLE),
            ("ask-release", bank_accounts.AskRelease, SENDERS),
            ("release", bank_accounts.ReleaseBankAccount, CONFIRMS),
            ("keep", bank_accounts.KeepBankAccount, PEOPLE),
        )
    ),
    route("funds/deposits/", funds.NewDeposit.as_view(), name="settlement-deposit-new", POST=SENDERS),
    route("funds/withdrawals/", funds.NewWithdrawal.as_view(), name="settlement-withdrawal-new", POST=SENDERS),
    route(
        "funds/withdrawals/<int:withdrawal_id>/approve/",
        funds.ApproveWithdrawal.as_view(),
        name="settlement-withdrawal-approve",
        POST=roles(Role.FIRM_CONFIRMER),
    ),
    route("bank-desk/", desk.BankDesk.as_view(), name="settlement-bank-desk", GET=DESK),
    route("bank-desk.xlsx", desk.BankDeskExport.as_view(), name="settlement-bank-desk-export", GET=DESK),
    route(
        "bank-desk/statements.xlsx",
        statement_pages.StatementsExport.as_view(),
        name="settlement-statements-of-bank-export",
        GET=DESK,
    ),
    route(
        "bank-desk/unknown/<int:notice_id>/",
        suspense_pages.UnknownMoney.as_view(),
        name="settlement-unknown-money",
        GET=DESK,
        POST=roles(Role.SETTLEMENT_OPERATOR),
    ),
    *(
        route(
            f"bank-desk/unknown/<int:notice_id>/{verb}/",
            view.as_view(),
            name=f"settlement-unknown-{verb}",
            GET=OPERATOR,
            POST=OPERATOR,
        )
        for verb, view in (
            ("return", suspense_pages.ProposeReturn),
            ("approve", suspense_pages.ApproveExplanation),
            ("refuse", suspense_pages.RefuseExplanation),
        )
    ),
    route(
        "bank-desk/statements/",
        statement_pages.StatementsPage.as_view(),
        name="settlement-statements-of-bank",
        GET=DESK,
        POST=roles(Role.SETTLEMENT_OPERATOR),
    ),
    route(
        "bank-desk/statements/fetch/",
        statement_pages.FetchStatement.as_view(),
        name="settlement-statement-fetch",
        POST=roles(Role.SETTLEMENT_OPERATOR),
    ),
    route(
        "bank-desk/statements/<int:statement_id>/",
        statement_pages.StatementPage.as_view(),
        name="settlement-statement-of-bank",
        GET=DESK,
    ),
    route(
        "bank-desk/statements/<int:statement_id>.xlsx",
        statement_pages.StatementExport.as_view(),
        name="settlement-statement-of-bank-export",
        GET=DESK,
    ),
    route("proofs/", proofs.ProofsPage.as_view(), name="settlement-proofs", GET=DESK),
    route("proofs/readings.xlsx", proofs.ReadingsExport.as_view(), name="settlement-readings-export", GET=DESK),
    route("proofs/<slug:kind>/", proofs.RunProof.as_view(), name="settlement-proof-run", POST=DESK),
    route("log/", log_pages.LogPage.as_view(), name="settlement-log", GET=PUBLIC),
    route("log/note.txt", log_pages.NewestNote.as_view(), name="settlement-log-note", GET=PUBLIC),
    route("log/heads.xlsx", log_pages.HeadsExport.as_view(), name="settlement-log-heads-export", GET=PUBLIC),
    route("log/export/", log_pages.LogExport.as_view(), name="settlement-log-export", GET=DESK),
]
