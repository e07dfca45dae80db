"""Check digits of the identifiers we recognise ourselves: pure arithmetic on a bare value, nothing else.

Rules: every function takes the value without blanks, hyphens or brackets and answers yes or no; each names
the source of its rule.  A pass by chance is as likely as one over the modulus (1 in 10 or 1 in 11), so the
caller decides how much a pass is worth.
"""

from datetime import date

_HKID_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_BRN_WEIGHTS = (2, 9, 8, 7, 4, 3, 2)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_TAIWAN_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
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


def octopus(digits: str) -> bool:
    """Octopus card, body of 7 to 9 digits and check digit without the brackets, `1020125070`.

    From the right of the body the odd places count once, the even ones twice with their digits added; the check digit
    completes the sum to a multiple of 10.  It is not Luhn over all digits: the parity is the other one.

    >>> octopus("1020125070"), octopus("1020125089"), octopus("1020125071")
    (True, True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits[:-1])):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10 == int(digits[-1])


def business_registration(digits: str) -> bool:
    """Hong Kong business registration number, since 2023 the Unique Business Identifier, 8 digits.

    Weights 2 9 8 7 4 3 2 on the first seven; the check digit completes the sum to a multiple of 10.

    >>> business_registration("36780058"), business_registration("12345678")
    (True, False)
    """
    return -sum(int(d) * w for d, w in zip(digits[:7], _BRN_WEIGHTS, strict=True)) % 10 == int(digits[7])


def credit_code(value: str) -> bool:
    """Unified social credit code of 18 places (GB 32100-2015: ISO 7064 MOD 31-3), whose places 9 to 17 are an
    organisation code with a check digit of its own (GB 11714-1997: MOD 11).

    >>> credit_code("91350100M000100Y43"), credit_code("91350100M000100Y44")
    (True, False)
    """
    values = [_CREDIT_ALPHABET.find(character) for character in value.upper()]
    if min(values) < 0:
        return False
    if -sum(v * pow(3, place, 31) for place, v in enumerate(values[:17])) % 31 != values[17]:
        return False
    body, check = value[8:16].upper(), value[16].upper()
    total = sum(int(character, 36) * w for character, w in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return check == "0123456789X"[-total % 11]


def taiwan_id(value: str) -> bool:
    """Taiwan national identification number and resident certificate, a letter and nine digits, `A123456789`; the old
    certificate has a second letter, of which the last digit counts.

    >>> taiwan_id("A123456789"), taiwan_id("A123456788"), taiwan_id("A800000014"), taiwan_id("AB12345677")
    (True, False, True, True)
    """
    value = value.upper()
    first = _TAIWAN_LETTERS.index(value[0]) + 10
    second = (_TAIWAN_LETTERS.index(value[1]) + 10) % 10 if value[1].isalpha() else int(value[1])
    numbers = [first // 10, first % 10, second, *(int(digit) for digit in value[2:])]
    return sum(n * w for n, w in zip(numbers, _TAIWAN_WEIGHTS, strict=True)) % 10 == 0


def mod97(value: str) -> bool:
    """IBAN (ISO 13616: ISO 7064 MOD 97-10): the country and check digits moved to the end, letters as 10 to 35,
    remainder 1.

    >>> mod97("GB82WEST12345698765432"), mod97("GB82WEST12345698765433")
    (True, False)
    """
    return int("".join(str(int(character, 36)) for character in value[4:] + value[:4])) % 97 == 1
