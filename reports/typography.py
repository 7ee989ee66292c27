"""French typography of HTML pages: apostrophes, and spaces that do not break a line."""

import re

NO_BREAK = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"

# A tag, or an element whose text is shown as it is, or the text up to the next tag.
_PART = re.compile(
    r"""<(?P<kept>style|code)\b.*?</(?P=kept)>|<(?:[^<>"']|"[^"]*"|'[^']*')*>|[^<]+""", re.DOTALL
)
_READ_ALOUD = re.compile(r'(?<= aria-label=")[^"]+')
_RULES = (
    (re.compile(r"(?<=[^\W\d_])(?:'|&#39;)"), APOSTROPHE),
    (re.compile(r"\s+(?=[;!?])"), NARROW),
    (re.compile(r"\s+(?=:(?:\s|$))"), NO_BREAK),
    (re.compile(r"(?<=«)\s+|\s+(?=»)"), NO_BREAK),
    (re.compile(r"(?<=\d)\s+(?=%|×|(?:[kM]?Wh|kW|h)\b)"), NARROW),
)


def typeset(html: str) -> str:
    """Apply the typography to the text of a page, and to what screen readers read aloud."""
    return _PART.sub(_typeset_part, html)


def _typeset_part(match: re.Match[str]) -> str:
    part = match[0]
    if part.startswith("<"):
        return _READ_ALOUD.sub(lambda label: _typeset_text(label[0]), part)
    return _typeset_text(part)


def _typeset_text(text: str) -> str:
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
