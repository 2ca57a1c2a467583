"""Fetching pages: from where, how much, how long, and what a site may not make it do."""

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress

import pytest
from http_stand_in import DRIP_SECONDS, Exchange, StandIn, free_port, sends

from home_energy.errors import PageGone, UnreadableDocument
from home_energy.knowledge.addresses import canonical, checked, is_public, origins, shown
from home_energy.knowledge.fetch import Fetcher, Limits
from home_energy.knowledge.inflate import inflate

PAGE = "<html><body><p>A draught costs heat.</p></body></html>"


@pytest.fixture
def site() -> Iterator[StandIn]:
    with StandIn(sends(200, PAGE)) as stand_in:
        yield stand_in


def fetcher(*sites: StandIn, **limits: float) -> Fetcher:
    """One that may fetch from these private addresses."""
    return Fetcher(private=origins(site.url for site in sites), limits=Limits(**limits))


async def reason(site: StandIn, **limits: float) -> str:
    with pytest.raises(UnreadableDocument) as refused:
        await fetcher(site, **limits).fetch(f"{site.url}/page")
    return str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "169.254.169.254", "10.0.0.1", "172.16.0.1",
        "192.168.1.1", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:4136:e378:8000::1",
        "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "2001:db8::1",
        "nonsense", "",
    ],
)  # fmt: skip
def test_private_and_reserved_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.1",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "LOCALHOST", "0", "0.0.0.0",
        "169.254.169.254", "10.1.2.3", "[fe80::1]", "[fc00::1]", "１２７.0.0.1",
    ],
)  # fmt: skip
async def test_every_way_to_write_a_private_address_is_refused(host: str) -> None:
    with pytest.raises(UnreadableDocument, match=r"private address|no host|not a web address"):
        await Fetcher().fetch(canonical(f"http://{host}/"))


def test_a_name_with_one_private_address_among_others_is_refused() -> None:
    def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.7"]

    with pytest.raises(UnreadableDocument, match="is at a private address"):
        checked("http://intranet.example/", resolve=resolve)
    assert checked("http://intranet.example/", resolve=resolve, private={("intranet.example", 80)})


async def test_the_address_that_was_checked_is_the_one_connected_to(site: StandIn) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        # A second look-up would find another machine.
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    private = {("rebind.example", site.port)}
    found = await Fetcher(private=private, resolve=resolve).fetch(
        f"http://rebind.example:{site.port}/a?b=c"
    )
    assert found.data == PAGE.encode()
    assert asked == ["rebind.example"]
    assert site.received[0].headers["host"] == f"rebind.example:{site.port}"
    assert site.received[0].path == "/a?b=c"


async def test_a_host_answers_at_another_of_its_addresses(site: StandIn) -> None:
    def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    private = {("two.example", site.port)}
    found = await Fetcher(private=private, resolve=resolve).fetch(
        f"http://two.example:{site.port}/"
    )
    assert found.data == PAGE.encode()


async def test_a_name_that_does_not_exist_is_one_sentence() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror

    with pytest.raises(UnreadableDocument, match=r"there is no host 'none\.example'"):
        await Fetcher(resolve=resolve).fetch("https://none.example/")


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("http://example.org:80/a#part", "http://example.org/a"),
        ("https://example.org:443/?q=1", "https://example.org/?q=1"),
        ("https://example.org/ü ", "https://example.org/%C3%BC"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ],
)
def test_an_address_is_written_in_one_way(url: str, written: str) -> None:
    assert canonical(url) == written
    assert canonical(written) == written


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.org/a.md", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("http:///etc/passwd", "not a web address"),
        ("http://user:secret@example.org/", "user name or a password"),
        ("http://user@example.org/", "user name or a password"),
        ("http://example.org:25/", "port 25"),
        ("http://example.org:99999/", "not a web address"),
        ("http://exa\nmple.org/", "not a web address"),
        ("http://[::1/", "not a web address"),
        ("http://a\ud800.example/", "not a web address"),
        ("http://example.org/" + "a" * 3_000, "longer than 2,000 characters"),
    ],
)
def test_other_addresses_are_refused_without_repeating_secrets(url: str, said: str) -> None:
    with pytest.raises(UnreadableDocument, match=said) as refused:
        canonical(url)
    assert "secret" not in f"{refused.value} {shown(url)}"
    shown(url).encode()


