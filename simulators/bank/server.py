"""The bank's counter: a page to pay in, and the signed interface that takes the platform's payment orders."""

from __future__ import annotations

import datetime
import html
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from simulators.bank.books import BEHAVIOURS, Books
from simulators.bank.courier import Courier

STYLE = (Path(__file__).parent / "style.css").read_text()


def page(body: str) -> bytes:
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>模拟银行</title><style>{STYLE}</style>"
        "<header><b>模拟银行</b> <small>Simulated bank · 演示用途</small></header>"
        f"<main>{body}</main></html>"
    ).encode()


def fen_of(text: str) -> int:
    """Return an amount in yuan as fen. Raises ValueError unless it is positive with at most two decimals."""
    whole, _, decimals = text.strip().replace(",", "").partition(".")
    if not whole.isascii() or not whole.isdigit() or not (decimals.isdigit() or decimals == "") or len(decimals) > 2:
        raise ValueError(text)
    fen = int(whole) * 100 + int(decimals.ljust(2, "0") or "0")
    if not 0 < fen <= 10**13:
        raise ValueError(text)
    return fen


def serve(
    books: Books, courier: Courier, *, host: str, port: int, secret: str, account: str = ""
) -> ThreadingHTTPServer:
    """Return the bank's server, bound and not yet serving."""
    webhook = Webhook(secret)

    class Counter(BaseHTTPRequestHandler):
        timeout = 15

        def log_message(self, format: str, *args: object) -> None:
            return

        def _send(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _body(self) -> bytes:
            length = int(self.headers.get("Content-Length") or 0)
            return self.rfile.read(min(length, 65536))

        def do_GET(self) -> None:
            path = urlsplit(self.path)
            if self._is_away():
                return
            if path.path.startswith("/statements/"):
                self._statement(path.path.removeprefix("/statements/"))
                return
            if path.path == "/health":
                self._send(200, b"ok", "text/plain")
            elif path.path in ("/", "/pay"):
                self._send(200, self._counter({k: v[0] for k, v in parse_qs(path.query).items()}))
            else:
                self._send(404, page("<section>没有这个页面。</section>"))

        def do_POST(self) -> None:
            if self.path == "/behaviour":
                self._be_told()
            elif self._is_away():
                return
            elif self.path == "/pay":
                self._pay_in()
            elif self.path == "/payments":
                self._pay_out()
            else:
                self._send(404, b"", "text/plain")

        def _is_away(self) -> bool:
            if books.behaviour != "away" or self.path == "/health":
                return False
            self._send(503, b"", "text/plain")
            return True

        def _is_signed(self, body: str) -> bool:
            try:
                webhook.verify(body, {key.lower(): value for key, value in self.headers.items()})
            except (WebhookVerificationError, ValueError):
                return False
            return True

        def _be_told(self) -> None:
            """Take an order how to behave: {"behaviour": …}, signed as all of the platform's words are."""
            body = self._body().decode()
            if not self._is_signed(body):
                self._send(401, b'{"error":"signature"}', "application/json")
                return
            how = json.loads(body).get("behaviour")
            if how not in BEHAVIOURS:
                self._send(422, b'{"error":"behaviour"}', "application/json")
                return
            books.behave(how)
            self._send(200, b"{}", "application/json")

        def _statement(self, number: str) -> None:
            """Give a statement by its number, signed: as it was given before, or the next one."""
            if not number.isdecimal() or len(number) > 9 or not self._is_signed(json.dumps({"statement": int(number)})):
                self._send(401, b"", "text/plain")
                return
            body = books.statement(int(number), account)
            if body is None:
                self._send(404, b"", "text/plain")
                return
            now = datetime.datetime.now(datetime.UTC)
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("webhook-id", f"statement_{number}")
            self.send_header("webhook-timestamp", str(int(now.timestamp())))
            self.send_header("webhook-signature", webhook.sign(f"statement_{number}", now, body.decode()))
            self.end_headers()
            self.wfile.write(body)

        def _pay_in(self) -> None:
            form = {k: v[0] for k, v in parse_qs(self._body().decode()).items()}
            try:
                fen = fen_of(form.get("amount", ""))
            except ValueError:
                self._send(422, self._counter({**form, "error": "金额须为大于 0 的数，最多两位小数。"}))
                return
            serial = books.pay_in(
                amount_fen=fen,
                reference=form.get("reference", "").strip()[:64],
                name=form.get("name", "").strip()[:200],
                account=form.get("account", "").strip()[:34],
            )
            courier.ring()
            for _ in range(30):  # The customer waits a moment for the platform's answer, at most 3 s.
                if books.is_delivered(serial):
                    break
                time.sleep(0.1)
            self._send(200, self._counter({"done": serial, "amount": form["amount"]}))

        def _pay_out(self) -> None:
            body = self._body()
            try:
                webhook.verify(body.decode(), {key.lower(): value for key, value in self.headers.items()})
                order = json.loads(body)
                serial = books.pay_out(
                    order_id=str(order["order_id"]),
                    amount_fen=int(order["amount_fen"]),
                    name=str(order["account_name"]),
                    account=str(order["account_number"]),
                )
            except WebhookVerificationError:
                self._send(401, b'{"error":"signature"}', "application/json")
                return
            except (KeyError, ValueError):
                self._send(422, b'{"error":"order"}', "application/json")
                return
            courier.ring()
            self._send(202, json.dumps({"bank_serial": serial}).encode(), "application/json")

        def _counter(self, known: dict[str, str]) -> bytes:
            told = ""
            if "done" in known:
                state = (
                    "平台已收到入账通知。" if books.is_delivered(known["done"]) else "平台暂未应答，银行会继续通知。"
                )
                told = f'<p class="ok">已付款 ¥{html.escape(known["amount"])}，银行流水号 {known["done"]}。{state}</p>'
            if "error" in known:
                told = f'<p class="bad">{html.escape(known["error"])}</p>'
            fields = "".join(
                f'<label for="{name}">{label}</label>'
                f'<input id="{name}" name="{name}" value="{html.escape(known.get(name, ""))}" {extra}>'
                for name, label, extra in (
                    ("reference", "入金编号 Reference", "required"),
                    ("amount", "金额（元） Amount, yuan", 'required inputmode="decimal"'),
                    ("name", "付款户名 Payer", "required"),
                    ("account", "付款账号 Account", ""),
                )
            )
            rows = "".join(
                f"<tr><td>{row['serial']}</td><td>{'收' if row['direction'] == 'in' else '付'}</td>"
                f'<td class="n">{row["amount_fen"] / 100:,.2f}</td><td>{html.escape(row["reference"])}</td>'
                f"<td>{html.escape(row['name'])}</td></tr>"
                for row in books.movements()
            )
            return page(
                f'<section><h2>向交易资金专户付款</h2>{told}<form method="post" action="/pay">{fields}'
                f"<button>付款</button></form></section><section><h2>专户流水</h2><table><tr><th>流水号</th><th></th>"
                "<th>金额（元）</th><th>编号</th><th>户名</th></tr>"
                f"{rows or '<tr><td>还没有流水</td></tr>'}</table></section>"
            )

    return ThreadingHTTPServer((host, port), Counter)
