"""One web page by HTTP, within a size, a deadline and the addresses it may come from."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from home_energy.errors import PageGone, UnreadableDocument
from home_energy.knowledge import addresses
from home_energy.knowledge.addresses import Resolve
from home_energy.knowledge.inflate import Inflate, too_large

AGENT = "home-energy-assistant (document ingest)"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_ACCEPT = "text/html, application/xhtml+xml, application/xml, text/*, application/pdf, */*;q=0.1"
_MAX_VALIDATOR = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """What one page may take."""

    seconds: float = 30.0
    """The whole time, redirects and the look-up of names included."""
    connect_seconds: float = 5.0
    """For each of a host's addresses."""
    bytes: int = 10 * 1024 * 1024
    """Of a page, as it is sent and as it is unpacked."""
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it was sent."""

    url: str
    """Where it was in the end, after redirects."""
    data: bytes | None
    """None when it has not changed since it was fetched before."""
    media_type: str = ""
    """Such as `text/html`; empty when the server did not say."""
    charset: str | None = None
    """As the server said; None when it did not."""
    etag: str = ""
    last_modified: str = ""


class Fetcher:
    """Fetches pages from public addresses, and from `private` hosts and ports."""

    def __init__(
        self,
        *,
        private: Collection[tuple[str, int]] = (),
        limits: Limits | None = None,
        resolve: Resolve = addresses.resolve,
    ) -> None:
        self.limits = limits or Limits()
        self._private = private
        self._resolve = resolve
        self._certificates: ssl.SSLContext | None = None

    async def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        """Fetch a canonical address; `etag` and `last_modified` are those of the copy at hand.

        Raises PageGone when the site says that there is no such page, UnreadableDocument with
        the reason when it cannot be fetched.
        """
        known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await self._follow(
                    url, {name: value for name, value in known.items() if value}
                )
        except TimeoutError as exc:
            raise UnreadableDocument(f"took longer than {self.limits.seconds:g} s") from exc

    async def _follow(self, url: str, known: Mapping[str, str]) -> Fetched:
        seen = [url]
        # What one redirect sets must not reach another site, so no cookies are kept.
        while True:
            async with self._answer(url, known) as response:
                if response.status_code not in _REDIRECTS:
                    return await self._page(url, response, conditional=bool(known))
                url = _target(url, response)
            if url in seen:
                raise UnreadableDocument("its redirects lead in a circle")
            if len(seen) > self.limits.redirects:
                raise UnreadableDocument(f"redirects more than {self.limits.redirects} times")
            seen.append(url)

    @asynccontextmanager
    async def _answer(self, url: str, known: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """Connect to an address that was checked, so that no second look-up finds another."""
        found = await asyncio.to_thread(
            addresses.checked, url, resolve=self._resolve, private=self._private
        )
        async with self._client() as client:
            try:
                response = await self._send(client, url, found, known)
                try:
                    yield response
                finally:
                    await response.aclose()
            except httpx.TimeoutException as exc:
                raise UnreadableDocument("its site does not answer in time") from exc
            except httpx.ConnectError as exc:
                raise UnreadableDocument(_why(exc)) from exc
            except httpx.RemoteProtocolError as exc:
                raise UnreadableDocument("broke off, or is no HTTP") from exc
            except httpx.HTTPError as exc:
                raise UnreadableDocument(f"cannot be fetched ({type(exc).__name__})") from exc

    def _client(self) -> httpx.AsyncClient:
        if self._certificates is None:
            self._certificates = httpx.create_ssl_context()
        return httpx.AsyncClient(
            verify=self._certificates,
            # A proxy would look the name up again and connect to an address nobody checked.
            trust_env=False,
            timeout=httpx.Timeout(self.limits.seconds, connect=self.limits.connect_seconds),
        )

    async def _send(
        self, client: httpx.AsyncClient, url: str, found: list[str], known: Mapping[str, str]
    ) -> httpx.Response:
        asked = httpx.URL(url)
        headers = {
            "Host": asked.netloc.decode("ascii"),
            "User-Agent": AGENT,
            "Accept": _ACCEPT,
            # Others unpack in one piece, whatever comes out of it.
            "Accept-Encoding": "gzip",
            **known,
        }
        for number, address in enumerate(found, start=1):
            request = client.build_request(
                "GET",
                asked.copy_with(host=address),
                headers=headers,
                # The certificate must be that of the name, not of the address.
                extensions={"sni_hostname": asked.raw_host.decode("ascii")},
            )
            try:
                return await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(found):
                    raise
        raise AssertionError("a host has at least one address")

    async def _page(self, url: str, response: httpx.Response, *, conditional: bool) -> Fetched:
        status = response.status_code
        if status in _GONE:
            raise PageGone(f"there is no such page ({status})")
        if status == 304 and conditional:
            return Fetched(url, None)
        if status in (401, 403):
            raise UnreadableDocument(f"its site does not show it to everyone ({status})")
        if status != 200:
            raise UnreadableDocument(f"its site answered {status}")
        return Fetched(
            url,
            await self._body(response),
            response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
            response.charset_encoding,
            _validator(response, "ETag"),
            _validator(response, "Last-Modified"),
        )

    async def _body(self, response: httpx.Response) -> bytes:
        limit = self.limits.bytes
        packing = response.headers.get("Content-Encoding", "identity").strip().lower()
        if packing not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise UnreadableDocument("is packed in a way that was not asked for")
        if response.headers.get("Content-Length", "0").strip().isdecimal() and (
            int(response.headers.get("Content-Length", "0")) > limit
        ):
            raise too_large(limit)
        plain, packed = bytearray(), Inflate(limit)
        sent = 0
        async for piece in response.aiter_raw():
            sent += len(piece)
            if sent > limit:
                raise too_large(limit)
            if packing in ("identity", ""):
                plain += piece
            else:
                packed.feed(piece)
        return bytes(plain) if packing in ("identity", "") or not sent else packed.finish()


def _target(url: str, response: httpx.Response) -> str:
    """Return where a redirect leads; raises UnreadableDocument."""
    location = response.headers.get("Location", "")
    if not location:
        raise UnreadableDocument("redirects to nowhere")
    try:
        target = addresses.canonical(urljoin(url, location))
    except (UnreadableDocument, ValueError) as exc:
        raise UnreadableDocument(f"redirects to an address that cannot be fetched: {exc}") from exc
    if url.startswith("https:") and target.startswith("http:"):
        raise UnreadableDocument("redirects from https to http")
    return target


def _validator(response: httpx.Response, name: str) -> str:
    value: str = response.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and len(value) <= _MAX_VALIDATOR else ""


def _why(exc: httpx.ConnectError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(exc):
        return "its certificate is not valid"
    return "cannot be reached"
