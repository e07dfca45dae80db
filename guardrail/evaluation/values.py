"""Made-up identifiers that are valid by their own rules: what a generated text holds, and nobody has been issued for it.

Rules:
1. Each maker gives a value as people write it, with the check digit, numbering plan or prefix that its issuer prescribes
   (guideline notes, section 3); the arithmetic is written here anew and not taken from the detectors, so that an error
   there is not repeated here.
2. A value depends on the dice alone: the same seed makes the same values.
3. `KINDS` names what is made; a kind is that of the finding which is owed.
"""

# Forms read as tables; a row that is broken over lines is no longer one.
# ruff: noqa: E501

import hashlib
from collections.abc import Callable, Mapping
from random import Random

Maker = Callable[[Random], str]

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_TAIWAN = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_FIRST = (
    "taiman", "siuming", "kaho", "wingyan", "peter", "mary", "kelvin", "joyce", "hoyin", "manyee", "xiaoming", "lihua",
    "jason", "vivian", "carmen", "chunkit", "yuki", "priya", "fatima", "ronald",
)  # fmt: skip
_LAST = (
    "chan",
    "wong",
    "lee",
    "cheung",
    "lau",
    "ng",
    "ho",
    "kwok",
    "tsang",
    "leung",
    "wang",
    "zhang",
    "singh",
    "santos",
)
_DOMAINS = (
    "gmail.com", "yahoo.com.hk", "netvigator.com", "outlook.com", "hotmail.com", "icloud.com", "163.com", "qq.com",
    "hkbn.net", "connect.ust.hk", "link.cuhk.edu.hk", "proton.me", "kwongwahtrading.com.hk", "lokfulogistics.hk",
)  # fmt: skip
_BANKS = {"HSBC": "004", "Hang Seng": "024", "BOC": "012", "Standard Chartered": "003", "BEA": "015", "DBS": "016"}
_BICS = ("HSBCHKHH", "BKCHHKHH", "HASEHKHH", "SCBLHKHH", "BEASHKHH", "CITIHKHX", "DHBKHKHH", "ICBKCNBJ", "BKCHCNBJ")
# Leading digits of a bank number (BBAN) by country with its length, all digits: ISO 13616 registry.
_IBANS = (("DE", 18), ("CH", 17), ("AT", 16), ("BE", 12), ("DK", 14), ("PL", 24), ("ES", 20), ("PT", 21))
_REGIONS = ("110105", "310101", "440106", "440305", "330106", "320505", "510104", "420106", "350203", "610103")


def digits(dice: Random, count: int) -> str:
    """That many digits, the first not 0, not all alike and not counted up."""
    while True:
        made = str(dice.randint(1, 9)) + "".join(str(dice.randint(0, 9)) for _ in range(count - 1))
        if count < 4 or (len(set(made)) > 2 and made not in "01234567890123456789" and made[::-1] not in "0123456789"):
            return made


def pick(dice: Random, *choices: str) -> str:
    """One of the choices."""
    return choices[dice.randrange(len(choices))]


def hkid_check(letters: str, number: str) -> str:
    """The check digit of a Hong Kong identity card (weights 9 to 2, modulus 11; a missing first letter counts 36)."""
    places = [ord(letter) - 55 for letter in letters.rjust(2, "[")]  # `[` is 91: 36
    places += [int(digit) for digit in number]
    left = sum(value * weight for value, weight in zip(places, range(9, 1, -1), strict=True)) % 11
    return {0: "0", 1: "A"}.get(left, str(11 - left))


def hkid(dice: Random) -> str:
    """A Hong Kong identity card number, mostly as printed on the card."""
    letters = pick(dice, *"ABCDEGHKMPRSVYZ", "WX", "XA", "XG")
    number = digits(dice, 6)
    check = hkid_check(letters, number)
    return pick(
        dice, f"{letters}{number}({check})", f"{letters}{number}({check})", f"{letters}{number}({check})",
        f"{letters}{number}{check}", f"{letters} {number} ({check})", f"{letters}{number[:3]} {number[3:]}({check})",
        f"{letters.lower()}{number}({check})", f"{letters}{number}-{check}",
    )  # fmt: skip


