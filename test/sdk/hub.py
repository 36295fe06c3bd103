"""A Hugging Face hub for one test: takes what is uploaded, as far as huggingface_hub asks for it with small files."""

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "c" * 40
TOKEN = "hf_test"


class Hub:
    """Use it as a context; `url` is for HF_ENDPOINT, `repositories` has the bytes of files by repository and name."""

    def __init__(self):
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (HubHandler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "Hub":
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, body: bytes, known: bool) -> tuple[int, object]:
        if not known and not path.endswith("/validate-yaml"):
            return 401, {"error": "Invalid username or password."}
        match [method, *path.strip("/").split("/")]:
            case ["GET", "api", "whoami-v2"]:
                return 200, {"type": "user", "name": "tester", "auth": {"type": "access_token"}}
            case ["POST", "api", "repos", "create"]:
                wish = json.loads(body)
                repo = f"{wish.get('organization') or 'tester'}/{wish['name']}"
                self.repositories.setdefault(repo, {})
                return 200, {"url": f"{self.url}/{repo}"}
            case ["POST", "api", "validate-yaml"]:
                return 200, {"errors": [], "warnings": []}
            case ["POST", "api", "models", owner, name, "preupload", _] if f"{owner}/{name}" in self.repositories:
                files = json.loads(body)["files"]
                return 200, {"files": [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]}
            case ["POST", "api", "models", owner, name, "commit", _] if f"{owner}/{name}" in self.repositories:
                self.commit(self.repositories[f"{owner}/{name}"], body)
                return 200, {"commitUrl": f"{self.url}/{owner}/{name}/commit/{COMMIT}", "commitOid": COMMIT}
            case ["GET", "api", "models", owner, name, *_] if f"{owner}/{name}" in self.repositories:
                return 200, {"id": f"{owner}/{name}", "sha": COMMIT, "siblings": []}
        return 404, {"error": f"{method} {path} is not there"}

    def commit(self, files: dict[str, bytes], body: bytes) -> None:
        for line in body.splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                assert entry["value"]["encoding"] == "base64"
                files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])


class HubHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def handle_one(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        status, answer = self.hub.answer(self.command, self.path.partition("?")[0], body, known)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = handle_one

    def log_message(self, *_) -> None:
        """The tests' output is for their results."""