async def test_redirects_are_followed_to_the_end(site: StandIn) -> None:
    def behaviour(exchange: Exchange) -> None:
        step = int(exchange.request.path.rpartition("/")[2])
        if step < 5:
            exchange.send(301 + step % 2, Location=f"./{step + 1}", Set_Cookie="a=b")
        else:
            exchange.send(200, PAGE, "text/html; charset=koi8-r")

    site.behaviour = behaviour
    found = await fetcher(site).fetch(f"{site.url}/to/0")
    assert found.url == f"{site.url}/to/5"
    assert (found.media_type, found.charset) == ("text/html", "koi8-r")
    assert not any("cookie" in request.headers for request in site.received)


async def test_redirects_without_end_are_not_followed(site: StandIn) -> None:
    site.behaviour = lambda exchange: exchange.send(302, Location=exchange.request.path + "x")
    assert await reason(site) == "redirects more than 5 times"
    assert len(site.received) == 6


async def test_redirects_in_a_circle_are_not_followed(site: StandIn) -> None:
    other = {"/page": "/other", "/other": "/page"}
    site.behaviour = lambda exchange: exchange.send(307, Location=other[exchange.request.path])
    assert await reason(site) == "its redirects lead in a circle"


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://127.0.0.2/", "private address"),
        ("http://169.254.169.254/latest/meta-data/", "private address"),
        ("http://localhost/", "private address"),
        ("//[::1]:9200/", "private address"),
        ("file:///etc/passwd", "only http and https"),
        ("http://user:pw@example.org/", "user name"),
        ("gopher://127.0.0.1:6379/_", "only http and https"),
        ("http://[", "cannot be fetched"),
        ("", "redirects to nowhere"),
    ],
)
async def test_a_redirect_must_not_lead_inside(site: StandIn, location: str, said: str) -> None:
    site.behaviour = lambda exchange: exchange.send(302, Location=location)
    assert said in await reason(site)


async def test_a_redirect_must_not_lead_to_another_port_of_a_private_host(site: StandIn) -> None:
    with StandIn(sends(200, "secret")) as inside:
        site.behaviour = lambda exchange: exchange.send(302, Location=inside.url)
        assert "private address" in await reason(site)
        assert inside.received == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "everyone (401)"),
        (403, "everyone (403)"),
        (500, "answered 500"),
        (204, "answered 204"),
    ],
)
async def test_a_site_that_gives_no_page_is_one_sentence(
    site: StandIn, status: int, said: str
) -> None:
    site.behaviour = sends(status, "")
    assert said in await reason(site)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_page_that_is_no_more_is_told_from_one_that_fails(
    site: StandIn, status: int
) -> None:
    site.behaviour = sends(status, "")
    with pytest.raises(PageGone, match=str(status)):
        await fetcher(site).fetch(f"{site.url}/")


async def test_a_page_that_did_not_change_is_not_sent_again(site: StandIn) -> None:
    def behaviour(exchange: Exchange) -> None:
        if exchange.request.headers.get("if-none-match") == '"1"':
            exchange.send(304)
        else:
            exchange.send(200, PAGE, "text/html", ETag='"1"', Last_Modified="yesterday")

    site.behaviour = behaviour
    first = await fetcher(site).fetch(f"{site.url}/")
    assert (first.etag, first.last_modified) == ('"1"', "yesterday")
    again = await fetcher(site).fetch(
        f"{site.url}/", etag=first.etag, last_modified=first.last_modified
    )
    assert again.data is None


async def test_not_modified_is_no_answer_to_who_has_nothing(site: StandIn) -> None:
    site.behaviour = sends(304, "")
    assert "answered 304" in await reason(site)


async def test_nothing_listens(site: StandIn) -> None:
    port = free_port()
    quiet = Fetcher(private={("127.0.0.1", port)})
    with pytest.raises(UnreadableDocument, match="cannot be reached"):
        await quiet.fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("pack", [None, "gzip", "deflate"])
