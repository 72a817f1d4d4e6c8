"""TLS by an own certificate, cookies that never cross in clear, and whose word on addresses is taken."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard.app import Server, build
from dashboard.auth import Password
from dashboard.door import COOKIE, COOKIE_OVER_TLS
from dashboard.settings import Settings
from firmware_py.errors import ConfigError

from .town import PASSWORD


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of our own for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout {key} "
        f"-out {cert} -subj /CN=plumbline -addext subjectAltName=IP:127.0.0.1".split(),
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    return cert, key


@pytest.fixture
def over_tls(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[tuple[Server, httpx.Client]]:
    cert, key = certificate
    Password(tmp_path).set(PASSWORD)
    server = Server(build(Settings(tmp_path, port=0, broker=None, tls_cert=cert, tls_key=key)))
    server.start()
    address = server.address.rstrip("/")
    trusting = ssl.create_default_context(cafile=str(cert))
    yield server, httpx.Client(base_url=address, headers={"Origin": address}, verify=trusting, timeout=20)
    server.stop()


def test_over_tls_the_cookie_is_for_tls_alone(over_tls: tuple[Server, httpx.Client]) -> None:
    server, browser = over_tls
    assert server.address.startswith("https://")
    entered = browser.post("/login", data={"password": PASSWORD})
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE_OVER_TLS}=")
    assert {"secure", "httponly", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert browser.get("/devices").status_code == 200
    assert browser.get("/devices").headers["strict-transport-security"].startswith("max-age=")
    value = browser.cookies[COOKIE_OVER_TLS]
    in_clear_name = {"Cookie": f"{COOKIE}={value}"}
    assert httpx.get(f"{server.address}devices", headers=in_clear_name, verify=False).status_code == 401


def test_a_page_that_came_in_clear_is_a_foreign_one(over_tls: tuple[Server, httpx.Client]) -> None:
    server, browser = over_tls
    in_clear = {"Origin": server.address.rstrip("/").replace("https", "http")}
    assert browser.post("/login", data={"password": PASSWORD}, headers=in_clear).status_code == 403


def test_nothing_is_answered_in_clear_where_tls_is_spoken(over_tls: tuple[Server, httpx.Client]) -> None:
    server, _ = over_tls
    with pytest.raises(httpx.HTTPError):
        httpx.get(server.address.replace("https", "http"))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"tls_key": None}, "belong together"),
        ({"tls_key": Path("nowhere.pem")}, "cannot be used"),
        ({"tls_cert": Path(__file__)}, "cannot be used"),
        ({"proxies": ("proxy.example",)}, "is no address"),
        ({"phone_networks": ("10.1.2.3/24",)}, "is no network"),
        ({"url": "plumbline.example"}, "is none"),
        ({"url": "http://["}, "is none"),
    ],
)
def test_what_could_not_work_is_told_before_it_starts(
    tmp_path: Path, certificate: tuple[Path, Path], change: dict[str, Any], word: str
) -> None:
    cert, key = certificate
    chosen: dict[str, Any] = {"tls_cert": cert, "tls_key": key, "broker": None} | change
    with pytest.raises(ConfigError, match=word):
        build(Settings(tmp_path, **chosen))


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    open_key = tmp_path / "key.pem"
    open_key.write_bytes(key.read_bytes())
    open_key.chmod(0o644)
    with pytest.raises(ConfigError, match="others can read"):
        build(Settings(tmp_path, broker=None, tls_cert=cert, tls_key=open_key))


def served_behind(tmp_path: Path, proxies: tuple[str, ...]) -> Server:
    Password(tmp_path).set(PASSWORD)
    chosen = Settings(tmp_path, port=0, broker=None, proxies=proxies, allowed_hosts=("plumbline.example",))
    server = Server(build(chosen))
    server.start()
    return server


THROUGH = {"Host": "plumbline.example", "Origin": "https://plumbline.example", "X-Forwarded-Proto": "https"}


def guess(server: Server, come_from: str) -> httpx.Response:
    headers = THROUGH | {"X-Forwarded-For": come_from}
    return httpx.post(f"{server.address}login", data={"password": "guess"}, headers=headers)


def test_a_trusted_proxy_tells_who_comes_and_that_it_was_tls(tmp_path: Path) -> None:
    server = served_behind(tmp_path, ("127.0.0.1",))
    entered = httpx.post(f"{server.address}login", data={"password": PASSWORD}, headers=THROUGH)
    assert entered.headers["set-cookie"].startswith(COOKIE_OVER_TLS)
    assert "strict-transport-security" in entered.headers
    assert [guess(server, "203.0.113.5").status_code for _ in range(6)] == [403] * 5 + [429]
    assert guess(server, "203.0.113.6").status_code == 403
    server.stop()


def test_anybody_elses_word_on_where_they_come_from_is_nothing(tmp_path: Path) -> None:
    server = served_behind(tmp_path, ("192.0.2.7",))
    entered = httpx.post(f"{server.address}login", data={"password": PASSWORD}, headers=THROUGH)
    assert entered.headers["set-cookie"].startswith(f"{COOKIE}=")
    changing = [guess(server, f"203.0.113.{n}").status_code for n in range(6)]
    assert changing == [403] * 5 + [429], "another address in the header is no new chance"
    server.stop()


def test_a_dashboard_without_a_password_does_not_answer_through_a_proxy(served: Server) -> None:
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        answer = httpx.get(served.address, headers={name: "203.0.113.5"})
        assert answer.status_code == 403
        assert "no password" in answer.text
    assert httpx.get(served.address).status_code == 200
