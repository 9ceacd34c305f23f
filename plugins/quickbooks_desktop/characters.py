"""Characters that XML forbids and QuickBooks writes nevertheless, and those that QuickBooks cannot store.

QuickBooks keeps Windows-1252 (qbwc/qbxml issue 8: other letters become "?"). Its answers may hold control characters,
raw or as references (`&#x19;`, `&#146;`), and characters beyond the basic plane as two references.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HALVES = re.compile(
    rb"&#(?:x([dD][89abAB][0-9a-fA-F]{2})|(5[5-6]\d{3}));&#(?:x([dD][c-fC-F][0-9a-fA-F]{2})|(5[6-7]\d{3}));"
)
_FIRST_HALF, _SECOND_HALF, _AFTER_HALVES, _BEYOND = 0xD800, 0xDC00, 0xE000, 0x10000
_LAST = 0x10FFFF
_C1 = range(0x80, 0xA0)


def clean_xml(body: bytes) -> bytes:
    """Return an XML document in UTF-8 without what a parser refuses: control characters are dropped, or mapped to
    those of Windows-1252 where one is meant; two halves of a character become one. Bytes that are not UTF-8 are read as
    Windows-1252."""
    try:
        body.decode()
    except UnicodeDecodeError:
        body = body.decode("utf-8", "cp1252_bytes").encode()
    if _CONTROLS.search(body):
        body = _CONTROLS.sub(b"", body)
    if b"&#" in body:
        body = _REFERENCE.sub(_write_reference, _HALVES.sub(_join_halves, body))
    return body


def _number(hexadecimal: bytes | None, decimal: bytes | None) -> int:
    return int(hexadecimal, 16) if hexadecimal else int(decimal or b"0")


def _join_halves(found: re.Match[bytes]) -> bytes:
    first, second = _number(found[1], found[2]), _number(found[3], found[4])
    if not (_FIRST_HALF <= first < _SECOND_HALF <= second < _AFTER_HALVES):
        return found[0]
    return b"&#%d;" % (_BEYOND + (first - _FIRST_HALF) * 0x400 + second - _SECOND_HALF)


def _write_reference(found: re.Match[bytes]) -> bytes:
    number = _number(found[1], found[2])
    if number in _C1:
        return _from_windows(bytes([number])).encode("ascii", "xmlcharrefreplace")
    allowed = number in {9, 10, 13} or (number >= ord(" ") and not _FIRST_HALF <= number < _AFTER_HALVES)
    return found[0] if allowed and number <= _LAST and number not in {0xFFFE, 0xFFFF} else b""


def _from_windows(one: bytes) -> str:
    return one.decode("cp1252", "ignore")


def _decode_windows_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return _from_windows(error.object[error.start : error.end]), error.end


codecs.register_error("cp1252_bytes", _decode_windows_byte)


_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\u00ad]")
_LIKE = str.maketrans({
    "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h", "ı": "i", "Ŧ": "T", "ŧ": "t", "ĸ": "k", "Ŋ": "N",
    "ŋ": "n", "Ə": "E", "ə": "e", "ẞ": "SS", "\u2010": "-", "\u2011": "-", "\u2012": "–", "\u2015": "—", "−": "-",
    "′": "'", "″": '"', "‛": "'", "⁄": "/", "\u2009": " ", "\u202f": " ", "\u2003": " ", "\u2002": " ", "№": "No.",
})  # fmt: skip


def write_plain(words: str) -> str:
    """Return a text in letters that QuickBooks keeps, as far as there are any: "č" becomes "c". Characters that XML
    forbids are left out. Letters that have no like, such as Chinese ones, stay; `find_strange` names them."""
    clean = unicodedata.normalize("NFC", _INVISIBLE.sub("", _NOT_XML.sub("", words)))
    return "".join(map(_plain_letter, clean.translate(_LIKE))) if find_strange(clean) else clean


def find_strange(words: str) -> str:
    """Return the characters of a text that QuickBooks cannot keep, each once."""
    return "".join(dict.fromkeys(one for one in words if not _is_windows(one)))


def _plain_letter(one: str) -> str:
    if _is_windows(one):
        return one
    base = "".join(part for part in unicodedata.normalize("NFKD", one) if not unicodedata.combining(part))
    return base if base and not find_strange(base) else one


def _is_windows(one: str) -> bool:
    try:
        one.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
