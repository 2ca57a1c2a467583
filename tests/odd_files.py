"""A folder of odd files, made in code: what each holds, and what should come of it."""

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

ENGLISH = (
    "Loft insulation of mineral wool should be 270 mm thick. The first layer lies between the"
    " joists and the next layer lies across them, so that the heat of the house stays in it."
)
SECRET = "XYZZY pays back in a day"
SCRIPTS = {
    "ja": "断熱材は家の中の熱を逃がさないためにとても大切です。冬の暖房費を節約するには、窓とドアの"
    "すき間をふさぎ、屋根裏に断熱材を入れるのが一番よい方法です。エアコンの設定温度は二十度にします。",
    "zh": "冬天的时候，我们可以把房间的窗户关好，这样热量就不会从里面流失。家里的暖气温度不要太高，"
    "一般来说二十度就可以了。用电的时候也要注意节约，不用的灯要关掉，这是最好的方法。",
    "tw": "冬天的時候，我們可以把房間的窗戶關好，這樣熱量就不會從裡面流失。家裡的暖氣溫度不要太高，"
    "一般來說二十度就可以了。用電的時候也要注意節約，不用的燈要關掉，這是最好的方法。",
    "ko": "겨울에는 창문과 문의 틈을 막으면 집 안의 열이 나가지 않습니다. 난방 온도는 이십 "
    "도로 하고,"
    " 사용하지 않는 전등은 끄는 것이 좋은 방법입니다. 이것은 에너지를 절약하는 데에 도움이 됩니다.",
    "ru": "Утепление чердака сохраняет тепло в доме зимой и снижает расходы на отопление. Закройте"
    " щели вокруг окон и дверей, выключайте свет, когда выходите из комнаты, и не открывайте окна.",
    "el": "Η μόνωση της στέγης κρατά τη ζέστη μέσα στο σπίτι το χειμώνα και μειώνει το κόστος της"
    " θέρμανσης. Κλείστε τα κενά γύρω από τα παράθυρα και τις πόρτες.",
    "fr": "L’isolation des combles réduit les dépenses de chauffage à la maison. Fermez les volets"
    " la nuit, baissez la température à 19 °C et éteignez les lumières : c’est simple.",
    "de": "Eine gute Dämmung hält die Wärme im Haus und senkt die Kosten für die Heizung. Schließen"
    " Sie die Fenster und Türen, und drehen Sie die Heizkörper über Nacht etwas herunter.",
    "pl": "Ocieplenie dachu zatrzymuje ciepło w domu i obniża koszty ogrzewania. Należy uszczelnić"
    " okna i drzwi, wyłączać światło oraz obniżyć temperaturę w nocy, żeby oszczędzić energię.",
    "en": "Sealing gaps costs £20 and saves about £60 a year – that’s a good deal. Set the"
    " thermostat to 18 °C at night, and don’t heat the rooms that you are not using in the day.",
}


@dataclass(frozen=True)
class Odd:
    """One file: either `text` is in what was read of it, or `reason` is why it was not."""

    name: str
    data: bytes
    text: str = ""
    reason: str = ""
    pages: int = 0
    notice: str = ""
    """Part of what is said of what was left out."""
    language: str | None = None


def pdf(*contents: str, images: bool = False, extra: str = "") -> bytes:
    """Return a PDF of these content streams, a page each; `images` adds /Im0, a grey picture."""
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(len(contents)))
    resources = b"/Font << /F1 3 0 R >>" + (b" /XObject << /Im0 4 0 R >>" if images else b"")
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {extra} >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        (
            b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray"
            b" /BitsPerComponent 8 /Length 1 >>\nstream\n\x80\nendstream"
        ),
    ]
    for n, content in enumerate(contents):
        stream = content.encode("latin-1")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << %s >> >>" % (6 + 2 * n, resources)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    return _numbered(objects)


def _numbered(objects: list[bytes], *, trailer: bytes = b"") -> bytes:
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    xref = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return (
        out
        + xref
        + (
            b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF"
            % (size, trailer, len(out))
        )
    )


def shown(text: str, *, before: str = "0 g", size: float = 11, y: int = 700, x: int = 50) -> str:
    """Return a content stream that writes one line of text."""
    return f"q {before} BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET Q\n"


