"""Logging in, and the paths that ask for it."""

import base64
import hashlib
import json

import pytest

from kinode_nb.system.http_server_login import Logins
from tests.system.http_nodes import APP, act, echo, serve

NODE = "fake.dev"


def logins(password=None, now=lambda: 1000.0):
    return Logins(NODE, password, now)


def logged_in(desk, **login):
    """Return the status, and the cookie that comes with it."""
    reply = desk.log_in(json.dumps({"password_hash": "", **login}).encode())
    return reply.status, reply.headers.get("Set-Cookie", "").partition(";")[0]


def test_a_fake_node_takes_any_password():
    desk = logins()
    status, cookie = logged_in(desk, password_hash="0x00", subdomain="")
    assert status == 200
    assert cookie.startswith("kinode-auth_fake.dev=")
    assert desk.admits(cookie)
    assert desk.admits(f"other=1; {cookie}; more=2")


def test_the_token_is_a_json_web_token_for_a_week():
    _, cookie = logged_in(logins())
    head, claims, signature = cookie.partition("=")[2].split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "HS256"}
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {
        "username": NODE,
        "subdomain": None,
        "expiration": 1000 + 7 * 24 * 3600,
    }
    assert len(base64.urlsafe_b64decode(signature + "==")) == 32


def test_a_node_with_a_password_wants_it():
    desk = logins("secret ä")
    digest = hashlib.sha256("secret ä".encode()).hexdigest()
    for right in ("secret ä", digest, "0x" + digest):
        assert logged_in(desk, password_hash=right)[0] == 200
    for wrong in ("", "Secret ä", "0x", digest[:-1], digest.upper()):
        assert logged_in(desk, password_hash=wrong) == (401, "")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"password_hash":1}', b'{"password_hash":"","subdomain":1}', b"[" * 9999],
)
def test_what_is_no_login_is_400(body):
    reply = logins().log_in(body)
    assert (reply.status, json.loads(reply.body)) == (400, "Failed to parse login info")


def test_a_cookie_is_worth_nothing_when_anything_about_it_is_wrong():
    desk = logins()
    _, cookie = logged_in(desk)
    name, _, token = cookie.partition("=")
    head, claims, signature = token.split(".")
    forged = base64.urlsafe_b64encode(
        json.dumps({"username": NODE, "subdomain": None, "expiration": 1 << 40}).encode()
    ).decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for wrong in (
        "",
        name,
        f"{name}=",
        f"{name}={token[:-1]}",
        f"{name}={token}x",
        f"{name}={head}.{forged}.{signature}",
        f"{name}={unsigned}.{claims}.",
        f"{name}=..",
        f"{name}=\xe9.\ud800.x",
        f"kinode-auth_other.dev={token}",
        f"{name}@main:app:tester.os={token}",
        token,
    ):
        assert not desk.admits(wrong)
        assert not desk.admits(wrong, "main:app:tester.os")
    assert not logins().admits(cookie), "another node of this name, or this one after a new boot"


def test_a_cookie_ends():
    time = [1000.0]
    desk = logins(now=lambda: time[0])
    _, cookie = logged_in(desk)
    time[0] += 7 * 24 * 3600 - 1
    assert desk.admits(cookie)
    time[0] += 1
    assert not desk.admits(cookie)


def test_a_secure_subdomain_has_a_cookie_of_its_own():
    desk = logins()
    _, cookie = logged_in(desk, subdomain="main:app:tester.os")
    assert cookie.startswith("kinode-auth_fake.dev@main:app:tester.os=")
    assert desk.admits(cookie, "main:app:tester.os")
    assert not desk.admits(cookie)
    assert not desk.admits(cookie, "other:app:tester.os")


def test_nothing_can_be_smuggled_into_the_cookie():
    desk = logins()
    reply = desk.log_in(json.dumps({"password_hash": "", "subdomain": "a;\r\nX: ä b"}).encode())
    assert reply.headers["Set-Cookie"].startswith("kinode-auth_fake.dev@aX:b=")
    assert "\n" not in reply.headers["Set-Cookie"]


