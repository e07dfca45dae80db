"""Check digits of the identifiers we recognise ourselves: pure arithmetic on a bare value, nothing else.

Rules: every function takes the value without blanks, hyphens or brackets and answers yes or no; each names
the source of its rule.  A pass by chance is as likely as one over the modulus (1 in 10 or 1 in 11), so the
caller decides how much a pass is worth.
"""

from datetime import date

_HKID_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NRIC_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)
_NRIC_LETTERS = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}
_NRIC_OFFSET = {"S": 0, "T": 4, "F": 0, "G": 4, "M": 3}


def hkid(value: str) -> bool:
    """Hong Kong identity card, `A1234563` or `AB1234569`.

    Letters count 10 to 35, a missing first letter 36; weights 9 to 2; the check digit completes the sum to a
    multiple of 11, 10 being written `A` (Immigration Department, as documented for the OECD TIN list).

    >>> hkid("A1234563"), hkid("G123456A"), hkid("A1234564")
    (True, True, False)
    """
    body, check = value[:-1].upper(), value[-1].upper()
    values = [36] * (8 - len(body)) + [int(character, 36) for character in body]
    remainder = -sum(v * w for v, w in zip(values, _HKID_WEIGHTS, strict=True)) % 11
    return check == ("A" if remainder == 10 else str(remainder))


def resident_id(value: str) -> bool:
    """Mainland resident identity number of 18 places (GB 11643-1999: ISO 7064 MOD 11-2).

    >>> resident_id("11010519491231002X"), resident_id("110105194912310021")
    (True, False)
    """
    total = sum(int(digit) * weight for digit, weight in zip(value[:17], _RESIDENT_WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == value[17].upper()


def calendar_date(year: int, month: int, day: int) -> bool:
    """Is there such a day?"""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def luhn(digits: str) -> bool:
    """Payment cards (ISO/IEC 7812-1, annex B).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def nric(value: str) -> bool:
    """Singapore NRIC and FIN, `S1234567D`: weights 2 7 6 5 4 3 2, offset 4 for T and G, 3 for M.

    The letters are those in use since 2000; M began in 2022.

    >>> nric("S1234567D"), nric("S1234567A")
    (True, False)
    """
    series = value[0].upper()
    if series not in _NRIC_LETTERS:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value[1:8], _NRIC_WEIGHTS, strict=True))
    return _NRIC_LETTERS[series][(total + _NRIC_OFFSET[series]) % 11] == value[8].upper()
