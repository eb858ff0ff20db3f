"""The bank's counter: a page to pay in, and the signed interface that takes the platform's payment orders."""

from __future__ import annotations

import html
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from standardwebhooks.webhooks import Webhook

from simulators.bank.acmt import read_question, report
from simulators.bank.books import BEHAVIOURS, Books
from simulators.bank.courier import Courier
from simulators.bank.pain import answer, read_orders
from simulators.bank.signing import is_signed, signed

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


def serve(books: Books, courier: Courier, *, host: str, port: int, secret: str) -> ThreadingHTTPServer:
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
            return self.rfile.read(min(length, 1 << 20))

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
            elif self.path == "/verifications":
                self._verify()
            else:
                self._send(404, b"", "text/plain")

        def _is_away(self) -> bool:
            if books.behaviour != "away" or self.path == "/health":
                return False
            self._send(503, b"", "text/plain")
            return True

        def _be_told(self) -> None:
            """Take an order how to behave: {"behaviour": …}, signed as all of the platform's words are."""
            body = self._body().decode()
            if not is_signed(webhook, body, dict(self.headers.items())):
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
            asked = json.dumps({"statement": int(number)}) if number.isdecimal() and len(number) <= 9 else ""
            if not asked or not is_signed(webhook, asked, dict(self.headers.items())):
                self._send(401, b"", "text/plain")
                return
            body = books.statement(int(number))
            if body is None:
                self._send(404, b"", "text/plain")
                return
            self._send_signed(f"statement_{number}", body)

        def _send_signed(self, message_id: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            for name, value in signed(webhook, message_id, body.decode()).items():
                self.send_header(name, value)
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
            """Take a message of payment orders and answer what was taken; each order is carried out once, for ever."""
            body = self._body()
            if not is_signed(webhook, body.decode(errors="replace"), dict(self.headers.items())):
                self._send(401, b"", "text/plain")
                return
            try:
                message_id, orders = read_orders(body)
            except ValueError:
                self._send(422, b"", "text/plain")
                return
            refused = {}
            for order in orders:
                if books.behaviour == "reject":
                    refused[order.end_to_end] = "账户已关闭"
                    continue
                books.pay_out(order_id=order.end_to_end, amount_fen=order.fen, name=order.name, account=order.account)
            courier.ring()
            self._send_signed(f"answer_{message_id}", answer(message_id, refused, orders))

        def _verify(self) -> None:
            """Say whether an account stands in a name."""
            body = self._body()
            if not is_signed(webhook, body.decode(errors="replace"), dict(self.headers.items())):
                self._send(401, b"", "text/plain")
                return
            try:
                question = read_question(body)
            except ValueError:
                self._send(422, b"", "text/plain")
                return
            reason = books.verify(account=question.account, name=question.name)
            self._send_signed(f"answer_{question.message_id}", report(question, reason=reason))

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
