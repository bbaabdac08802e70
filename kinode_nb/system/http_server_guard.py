"""Who may knock: protects nodes from web pages that a person has open elsewhere.

A browser sends requests for any page to 127.0.0.1. Two kinds have to be told from our own:

- *DNS rebinding*: a page's own name is made to point to 127.0.0.1, so that the browser takes the
  node for the page's server. The name is in ``Host``, which no page can forge, so only names that
  nobody else can own are answered: loopback names, at whatever port (an ssh tunnel or a proxy has
  another one than the node). jupyter-server-proxy hands the browser's Host on, so behind it the
  name is the Jupyter server's: under JupyterHub any name is taken when the proxy's own headers
  name our way in, since there the browser runs on a machine that cannot reach our port itself;
  elsewhere ``KINODE_NB_TRUSTED_HOSTS`` lists the names.
- *Cross-site requests*: browsers tell the asking page in ``Origin``, or at least in
  ``Sec-Fetch-Site``. Only pages of this node, and those that the machine itself serves at
  loopback names, may ask; a link that a person follows is let in too. A process can let others
  in with ``allowed_origins`` when it binds.

Programs such as kit and curl send neither header, and are not concerned.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from kinode_nb.system.http_server_calls import Call, Reply, plain, split_host

_TRUSTED = "KINODE_NB_TRUSTED_HOSTS"  # names with commas between them
_PROXIED = ("x-forwarded-context", "x-proxycontextpath", "x-forwarded-prefix")


def is_loopback(name: str) -> bool:
    """Tell whether a host's name or address always means the machine of whoever uses it."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def refuse_host(call: Call, port: int, environ: Mapping[str, str] = os.environ) -> Reply | None:
    """Return the reply to a request that knows this node by a wrong name; None: it is right."""
    given = call.headers.get("host")
    if given is None:  # no browser
        return None
    name, _ = split_host(given)
    trusted = {each.strip().lower() for each in environ.get(_TRUSTED, "").split(",")}
    if is_loopback(name) or (name and name in trusted) or _through_the_hub(call, port, environ):
        return None
    return plain(
        403,
        f"this node is not known as {given[:80]!a}: use localhost, or name that host in "
        f"{_TRUSTED} before the node's program starts",
    )


def _through_the_hub(call: Call, port: int, environ: Mapping[str, str]) -> bool:
    prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if not prefix:
        return False
    if call.headers.get("upgrade", "").lower() == "websocket":
        # jupyter-server-proxy does not say the way in here, but the hub's own proxy marks what it
        # lets through, and to a WebSocket's opening no page can add a header
        return any(name.startswith("x-forwarded-") for name in call.headers)
    way_in = f"{prefix.rstrip('/')}/proxy/{port}"
    return any(call.headers.get(name, "").rstrip("/") == way_in for name in _PROXIED)


def prefix_of(call: Call) -> str:
    """Return what a proxy puts before a request's path, as the browser knows it."""
    prefix = call.headers.get("x-forwarded-prefix", "").rstrip("/")
    return prefix if prefix.startswith("/") and not prefix.startswith("//") else ""


def foreign_page(call: Call, *, links: bool = True) -> str | None:
    """Return what the foreign page calls itself that made a browser ask; None: none did.

    With ``links`` a page that a person goes to, by a link or otherwise, was asked for by them.
    """
    origin = call.headers.get("origin")
    if origin is not None:
        return None if _is_own(origin, call.headers.get("host", "")) else origin
    if call.headers.get("sec-fetch-site", "").lower() != "cross-site":
        return None
    if links and call.method in {"GET", "HEAD"} and _is_link(call.headers):
        return None
    return "another site"


def refuse_page(page: str, hint: str = "") -> Reply:
    """Return the reply to a foreign page's request."""
    return plain(403, f"{page[:80]!a} may not use this node{hint}")


def _is_own(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"}:
        return False
    standard = {"http": 80, "https": 443}[parts.scheme]
    own_name, own_port = split_host(host)
    same = name == own_name and str(port or standard) == (own_port or str(standard))
    return same or is_loopback(name)


def _is_link(headers: Mapping[str, str]) -> bool:
    mode, goal = headers.get("sec-fetch-mode", ""), headers.get("sec-fetch-dest", "")
    return mode.lower() == "navigate" and goal.lower() == "document"