def test_the_page_shows_what_it_is_given_as_text():
    page = logins().page('/"><script>', "a:b:c").body.decode()
    assert '/"><script>/login' not in page
    assert "/&quot;&gt;&lt;script&gt;/login" in page
    assert "any password will do" in page
    assert "${" not in page
    assert "any password" not in logins("secret").page("").body.decode()


async def cookie_of(web, **login):
    body = json.dumps({"password_hash": "", "subdomain": "", **login}).encode()
    response = await web.response("/login", "POST", body)
    assert response.code == 200
    return response.headers["Set-Cookie"].partition(";")[0]


def test_a_path_for_those_who_have_logged_in():
    async def scenario(web):
        app = await web.app(echo, binds=[("/", {"authenticated": True}), "/open"])
        page = await web.response(f"/{APP}")
        assert page.code == 200
        assert page.headers["Content-Type"].startswith("text/html")
        assert b'data-login="/login"' in page.body
        assert (await web.fetch(f"/{APP}", "POST", b"x"))[1] != b"x"
        assert app.got.empty()
        assert await web.fetch(f"/{APP}/open", "POST", b"x") == (200, b"x")
        cookie = await cookie_of(web)
        assert await web.fetch(f"/{APP}", "POST", b"x", Cookie=cookie) == (200, b"x")

    serve(scenario)


def test_cached_content_asks_too():
    async def scenario(web):
        app = await web.app()
        bind = {"path": "/c", "authenticated": True, "local_only": False, "cache": True}
        assert await act(app.our, {"Bind": bind}, b"content") == {"Ok": None}
        assert (await web.fetch(f"/{APP}/c"))[1] != b"content"
        cookie = await cookie_of(web)
        assert await web.fetch(f"/{APP}/c", Cookie=cookie) == (200, b"content")

    serve(scenario)


def test_the_password_of_boot():
    async def scenario(web):
        assert (await web.fetch("/login", "POST", b'{"password_hash":"x"}'))[0] == 401
        await cookie_of(web, password_hash="secret")

    serve(scenario, password="secret")


def test_the_login_page_has_its_own_path():
    async def scenario(web):
        assert b"Log in to fake.dev" in (await web.fetch("/login"))[1]
        assert (await web.fetch("/login", "HEAD"))[0] == 200
        assert (await web.fetch("/login", "PUT", b"{}"))[0] == 404
        assert (await web.fetch("/login", "POST", b"no"))[0] == 400
        assert (await web.fetch("/login", "POST", b" " * (16 << 10) + b"x"))[0] == 413
        foreign = {"Origin": "https://evil.example"}
        assert (await web.fetch("/login", "POST", b'{"password_hash":""}', **foreign))[0] == 403

    serve(scenario)


def test_a_secure_path_is_at_its_own_subdomain_alone():
    async def scenario(web):
        app = await web.app(echo)
        assert await act(app.our, {"SecureBind": {"path": "/s", "cache": False}}) == {"Ok": None}
        port = web.node.port
        for host in (f"localhost:{port}", f"127.0.0.1:{port}"):
            moved = await web.response(f"/{APP}/s?q=1", Host=host)
            assert moved.code == 307
            assert (
                moved.headers["Location"]
                == f"http://notebook-template-os.localhost:{port}/{APP}/s?q=1"
            )
        head = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        odd = await web.raw(f"GET /{APP}/s?\xe9=<> {head}".encode())
        assert b"/s?%C3%A9=%3C%3E\r\n" in odd
        there = {"Host": f"notebook-template-os.localhost:{port}"}
        page = await web.response(f"/{APP}/s", **there)
        assert f'data-subdomain="{APP}"'.encode() in page.body
        general = await cookie_of(web)
        assert b"data-subdomain" in (await web.response(f"/{APP}/s", Cookie=general, **there)).body
        own = await cookie_of(web, subdomain=APP)
        response = await web.response(f"/{APP}/s", "POST", b"x", Cookie=own, **there)
        assert (response.code, response.body) == (200, b"x")

    serve(scenario)
