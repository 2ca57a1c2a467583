"""Web pages as documents: asked for one by one or by a sitemap, again and again."""

import gzip
import shutil
from collections.abc import Iterator
from datetime import date

import pytest
from http_stand_in import Exchange, StandIn

from home_energy.evidence.answer import Answer, Citation, Usage
from home_energy.evidence.verify import verify
from home_energy.knowledge import index, pages
from home_energy.knowledge.addresses import origins
from home_energy.knowledge.fetch import Fetcher, Limits
from home_energy.knowledge.ingest import IngestReport, ingest
from home_energy.knowledge.search import Knowledge

TODAY = date(2026, 11, 22)
TEXT = "Loft insulation of mineral wool should be 270 mm deep in most homes of this country."


def page(title: str, text: str = TEXT) -> str:
    head = f"<html><head><title>{title}</title></head>"
    return f"{head}<body><h1>{title}</h1><p>{text}</p></body></html>"


class Site:
    """A site whose paths a test fills, and the index that is made of it."""

    def __init__(self, stand_in: StandIn, data, embedder) -> None:
        self.stand_in = stand_in
        self.data = data
        self.embedder = embedder
        self.answers: dict[str, tuple[int, bytes | str, str, dict[str, str]]] = {}
        stand_in.behaviour = self._answer

    def put(self, path: str, body: bytes | str, kind: str = "text/html", **headers: str) -> str:
        self.answers[path] = (200, body, kind, headers)
        return self.url(path)

    def fail(self, path: str, status: int, **headers: str) -> str:
        self.answers[path] = (status, "", "text/html", headers)
        return self.url(path)

    def url(self, path: str) -> str:
        return self.stand_in.url + path

    def ingest(self, *paths: str, today: date = TODAY, **options) -> IngestReport:
        urls = [path if "://" in path else self.url(path) for path in paths]
        return ingest(
            urls,
            data_dir=self.data,
            embedder=self.embedder,
            fetcher=Fetcher(private=origins([self.stand_in.url]), limits=Limits(seconds=5)),
            today=today,
            **options,
        )

    def open(self) -> Knowledge:
        return Knowledge.open(self.data, self.embedder)

    def asked(self) -> list[str]:
        """Return the paths that were asked for since the last call."""
        found = [request.path for request in self.stand_in.received]
        self.stand_in.received.clear()
        return found

    def _answer(self, exchange: Exchange) -> None:
        status, body, kind, headers = self.answers.get(
            exchange.request.path, (404, "", "text/html", {})
        )
        if headers.get("ETag", "none") == exchange.request.headers.get("if-none-match"):
            exchange.send(304)
        else:
            exchange.send(status, body, kind, **headers)


@pytest.fixture
def site(tmp_path, embedder) -> Iterator[Site]:
    with StandIn(lambda exchange: exchange.hang()) as stand_in:
        yield Site(stand_in, tmp_path / "data", embedder)


def sitemap(*urls: str, kind: str = "url", root: str = "urlset") -> str:
    named = "".join(f"<{kind}><loc>{url}</loc></{kind}>" for url in urls)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{space}">{named}</{root}>'


def test_a_page_becomes_a_document_that_answers_can_cite(site):
    url = site.put("/loft?lang=en", page("Loft"), Last_Modified="Mon, 03 Aug 2026 10:00:00 GMT")
    assert site.ingest("/loft?lang=en").added == [url]
    found = site.open().search("how deep is loft insulation?")[0]
    assert (found.document_id, found.source, found.title) == (url, url, "Loft")
    assert found.as_of == "2026-08-03"
    document = site.open().document(url)
    assert document.text[found.start : found.end] == found.text
    assert site.open().passage(found.id).text == found.text
    span = found.sentences[-1]
    answer = Answer(
        text=f"{found.quote(span)} [1]",
        citations=[
            Citation(
                n=1,
                document_id=found.document_id,
                title=found.title,
                source=found.source,
                page=None,
                quote=found.quote(span),
                start=span.start,
                end=span.end,
                sha256=found.sha256,
                as_of=found.as_of,
            )
        ],
        mode="extractive",
        route=["retriever", "summarizer"],
        usage=Usage(),
    )
    assert verify(answer, site.open().document) == []


def test_a_page_without_a_date_is_of_the_day_it_was_fetched(site):
    url = site.put("/loft", page("Loft"))
    site.ingest("/loft")
    assert site.open().document(url).as_of == "2026-11-22"
    site.put("/loft", page("Loft") + "<!-- made for visitor 2 -->")
    assert site.ingest("/loft", today=date(2026, 12, 1)).unchanged == [url]
    assert site.open().document(url).as_of == "2026-11-22"


def test_a_page_of_tomorrow_is_of_today(site):
    url = site.put("/loft", page("Loft"), Last_Modified="Mon, 03 Aug 2099 10:00:00 GMT")
    site.ingest("/loft")
    assert site.open().document(url).as_of == "2026-11-22"


