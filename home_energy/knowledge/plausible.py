"""Whether a text reads as people write, or as bytes that were decoded wrongly."""

import re
import unicodedata
from collections import Counter
from itertools import pairwise

from home_energy.knowledge.language import guess

_SAMPLE = 20_000
# Characters that a wrong decoding yields and text has none of.
_ODD = {"Cc", "Cn", "Co", "Cs"}
_FINE = frozenset("\t\n\r\f\v\x1b")
_WORD = re.compile(r"[^\W\d_²³¹¼½¾]+")
# The most frequent characters, simplified and traditional, with some of our topics.
_HAN = (
    "的一是不了在人有我他这個们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方"
    "多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日者意无力它与长把机十民第公此已工使情明性"
    "知全三又关点正业外将两高間由问很最重並這說時們來為國會對過發後經學動還進開從實無與長機節電能源熱暖氣温度水費降低室房屋家"
    "用时电节热气费冬夏"
)
_SHARES = {
    "CYRILLIC": ("оеаинтсрвл", 0.45),
    "GREEK": ("αοιετνσςηρπκμλάίόέή", 0.6),
    "HANGUL": (
        "이다는을의에가를한고하지로사기리도은있어서나자들시대아해그제일수정부으니면게",
        0.25,
    ),
    "CJK": (_HAN, 0.15),
}
_ALPHABETS = {
    "en": "éèêëçàâîïôöüñ",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "de": "äöüßé",
    "es": "áéíñóúü",
    "pt": "áâãàçéêíóôõúü",
    "it": "àèéìíîòóùú",
    "nl": "éèëêïöüáíóú",
    "sv": "åäöéü",
    "da": "æøåéü",
    "no": "æøåéòôü",
    "nb": "æøåéòôü",
    "fi": "äöåé",
    "ca": "àèéíïòóúüçl·",
    "pl": "ąćęłńóśźżé",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hu": "áéíóöőúüű",
    "ro": "ăâîșțşţ",
    "tr": "çğıöşüâîi̇",
    "hr": "čćđšž",
    "sl": "čšžćđ",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "et": "äöõüšž",
}
# Signs that stand between letters in no language.
_BETWEEN = re.compile(r"[^\W\d_][\u00a1-\u00bf\u2018-\u203a\u20ac\u0192¤]+[^\W\d_]")
_APOSTROPHE = re.compile(r"[^\W\d_][’·\u2013\u2014\u2010\u2011/]+[^\W\d_]")
_SIGN = re.compile(
    "[’‘“”„‚«»‹›–—…•·£€¢¥°²³¹½¼¾×÷±µ©®™§¿¡ºª†‡‰№\u00a0\u2011\u0300-\u036f\u3000-\u303f"
    "\u30fb\u30fc\uff00-\uff60\uffe0-\uffe6℃→←↑↓○●◎△▲□■◇◆☆★※]"
)
_MIN_LETTERS = 40
# Of scripts whose letters are syllables or words.
_MIN_DENSE = 10
_HAN_RUN = re.compile("[\u3400-\u9fff]{2,}")


def garbled(text: str) -> bool:
    """Say whether a text is surely no text: controls, unassigned letters, case upside down."""
    sample = text[:_SAMPLE]
    odd = sum(c not in _FINE and (c == "\ufffd" or unicodedata.category(c) in _ODD) for c in sample)
    if odd > len(sample) / 500:
        return True
    words = [word for word in _WORD.findall(sample) if not word.isascii() and len(word) > 1]
    upset = sum(map(_upset, words))
    foreign = sum(_all_accents(word) for word in words)
    return (len(words) > 2 and upset > len(words) / 4) or foreign > max(1, len(words) / 10)


def reads_as_language(text: str) -> bool:
    """Say whether the letters beyond ASCII are those of a language that the text is in."""
    sample = text[:_SAMPLE]
    scripts = Counter(_script(c) for c in sample if c.isalpha())
    dense = scripts["CJK"] + scripts["HANGUL"] + _kana(scripts)
    if scripts.total() < (_MIN_DENSE if dense > scripts.total() / 2 else _MIN_LETTERS):
        return False
    if sum(_script(c) == "HALFWIDTH" for c in sample) > len(sample) / 100:
        return False
    strange = sum(c > "\x7f" and not _SIGN.match(c) for c in sample if not c.isalpha())
    if strange > sum(c > "\x7f" for c in sample) / 100:
        return False
    main = max((s for s in scripts if s != "ASCII"), key=lambda s: scripts[s], default="LATIN")
    if scripts[main] < scripts.total() / 20 and main != "LATIN":
        main = "LATIN"
    if _kana(scripts) > scripts["CJK"] / 20:
        return scripts["HIRAGANA"] > (scripts["CJK"] + _kana(scripts)) / 5
    if main == "CJK" and sum(map(len, _HAN_RUN.findall(sample))) < 0.7 * scripts["CJK"]:
        return False
    if main in _SHARES:
        common, least = _SHARES[main]
        letters = [c for c in sample.lower() if _script(c) == main]
        if main in {"CYRILLIC", "GREEK"} and len(letters) < _MIN_LETTERS / 2:
            return False
        foreign = sum(n for s, n in scripts.items() if s not in {main, "ASCII", "LATIN"})
        fits = sum(c in common for c in letters) >= least * len(letters)
        return fits and foreign <= scripts.total() / 20
    return main == "LATIN" and _latin(sample)


def _latin(text: str) -> bool:
    beyond = [c for c in text.lower() if c.isalpha() and c > "\x7f"]
    if len(_BETWEEN.findall(text)) > len(_APOSTROPHE.findall(text)):
        return False
    letters = _ALPHABETS.get(guess(text), "")
    return sum(c in letters for c in beyond) >= 0.97 * len(beyond) and bool(letters)


def _kana(scripts: Counter[str]) -> int:
    return scripts["HIRAGANA"] + scripts["KATAKANA"]


def _script(character: str) -> str:
    if character <= "\x7f":
        return "ASCII"
    return unicodedata.name(character, "UNKNOWN").split()[0].split("-")[0]


def _all_accents(word: str) -> bool:
    """Say whether every letter of a Latin word has an accent, as in no language."""
    return len(word) > 3 and all(c > "\x7f" and _script(c) == "LATIN" for c in word)


def _upset(word: str) -> bool:
    """Say whether a word changes its script, or from lower to upper case, inside."""
    scripts = {"LATIN" if s == "ASCII" else s for s in map(_script, word)}
    mixed = len(scripts & {"LATIN", "CYRILLIC", "GREEK"}) > 1
    rises = sum(a.islower() and b.isupper() for a, b in pairwise(word))
    return mixed or rises > 0
