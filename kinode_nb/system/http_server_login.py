"""Logging in: a password for a cookie, which ``authenticated`` paths ask for.

The cookie is Kinode's, ``kinode-auth_<node>=<JWT>``, signed with a secret that lasts as long as
the node runs. The process of a secure subdomain has a cookie of its own. A fake node takes any
password, as the real ones do, unless it was booted with one.
"""

import base64
import hashlib
import hmac
import html
import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec

from kinode_nb.system.http_server_calls import Reply

_WEEK = 7 * 24 * 3600
_HEAD = {"alg": "HS256"}
_PAGE = Path(__file__).with_name("http_server_login.html")


class Claims(msgspec.Struct):
    """What a token says: whose node it is for, which process, until when (Unix seconds)."""

    username: str
    subdomain: str | None
    expiration: int


class _Login(msgspec.Struct):
    password_hash: str
    subdomain: str | None = None


class Logins:
    """Gives out and checks the cookies of one node."""

    def __init__(self, node: str, password: str | None, now: Callable[[], float]) -> None:
        """Make a secret; ``now`` tells the time of day in seconds since 1970."""
        self._node = node
        self._now = now
        self._secret = secrets.token_bytes(32)
        self._passwords = None if password is None else _spellings(password)

    def log_in(self, body: bytes) -> Reply:
        """Answer ``{"password_hash": …, "subdomain": …}`` with a cookie."""
        try:
            login = msgspec.json.decode(body, type=_Login)
        except (ValueError, RecursionError):
            return _told(400, "Failed to parse login info")
        if self._passwords is not None:
            given = login.password_hash.encode("utf-8", "surrogatepass")
            if not any(hmac.compare_digest(given, each) for each in self._passwords):
                return _told(401, "Wrong password")
        name = "".join(char for char in login.subdomain or "" if _may_stand(char)) or None
        token = self.token(name)
        cookie = f"{self._cookie_name(name)}={token}; HttpOnly; SameSite=Lax"
        return _told(200, "logged in", {"Set-Cookie": cookie})

    def admits(self, cookies: str, subdomain: str | None = None) -> bool:
        """Tell whether a Cookie header has a valid token, of the process where one is named."""
        wanted = self._cookie_name(subdomain)
        for cookie in cookies.split(";"):
            name, _, token = cookie.strip().partition("=")
            if name == wanted and self._is_valid(token, subdomain):
                return True
        return False

    def page(self, prefix: str, subdomain: str | None = None) -> Reply:
        """Return the page that asks for the password; ``prefix`` leads to this node."""
        shown = {
            "${node}": self._node,
            "${login}": f"{prefix}/login",
            "${subdomain}": subdomain or "",
            "${hint}": "any password will do" if self._passwords is None else "its password",
        }
        text = _PAGE.read_text(encoding="utf-8")
        for place, value in shown.items():
            text = text.replace(place, html.escape(value))
        headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
        return Reply(200, text.encode(), headers)

    def token(self, subdomain: str | None = None) -> str:
        """Return a JSON Web Token for this node that is valid for a week."""
        claims = Claims(self._node, subdomain, int(self._now()) + _WEEK)
        parts = ".".join(_url_base64(msgspec.json.encode(part)) for part in (_HEAD, claims))
        return f"{parts}.{_url_base64(self._sign(parts))}"

    def _is_valid(self, token: str, subdomain: str | None) -> bool:
        parts, _, signature = token.rpartition(".")
        right = _url_base64(self._sign(parts))
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), right.encode()):
            return False
        payload = parts.partition(".")[2]  # ours, or the signature would not fit
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=="), type=Claims)
        return (
            claims.username == self._node
            and claims.subdomain == subdomain
            and claims.expiration > self._now()
        )

    def _sign(self, text: str) -> bytes:
        return hmac.digest(self._secret, text.encode("utf-8", "replace"), "sha256")

    def _cookie_name(self, subdomain: str | None) -> str:
        return f"kinode-auth_{self._node}" + (f"@{subdomain}" if subdomain else "")


def _spellings(password: str) -> list[bytes]:
    """Return what may be sent as the hash of a password: our page's SHA-256, or itself."""
    plain = password.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(plain).hexdigest().encode()
    return [b"0x" + digest, digest, plain]


def _may_stand(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in "-.:")


def _told(status: int, text: str, headers: dict[str, str] | None = None) -> Reply:
    body = msgspec.json.encode(text)
    return Reply(status, body, {"Content-Type": "application/json", **(headers or {})})


def _url_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
