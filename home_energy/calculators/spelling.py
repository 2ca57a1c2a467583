"""How people spell numbers and spans of time, evened out before anything is read."""

import re

_NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        "two three four five six seven eight nine ten eleven twelve".split(), start=2
    )
} | {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "dozen": 12}

_REWRITES: tuple[tuple[str, str], ...] = (
    ("[\u00a0\u2009\u202f]", " "),
    ("[’`]", "'"),
    ("[–—−]", "-"),
    (r"(?<=\d),(?=\d{3}(?!\d))", ""),
    (r"(?<=\d),(?=\d{1,2}(?!\d))", "."),
    (r"(\d) ?½", r"\1.5"),
    (r"(\d) and a half\b", r"\1.5"),
    (r"\b(?:an|one) hour and a half\b", "1.5 hours"),
    (r"\bone and a half\b", "1.5"),
    (r"\b(?:half an|half a|a half) hour\b", "0.5 hours"),
    (r"\b(?:a )?quarter of an hour\b", "0.25 hours"),
    (r"\b(?:an|one) hour(?= (?:a|per|each|every) (?:day|night|evening|week)\b)", "1 hour"),
    (r"\bfor (?:an|one) hour\b", "for 1 hour"),
    (r"\bone (?=(?:hour|degree|minute|kilowatt|kwh|therm|bedroom|gallon|litre|liter)\b)", "1 "),
    (r"\b(?:a|one) (?=degree\b)", "1 "),
    (
        r"\b(?:24/7|around the clock|round the clock|24 hours(?! a| per| each| every))\b",
        "24 hours a day",
    ),
    (r"\btwice (?=a |per |each |every )", "2 times "),
    (r"\bonce (?=a |per |each |every )", "1 times "),
    (r"\ba million btu\b", "1 million btu"),
    (r"(\d) ?k(?= (?:miles|km)\b)", r"\g<1>000"),
    (r"([£$€] ?\d+(?:\.\d+)?)k\b", r"\g<1>000"),
)
_DECIMAL_THOUSANDS = re.compile(r"(\d+)\.(\d)000\b(?= (?:miles|km)\b)|([£$€] ?\d+)\.(\d)000\b")

_HOURS_MINUTES = re.compile(r"\b(\d+) ?(?:h|hrs?|hours?) ?(?:and )?(\d+) ?(?:m|mins?|minutes?)\b")
_HOUR_RANGE = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?) ?- ?(\d+(?:\.\d+)?)(?= ?(?:h|hrs?|hours?|min(?:ute)?s?)\b)"
)


def plain(text: str) -> str:
    """Return the text in lower case with number words as figures and odd signs evened out."""
    text = _HOURS_MINUTES.sub(lambda m: f"{int(m[1]) + int(m[2]) / 60:g} hours", text.lower())
    text = _HOUR_RANGE.sub(lambda m: f"{(float(m[1]) + float(m[2])) / 2:g}", text.lower())
    for pattern, replacement in _REWRITES:
        text = re.sub(pattern, replacement, text)
    text = _DECIMAL_THOUSANDS.sub(lambda m: f"{m[1] or m[3]}{m[2] or m[4]}00", text)
    words = "|".join(_NUMBER_WORDS)
    return re.sub(rf"\b(?:a )?({words})\b", lambda m: str(_NUMBER_WORDS[m[1]]), text)
