"""A registry of images in this process, as far as a client can tell."""

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN, LOGIN = "a-token", base64.b64encode(b"builder:secret").decode()
_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs)/(?P<what>.+)")


class RegistryServer(ThreadingHTTPServer):
    """Keeps blobs and manifests. `closed` asks for a token, which only the right login gets."""

    daemon_threads = True

    def __init__(self, *, closed=False, referrers=True):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.closed, self.referrers = closed, referrers
        self.blobs, self.manifests, self.received = {}, {}, []

    @property
    def name(self):
        return f"127.0.0.1:{self.server_port}"


@contextmanager
def registry(**how):
    server = RegistryServer(**how)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: RegistryServer

    def log_message(self, *_):
        pass

    def _answer(self, status, body=b"", **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.received.append((self.command, self.path.partition("?")[0]))
        if self.path.startswith("/token"):
            right = self.headers.get("Authorization") == f"Basic {LOGIN}"
            token = json.dumps({"token": TOKEN}).encode()
            return self._answer(200, token) if right else self._answer(401)
        if self.server.closed and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            realm = f'Bearer realm="http://{self.server.name}/token",service="here",scope="push"'
            return self._answer(401, WWW_Authenticate=realm)
        if self.command == "POST":
            return self._answer(202, Location=f"{self.path}one?state=x")
        path, _, query = self.path.partition("?")
        match = _PATH.fullmatch(path)
        if self.command == "PUT" and match["kind"] == "blobs":
            name = query.rpartition("digest=")[2]
            self.server.blobs[name] = body
            return self._answer(201)
        if self.command == "PUT":
            for name in (match["what"], "sha256:" + hashlib.sha256(body).hexdigest()):
                self.server.manifests[name] = body
            subject = self.server.referrers and json.loads(body).get("subject")
            return self._answer(201, **({"OCI_Subject": subject["digest"]} if subject else {}))
        kept = self.server.manifests if match["kind"] == "manifests" else self.server.blobs
        found = kept.get(match["what"])
        return self._answer(404) if found is None else self._answer(200, found)

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815 (the library's names)