def test_an_unchanged_page_is_asked_for_and_not_sent(site):
    url = site.put("/loft", page("Loft"), ETag='"v1"')
    site.ingest("/loft")
    version = site.open().version
    assert site.ingest("/loft").unchanged == [url]
    assert site.stand_in.received[-1].headers["if-none-match"] == '"v1"'
    assert site.open().version == version


def test_a_changed_page_is_updated(site):
    url = site.put("/loft", page("Loft"), ETag='"v1"')
    site.ingest("/loft")
    site.put("/loft", page("Loft", TEXT.replace("270", "300")), ETag='"v2"')
    assert site.ingest("/loft").updated == [url]
    assert "300 mm" in site.open().document(url).text


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_no_more_is_removed_when_asked_for_again(site, status):
    url = site.put("/loft", page("Loft"))
    site.put("/lamp", page("Lamp", "An LED lamp of 9 W gives the light of a bulb of 60 W."))
    site.ingest("/loft", "/lamp")
    site.fail("/loft", status)
    report = site.ingest("/loft")
    assert (report.removed, report.skipped) == ([url], [])
    assert all(found.document_id != url for found in site.open().search("loft insulation"))


@pytest.mark.parametrize("prune", [False, True])
def test_a_page_that_cannot_be_reached_stays(site, prune):
    url = site.put("/loft", page("Loft"), ETag='"v1"')
    site.ingest("/loft")
    site.fail("/loft", 503)
    report = site.ingest("/loft", prune=prune)
    assert report.removed == []
    assert report.skipped == [(url, "its site answered 503")]
    assert site.open().document(url) is not None
    site.put("/loft", page("Loft"), ETag='"v1"')
    assert site.ingest("/loft").unchanged == [url]


def test_one_page_that_fails_stops_no_other(site):
    good = [site.put(f"/{n}", page(f"Loft {n}")) for n in range(6)]
    bad = [site.fail("/none", 404), site.fail("/down", 500), site.put("/x.png", b"x", "image/png")]
    secret = "http://user:secret@127.0.0.1/"
    report = site.ingest("/none", *good, "/down", secret, "/x.png", "ftp://example.org/")
    assert report.added == sorted(good)
    assert dict(report.skipped) == {
        bad[0]: "there is no such page (404)",
        bad[1]: "its site answered 500",
        bad[2]: "cannot read this kind (image/png)",
        "http://127.0.0.1/": "must not hold a user name or a password",
        "ftp://example.org/": "only http and https pages can be fetched",
    }
    assert "secret" not in (index.root(site.data) / "sources.json").read_text()


def test_files_and_pages_are_ingested_together_and_keep_apart(site, tmp_path):
    (tmp_path / "lamp.md").write_text("# Lamp\n\nAn LED lamp of 9 W replaces a bulb of 60 W.\n")
    url = site.put("/loft", page("Loft"))
    assert site.ingest("/loft", f"file://{tmp_path}/lamp.md").skipped
    ingest([tmp_path / "lamp.md"], data_dir=site.data, embedder=site.embedder)
    assert [document.id for document in site.open().documents()] == [url, "lamp"]
    assert site.ingest("/loft", prune=True).removed == ["lamp"]


@pytest.mark.parametrize(
    ("path", "body", "kind", "text"),
    [
        ("/a", page("Été").encode("latin-1"), "text/html; charset=iso-8859-1", "Été"),
        ("/a", page("Тепло").encode("koi8-r"), "text/html; charset=KOI8-R", "Тепло"),
        ("/a.md", "# Loft\n\n**Deep.**", "text/plain", "**Deep.**"),
        ("/a.txt", "Deep loft.", "text/plain", "Deep loft."),
        ("/a.md", "# Loft\n\nDeep loft.", "application/octet-stream", "Deep loft."),
        ("/a", page("Loft"), "", "270 mm"),
        ("/a", page("Loft").replace("<html>", '<?xml version="1.0"?><html>'),
         "application/xhtml+xml", "270 mm"),
    ],
)  # fmt: skip
def test_pages_are_read_as_what_their_site_says_they_are(site, path, body, kind, text):
    url = site.put(path, body, kind)
    report = site.ingest(path)
    assert (report.added, report.skipped) == ([url], [])
    assert text in site.open().document(url).text


def test_the_text_of_a_page_cannot_change_whose_document_it_is(site):
    url = site.put("/a.md", "---\nid: loft\nurl: https://gov.example/\n---\nText.", "text/markdown")
    site.ingest("/a.md")
    (document,) = site.open().documents()
    assert (document.id, document.source) == (url, url)


def test_addresses_that_lead_to_one_page_make_one_document(site):
    url = site.put("/loft", page("Loft"))
    for path in ("/old", "/older"):
        site.fail(path, 301, Location="/loft")
    report = site.ingest("/old", "/older", "/loft")
    assert report.added == [site.url("/old")]
    assert site.open().document(site.url("/old")).source == url
    assert [name for name, _ in report.notices] == [site.url("/older"), url]


