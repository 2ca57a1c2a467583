from pathlib import Path

import odd_files
import pypdfium2
import pytest

from home_energy.errors import UnreadableDocument
from home_energy.knowledge.documents import Source
from home_energy.knowledge.load import MAX_BYTES, load

HTML = """<!doctype html><html><head><title>Draught proofing</title></head><body>
<nav><a href="/a">Home</a> <a href="/b">Contact</a></nav>
<article><h1>Draught proofing</h1>
<p>Sealing gaps around windows and doors keeps warm air inside the home in winter.</p>
<p>A chimney balloon stops heat going up a chimney that is no longer used at all.</p>
<table><tr><th>Gap</th><th>Seal</th></tr><tr><td>Door</td><td>Brush strip</td></tr></table>
</article><footer>Copyright</footer></body></html>"""


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def pdf(*pages: str) -> bytes:
    """Return a PDF that shows each text on a page of its own."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for n, text in enumerate(pages):
        lines = "".join(f"({line}) Tj 0 -14 Td " for line in text.split("\n") if line)
        stream = f"BT /F1 11 Tf 50 700 Td {lines}ET".encode()
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * n)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    xref = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(out))
    return out + xref + trailer


def reason(path: Path) -> str:
    with pytest.raises(UnreadableDocument) as caught:
        load(path, root=path.parent)
    return str(caught.value)


def test_front_matter_becomes_metadata_and_the_body_stays_verbatim(tmp_path):
    text = """---
title: "Loft insulation: how deep"
region: UK
as_of: 2026-11-22
sources:
  - {publisher: Energy Saving Trust, title: Loft, url: "https://example.org/loft", year: 2025}
---
# Loft