def hk_number(dice: Random) -> str:
    """Eight digits of a Hong Kong telephone number in an allocated block (OFCA numbering plan)."""
    block = pick(
        dice, "51", "53", "54", "55", "59", "60", "61", "63", "64", "65", "66", "90", "91", "92", "93", "94", "95", "96",
        "97", "98", "21", "23", "24", "25", "26", "27", "28", "29", "31", "35", "36", "39",
    )  # fmt: skip
    third = pick(dice, *("234" if block in ("60", "90", "91") else "0124"))
    return block + third + "".join(str(dice.randint(0, 9)) for _ in range(5))


def hk_phone(dice: Random) -> str:
    """A Hong Kong telephone number as people write it."""
    n = hk_number(dice)
    grouped = f"{n[:4]} {n[4:]}"
    return pick(
        dice, grouped, grouped, n, n, f"{n[:4]}-{n[4:]}", f"+852 {grouped}", f"(852) {grouped}", f"+852-{n}", f"+852{n}"
    )


def hk_passport(dice: Random) -> str:
    """An HKSAR passport number."""
    return pick(dice, f"K{digits(dice, 8)}", f"H{digits(dice, 8)}", f"KJ{digits(dice, 7)}", f"HJ{digits(dice, 7)}")


def hk_octopus(dice: Random) -> str:
    """An Octopus card number with its check digit in brackets (doubling from the second place from the right)."""
    body = digits(dice, dice.choice((8, 9)))
    total = 0
    for place, character in enumerate(reversed(body)):
        value = int(character) * (1 + place % 2)
        total += value // 10 + value % 10
    return f"{body}({-total % 10})"


def hk_bank_account(dice: Random) -> str:
    """A Hong Kong bank account with its bank code."""
    code = pick(dice, *_BANKS.values())
    a, b, c = digits(dice, 3), digits(dice, 6), digits(dice, 3)
    return pick(dice, f"{code}-{a}-{b}-{c}", f"{code}-{a}-{b}{c}", f"{code} {a} {b} {c}", f"{code}-{a}-{b}")


def hk_fps(dice: Random) -> str:
    """An FPS identifier of 7 or 9 digits."""
    return digits(dice, dice.choice((7, 9)))


def hk_brn(dice: Random) -> str:
    """A business registration number with its check digit (weights 2 9 8 7 4 3 2, modulus 10)."""
    body = digits(dice, 7)
    check = -sum(int(d) * w for d, w in zip(body, (2, 9, 8, 7, 4, 3, 2), strict=True)) % 10
    bare = f"{body}{check}"
    return pick(dice, bare, bare, f"{bare}-000-{dice.randint(1, 12):02}-{dice.randint(20, 26)}-{dice.randint(0, 9)}")


def hk_company_number(dice: Random) -> str:
    """A number of the Companies Register."""
    return pick(dice, digits(dice, 7), digits(dice, 7), f"F{dice.randint(10_000, 39_999):07}")


def hk_vehicle(dice: Random) -> str:
    """A Hong Kong vehicle registration mark (two letters but I, O, Q, and up to four digits)."""
    letters = "".join(dice.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(2))
    return pick(dice, f"{letters} {digits(dice, 4)}", f"{letters}{digits(dice, 4)}", f"{letters} {digits(dice, 3)}")


def _gb11643(body: str) -> str:
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    left = sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11
    return body + "10X98765432"[left]


def _born(dice: Random) -> str:
    return f"{dice.randint(1950, 2006)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}"


def cn_resident_id(dice: Random) -> str:
    """A mainland resident identity number (GB 11643: ISO 7064 MOD 11-2)."""
    whole = _gb11643(pick(dice, *_REGIONS) + _born(dice) + f"{dice.randint(1, 999):03}")
    return pick(dice, whole, whole, whole, f"{whole[:6]} {whole[6:14]} {whole[14:]}", whole.lower())


def cn_residence_permit(dice: Random) -> str:
    """A residence permit of Hong Kong, Macao and Taiwan residents: regions 810000, 820000, 830000."""
    return _gb11643(pick(dice, "810000", "820000", "830000") + _born(dice) + f"{dice.randint(1, 999):03}")