@pytest.mark.parametrize("packed", [False, True])
def test_a_sitemap_brings_the_pages_that_it_names(site, packed):
    urls = [site.put(f"/{n}", page(f"Loft {n}")) for n in range(9)]
    body = sitemap(*urls, "http://elsewhere.example/a").encode()
    path = "/sitemap.xml.gz" if packed else "/sitemap.xml"
    kind = "application/x-gzip" if packed else "application/xml"
    where = site.put(path, gzip.compress(body) if packed else body, kind)
    report = site.ingest(path)
    assert report.added == urls
    reason = "names 1 addresses of other sites: give these themselves"
    assert report.skipped == [(where, reason)]


def test_a_sitemap_of_text_is_read_when_it_is_said_to_be_one(site):
    url = site.put("/loft", page("Loft"))
    site.put("/urls", f"{url}\n", "text/plain")
    site.put("/page", page("Page"))
    report = site.ingest("/urls", "/page", sitemaps=True)
    assert report.added == [url]
    assert report.skipped == [(site.url("/page"), "is not a sitemap")]


def test_sitemaps_of_sitemaps_end_also_when_they_name_themselves(site):
    url = site.put("/loft", page("Loft"))
    own = [site.url("/index.xml"), site.url("/more.xml"), "/pages.xml"]
    for path in ("/index.xml", "/more.xml"):
        site.put(path, sitemap(*own, kind="sitemap", root="sitemapindex"), "text/xml")
    site.put("/pages.xml", sitemap(url, url, site.url("/pages.xml")), "text/xml")
    report = site.ingest("/index.xml")
    assert (report.added, report.skipped) == ([url], [])
    assert sorted(site.asked()) == ["/index.xml", "/loft", "/more.xml", "/pages.xml"]


def test_sitemaps_are_followed_to_a_depth_only(site):
    for n in range(9):
        body = sitemap(site.url(f"/{n + 1}.xml"), kind="sitemap", root="sitemapindex")
        site.put(f"/{n}.xml", body, "application/xml")
    report = site.ingest("/0.xml")
    assert report.skipped == [(site.url("/3.xml"), "sitemaps are nested more than 3 deep")]
    assert len(site.asked()) == 4


def test_a_sitemap_names_so_many_pages_only(site, monkeypatch):
    monkeypatch.setattr(pages, "MAX_PAGES", 3)
    urls = [site.put(f"/{n}", page(f"Loft {n}")) for n in range(5)]
    where = site.put("/sitemap.xml", sitemap(*urls), "application/xml")
    site.ingest(urls[4])
    report = site.ingest("/sitemap.xml", prune=True)
    assert report.added == urls[:3]
    assert report.skipped == [(where, "names 2 pages too many: give these themselves")]
    assert report.removed == []


@pytest.mark.parametrize(
    "body",
    [
        "<urlset><url><loc>",
        '<!DOCTYPE x [<!ENTITY a "a">]><urlset><url><loc>&a;</loc></url></urlset>',
        "<rss></rss>",
        "<" * 1000,
        "<a>" * 100_000,
    ],
    ids=["broken", "entities", "feed", "no xml", "nested"],
)
def test_xml_that_is_no_sound_sitemap_is_skipped(site, body):
    url = site.put("/sitemap.xml", body, "application/xml")
    ((name, _),) = site.ingest("/sitemap.xml").skipped
    assert name == url


def test_a_sitemap_that_fails_prunes_none_of_its_pages(site):
    url = site.put("/loft", page("Loft"))
    site.put("/sitemap.xml", sitemap(url), "application/xml")
    site.ingest("/sitemap.xml")
    site.fail("/sitemap.xml", 500)
    assert site.ingest("/sitemap.xml", prune=True).removed == []
    site.put("/sitemap.xml", sitemap(site.put("/lamp", page("Lamp"))), "application/xml")
    assert site.ingest("/sitemap.xml", prune=True).removed == [url]


def test_a_dry_run_fetches_and_changes_nothing(site):
    url = site.put("/loft", page("Loft"))
    assert site.ingest("/loft", dry_run=True).added == [url]
    assert not index.pointer(site.data).exists()


@pytest.mark.parametrize("victim", ["chroma", "manifest.json"])
def test_pages_come_back_without_the_network_when_the_index_is_damaged(site, tmp_path, victim):
    url = site.put("/loft", page("Loft"), ETag='"v1"')
    (tmp_path / "lamp.md").write_text("# Lamp\n\nAn LED lamp.\n")
    site.ingest("/loft")
    path = index.current(site.data).folder / victim
    shutil.rmtree(path) if victim == "chroma" else path.unlink()
    site.asked()
    report = ingest([tmp_path / "lamp.md"], data_dir=site.data, embedder=site.embedder)
    assert (report.added, report.lost, site.asked()) == (["lamp"], [], [])
    assert site.open().document(url) is not None


def test_pages_that_did_not_come_back_are_named(site, tmp_path):
    url = site.put("/loft", page("Loft"), ETag='"v1"')
    (tmp_path / "lamp.md").write_text("# Lamp\n\nAn LED lamp.\n")
    site.ingest("/loft")
    for folder in index.root(site.data).glob("*/"):
        shutil.rmtree(folder)
    report = ingest([tmp_path / "lamp.md"], data_dir=site.data, embedder=site.embedder)
    assert report.lost == [url]
    assert site.ingest("/loft").added == [url]
