"""The port: a signed interface that takes orders for invoices, and a page that shows the invoices issued."""

from __future__ import annotations

import base64
import html
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook

from simulators.bank.signing import is_signed, signed
from simulators.tax.books import BEHAVIOURS, FIELDS, Books, Contradiction, Issued
from simulators.tax.paper import invoice_pdf

STYLE = (Path(__file__).parent.parent / "bank" / "style.css").read_text()


def answer(order: dict[str, Any], issued: Issued | None, how: str) -> dict[str, Any]:
    """Return what the port says of an order."""
    said: dict[str, Any] = {"state": "taken", "order_number": order["number"]}
    if how == "reject":
        return {**said, "state": "refused", "reason": "购买方纳税人状态异常"}
    if issued is None:
        return said
    return {
        **said,
        "state": "issued",
        "number": issued.number,
        "issued_on": issued.day,
        "taxpayer_id": order["taxpayer_id"][::-1] if how == "wrong-taxpayer" else order["taxpayer_id"],
        "amount_fen": order["amount_fen"] + (100 if how == "wrong-amount" else 0),
        "net_fen": order["net_fen"],
        "tax_fen": order["tax_fen"],
        "corrects": order["corrects"],
        "file_name": f"dzfp_{issued.number}.pdf",
        "file": base64.b64encode(invoice_pdf(issued)).decode(),
    }


def serve(books: Books, *, host: str, port: int, secret: str) -> ThreadingHTTPServer:
    """Return the port's server, bound and not yet serving."""
    webhook = Webhook(secret)

    class Port(BaseHTTPRequestHandler):
        timeout = 15

        def log_message(self, format: str, *args: object) -> None:
            return

        def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if self.path == "/health":
                self._send(200, b"ok", "text/plain")
            elif self.path == "/":
                self._send(200, page(books), "text/html; charset=utf-8")
            else:
                self._send(404, b"", "text/plain")

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(min(length, 1 << 20)).decode(errors="replace")
            if not is_signed(webhook, text, dict(self.headers.items())):
                self._send(401, b"", "text/plain")
            elif self.path == "/behaviour":
                self._be_told(text)
            elif self.path == "/invoices":
                self._invoice(text)
            else:
                self._send(404, b"", "text/plain")

        def _be_told(self, text: str) -> None:
            how = json.loads(text).get("behaviour")
            if how in BEHAVIOURS:
                books.behave(how)
            self._send(200 if how in BEHAVIOURS else 422, b"{}", "application/json")

        def _invoice(self, text: str) -> None:
            """Take an order and say, signed, what has become of it; each order is one invoice, for ever."""
            how = books.behaviour
            if how == "away":
                self._send(503, b"", "text/plain")
                return
            order = json.loads(text)
            if not isinstance(order, dict) or not set(FIELDS) <= order.keys():
                self._send(422, b"", "text/plain")
                return
            try:
                issued = None if how == "reject" else books.take(order)
            except Contradiction:
                self._send(409, b"", "text/plain")
                return
            if how == "lost":
                self._send(500, b"", "text/plain")
                return
            body = json.dumps(answer(order, issued, how), ensure_ascii=False)
            message_id = f"answer_{self.headers.get('webhook-id', '')}"
            self._send(200, body.encode(), "application/json", signed(webhook, message_id, body))

    return ThreadingHTTPServer((host, port), Port)


def page(books: Books) -> bytes:
    """Return the page of the invoices issued, newest first."""
    rows = "".join(
        f"<tr><td>{one.number}</td><td>{one.day}</td><td>{html.escape(one.order['name'])}</td>"
        f"<td>{'专票' if one.order['kind'] == 'special' else '普票'}{' 红字' if one.order['corrects'] else ''}</td>"
        f'<td class="n">{one.order["amount_fen"] / 100:,.2f}</td>'
        f'<td class="n">{one.order["tax_fen"] / 100:,.2f}</td></tr>'
        for one in books.issued()
    )
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>模拟税务接口</title><style>{STYLE}</style>"
        "<header><b>模拟税务接口</b> <small>Simulated tax port · 演示用途</small></header>"
        "<main><section><h2>已开具的数电发票</h2><table><tr><th>发票号码</th><th>日期</th><th>购买方</th>"
        "<th>种类</th><th>价税合计（元）</th><th>税额（元）</th></tr>"
        f"{rows or '<tr><td>还没有发票</td></tr>'}</table></section></main></html>"
    ).encode()