def cn_home_return_permit(dice: Random) -> str:
    """A mainland travel permit for Hong Kong and Macao residents."""
    body = pick(dice, "H", "H", "M") + f"{dice.randint(1_000_000, 99_999_999):08}"
    return pick(dice, body, body, f"{body}{dice.randint(1, 9):02}")


def cn_exit_permit(dice: Random) -> str:
    """An exit-entry permit for travelling to Hong Kong and Macao."""
    return pick(dice, f"C{digits(dice, 8)}", f"C{pick(dice, *'ABCDEFGHJK')}{digits(dice, 7)}")


def cn_passport(dice: Random) -> str:
    """A passport of the People's Republic of China."""
    return pick(dice, f"E{digits(dice, 8)}", f"G{digits(dice, 8)}", f"E{pick(dice, *'ABCDEFGHJK')}{digits(dice, 7)}")


def cn_uscc(dice: Random) -> str:
    """A unified social credit code (GB 32100), with the organisation code (GB 11714) inside it."""
    body = "".join(dice.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(2)) + digits(dice, 6)
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    left = 11 - sum(int(character, 36) * w for character, w in zip(body, weights, strict=True)) % 11
    front = f"{pick(dice, '91', '91', '92', '52', '12')}{pick(dice, *_REGIONS)}{body}{ {10: 'X', 11: '0'}.get(left, str(left)) }"
    total = sum(_USCC.index(character) * pow(3, place, 31) for place, character in enumerate(front))
    return front + _USCC[-total % 31]


def cn_phone(dice: Random) -> str:
    """A mainland mobile number."""
    n = pick(dice, "130", "135", "136", "138", "139", "150", "158", "159", "180", "186", "188", "189") + digits(dice, 8)
    spaced = f"{n[:3]} {n[3:7]} {n[7:]}"
    return pick(dice, n, n, n, spaced, f"+86 {n}", f"+86 {spaced}", f"{n[:3]}-{n[3:7]}-{n[7:]}", f"+86{n}")


def mo_bir(dice: Random) -> str:
    """A Macao resident identity card."""
    body = pick(dice, "1", "5", "7") + "".join(str(dice.randint(0, 9)) for _ in range(6))
    return pick(
        dice,
        f"{body}({dice.randint(0, 9)})",
        f"{body}({dice.randint(0, 9)})",
        f"{body[0]}/{body[1:]}/{dice.randint(0, 9)}",
    )


def mo_phone(dice: Random) -> str:
    """A Macao telephone number."""
    n = pick(dice, "62", "63", "65", "66", "68", "28") + digits(dice, 6)
    return pick(dice, f"+853 {n[:4]} {n[4:]}", f"+853 {n}", f"(853) {n[:4]} {n[4:]}", f"+853-{n}", f"00853 {n}")


def _taiwan(letter: str, middle: str) -> str:
    value = _TAIWAN.index(letter) + 10
    total = value // 10 + value % 10 * 9
    total += sum(int(d) * w for d, w in zip(middle, range(8, 0, -1), strict=True))
    return f"{letter}{middle}{-total % 10}"


def tw_id(dice: Random) -> str:
    """A Taiwan national identification number."""
    return _taiwan(pick(dice, *_TAIWAN), pick(dice, "1", "2") + "".join(str(dice.randint(0, 9)) for _ in range(7)))


def tw_arc(dice: Random) -> str:
    """A Taiwan resident certificate number in the form since 2021."""
    return _taiwan(pick(dice, *_TAIWAN), pick(dice, "8", "9") + "".join(str(dice.randint(0, 9)) for _ in range(7)))


def tw_phone(dice: Random) -> str:
    """A Taiwan mobile number."""
    n = "09" + "".join(str(dice.randint(0, 9)) for _ in range(8))
    dashed = f"{n[:4]}-{n[4:7]}-{n[7:]}"
    return pick(
        dice, n, n, dashed, dashed, f"{n[:4]} {n[4:7]} {n[7:]}", f"+886 {n[1:4]} {n[4:7]} {n[7:]}", f"+886{n[1:]}"
    )


def luhn_check(body: str) -> str:
    """The last digit that makes a card number valid (ISO/IEC 7812-1)."""
    total = 0
    for place, character in enumerate(reversed(body)):
        value = int(character) * (2 - place % 2)
        total += value // 10 + value % 10
    return str(-total % 10)


def card_number(dice: Random) -> str:
    """The digits of a payment card."""
    prefix, size = dice.choice(
        (("4", 16), ("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("37", 15), ("62", 16), ("62", 19), ("3528", 16))
    )
    body = prefix + digits(dice, size - 1 - len(prefix))
    return body + luhn_check(body)


def payment_card(dice: Random) -> str:
    """A payment card number, plain or in the groups of its scheme."""
    number = card_number(dice)
    if len(number) == 15:
        return pick(dice, number, f"{number[:4]} {number[4:10]} {number[10:]}")
    groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    return pick(dice, number, number, " ".join(groups), " ".join(groups), "-".join(groups))


def email(dice: Random) -> str:
    """An e-mail address of a person."""
    first, last = pick(dice, *_FIRST), pick(dice, *_LAST)
    local = pick(
        dice,
        f"{first}.{last}",
        f"{first}{last}",
        f"{last}{first}{dice.randint(70, 99)}",
        f"{first}_{last}",
        f"{first[0]}{last}",
    )
    return f"{local}@{pick(dice, *_DOMAINS)}"


def iban(dice: Random) -> str:
    """An IBAN (ISO 13616: remainder 1 modulo 97)."""
    country, length = dice.choice(_IBANS)
    bank = digits(dice, length)
    check = 98 - int(bank + "".join(str(ord(letter) - 55) for letter in country) + "00") % 97
    whole = f"{country}{check:02}{bank}"
    return pick(dice, whole, " ".join(whole[at : at + 4] for at in range(0, len(whole), 4)))


def bic(dice: Random) -> str:
    """A bank's BIC (ISO 9362), with or without a branch."""
    whole = pick(dice, *_BICS)
    return pick(dice, whole, f"{whole}XXX", f"{whole}{digits(dice, 3)}")


def crypto_address(dice: Random) -> str:
    """A Bitcoin address of the first form (Base58Check)."""
    body = b"\x00" + dice.randbytes(20)
    whole = body + hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]
    number, made = int.from_bytes(whole, "big"), ""
    while number:
        number, left = divmod(number, 58)
        made = _BASE58[left] + made
    return "1" * (len(whole) - len(whole.lstrip(b"\0"))) + made


def secret(dice: Random) -> str:
    """A key in the form of one of the large providers, put together here so that no file holds one."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    tail = "".join(dice.choice(letters) for _ in range(36))
    upper = "".join(dice.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
    return pick(dice, "gh" + "p_" + tail, "AK" + "IA" + upper, "sk_" + "live_" + tail[:24], "AI" + "za" + tail[:35])


GREATER_CHINA: Mapping[str, Maker] = {
    "pii.hkid": hkid,
    "pii.hk_phone": hk_phone,
    "pii.hk_passport": hk_passport,
    "pii.hk_octopus": hk_octopus,
    "pii.hk_bank_account": hk_bank_account,
    "pii.hk_fps": hk_fps,
    "pii.hk_brn": hk_brn,
    "pii.hk_company_number": hk_company_number,
    "pii.hk_vehicle": hk_vehicle,
    "pii.cn_resident_id": cn_resident_id,
    "pii.cn_residence_permit": cn_residence_permit,
    "pii.cn_home_return_permit": cn_home_return_permit,
    "pii.cn_exit_permit": cn_exit_permit,
    "pii.cn_passport": cn_passport,
    "pii.cn_uscc": cn_uscc,
    "pii.cn_phone": cn_phone,
    "pii.mo_bir": mo_bir,
    "pii.mo_phone": mo_phone,
    "pii.tw_id": tw_id,
    "pii.tw_arc": tw_arc,
    "pii.tw_phone": tw_phone,
}
INTERNATIONAL: Mapping[str, Maker] = {
    "pii.payment_card": payment_card,
    "pii.email": email,
    "pii.iban": iban,
    "pii.bic": bic,
    "pii.crypto_address": crypto_address,
}
KINDS: Mapping[str, Maker] = {**GREATER_CHINA, **INTERNATIONAL}
