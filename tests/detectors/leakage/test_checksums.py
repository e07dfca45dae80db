"""Check digits: published examples pass, every single wrong digit fails, and one check digit alone completes a number.

A failure means that true identifiers leave unseen or that any number is taken for one.
"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.leakage import checksums, ledgers

VALID = [
    (checksums.hkid, "A1234563"), (checksums.hkid, "G123456A"), (checksums.hkid, "C6686689"),
    (checksums.hkid, "CA1823611"), (checksums.hkid, "YK1597716"), (checksums.hkid, "L5555550"),
    (checksums.octopus, "1020125070"), (checksums.octopus, "1020125089"),
    (checksums.business_registration, "36780058"),
    (checksums.resident_id, "11010519491231002X"), (checksums.resident_id, "810000199408230021"),
    (checksums.credit_code, "91350100M000100Y43"), (checksums.credit_code, "91110000600037341L"),
    (checksums.taiwan_id, "A123456789"), (checksums.taiwan_id, "A800000014"), (checksums.taiwan_id, "B176944193"),
    (checksums.luhn, "4111111111111111"), (checksums.luhn, "6222021234567890128"),
    (checksums.mod97, "GB82WEST12345698765432"), (checksums.nric, "S1234567D"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "value"), VALID, ids=[f"{c.__name__} {v}" for c, v in VALID])
def test_a_published_example_passes_and_no_change_of_one_digit_does(check, value) -> None:  # type: ignore[no-untyped-def]
    """Modulus 10 with even weights cannot see a change by 5; there only the check digit itself is changed."""
    assert check(value)
    blind = check in (checksums.business_registration, checksums.taiwan_id)
    for place, digit in enumerate(value):
        if blind and place < len(value) - 1:
            continue
        for other in "0123456789":
            if digit.isdecimal() and other != digit:
                assert not check(value[:place] + other + value[place + 1 :]), (place, other)


COMPLETED = [
    (checksums.octopus, st.integers(10**6, 10**9 - 1).map(str), "0123456789"),
    (checksums.business_registration, st.integers(10**6, 10**7 - 1).map(str), "0123456789"),
    (checksums.hkid, st.integers(0, 999_999).map("Z{:06}".format), "0123456789A"),
    (checksums.taiwan_id, st.integers(0, 10**7 - 1).map("F2{:07}".format), "0123456789"),
    (checksums.luhn, st.integers(10**14, 10**15 - 1).map(str), "0123456789"),
]


@pytest.mark.parametrize(("check", "bodies", "digits"), COMPLETED, ids=[c.__name__ for c, _, _ in COMPLETED])
def test_exactly_one_check_digit_completes_a_number(check, bodies, digits) -> None:  # type: ignore[no-untyped-def]
    @given(bodies)
    def completed(body: str) -> None:
        assert sum(check(body + digit) for digit in digits) == 1

    completed()


def test_a_credit_code_needs_both_of_its_check_digits() -> None:
    """The second is over all places; one that is right over a wrong organisation code is still wrong."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    front = "91350100M000100Y5"
    assert not any(checksums.credit_code(front + check) for check in alphabet)


# EIP-55, section "Test Cases"; BIP 173 and BIP 350, "Test vectors".
ETHEREUM = [
    "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]  # fmt: skip
SEGWIT = [
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", "BC1SW50QGDZ25J",
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
]  # fmt: skip
NOT_SEGWIT = [
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "bc1rw5uspcuh", "bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
    "bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
]  # fmt: skip


@pytest.mark.parametrize("address", ETHEREUM)
def test_an_address_of_eip_55_passes_and_one_with_a_letter_in_the_other_case_does_not(address: str) -> None:
    assert ledgers.ethereum(address)
    digits = address[2:]
    if digits not in (digits.lower(), digits.upper()):
        place = next(place for place, digit in enumerate(digits) if digit.isalpha())
        assert not ledgers.ethereum("0x" + digits[:place] + digits[place].swapcase() + digits[place + 1 :])


@pytest.mark.parametrize("address", SEGWIT)
def test_published_bech32_addresses_pass(address: str) -> None:
    assert ledgers.bech32(address) in ("Bitcoin", "Bitcoin test net")


@pytest.mark.parametrize("address", NOT_SEGWIT)
def test_published_wrong_bech32_addresses_do_not(address: str) -> None:
    assert ledgers.bech32(address) is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "Bitcoin"), ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "Bitcoin"),
        ("mucFNhKMYoBQYUAEsrFVscQ1YaFQPekBpg", "Bitcoin test net"), ("LaMT348PWRnrqeeWArpwQPbuanpXDZGEUz", "Litecoin"),
        ("DBXu2kgc3xtvCUWFcxFE3r9hEYgmuaaCyD", "Dogecoin"), ("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", "Tron"),
        ("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "XRP"),
    ],
)  # fmt: skip
def test_base58_addresses_name_their_network_and_fail_with_one_letter_changed(address: str, network: str) -> None:
    assert ledgers.base58(address) == network
    wrong = address[:-1] + ("2" if address[-1] != "2" else "3")
    assert ledgers.base58(wrong) is None


def test_keccak_is_the_original_one_and_not_sha_3() -> None:
    assert ledgers.keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert ledgers.keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    assert ledgers.keccak256(b"abc") != hashlib.sha3_256(b"abc").digest()


@given(st.text(alphabet=ledgers._BASE58, min_size=1, max_size=40))
def test_a_word_of_base58_letters_is_no_address(word: str) -> None:
    assert ledgers.base58(word) is None
    assert ledgers.bech32(word) is None
