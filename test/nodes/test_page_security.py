"""Who reaches the page, and what it takes from them: without a browser, over real connections."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from contextlib import ExitStack

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from emg_recognition.msg import SessionState

from emg_recognition.page.controls import MISSING
from emg_recognition.ros import qos

httpx = pytest.importorskip("httpx", reason=MISSING)
pytest.importorskip("nicegui", reason=MISSING)
websockets = pytest.importorskip("websockets", reason=MISSING)

SOCKET = "_nicegui_ws/socket.io/?EIO=4&transport=websocket"


def serve(start_node, tmp_path, **parameters):
    """Start the page; return the node, its port, and the token of its link."""
    node = start_node("page", port=0, folder=str(tmp_path / "page"), **parameters)
    node.wait_for_log("page is served")
    found = re.search(r"open http://[^:/]+:(\d+)/(?:\?token=(\S+))?", node.log)
    return node, int(found[1]), found[2]


def shake(port, path=SOCKET, **headers):
    """Open a WebSocket; return what the server sends first, or the status with which it refuses."""

    async def attempt():
        try:
            async with websockets.connect(
                f"ws://127.0.0.1:{port}/{path}", additional_headers=headers, proxy=None
            ) as connection:
                return await asyncio.wait_for(connection.recv(), 20.0)
        except websockets.exceptions.InvalidStatus as error:
            return error.response.status_code

    return asyncio.run(attempt())


def refuses(client, path, content):
    """Return whether the server takes a body; it may hang up while the body is still being sent."""
    try:
        return client.post(path, content=content).status_code >= 400
    except httpx.TransportError:
        return True


def test_another_address_needs_the_link(start_node, tmp_path):
    node, port, token = serve(start_node, tmp_path, host="0.0.0.0")
    assert len(token) >= 43  # 256 bits
    own = f"http://127.0.0.1:{port}"
    # The token stands on the terminal and nowhere else: not in a log that others can read.
    assert node.log.count(token) == 1
    with httpx.Client(base_url=own, trust_env=False) as client:
        for path in ("/", "/patient", "/_nicegui/x", "/?token=", f"/?token={token[:-1]}", "/?token=%00é"):
            answer = client.get(path)
            assert (answer.status_code, "access link" in answer.text) == (403, True), path
        assert client.post(f"/?token={token}").status_code == 403
        for cookies in ("", f"emg_page_{port}=", f"emg_page_{port}={'x' * 43}", f"emg_page_1={token}"):
            assert client.get("/", headers={"cookie": cookies}).status_code == 403
        assert shake(port) == 403
        assert shake(port, f"{SOCKET}&token={token}") == 403
        cookie = {"cookie": f"other=1; emg_page_{port}={token}"}
        assert str(shake(port, **cookie)).startswith("0{")  # the greeting of socket.io
        assert shake(port, **cookie, origin="http://evil.example") == 403
        assert shake(port, **cookie, origin="null") == 403
        assert str(shake(port, **cookie, origin=own)).startswith("0{")

        first = client.get("/patient", params={"token": token, "lang": "de"})
        assert first.status_code == 200
        assert 'content="0;url=/patient?lang=de"' in first.text
        assert token not in first.text
        assert re.search("HttpOnly.*SameSite=Strict", first.headers["set-cookie"])
        # A link cannot lead elsewhere, nor carry HTML.
        for path in ("//evil.example", '/"><script>x</script>', "/\\evil.example"):
            body = client.get(httpx.URL(own).copy_with(raw_path=f"{path}?token={token}".encode())).text
            assert "url=/" in body
            assert "url=//" not in body
            assert "<script" not in body
        page = client.get("/")  # with the cookie now
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        # Nothing comes from another host: no file is named with one.
        assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page.text)
        assert client.get("/", headers={"origin": "http://evil.example"}).status_code == 403


def test_this_machine_alone_and_nothing_breaks_it(start_node, witness, tmp_path):
    alive = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    sessions = witness.node.create_publisher(SessionState, "emg/session", qos.LATCHED)
    node, port, token = serve(start_node, tmp_path)
    assert token is None
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        # A name of somebody else's that leads here is how a page elsewhere would get in.
        for host in ("evil.example", f"evil.example:{port}", "", "127.0.0.1.evil.example"):
            assert client.get("/", headers={"host": host}).status_code in (400, 403), host
        assert client.get("/", headers={"host": f"localhost:{port}"}).status_code == 200
        assert shake(port, origin="http://evil.example") == 403
        own = str(client.base_url)
        for path in ("/../../etc/passwd", "/_nicegui/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd"):
            answer = client.get(httpx.URL(own).copy_with(raw_path=path.encode()))
            assert answer.status_code in (400, 403, 404)
            assert "root:" not in answer.text
        version = re.search(r"/_nicegui/([^/]+)/", client.get("/").text)[1]
        for place in ("static", "resources/codemirror", "esm/echart", "components", "libraries"):
            raw = f"/_nicegui/{version}/{place}/../../../../../../etc/passwd".encode()
            answer = client.get(httpx.URL(own).copy_with(raw_path=raw))
            assert "root:" not in answer.text

        # What is too large is refused, with and without a length.
        large = b"x" * 10_000_000
        poll = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
        for content in (large, iter([large])):
            assert refuses(client, poll, content)

        async def shout():
            async with websockets.connect(f"ws://127.0.0.1:{port}/{SOCKET}", proxy=None) as connection:
                await connection.recv()
                await connection.send("4" + "x" * 10_000_000)
                while True:
                    await asyncio.wait_for(connection.recv(), 20.0)

        with pytest.raises(websockets.exceptions.ConnectionClosed):
            asyncio.run(shout())

        # A person whose code is HTML, from a program that checks nothing.
        wicked = "<img src=x onerror=alert(1)>"
        sessions.publish(SessionState(phase="ready", action=wicked, subject=wicked, note=wicked))
        witness.spin_for(1.0)
        assert wicked not in client.get("/").text

    # A thousand connections that ask for nothing: later ones are closed at once, and those that wait soon.
    with ExitStack() as stack:
        for _ in range(1000):
            try:
                stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5.0))
            except OSError:
                break
        heard = len(alive)
        witness.spin_until(lambda: len(alive) > heard + 1, "the page's node to go on")
    deadline = time.monotonic() + 60.0
    while True:
        try:
            assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 200
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert node.process.poll() is None
    assert node.interrupt() == 0, node.log