def encrypted_pdf() -> bytes:
    """Return a PDF that wants a password."""
    entry = b"/ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -1 /O <%s> /U <%s> >>"
    return pdf(shown(ENGLISH)).replace(
        b"/Root 1 0 R", b"/Root 1 0 R " + entry % (b"00" * 32, b"00" * 32)
    )


def looping_pdf() -> bytes:
    """Return a PDF whose page tree contains itself."""
    return _numbered(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1000000000 /Parent 3 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R] /Count 1000000000 /Parent 2 0 R >>",
        ]
    )


def many_pages_pdf() -> bytes:
    """Return a PDF that says it has a thousand million pages."""
    return pdf(shown(ENGLISH)).replace(b"/Count 1 ", b"/Count 999999999 ")


def inflating_pdf() -> bytes:
    """Return a PDF whose one page unpacks to 120 MB of operators."""
    bomb = zlib.compress(b"BT /F1 9 Tf 9 9 Td (x) Tj ET\n" * 4_000_000, 9)
    return _numbered(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            (
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R"
                b" /Resources << /Font << /F1 3 0 R >> >> >>"
            ),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(bomb), bomb),
        ]
    )


def word(fill: Callable[[docx.document.Document], None] | None = None) -> bytes:
    """Return a Word document, with one paragraph unless `fill` writes others."""
    document = docx.Document()
    document.core_properties.title = ""
    if fill is None:
        document.add_paragraph(ENGLISH)
    else:
        fill(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def rewritten(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return an archive with one of its files changed, added when there is none."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for entry in old.namelist():
            content = old.read(entry)
            new.writestr(entry, change(content) if entry == name else content)
        if name not in old.namelist():
            new.writestr(name, change(b""))
    return out.getvalue()


def archive(**files: str) -> bytes:
    """Return a zip of these files; `__` in a name is a slash."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for name, text in files.items():
            new.writestr(name.replace("__", "/"), text)
    return out.getvalue()


def png() -> bytes:
    """Return a picture of one pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\0\0\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def page(body: str, head: str = "") -> str:
    """Return a web page."""
    return (
        f"<!doctype html><html><head><title>Lofts</title>{head}</head><body><article>"
        f"<h1>Lofts</h1><p>{ENGLISH}</p>{body}<p>Wear a mask and long sleeves in the loft.</p>"
        "</article></body></html>"
    )


def _full_word(document: docx.document.Document) -> None:
    document.core_properties.title = "Lofts and lamps"
    document.add_heading("Lofts", level=1)
    document.add_paragraph(ENGLISH)
    document.add_heading("What to buy", level=2)
    document.add_paragraph("mineral wool", style="List Bullet")
    document.add_paragraph("measure the joists", style="List Number")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ["Depth", "Cost", "270 mm", "£500"], strict=True):
        cell.text = text
    document.add_paragraph("After the table.")
    document.sections[0].header.paragraphs[0].text = "Company confidential"


def _hidden_word(document: docx.document.Document) -> None:
    document.add_paragraph(ENGLISH)
    document.add_paragraph().add_run(f"{SECRET} 1").font.hidden = True
    document.add_paragraph().add_run(f"{SECRET} 2").font.color.rgb = RGBColor(255, 255, 255)
    document.add_paragraph().add_run(f"{SECRET} 3").font.size = Pt(1)
    deleted = OxmlElement("w:del")
    run = document.add_paragraph().add_run("")
    deleted_text = OxmlElement("w:delText")
    deleted_text.text = f"{SECRET} 4"
    run._r.append(deleted_text)
    run._r.getparent().replace(run._r, deleted)
    deleted.append(run._r)
    kept = document.add_paragraph()
    document.add_comment(kept.add_run("Mind the cables."), text=f"{SECRET} 5", author="A")


def _dark_word(document: docx.document.Document) -> None:
    document.add_paragraph(ENGLISH)
    table = document.add_table(rows=1, cols=1)
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), "1F3864")
    table.cell(0, 0)._tc.get_or_add_tcPr().append(shade)
    run = table.cell(0, 0).paragraphs[0].add_run("White on dark blue is read")
    run.font.color.rgb = RGBColor(255, 255, 255)


def _deep_word(data: bytes) -> bytes:
    table = b"<w:tbl><w:tr><w:tc>" * 3_000 + b"<w:p/>" + b"</w:tc></w:tr></w:tbl>" * 3_000
    return data.replace(b"<w:body>", b"<w:body>" + table)


_BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "%s">%s]>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>
<w:t>&h;</w:t></w:r></w:p></w:body></w:document>""" % (
    b"ha" * 5_000,
    b"".join(
        b'<!ENTITY %c "%s">' % (b"abcdefgh"[n], b"&%c;" % b"abcdefgh"[n - 1] * 20)
        for n in range(1, 8)
    ),
)


def _encodings() -> list[Odd]:
    table = [
        ("shift-jis", "ja", "shift_jis"),
        ("euc-jp", "ja", "euc_jp"),
        ("iso-2022-jp", "ja", "iso2022_jp"),
        ("gb2312", "zh", "gb2312"),
        ("gb18030", "zh", "gb18030"),
        ("big5", "tw", "big5"),
        ("euc-kr", "ko", "euc_kr"),
        ("koi8-r", "ru", "koi8-r"),
        ("windows-1251", "ru", "cp1251"),
        ("iso-8859-5", "ru", "iso8859-5"),
        ("cp866", "ru", "cp866"),
        ("windows-1253", "el", "cp1253"),
        ("windows-1252", "fr", "cp1252"),
        ("latin-1", "de", "latin-1"),
        ("windows-1250", "pl", "cp1250"),
        ("windows-1252-english", "en", "cp1252"),
        ("mac-roman-english", "en", "mac_roman"),
        ("utf-16-le", "en", "utf-16-le"),
        ("utf-16-be", "ru", "utf-16-be"),
        ("utf-32-le", "de", "utf-32-le"),
        ("utf-32-be", "ja", "utf-32-be"),
        ("utf-16-ja", "ja", "utf-16-le"),
    ]
    odd = []
    for name, key, encoding in table:
        text = SCRIPTS[key]
        language = {"tw": "zh"}.get(key, key)
        data = f"{text}\n\n{text}\n".encode(encoding)
        odd.append(Odd(f"encoded/{name}.txt", data, text=text, language=language))
        if not name.startswith("utf"):
            label = {"cp866": "ibm866", "windows-1252-english": "windows-1252"}.get(name, name)
            label = {"mac-roman-english": "macintosh"}.get(label, label)
            html = f'<!doctype html><html><head><meta charset="{label}"><title>T</title></head>'
            html += f"<body><article><p>{text}</p><p>{text} 2</p></article></body></html>"
            odd.append(Odd(f"encoded-html/{name}.html", html.encode(encoding), text=text[:40]))
    return odd


def _texts() -> list[Odd]:
    invisible = "\u200b\u2060\ufeff" * 50
    tags = "".join(chr(0xE0000 + ord(letter)) for letter in SECRET)
    return [
        Odd("empty.md", b"", reason="empty file"),
        Odd("blank.txt", b" \n\t\r\n ", reason="empty file"),
        Odd("invisible.md", invisible.encode(), reason="holds no text"),
        Odd("punctuation.txt", b"--- *** ... !!!", reason="holds no text"),
        Odd("tags.md", f"{ENGLISH}{tags}".encode(), text=ENGLISH, notice="24 tag characters"),
        Odd("zero-width.txt", f"Lo\u200bfts. {ENGLISH}".encode(), text="Lofts.", notice="1 zero"),
        Odd("long-line.txt", (ENGLISH + " ").encode() * 600, text=ENGLISH, language="en"),
        Odd("no-spaces.txt", b"a" * 100_000, text="a" * 1000),
        Odd("crlf.md", f"# Lofts\r\n\r\n{ENGLISH}\r\n".encode(), text=f"# Lofts\n\n{ENGLISH}\n"),
        Odd("cr.txt", f"Lofts\r\r{ENGLISH}\r".encode(), text=f"Lofts\n\n{ENGLISH}\n"),
        Odd("nul.txt", ENGLISH.encode() + b"\0" + ENGLISH.encode(), reason="binary file"),
        Odd("surrogate.txt", ENGLISH.encode() + b" \xed\xa0\x80", reason="not valid UTF-8"),
        Odd("half-letter.txt", f"{ENGLISH} é".encode()[:-1], reason="not valid UTF-8"),
        Odd("mixed.txt", f"{SCRIPTS['fr']} ".encode() + b"\xe9t\xe9", reason="not valid UTF-8"),
        Odd("random.txt", bytes((n * n * 7 + n // 3) % 255 + 1 for n in range(4000)), reason="not"),
        Odd("short-latin.md", "café".encode("latin-1"), reason="not valid UTF-8"),
        Odd("bom-16.txt", ENGLISH.encode("utf-16"), text=ENGLISH),
        Odd("bom-odd.txt", b"\xff\xfe" + ENGLISH.encode("utf-16-le") + b"x", reason="not valid"),
        Odd("oversize.txt", b"x " * (13 * 1024 * 1024), reason="larger than 25 MB"),
        Odd("endless.txt", b"words " * 1_000_000, reason="longer than 5,000,000 characters"),
        Odd(
            "comments.md",
            f"{ENGLISH}\n\n<!-- {SECRET} -->\n\n[//]: # ({SECRET})\n".encode(),
            text=ENGLISH,
            notice="2 comments",
        ),
        Odd(
            "inline.md",
            f'{ENGLISH} <span style="display:none">{SECRET}</span> End.'.encode(),
            text="in it.  End.",
            notice="1 hidden part",
        ),
        Odd("rule.md", f"a < b and <b>bold</b> <span>{ENGLISH}</span>".encode(), text="a < b and"),
        Odd("anchors.md", b"---\na: &a [x]\nb: [*a, *a]\n---\ntext", reason="anchors"),
        Odd("yaml.md", b"---\ntitle: [x\n---\ntext", reason="not valid YAML (line 3)"),
        Odd("brackets.md", b"[" * 100_000 + b"](x) text", text="text"),
        Odd("quotes.md", b">" * 50_000 + b" " + ENGLISH.encode(), text=ENGLISH),
        Odd("emphasis.md", b"*_" * 50_000 + b" " + ENGLISH.encode(), text=ENGLISH),
        Odd("angles.md", b"<a " * 60_000 + b" " + ENGLISH.encode(), text=ENGLISH),
        Odd("open-comments.md", ENGLISH.encode() + b"<!-- " * 60_000, text=ENGLISH),
    ]


def _mislabelled() -> list[Odd]:
    line = shown("A kettle boils water.")
    return [
        Odd("html-as-pdf.pdf", page("").encode(), text=ENGLISH[:40]),
        Odd("html-as-md.md", page("").encode(), text=ENGLISH[:40]),
        Odd("html-as-docx.docx", page("").encode(), text=ENGLISH[:40]),
        Odd("html-16.html", page("").encode("utf-16-le"), text=ENGLISH[:40]),
        Odd("pdf-as-txt.txt", pdf(line), text="A kettle boils water.", pages=1),
        Odd("pdf-as-html.html", b"\n\n" + pdf(line), text="A kettle boils water.", pages=1),
        Odd("docx-as-doc.doc", word(), text=ENGLISH),
        Odd("docx-as-pdf.pdf", word(), text=ENGLISH),
        Odd("zip-as-docx.docx", archive(a="b"), reason="is an archive (zip), not a Word document"),
        Odd("xlsx-as-docx.docx", archive(xl__workbook="x"), reason="is an Excel workbook"),
        Odd("odt-as-docx.docx", archive(**{"META-INF__manifest.xml": "x"}), reason="OpenDocument"),
        Odd("text-as-docx.docx", ENGLISH.encode(), reason="named .docx, but it is not a Word"),
        Odd("text-as-pdf.pdf", ENGLISH.encode(), reason="named .pdf, but it is not a PDF"),
        Odd("png-as-md.md", png(), reason="is an image (PNG)"),
        Odd("gzip-as-txt.txt", gzip.compress(ENGLISH.encode()), reason="(gzip)"),
        Odd("rtf-as-txt.txt", rb"{\rtf1\ansi Lofts}", reason="RTF"),
        Odd("program.md", b"\x7fELF" + bytes(200), reason="a program"),
        Odd("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), reason="save it as .docx"),
        Odd(
            "locked.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + bytes(600)
            + "EncryptedPackage".encode("utf-16-le"),
            reason="encrypted Word document",
        ),
        Odd(
            "starts-with-BM.txt",
            b"BMW drivers heat their garages. " + ENGLISH.encode(),
            text="BMW drivers",
        ),
    ]


def _closed(tags: str) -> str:
    names = re.findall(r"<(\w+)", tags)
    return "".join(f"</{name}>" for name in reversed(names))


def _pages() -> list[Odd]:
    styled = {
        "class": ("<style>.a{display:none}</style>", '<p class="a">'),
        "id": ("<style>#a{visibility:hidden}</style>", '<p id="a">'),
        "tag": ("<style>aside p{opacity:0}</style>", "<aside><p>"),
        "colour": ("<style>.a{color:#fffffe}</style>", '<p class="a">'),
        "background": ("<style>.a{color:navy;background:#000080}</style>", '<p class="a">'),
        "dark": ("<style>body{background:#111;color:#eee}.a{color:#111}</style>", '<p class="a">'),
        "small": ("<style>.a{font-size:1px}</style>", '<p class="a">'),
        "indent": ("<style>.a{text-indent:-9999px}</style>", '<p class="a">'),
        "left": ("<style>.a{position:absolute;left:-99em}</style>", '<p class="a">'),
        "clip": ("<style>.a{position:absolute;clip:rect(0,0,0,0)}</style>", '<p class="a">'),
        "zero": ("<style>.a{height:0;overflow:hidden}</style>", '<p class="a">'),
        "escape": ("<style>.a{d\\69splay:none}</style>", '<p class="a">'),
        "important": (
            "<style>.a{display:none!important}</style>",
            '<p class="a" style="display:block">',
        ),
        "media": ("<style>@media screen{.a{display:none}}</style>", '<p class="a">'),
        "attribute": ("", "<p hidden>"),
        "inline": ("", '<p style="display:none">'),
        "dialog": ("<style></style>", "<dialog><p>"),
        "transparent": ("<style>.a{color:transparent}</style>", '<p class="a">'),
        "template": ("", "<template><p>"),
        "noscript": ("", "<noscript><p>"),
    }
    hidden = [
        Odd(
            f"hidden/{name}.html",
            page(f"{tag}{SECRET} in {name}.{_closed(tag)}", head).encode(),
            text="Wear a mask",
            notice="left out 1 hidden part",
        )
        for name, (head, tag) in styled.items()
    ]
    visible = {
        "print": ("<style>@media print{.a{display:none}}</style>", '<p class="a">'),
        "narrow": ("<style>@media (max-width:9em){.a{display:none}}</style>", '<p class="a">'),
        "later": ("<style>.a{display:none} p.a{display:block}</style>", '<p class="a">'),
        "hero": ("<style>.a{color:#fff;background:url(x.png)}</style>", '<p class="a">'),
        "dark": ("<style>.a{color:white;background-color:#222}</style>", '<p class="a">'),
        "hover": ("<style>.a:hover{display:none}</style>", '<p class="a">'),
        "cut-out": (
            "<style>.a{background:linear-gradient(red,blue);background-clip:text;color:#0000}</style>",
            '<p class="a">',
        ),
        "aria": ("", '<p aria-hidden="true">'),
    }
    return [
        *hidden,
        *(
            Odd(
                f"visible/{name}.html",
                page(f"{tag}Seal the hatch with foam tape.", head).encode(),
                text="Seal the hatch with foam tape.",
            )
            for name, (head, tag) in visible.items()
        ),
        Odd("nested.html", b"<html><p>Read.</p>" + b"<div>" * 20_000 + b"x</html>", reason="deep"),
        Odd("nested-p.html", b"<html><body>" + b"<x>" * 20_000 + ENGLISH.encode(), reason="deep"),
        Odd("no-body.html", b"<html><head><title>x</title></head></html>", reason="holds no text"),
        Odd(
            "script-only.html",
            b"<html><script>document.write('x')</script></html>",
            reason="holds no text",
        ),
        Odd("klingon.html", b'<meta charset="klingon"><p>text</p>', reason="unknown encoding"),
        Odd(
            "wrong-charset.html",
            page(SCRIPTS["ru"])
            .replace("<head>", '<head><meta charset="iso-8859-1">')
            .encode("koi8-r"),
            text="Утепление",
        ),
        Odd(
            "entities.html",
            b'<!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + page("&b;").encode(),
            text="Wear a mask",
        ),
        Odd(
            "attributes.html",
            b"<html><body " + b"a=1 " * 200_000 + b"><p>" + ENGLISH.encode(),
            text=ENGLISH[:40],
        ),
        Odd("comment.html", page(f"<!-- {SECRET} -->").encode(), text="Wear", notice="1 comment"),
        Odd(
            "lang.html",
            page("").replace("<html>", '<html lang="en-GB">').encode(),
            text="Wear",
            language="en",
        ),
    ]


def _pdfs() -> list[Odd]:
    line = shown("Lofts need 270 mm of mineral wool.")
    scan = "q 612 0 0 792 0 0 cm /Im0 Do Q\n"
    secret = {
        "mode3": shown(SECRET, before="3 Tr"),
        "tiny": shown(SECRET, size=1, y=600),
        "scaled": f"q 0.05 0 0 0.05 0 0 cm {shown(SECRET, size=12, y=9000)} Q",
        "white": shown(SECRET, before="1 g", y=600),
        "outside": shown(SECRET, y=-300),
        "dark-box": "0.2 g 40 590 400 30 re f " + shown(SECRET, before="0.2 g", y=600),
    }
    hidden = [
        Odd(
            f"hidden/{name}.pdf",
            pdf(line, line + content),
            text="Lofts need 270 mm",
            pages=2,
            notice="left out",
        )
        for name, content in secret.items()
    ]
    heading = "0.1 g 40 590 400 30 re f " + shown("White heading", before="1 g", y=600)
    return [
        *hidden,
        Odd("white-heading.pdf", pdf(line + heading), text="White heading", pages=1),
        Odd(
            "ocr.pdf",
            pdf(scan + shown("Read by OCR.", before="3 Tr"), images=True),
            text="Read by OCR.",
            pages=1,
        ),
        Odd("all-hidden.pdf", pdf(shown(SECRET, before="3 Tr")), reason="hidden from readers"),
        Odd("scan.pdf", pdf(scan, images=True), reason="images with no text: run OCR"),
        Odd(
            "half-scan.pdf",
            pdf(line, scan, images=True),
            text="Lofts need",
            pages=2,
            notice="1 of 2 pages hold no text",
        ),
        Odd("encrypted.pdf", encrypted_pdf(), reason="encrypted PDF"),
        Odd("truncated.pdf", pdf(line)[:200], reason="damaged or cut-off PDF"),
        Odd("no-trailer.pdf", pdf(line)[:-150], reason="damaged or cut-off PDF"),
        Odd(
            "no-xref.pdf", pdf(line).replace(b"startxref", b"startxxxx"), text="Lofts need", pages=1
        ),
        Odd("loop.pdf", looping_pdf(), reason="PDF"),
        Odd("many-pages.pdf", many_pages_pdf(), text="Loft insulation", pages=1),
        Odd("inflating.pdf", inflating_pdf(), reason="its parser crashed"),
        Odd("header-only.pdf", b"%PDF-1.7\n", reason="damaged or cut-off PDF"),
        Odd("garbage.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 100, reason="damaged"),
    ]


def _words() -> list[Odd]:
    plain = word()
    return [
        Odd(
            "full.docx",
            word(_full_word),
            language="en",
            text=f"# Lofts\n\n{ENGLISH}\n\n## What to buy\n\n- mineral wool\n1. measure the joists"
            "\n\n| Depth | Cost |\n| --- | --- |\n| 270 mm | £500 |\n\nAfter the table.",
        ),
        Odd("hidden.docx", word(_hidden_word), text="Mind the cables.", notice="1 comment"),
        Odd("dark.docx", word(_dark_word), text="White on dark blue is read"),
        Odd("truncated.docx", plain[: len(plain) // 2], reason="damaged or cut-off"),
        Odd(
            "torn.docx",
            rewritten(plain, "word/document.xml", lambda xml: xml[:600]),
            reason="damaged Word document",
        ),
        Odd(
            "bomb.docx",
            rewritten(plain, "word/media/a.bin", lambda _: bytes(201 * 1024**2)),
            reason="unpacks to more than 200 MB",
        ),
        Odd(
            "entities.docx",
            rewritten(plain, "word/document.xml", lambda _: _BOMB),
            reason="damaged Word document",
        ),
        Odd(
            "deep.docx",
            rewritten(plain, "word/document.xml", _deep_word),
            reason="damaged Word document",
        ),
        Odd("blank.docx", word(lambda document: None), reason="holds no text"),
    ]


def odd_files() -> list[Odd]:
    """Return every odd file; the same each time."""
    return [*_encodings(), *_texts(), *_mislabelled(), *_pages(), *_pdfs(), *_words()]


def write(folder: Path) -> list[Odd]:
    """Write the odd files to a folder and return them."""
    odd = odd_files()
    for one in odd:
        path = folder / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.data)
    return odd
