"""Checksums of wallet addresses: pure arithmetic, so that an address is told from any other long word with certainty.

Rules: every function takes an address and answers yes or no; each names the specification of its rule.  A pass by
chance is as likely as 1 in 4 billion (base58check), 1 in a billion (bech32) or, for Ethereum's mixed case, about 1 in
4,000.
"""

import hashlib
import re

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32M = 0x2BC830A3
_VERSIONS = {
    0x00: "Bitcoin", 0x05: "Bitcoin", 0x6F: "Bitcoin test net", 0xC4: "Bitcoin test net", 0x30: "Litecoin",
    0x32: "Litecoin", 0x1E: "Dogecoin", 0x16: "Dogecoin", 0x41: "Tron", 0x4C: "Dash", 0x10: "Dash",
}  # fmt: skip
_SEGWIT = {"bc": "Bitcoin", "tb": "Bitcoin test net", "bcrt": "Bitcoin test net", "ltc": "Litecoin"}
_OTHER_BECH32 = {"addr": "Cardano", "cosmos": "Cosmos", "osmo": "Osmosis"}
_ROUNDS = 24
_MASK = (1 << 64) - 1


def base58(address: str) -> str | None:
    """The network of a base58check address of 20 bytes (Bitcoin and its descendants, Tron; XRP with an alphabet of its
    own), None when the checksum or the version says that it is none.

    >>> base58("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"), base58("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb")
    ('Bitcoin', None)
    """
    payload = _base58_payload(address, _BASE58)
    if payload is not None:
        return _VERSIONS.get(payload[0])
    payload = _base58_payload(address, _RIPPLE) if address.startswith("r") else None
    return "XRP" if payload is not None and payload[0] == 0 else None


def _base58_payload(address: str, alphabet: str) -> bytes | None:
    number = 0
    for character in address:
        digit = alphabet.find(character)
        if digit < 0:
            return None
        number = number * 58 + digit
    zeros = len(address) - len(address.lstrip(alphabet[0]))
    size = (number.bit_length() + 7) // 8
    if zeros + size != 25:
        return None
    raw = bytes(zeros) + number.to_bytes(size, "big")
    check = hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4]
    return raw[:21] if check == raw[21:] else None


def bech32(address: str) -> str | None:
    """The network of a bech32 or bech32m address (BIP 173, BIP 350, and networks that took the form over), None for
    anything else.

    >>> bech32("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"), bech32("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx")
    ('Bitcoin', None)
    """
    if address not in (address.lower(), address.upper()):
        return None
    prefix, _, data = address.lower().rpartition("1")
    values = [_BECH32.find(character) for character in data]
    if len(values) < 8 or min(values) < 0:
        return None
    check = _polymod([ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values)
    if prefix not in _SEGWIT:
        return _OTHER_BECH32.get(prefix) if check == 1 else None
    program = (len(values) - 7) * 5 // 8
    sized = program in (20, 32) if values[0] == 0 else 2 <= program <= 40
    right = check == (1 if values[0] == 0 else _BECH32M)
    return _SEGWIT[prefix] if right and sized and values[0] <= 16 and len(address) <= 90 else None


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_BECH32_GENERATORS):
            check ^= generator if top >> bit & 1 else 0
    return check


def ethereum(address: str) -> bool:
    """`0x` and 40 hexadecimal digits; where both cases occur they are a checksum (EIP-55).

    >>> ethereum("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), ethereum("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD")
    (True, False)
    """
    digits = address[2:]
    if not re.fullmatch("[0-9A-Fa-f]{40}", digits):
        return False
    if digits in (digits.lower(), digits.upper()):
        return True
    nibbles = keccak256(digits.lower().encode()).hex()
    return all(
        d.isdecimal() or d.isupper() is (int(nibble, 16) >= 8) for d, nibble in zip(digits, nibbles, strict=False)
    )


def keccak256(data: bytes) -> bytes:
    """Keccak with 256 bits as Ethereum uses it: the padding of the original submission (0x01), not that of SHA-3.

    >>> keccak256(b"").hex()[:16]
    'c5d2460186f7233c'
    """
    rate = 136
    padded = bytearray(data + b"\x01")
    padded += bytes(-len(padded) % rate)
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), rate):
        for lane in range(rate // 8):
            lanes[lane] ^= int.from_bytes(padded[start + 8 * lane : start + 8 * lane + 8], "little")
        _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permute(lanes: list[int]) -> None:
    """Keccak-f[1600] (FIPS 202, section 3.3); lane (x, y) is at x + 5 y."""
    register = 1
    for _ in range(_ROUNDS):
        parity = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        for x in range(5):
            mixed = parity[x - 1] ^ _rotated(parity[(x + 1) % 5], 1)
            for y in range(0, 25, 5):
                lanes[x + y] ^= mixed
        x, y, moved = 1, 0, lanes[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            lanes[x + 5 * y], moved = _rotated(moved, (step + 1) * (step + 2) // 2 % 64), lanes[x + 5 * y]
        for y in range(0, 25, 5):
            row = lanes[y : y + 5]
            for x in range(5):
                lanes[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & _MASK)
        for bit in range(7):
            lanes[0] ^= (register & 1) << (1 << bit) - 1
            register = register << 1 ^ (0x171 if register & 0x80 else 0)


def _rotated(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK
