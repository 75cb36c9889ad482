"""A web server of the test's own on loopback that hands out a repository as GitHub does."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import io
import tarfile
import threading

import pytest

pytest.importorskip(
    "pooch", reason="the extra `fetch` is not installed: pip install 'emg_recognition[fetch]'"
)


def pack(files, root="repository-0123456"):
    """Return a .tar.gz with these files (path -> bytes) in one folder, as GitHub packs a commit."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{root}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def digest(files):
    """Return the SHA-256 of what sha256sum prints for these files, sorted by path."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.fixture
def origin(monkeypatch):
    """Serve sets by ``origin.serve(set, files)``; ``origin.asked`` has the paths that were asked for."""
    answers, asked = {}, []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            found = answers.get(self.path)
            if found is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()  # GitHub states no length either
            try:
                for part in found if not isinstance(found, bytes) else (found,):
                    self.wfile.write(part)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the reader has seen enough

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    host = f"http://127.0.0.1:{server.server_port}"

    class Origin:
        pass

    origin = Origin()
    origin.asked, origin.answers, origin.pack = asked, answers, pack

    def serve(public_set, files, content=None, digest_of=None, megabytes=1):
        changed = dataclasses.replace(
            public_set, host=host, digest=digest(digest_of or files), megabytes=megabytes
        )
        answers[changed.address.removeprefix(host)] = pack(files) if content is None else content
        return changed

    origin.serve = serve
    yield origin
    server.shutdown()
    server.server_close()