async def test_a_page_larger_than_the_limit_is_refused(site: StandIn, pack: str | None) -> None:
    body = b"a" * 100_000
    headers = {"Content_Encoding": pack} if pack else {}
    packed = {"gzip": gzip.compress(body), "deflate": zlib.compress(body), None: body}[pack]
    site.behaviour = lambda exchange: exchange.send(200, packed, "text/plain", **headers)
    assert (await fetcher(site, bytes=100_000).fetch(f"{site.url}/")).data == body
    assert await reason(site, bytes=99_999) == "larger than 99,999 bytes"


async def test_a_page_without_end_is_cut_off(site: StandIn) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"a" * 10_000

    site.behaviour = lambda exchange: exchange.stream(endless(), "text/plain")
    assert await reason(site, bytes=1_000_000) == "larger than 1,000,000 bytes"


async def test_a_gzip_bomb_is_not_unpacked(site: StandIn) -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024), compresslevel=1)
    site.behaviour = lambda exchange: exchange.send(200, bomb, "text/html", Content_Encoding="gzip")
    before = time.monotonic()
    assert await reason(site) == "larger than 10 MB"
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(
    ("body", "packing", "said"),
    [
        (b"no gzip", "gzip", "cannot be unpacked"),
        (gzip.compress(PAGE.encode())[:-10], "gzip", "broke off"),
        (b"x", "br", "not asked for"),
        (b"x", "gzip, gzip", "not asked for"),
    ],
)
async def test_packing_that_is_broken_or_unknown_is_refused(
    site: StandIn, body: bytes, packing: str, said: str
) -> None:
    site.behaviour = lambda exchange: exchange.send(
        200, body, "text/html", Content_Encoding=packing
    )
    assert said in await reason(site)


def test_packed_files_in_a_row_are_unpacked_together() -> None:
    assert inflate(gzip.compress(b"a") + gzip.compress(b"b"), 10) == b"ab"


async def test_a_page_that_drips_is_given_up_at_the_deadline(site: StandIn) -> None:
    site.behaviour = lambda exchange: exchange.stream(
        (b"a" for _ in range(10_000)), "text/html", pause=DRIP_SECONDS
    )
    before = time.monotonic()
    assert await reason(site, seconds=0.5) == "took longer than 0.5 s"
    assert 0.4 < time.monotonic() - before < 1.5


async def test_headers_that_drip_are_given_up_at_the_deadline() -> None:
    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            for byte in b"HTTP/1.1 200 OK\r\nX-Drip: " + b"a" * 1_000:
                connection.sendall(bytes([byte]))
                time.sleep(DRIP_SECONDS)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        port = server.getsockname()[1]
        drips = Fetcher(private={("127.0.0.1", port)}, limits=Limits(seconds=0.5))
        before = time.monotonic()
        with pytest.raises(UnreadableDocument, match=r"took longer than 0\.5 s"):
            await drips.fetch(f"http://127.0.0.1:{port}/")
        assert time.monotonic() - before < 1.5
        thread.join()


async def test_redirects_share_one_deadline(site: StandIn) -> None:
    def behaviour(exchange: Exchange) -> None:
        time.sleep(0.2)
        exchange.send(302, Location=exchange.request.path + "x")

    site.behaviour = behaviour
    assert "took longer than 0.5 s" in await reason(site, seconds=0.5)


async def test_a_page_that_breaks_off_is_refused(site: StandIn) -> None:
    site.behaviour = lambda exchange: exchange.cut([b"<html>"], "text/html")
    assert "broke off" in await reason(site)


async def test_no_proxy_of_the_environment_is_used(
    site: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    assert (await fetcher(site).fetch(f"{site.url}/")).data == PAGE.encode()


def test_only_the_hosts_that_were_named_may_be_private() -> None:
    assert origins(["http://wiki.local/a", "http://nas:8080/", "ftp://x/"]) == {
        ("wiki.local", 80),
        ("wiki.local", 443),
        ("nas", 8080),
    }