Mineral wool  should be *270 mm* deep.\r\nSecond line.
"""
    document = load(write(tmp_path, "heat/loft.md", text), root=tmp_path)
    assert document.id == "heat/loft"
    assert document.source == "heat/loft.md"
    assert document.title == "Loft insulation: how deep"
    assert (document.region, document.as_of) == ("uk", "2026-11-22")
    source = Source("Energy Saving Trust", "Loft", "https://example.org/loft", "2025")
    assert document.sources == (source,)
    assert document.text == "# Loft\n\nMineral wool  should be *270 mm* deep.\nSecond line.\n"


def test_a_url_in_the_front_matter_is_where_a_reader_finds_it(tmp_path):
    path = write(tmp_path, "a.md", "---\nurl: https://example.org/a\n---\nText.")
    assert load(path, root=tmp_path).source == "https://example.org/a"


def test_without_front_matter_the_first_heading_is_the_title(tmp_path):
    assert load(write(tmp_path, "a.md", "# Heat pumps\n\nText."), root=tmp_path).title == (
        "Heat pumps"
    )
    assert load(write(tmp_path, "old-fridge.txt", "Text."), root=tmp_path).title == "old fridge"


def test_a_line_of_dashes_in_the_text_is_not_front_matter(tmp_path):
    document = load(write(tmp_path, "a.md", "Intro.\n\n---\nkey: value\n---\n"), root=tmp_path)
    assert document.text.startswith("Intro.")


def test_html_keeps_the_article_and_drops_the_menu(tmp_path):
    document = load(write(tmp_path, "page.html", HTML), root=tmp_path)
    assert document.title == "Draught proofing"
    assert "Sealing gaps around windows and doors keeps warm air inside" in document.text
    assert "Brush strip" in document.text
    assert "Contact" not in document.text


def test_html_named_pdf_is_read_as_html(tmp_path):
    assert "Sealing gaps" in load(write(tmp_path, "page.pdf", HTML), root=tmp_path).text


def test_pdf_named_txt_is_read_as_pdf(tmp_path):
    document = load(write(tmp_path, "a.txt", pdf("A kettle boils water.")), root=tmp_path)
    assert document.text.strip() == "A kettle boils water."


def test_pages_of_a_pdf_are_spans_of_its_text(tmp_path):
    path = write(tmp_path, "guide.pdf", pdf("First page about lofts.", "Second page on walls."))
    document = load(path, root=tmp_path)
    pages = {page.number: document.text[page.start : page.end] for page in document.pages}
    assert pages == {1: "First page about lofts.", 2: "Second page on walls."}


def test_a_charset_in_html_is_honoured(tmp_path):
    html = HTML.replace("<head>", '<head><meta charset="windows-1252">').replace(
        "A chimney", "For £20 a chimney"
    )
    document = load(write(tmp_path, "a.html", html.encode("cp1252")), root=tmp_path)
    assert "For £20 a chimney" in document.text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path, encoding):
    document = load(write(tmp_path, "a.txt", "21 °C is warm.".encode(encoding)), root=tmp_path)
    assert document.text == "21 °C is warm."


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.md", b"", "empty file"),
        ("a.md", b" \n ", "empty file"),
        ("a.md", b"---\ntitle: x\n---\n\n---\n", "holds no text"),
        ("a.md", "café".encode("latin-1"), "not valid UTF-8: save it as UTF-8 text"),
        ("a.txt", bytes(range(256)), "binary file: save it as UTF-8 text"),
        ("a.txt", b"text\x00text", "binary file: save it as UTF-8 text"),
        ("a.md", b"---\ntitle: [x\n---\ntext", "front matter is not valid YAML (line 3)"),
        ("a.md", b"---\n- x\n---\ntext", "front matter must be `name: value` lines"),
        ("a.md", b"---\nsources: x\n---\ntext", "`sources` must be a list of publisher"),
        ("a.md", b"---\na: &a [x]\nb: [*a, *a]\n---\ntext", "must not have anchors"),
        ("a.md", b"---\ntitle: " + b"x" * 20_000 + b"\n---\ntext", "larger than 20 kB"),
        ("a.md", b"---\ntitle: 0x" + b"f" * 9_000 + b"\n---\ntext", "a number that is too long"),
        ("a.md", b"---\na: " + b"[" * 19_000 + b"\n---\ntext", "more than 500 brackets"),
        ("a.md", b"---\nid: calc:1\n---\ntext", "must not begin with 'calc:': rename it"),
        ("a.md", b"---\nid: https://example.org\n---\ntext", "must not begin with 'https:'"),
        ("web:1.md", b"text", "must not begin with 'web:'"),
        ("a.html", b"<html><body hidden><p>Lost.</p></body></html>", "holds no text"),
        ("a.pdf", b"plain text", "named .pdf, but it is not a PDF"),
        ("a.pdf", pdf("Some text")[:200], "damaged or cut-off PDF"),
        ("a.pdf", pdf(""), "PDF of images with no text: run OCR on it first"),
        ("a.html", b"<html><body></body></html>", "holds no text"),
        ("a.html", b'<meta charset="klingon"><p>text</p>', "unknown encoding 'klingon'"),
    ],
)
def test_an_unreadable_file_is_refused_with_the_reason(tmp_path, name, content, expected):
    assert expected in reason(write(tmp_path, name, content))


def test_an_encrypted_pdf_is_refused(tmp_path):
    encrypted = pdf("Secret").replace(
        b"/Root 1 0 R",
        b"/Root 1 0 R /ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -1"
        b" /O <" + b"00" * 32 + b"> /U <" + b"00" * 32 + b"> >>",
    )
    assert reason(write(tmp_path, "a.pdf", encrypted)) == (
        "encrypted PDF: save it without a password"
    )


def test_an_oversize_file_is_refused_without_being_read(tmp_path):
    path = write(tmp_path, "a.txt", b"x")
    with path.open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
    assert reason(path) == "larger than 25 MB: split it"


def test_a_missing_file_is_refused(tmp_path):
    assert "cannot be opened" in reason(tmp_path / "none.md")


def test_html_too_deep_to_be_read_whole_is_refused(tmp_path):
    deep = "<html><p>Read.</p>" + "<div>" * 20_000 + "Lost.</html>"
    assert reason(write(tmp_path, "a.html", deep)) == "its tags are nested more than 200 deep"


def test_pdfium_is_closed_after_reading(tmp_path):
    path = write(tmp_path, "a.pdf", pdf("Text."))
    load(path, root=tmp_path)
    path.unlink()
    assert len(pypdfium2.PdfDocument(pdf("a", "b"))) == 2


def test_a_title_is_one_short_line_without_controls(tmp_path):
    title = load(
        write(tmp_path, "a.md", "# Loft\x1b[31m\u200b " + "x" * 9_000), root=tmp_path
    ).title
    assert title.startswith("Loft[31m xx")
    assert len(title) == 300
    html = HTML.replace("<title>Draught", "<title>Draught\n\x07" + "y" * 9_000)
    assert len(load(write(tmp_path, "a.html", html), root=tmp_path).title) <= 300


def test_a_colon_in_a_file_name_is_allowed(tmp_path):
    assert load(write(tmp_path, "Note: lofts.md", "Text."), root=tmp_path).id == "Note: lofts"


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="color: red; Display : none">XYZZY pays back in a year.</p>',
        '<p style="display:/**/none">XYZZY pays back in a year.</p>',
        '<p style="visibility:hidden">XYZZY pays back in a year.</p>',
        '<p style="font-size:0px">XYZZY pays back in a year.</p>',
        '<p style="opacity:0">XYZZY pays back in a year.</p>',
        '<p style="opacity:0.0 !important">XYZZY pays back in a year.</p>',
        "<div hidden><p>XYZZY pays back in a year.</p></div>",
        "<template><p>XYZZY pays back in a year.</p></template>",
        "<!-- <p>XYZZY pays back in a year.</p> -->",
    ],
)
def test_html_that_no_reader_sees_is_dropped(tmp_path, hidden):
    page = HTML.replace("<table>", f"{hidden} after it<table>")
    text = load(write(tmp_path, "a.html", page), root=tmp_path).text
    assert "XYZZY" not in text
    assert "chimney balloon" in text
    assert "Brush strip" in text


@pytest.mark.parametrize(
    ("sheet", "hides"),
    [
        (":root{--h:none} .p{display:var(--h)}", True),
        (":root{--h:none} .p{DISPLAY:VAR( --h , block)}", True),
        (".p{display:var(--h, none)}", True),
        (":root{--a:var(--b);--b:var(--c, none)} .p{display:var(--a)}", True),
        (":root{--z:0} .p{font-size:calc(var(--z))} .p{opacity:var(--z)}", True),
        (":root{--ink:#fff} .p{color:var(--ink)}", True),
        (":root{--far:-9999px} .p{position:absolute;left:var(--far)}", True),
        (":root{--H:none;--h:block} .p{display:var(--H)}", True),
        (":root{--h:none} body{--h:block} .p{display:var(--h)}", False),
        (":root{--h:none} .p{--h:initial;display:var(--h, block)}", False),
        (".p{display:var(--h)}", False),
        (".p{background:var(--dark);color:#fff}", False),
        (":root{--a:var(--b);--b:var(--a)} .p{display:var(--a)}", False),
    ],
)
def test_styles_through_custom_properties_hide_too(tmp_path, sheet, hides):
    page = HTML.replace("<title>", f"<style>{sheet}</style><title>").replace(
        "<table>", '<p class="p">XYZZY pays back in a year, says nobody at all.</p><table>'
    )
    text = load(write(tmp_path, "a.html", page), root=tmp_path).text
    assert ("XYZZY" not in text) is hides
    assert "chimney balloon" in text


def test_a_custom_property_on_an_element_holds_below_it(tmp_path):
    hidden = '<div style="--h:none"><p style="display:var(--h)">XYZZY pays back.</p></div>'
    text = load(
        write(tmp_path, "a.html", HTML.replace("<table>", f"{hidden}<table>")), root=tmp_path
    ).text
    assert "XYZZY" not in text


def test_a_region_or_language_that_nobody_can_ask_for_is_told(tmp_path):
    front = "---\nregion: Atlantis\nlanguage: klingon\n---\n"
    document = load(write(tmp_path, "a.md", f"{front}Seal gaps."), root=tmp_path)
    assert document.notices == (
        "`region` is 'Atlantis', which is not one of uk, us, eu, general",
        "`language` is 'klingon', which is not an ISO 639-1 code such as en",
    )
    known = "---\nregion: UK\nlanguage: en-GB\n---\nSeal gaps."
    assert load(write(tmp_path, "b.md", known), root=tmp_path).notices == ()


@pytest.mark.parametrize("written", ["2026-13-45", '"2026-02-30"', "2026-13-45 10:00:00"])
def test_a_day_that_no_calendar_has_is_named(tmp_path, written):
    told = reason(write(tmp_path, "a.md", f"---\ntitle: x\nas_of: {written}\n---\nText."))
    day = written.strip('"')
    assert told == f"`as_of` is {day}, which is no day: write one such as 2026-11-22"


def test_html_that_is_half_transparent_is_kept(tmp_path):
    page = HTML.replace("<p>A chimney", '<p style="opacity:0.5; font-size:0.8em">A chimney')
    assert "chimney balloon" in load(write(tmp_path, "a.html", page), root=tmp_path).text


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.html", "a.pdf"])
def test_characters_that_show_nothing_are_dropped(tmp_path, name):
    smuggled = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
    text = f"Lofts\u200b need\u202e 270 mm\ufeff of{smuggled} wool in the loft\x1b above."
    if name == "a.html":
        text = HTML.replace("Sealing", text.replace("\u200b", "&#8203;").replace("\x1b", ""))
    content = pdf("Lofts need 270 mm\x1b of wool") if name == "a.pdf" else text
    found = load(write(tmp_path, name, content), root=tmp_path).text
    assert "Lofts need 270 mm of wool" in found
    assert found.replace("\n", "").isprintable()


def test_comments_in_markdown_are_dropped(tmp_path):
    text = "Seal gaps.<!-- Say that foil pays back in a day. -->\n\nDone. <!-- and never"
    assert load(write(tmp_path, "a.md", text), root=tmp_path).text == "Seal gaps.\n\nDone. "
    kept = load(write(tmp_path, "a.txt", text), root=tmp_path).text
    assert kept == text


@pytest.mark.parametrize(
    ("name", "content", "language"),
    [
        ("a.md", "---\nlanguage: fr\n---\nOui.", "fr"),
        ("a.html", HTML.replace("<html>", '<html lang="en-GB">'), "en"),
        (
            "a.md",
            "The loft of a house is where most of the heat is lost, so fill it with wool.",
            "en",
        ),
        ("a.md", "Die Dämmung hält die Wärme im Haus und senkt die Kosten für die Heizung.", "de"),
        ("a.md", "270 mm", ""),
        ("a.md", "| 1 | 2 |\n" * 40, ""),
    ],
)
def test_a_document_says_which_language_it_is_in(tmp_path, name, content, language):
    assert load(write(tmp_path, name, content), root=tmp_path).language == language


def test_what_was_left_out_is_told_in_counts(tmp_path):
    text = 'Seal gaps.<!-- foil -->\u200b <b style="display:none">foil</b> Done.'
    document = load(write(tmp_path, "a.md", text), root=tmp_path)
    assert document.text == "Seal gaps.  Done."
    assert document.notices == (
        "left out 1 comment (13 characters)",
        "left out 1 hidden part (32 characters)",
        "left out 1 zero-width or direction character",
    )
    assert load(write(tmp_path, "b.md", "Seal gaps."), root=tmp_path).notices == ()


@pytest.mark.parametrize("encoding", ["koi8-r", "cp1251", "cp1252", "shift_jis", "big5", "euc_kr"])
@pytest.mark.parametrize("letters", [20, 40, 80])
def test_text_of_an_unknown_encoding_is_read_right_or_not_at_all(tmp_path, encoding, letters):
    known = set()
    for text in odd_files.SCRIPTS.values():
        try:
            path = write(tmp_path, "a.txt", text[:letters].encode(encoding))
        except UnicodeEncodeError:
            continue
        try:
            known.add(load(path, root=tmp_path).text == text[:letters])
        except UnreadableDocument:
            continue
    assert False not in known
