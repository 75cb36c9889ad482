"""Who may talk to the page: token, host and origin of every request, sizes, and the number of connections."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 100
"""Connections at once; a further one is closed before it can ask for anything."""

LONGEST_MESSAGE = 128 * 1024
"""Largest body of a request, and largest message on a WebSocket, bytes."""

#: A connection that has not sent a whole request after this is closed, s.
_PATIENCE = 10.0
#: No file from another host, no page of another site around this one, and no address of it told to others.
#: NiceGUI builds its pages in the browser and needs the two "unsafe" words.
_HEADERS = {
    b"content-security-policy": b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    b"style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    b"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    b"x-frame-options": b"DENY",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}
#: Leaves the link with the token behind. The browser sends a SameSite=Strict cookie with a request that
#: this page makes, but not with a redirect that began on another site.
_WELCOME = '<!doctype html><title>Access</title><meta http-equiv="refresh" content="0;url={}">'


def new_token() -> str:
    """Return a random token of 256 bits."""
    return secrets.token_urlsafe(32)


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Guard:
    """An ASGI application that lets only the page's own users through to another one.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    token : str or None
        The secret of the access link; None where only this machine reaches the server. Then the host that a
        request names must be this machine, or a page elsewhere could reach the server by a name of its own.
    port : int
        The server's port: it keeps the cookies of two pages on one machine apart.
    """

    def __init__(self, app: Any, *, token: str | None, port: int) -> None:
        self.app = app
        self._token = token
        self._cookie = f"emg_page_{port}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        refused = self._refusal(scope, headers)
        if refused is not None:
            await _refuse(scope, receive, send, *refused)
        elif self._by_link(scope):
            await self._welcome(scope, send)
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        else:
            await self.app(scope, _limited(receive), _with_headers(send))

    def _refusal(self, scope: Any, headers: dict[bytes, list[bytes]]) -> tuple[int, str] | None:
        """Return status and reason of a request that is refused."""
        host = headers.get(b"host", [b""])[0].decode("latin-1")
        if self._token is None and not is_loopback(_name(host)):
            return 403, "this page is for this machine only: open it as http://127.0.0.1"
        # A browser says where a request comes from; what is no browser can do no more than the user can.
        for origin in headers.get(b"origin", []):
            if urlsplit(origin.decode("latin-1")).netloc != host or not host:
                return 403, "requests from another site are refused"
        if self._token is not None and not self._admitted(scope, headers):
            return 403, "open the page with the access link that the server has printed"
        length = headers.get(b"content-length", [b"0"])[0]
        if not length.isdigit() or int(length) > LONGEST_MESSAGE:
            return 413, f"send at most {LONGEST_MESSAGE} bytes"
        return None

    def _admitted(self, scope: Any, headers: dict[bytes, list[bytes]]) -> bool:
        shown = _cookies(headers.get(b"cookie", []), self._cookie)
        return any(map(self._matches, shown)) or self._by_link(scope)

    def _by_link(self, scope: Any) -> bool:
        """Return whether this is the access link with the right token."""
        if self._token is None or scope["type"] != "http" or scope["method"] != "GET":
            return False
        return any(name == "token" and self._matches(value) for name, value in _query(scope))

    def _matches(self, shown: str) -> bool:
        return self._token is not None and hmac.compare_digest(shown.encode(), self._token.encode())

    async def _welcome(self, scope: Any, send: Any) -> None:
        """Put the token into a cookie, and go on without it in the address."""
        rest = urlencode([(name, value) for name, value in _query(scope) if name != "token"])
        # The path may hold anything, also what looks like another host or like HTML.
        path = urlencode({"": "/" + scope["path"].lstrip("/\\")})[1:].replace("%2F", "/")
        cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
        body = _WELCOME.format(f"{path}{'?' if rest else ''}{rest}".replace("&", "&amp;")).encode()
        headers = [(b"set-cookie", cookie.encode()), (b"content-type", b"text/html; charset=utf-8")]
        await _answer(send, 200, body, [*headers, (b"cache-control", b"no-store")])


class Connection(H11Protocol):
    """A connection that is closed at once if there are too many, or later if it asks for nothing."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a new connection."""
        if len(self.connections) >= MOST_CONNECTIONS:
            transport.abort()
            return
        super().connection_made(transport)
        self._patience = self.loop.call_later(_PATIENCE, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        if self._patience is not None:
            self._patience.cancel()
            super().connection_lost(exc)

    def _give_up(self) -> None:
        # A connection that has asked before is closed by uvicorn's own timer.
        if self.cycle is None and not self.transport.is_closing() and self in self.connections:
            self.transport.abort()


def quiet_logs() -> None:
    """Keep the access link out of the log, and refused connections from filling it."""
    for name in ("uvicorn", "uvicorn.access", "uvicorn.error", "nicegui", "socketio", "engineio"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _headers(scope: Any) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.lower(), []).append(value)
    return found


def _query(scope: Any) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _cookies(values: Iterable[bytes], name: str) -> list[str]:
    pairs = (pair.strip().partition("=") for value in values for pair in value.decode("latin-1").split(";"))
    return [value for key, _, value in pairs if key == name]


def _name(host: str) -> str:
    """Return a Host header without its port."""
    return (urlsplit(f"//{host}").hostname or "") if host.isprintable() else ""


def _limited(receive: Any) -> Any:
    """Return a `receive` that ends a body without a length when it gets too large."""
    taken = 0

    async def limited() -> Any:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return message if taken <= LONGEST_MESSAGE else {"type": "http.disconnect"}

    return limited


def _with_headers(send: Any) -> Any:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *_HEADERS.items()]}
        await send(message)

    return sending


async def _refuse(scope: Any, receive: Any, send: Any, status: int, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    await _answer(send, status, f"{reason}\n".encode(), [(b"content-type", b"text/plain; charset=utf-8")])


async def _answer(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    # Closing saves reading what a refused request may still send.
    more = [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    start = {"type": "http.response.start", "status": status, "headers": [*headers, *more]}
    await _with_headers(send)(start)
    await send({"type": "http.response.body", "body": body})
