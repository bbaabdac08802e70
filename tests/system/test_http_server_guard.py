"""Which hosts and pages are let in. That foreign ones reach nothing is tested beside each door."""

import pytest

from kinode_nb.system.http_server_calls import Call, split_host
from kinode_nb.system.http_server_guard import foreign_page, prefix_of, refuse_host
from tests.system.http_nodes import APP, echo, free_port, serve

HUB = {"JUPYTERHUB_SERVICE_PREFIX": "/user/ann/"}
HUB_HOST = "hub.example.org"


def known(host, environ=None, **headers):
    """Tell whether a node at port 8080 is known by this name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    call = Call("GET", "/", headers={"host": host, **named})
    return refuse_host(call, 8080, environ or {}) is None


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "LocalHost:8080",
        "127.0.0.1:8080",
        "127.8.8.8",
        "[::1]:8080",
        "app-tester-os.localhost:8080",
        "localhost:8888",  # what jupyter-server-proxy hands on from a Jupyter server on the machine
        "localhost:9090",  # an ssh tunnel, such as kit connect's
    ],
)
def test_loopback_names_are_known_at_any_port(host):
    assert known(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":8080",
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8080",
        "evil-localhost",
        "0.0.0.0:8080",
        "10.0.0.1",
        "[::ffff:10.0.0.1]:8080",
        "2130706433",
        "localhost,evil.example",
        "localhost@evil.example",
        HUB_HOST,
    ],
)
def test_no_other_name_is(host):
    assert not known(host)


def test_programs_that_send_no_host_are_let_in():
    assert refuse_host(Call("GET", "/"), 8080, {}) is None


def test_the_hubs_name_is_known_when_its_proxy_leads_here():
    way_in = "/user/ann/proxy/8080"
    for header in ("x_forwarded_context", "x_proxycontextpath", "x_forwarded_prefix"):
        assert known(HUB_HOST, HUB, **{header: way_in})
        assert known(HUB_HOST, HUB, **{header: way_in + "/"})
        assert not known(HUB_HOST, HUB, **{header: "/user/ann/proxy/8081"})
        assert not known(HUB_HOST, {}, **{header: way_in})
    assert not known(HUB_HOST, HUB)


def test_behind_the_hub_a_websocket_has_passed_a_proxy():
    opening = {"upgrade": "WebSocket"}
    assert known(HUB_HOST, HUB, **opening, x_forwarded_for="10.0.0.1")
    assert not known(HUB_HOST, HUB, **opening)
    assert not known(HUB_HOST, {}, **opening, x_forwarded_for="10.0.0.1")
    assert not known(HUB_HOST, HUB, x_forwarded_for="10.0.0.1")


def test_other_names_can_be_trusted():
    environ = {"KINODE_NB_TRUSTED_HOSTS": "jupyter.example.org, Other.Example.Org"}
    assert known("jupyter.example.org:8888", environ)
    assert known("other.example.org", environ)
    assert not known(HUB_HOST, environ)
    assert not known("", environ)


def page(method="POST", links=True, host="localhost:8080", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return foreign_page(Call(method, "/", headers={"host": host, **named}), links=links)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8080", "http://localhost:8080"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("localhost:8080", "http://localhost:3000"),  # kit's dev-ui
        ("app-tester-os.localhost:8080", "http://app-tester-os.localhost:8080"),
        (HUB_HOST, f"https://{HUB_HOST}"),
        (HUB_HOST, f"https://{HUB_HOST}:443"),
        (f"{HUB_HOST}:8000", f"http://{HUB_HOST}:8000"),
        ("[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_own_pages(host, origin):
    assert page(host=host, origin=origin) is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8080", "https://evil.example"),
        ("localhost:8080", "null"),
        ("localhost:8080", ""),
        ("localhost:8080", "file://"),
        ("localhost:8080", "chrome-extension://localhost"),
        ("localhost:8080", "http://localhost.evil.example:8080"),
        ("localhost:8080", "http://[bad"),
        ("localhost:8080", "http://evil.example:port"),
        (HUB_HOST, f"https://{HUB_HOST}:8443"),
        (HUB_HOST, f"https://evil.{HUB_HOST}"),
    ],
)
def test_foreign_pages(host, origin):
    assert page(host=host, origin=origin) == origin
    assert page(host=host, origin=origin, method="GET") == origin


def test_where_no_origin_is_told_the_site_counts():
    assert page(sec_fetch_site="cross-site") == "another site"
    assert page(sec_fetch_site="cross-site", method="GET", sec_fetch_mode="no-cors")
    for site in ("same-origin", "same-site", "none"):
        assert page(sec_fetch_site=site) is None
    assert page() is None


def test_a_link_that_a_person_follows_is_no_foreign_request():
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert page("GET", **link, sec_fetch_dest="document") is None
    assert page("GET", **link, sec_fetch_dest="iframe")
    assert page("POST", **link, sec_fetch_dest="document")
    assert page("GET", links=False, **link, sec_fetch_dest="document")


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("a:1", ("a", "1")),
        ("A", ("a", "")),
        ("[::1]:2", ("::1", "2")),
        ("[::1]", ("::1", "")),
        ("[", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_host_is_a_name_and_a_port(host, parts):
    assert split_host(host) == parts


def test_the_prefix_of_a_proxy_is_a_path():
    def prefix(value):
        return prefix_of(Call("GET", "/", headers={"x-forwarded-prefix": value}))

    assert prefix("/user/ann/proxy/8080/") == "/user/ann/proxy/8080"
    assert prefix("//evil.example") == prefix("https://evil.example") == prefix("") == ""


FOREIGN = {"Origin": "https://evil.example"}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_foreign_page_reaches_no_process(method):
    async def scenario(web):
        app = await web.app(echo, binds=["/"])
        status, text = await web.fetch(f"/{APP}/x", method, b"x", **FOREIGN)
        assert status == 403
        assert b"https://evil.example" in text
        assert b"allowed_origins" in text
        assert (await web.fetch(f"/{APP}", method, b"x", Host="evil.example"))[0] == 403
        assert app.got.empty()

    serve(scenario)


def test_a_process_lets_pages_in():
    async def scenario(web):
        await web.app(
            echo,
            binds=[
                ("/friends", {"allowed_origins": ["https://Friend.example/"]}),
                ("/all", {"allowed_origins": ["*"]}),
            ],
        )
        friend = {"Origin": "https://friend.example"}
        assert (await web.fetch(f"/{APP}/friends", "POST", b"x", **friend))[0] == 200
        assert (await web.fetch(f"/{APP}/friends", "POST", b"x", **FOREIGN))[0] == 403
        assert (await web.fetch(f"/{APP}/all", "POST", b"x", **FOREIGN))[0] == 200
        hidden = {"Sec_Fetch_Site": "cross-site"}
        assert (await web.fetch(f"/{APP}/all", **hidden))[0] == 200
        # whom the process lets in still has to use a name of the node
        assert (await web.fetch(f"/{APP}/all", Host="evil.example"))[0] == 403

    serve(scenario)


def test_behind_the_hubs_proxy_pages_work(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")

    async def scenario(web):
        await web.app(echo, binds=["/"])
        way_in = f"/user/ann/proxy/{web.node.port}"
        proxied = {
            "Host": HUB_HOST,
            "Origin": f"https://{HUB_HOST}",
            "X_Forwarded_Context": way_in,
            "X_ProxyContextPath": way_in,
            "X_Forwarded_Prefix": way_in,
        }
        assert await web.fetch(f"/{APP}", "POST", b"x", **proxied) == (200, b"x")
        assert (await web.rpc({"process": APP}, **proxied))[0] == 403
        evil = {**proxied, "Origin": "https://evil.example"}
        assert (await web.fetch(f"/{APP}", "POST", b"x", **evil))[0] == 403

    serve(scenario, port=free_port())
