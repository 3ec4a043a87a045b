"""How one and the same entry gets written differently: what people at a counter, a telephone or a form do to it.

Each function takes what should stand there and gives what somebody wrote; nothing where it cannot apply.
"""

from __future__ import annotations

import re


__all__ = ["SPELLINGS", "old_telephone"]

_NEAR = {  # letters beside each other on a keyboard
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl",
    "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "rz", "u": "zi", "v": "cb",
    "w": "qe", "x": "yc", "y": "x", "z": "tu", "ä": "a", "ö": "o", "ü": "u",
}  # fmt: skip
_FOLDED = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
_SHORT = (("straße", "str."), ("Straße", "Str."), ("weg", "wg."), ("platz", "pl."), ("allee", "al."))
_FORMS = (("GmbH", ("Gmbh", "G.m.b.H.", "")), ("e. K.", ("e.K.", "eK", "")), ("& Co. KG", ("u. Co KG", "&Co.KG", "")),
          ("AG", ("A.G.", "")), ("KG", ("K.G.", "")))  # fmt: skip


def _typo(text, rng):
    """Two letters swapped, one left out, doubled, or a neighbour on the keyboard; never the first of a word."""
    places = [match.start() for match in re.finditer(r"(?<=\w)[^\W\d_]", text)]
    if not places:
        return None
    at, kind = int(rng.choice(places)), rng.integers(0, 4)
    letter, after = text[at], text[at + 1 : at + 2]
    if kind == 0 and after.isalpha() and after != letter:
        return text[:at] + after + letter + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2 or letter.lower() not in _NEAR:
        return text[:at] + letter + text[at:]
    return text[:at] + str(rng.choice(list(_NEAR[letter.lower()]))) + text[at + 1 :]


def _initial(name, rng):
    given, _, family = name.partition(" ")
    return f"{given[0]}. {family}"


def _swapped(name, rng):
    given, _, family = name.partition(" ")
    return f"{family}, {given}" if rng.random() < 0.6 else f"{family} {given}"


def _folded(text, rng):
    return "".join(_FOLDED.get(letter, letter) for letter in text)


def _upper(text, rng):
    return text.upper()


def _short_street(street, rng):
    return next((street.replace(long, short) for long, short in _SHORT if long in street), None)


def _phone_format(phone, rng):
    area, *rest = phone.split()
    rest = "".join(rest)
    forms = (f"{area}/{rest}", f"+49 {area[1:]} {rest}", f"0049{area[1:]}{rest}", f"({area}) {rest[:3]}-{rest[3:]}", f"{area}{rest}")
    return str(rng.choice(forms))


def old_telephone(phone, rng):
    """Another number in the same area; all stay in the range kept free for fiction."""
    head, _, number = phone.rpartition(" ")
    return f"{head} {(int(number) + int(rng.integers(1, 9999))) % 10000:04d}"


def _other_email(email, rng):
    local, _, domain = email.partition("@")
    given, _, family = local.partition(".")
    others = [d for d in ("mail.example", "post.example", "brief.example", "netz.example", "web.example") if d != domain]
    forms = (f"{given[0]}{family}", f"{family}.{given}", f"{given}{rng.integers(50, 99)}", local)
    return f"{rng.choice(forms)}@{rng.choice(others)}"


def _typo_in_email(email, rng):
    local, _, domain = email.partition("@")
    return f"{_typo(local, rng)}@{domain}"


def _company_form(company, rng):
    for form, others in _FORMS:
        if company.endswith(f" {form}"):
            return f"{company[: -len(form)]}{rng.choice(others)}".strip()
    return None


def _nothing(text, rng):
    return ""


# name in the parameters: column, kind as the truth states it, what happens; in this order
SPELLINGS = {
    "initial": ("name", "initial", _initial),
    "swapped": ("name", "first and last name swapped", _swapped),
    "typo_in_name": ("name", "typo", _typo),
    "other_phone": ("phone", "other number", old_telephone),
    "phone_format": ("phone", "telephone format", _phone_format),
    "no_phone": ("phone", "empty", _nothing),
    "other_email": ("email", "other address", _other_email),
    "typo_in_email": ("email", "typo", _typo_in_email),
    "no_email": ("email", "empty", _nothing),
    "company_form": ("company", "legal form", _company_form),
    "typo_in_company": ("company", "typo", _typo),
    "short_street": ("street", "abbreviation", _short_street),
    "typo_in_street": ("street", "typo", _typo),
    "folded": ("name street city company", "umlaut folded", _folded),
    "upper_case": ("name", "upper case", _upper),
    "city_only_upper": ("city", "upper case", _upper),
}  # fmt: skip
