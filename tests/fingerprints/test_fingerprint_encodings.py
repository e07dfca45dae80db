"""Which encoding a text file has: told from its bytes, or not at all."""

import pytest

from guardrail.errors import SettingsError
from guardrail.fingerprints import encodings, reading

TRADITIONAL = (
    "本公司已收到閣下的申請，並會在七個工作天內以電話與你聯絡。請保留此信件作為參考，如有查詢可致電客戶服務部。" * 4
)
SIMPLIFIED = (
    "本公司已经收到您的申请，并会在七个工作日内通过电话与您联系。请保留此信件作为参考，如有疑问可以致电客户服务部。" * 4
)
CANTONESE = "我哋公司已經收到你嘅申請，七日之內會打電話畀你。呢封信要留低，有咩唔明就打去客戶服務部問佢哋。" * 4
ENGLISH = "The committee’s “final” decision — taken in Zürich — is that the fee of £40 remains. " * 6


@pytest.mark.parametrize(
    ("text", "codec", "told"),
    [
        (TRADITIONAL, "utf-8", "utf-8"),
        (TRADITIONAL, "utf-8-sig", "utf-8-sig"),
        (TRADITIONAL, "utf-16", "utf-16"),
        (ENGLISH, "utf-16-le", "utf-16-le"),
        (ENGLISH, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "utf-32", "utf-32"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (CANTONESE, "big5hkscs", "big5hkscs"),
        (SIMPLIFIED, "gb2312", "gb18030"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "gb18030", "gb18030"),
        ("客戶編號,姓名\n" + "12345678,陳大文\n" * 40, "big5", "big5hkscs"),
        ("客户编号,姓名\n" + "12345678,陈大文\n" * 40, "gbk", "gb18030"),
        (ENGLISH, "cp1252", "cp1252"),
        ("plain", "ascii", "utf-8"),
    ],
)
def test_the_encoding_is_told_from_the_bytes(text, codec, told, tmp_path):
    assert encodings.sniff(text.encode(codec), whole=True) == told
    path = tmp_path / "x.txt"
    path.write_bytes(text.encode(codec))
    with path.open("rb") as file:
        assert "".join(reading.decoded(path, file, None)).removeprefix("\ufeff") == text


@pytest.mark.parametrize("content", [b"\x00\x01\x02" * 50, bytes(range(256)) * 4, b"\xff\xfe\xfd\xfc" * 20 + b"\x00"])
def test_what_is_no_text_is_refused(content, tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    with path.open("rb") as file, pytest.raises(SettingsError, match=r"x\.bin: "):
        "".join(reading.decoded(path, file, None))


def test_a_long_file_is_told_from_its_beginning_and_kept_to(tmp_path):
    path = tmp_path / "x.txt"
    text = TRADITIONAL * 6000
    path.write_bytes(text.encode("big5"))
    with path.open("rb") as file:
        assert "".join(reading.decoded(path, file, None)) == text
    path.write_bytes(ENGLISH.encode() * 20_000 + b"\xff")
    with path.open("rb") as file, pytest.raises(SettingsError, match=r"not utf-8 near byte \d+; name the encoding"):
        "".join(reading.decoded(path, file, None))


@pytest.mark.parametrize(
    ("text", "codec", "named", "seen"),
    [
        (TRADITIONAL, "big5", "gb18030", "big5hkscs"),
        (SIMPLIFIED, "gb18030", "big5", "gb18030"),
        ("The café in Zürich is closed from today on. " * 9, "cp1252", "gb18030", "cp1252"),
        (SIMPLIFIED, "utf-8", "gb18030", "utf-8"),
        (ENGLISH, "utf-16", "latin-1", "utf-16"),
        ("plain text, nothing else", "ascii", "utf-16-le", "utf-8"),
        (TRADITIONAL, "big5", "cp950", None),
        (SIMPLIFIED, "gb2312", "gbk", None),
        (ENGLISH, "cp1252", "latin-1", None),
        (TRADITIONAL, "utf-8-sig", "utf-8", None),
        ("plain text", "ascii", "big5", None),
        ("お世話になっております。確認をお願いします。" * 9, "shift_jis", "shift_jis", None),
        ("Договор хранится в сейфе. " * 9, "koi8-r", "koi8-r", None),
    ],
)
def test_an_encoding_that_the_bytes_contradict_is_refused(text, codec, named, seen, tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(text.encode(codec))
    if seen is not None:
        with path.open("rb") as file, pytest.raises(SettingsError, match=rf"x\.txt: the bytes are {seen}, .*--insist"):
            "".join(reading.decoded(path, file, named))
    try:
        insisted = text.encode(codec).decode(named)
    except UnicodeDecodeError:
        return
    for name in (encodings.Insisted(named), *((named,) if seen is None else ())):
        with path.open("rb") as file:
            assert "".join(reading.decoded(path, file, name)) == insisted


def test_an_encoding_that_is_named_is_taken_and_an_unknown_one_refused(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes("Größe".encode("latin-1"))
    with path.open("rb") as file:
        assert "".join(reading.decoded(path, file, "latin-1")) == "Größe"
    with path.open("rb") as file, pytest.raises(SettingsError, match=r"there is no encoding `big6`; such are utf-8"):
        "".join(reading.decoded(path, file, "big6"))
