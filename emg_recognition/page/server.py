"""The web server of the page, in a thread of its own: its views, and who may reach it."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from nicegui import Client, ui
from starlette.requests import Request

from emg_recognition.errors import SettingError
from emg_recognition.page import patient, progress, tasks, therapist
from emg_recognition.page.controls import Page
from emg_recognition.page.security import (
    LONGEST_MESSAGE,
    MOST_CONNECTIONS,
    Connection,
    Guard,
    is_loopback,
    new_token,
    quiet_logs,
)
from emg_recognition.page.strings import LANGUAGES

#: Address and function of each view.
VIEWS: dict[str, Callable[[Page], None]] = {
    "/": therapist.show,
    "/patient": patient.show,
    "/try": tasks.show,
    "/progress": progress.show,
}
#: A browser that comes back within this keeps its view, s.
_RECONNECT = 5.0
#: How long the server may take to end, s.
_END = 3.0


class PageServer:
    """Serves the views until :meth:`close`. NiceGUI has one application, so a process has one server.

    Parameters
    ----------
    page : Page
        What the views get; each browser has its own language.
    host : str
        Address to serve; any but this machine's own needs the access link.
    port : int
        Port; 0 for a free one.

    Attributes
    ----------
    link : str
        Where to open the page.
    failure : BaseException or None
        Why the server has ended by itself.

    Raises
    ------
    SettingError
        If address and port cannot be used.
    """

    def __init__(self, page: Page, host: str, port: int) -> None:
        self.failure: BaseException | None = None
        self._socket = _bind(host, port)
        port = self._socket.getsockname()[1]
        token = None if is_loopback(host) else new_token()
        shown = f"[{host}]" if ":" in host else host
        if host in ("0.0.0.0", "::"):
            shown = socket.gethostname()
        self.link = f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
        for path, show in VIEWS.items():
            _add(path, show, page)
        outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        ui.run_with(
            outer,
            title="emg_recognition",
            language="en-US",
            tailwind=False,
            reconnect_timeout=_RECONNECT,
            show_welcome_message=False,
            binding_refresh_interval=None,
        )
        config = uvicorn.Config(
            Guard(outer, token=token, port=port),
            http=Connection,
            ws="websockets-sansio",
            ws_max_size=LONGEST_MESSAGE,
            ws_per_message_deflate=False,
            backlog=MOST_CONNECTIONS,
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        quiet_logs()
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the server; browsers keep what they show, and come back to the next one."""
        self._server.should_exit = True
        self._thread.join(_END)
        self._socket.close()

    @property
    def browsers(self) -> int:
        """How many views are open."""
        return sum(client.has_socket_connection for client in list(Client.instances.values()))

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        except BaseException as error:  # the node tells, and ends
            self.failure = error
            return
        if not self._server.should_exit:
            self.failure = RuntimeError("the web server has ended")


def _bind(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        remedy = f"{error.strerror or error}; use another --port, or an address of this machine"
        raise SettingError("host and port", f"{host}:{port}", remedy) from error
    return bound


def _add(path: str, show: Callable[[Page], None], page: Page) -> None:
    @ui.page(path)
    def view(request: Request) -> None:
        language = _language(request)
        # For screen readers and hyphenation; NiceGUI itself knows one language for all.
        ui.add_head_html(f'<script>document.documentElement.lang = "{language}"</script>')
        show(dataclasses.replace(page, language=language))


def _language(request: Request) -> str:
    """Return the language that the address or the browser asks for, else the first one that there is."""
    wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
    for word in wanted.lower().split(","):
        language = word.strip()[:2]
        if language in LANGUAGES:
            return language
    return next(iter(LANGUAGES))
