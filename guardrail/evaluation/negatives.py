"""Hard negatives: texts that hold no personal data and no secret, and look as if they did.

Rules:
1. Each says what its number is, or fails the check of what it looks like; a careful reader would let every one pass.
2. Categories, so that an alarm rate has a place: wrong check digits, orders, hashes, book numbers, times, prices, UUIDs,
   versions, measurements, code, public numbers of nobody.
3. Half of the frames of each category are held out, as in `frames.py`.
"""

# Frames read as tables; a row that is broken over lines is no longer one.
# ruff: noqa: E501

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from guardrail.evaluation import values
from guardrail.evaluation.values import digits, pick


@dataclass(frozen=True, slots=True)
class Negative:
    """A text in which nothing is to be found."""

    category: str
    language: str
    text: str
    held_out: bool


def _off(character: str, dice: Random, alphabet: str = "0123456789") -> str:
    return dice.choice([other for other in alphabet if other != character])


def _wrong_hkid(dice: Random) -> str:
    letter, number = pick(dice, *"ACDGHKPRVYZ"), digits(dice, 6)
    return f"{letter}{number}({_off(values.hkid_check(letter, number), dice, '0123456789A')})"


def _wrong_card(dice: Random) -> str:
    number = values.card_number(dice)
    wrong = number[:-1] + _off(number[-1], dice)
    return pick(dice, wrong, " ".join(wrong[at : at + 4] for at in range(0, len(wrong), 4)))


def _wrong_resident(dice: Random) -> str:
    number = values.cn_residence_permit(dice)
    number = "440305" + number[6:17]
    total = sum(int(d) * (2 ** (17 - at) % 11) for at, d in enumerate(number)) % 11
    return number + _off("10X98765432"[total], dice)


def _wrong_taiwan(dice: Random) -> str:
    number = values.tw_id(dice)
    return number[:-1] + _off(number[-1], dice)


def _isbn(dice: Random) -> str:
    body = "978" + digits(dice, 9)
    total = sum(int(d) * (1 + 2 * (at % 2)) for at, d in enumerate(body))
    whole = body + str(-total % 10)
    return pick(dice, whole, f"{whole[:3]}-{whole[3]}-{whole[4:8]}-{whole[8:12]}-{whole[12]}")


def _hash(dice: Random) -> str:
    name = pick(dice, "md5", "sha1", "sha256")
    return hashlib.new(name, dice.randbytes(16), usedforsecurity=False).hexdigest()


def _uuid(dice: Random) -> str:
    return str(uuid.UUID(bytes=dice.randbytes(16), version=4))


def _order(dice: Random) -> str:
    return pick(
        dice,
        digits(dice, 8),
        digits(dice, 10),
        digits(dice, 12),
        digits(dice, 16),
        f"PO-{digits(dice, 7)}",
        f"HK{digits(dice, 9)}",
    )


def _time(dice: Random) -> str:
    day = f"{dice.randint(2010, 2026)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}"
    clock = f"{dice.randint(0, 23):02}{dice.randint(0, 59):02}{dice.randint(0, 59):02}"
    return pick(
        dice,
        day,
        day + clock,
        str(dice.randint(1_300_000_000, 1_790_000_000)),
        f"{dice.randint(1_300_000_000, 1_790_000_000)}{digits(dice, 3)}",
    )


def _price(dice: Random) -> str:
    return pick(
        dice,
        f"{dice.randint(20_000_000, 98_999_999):,}",
        str(dice.randint(20_000_000, 98_999_999)),
        f"{dice.randint(2000, 9999)}.{dice.randint(1000, 9999)}",
    )


def _version(dice: Random) -> str:
    n = dice.randint
    return pick(
        dice,
        f"{n(1, 20)}.{n(0, 30)}.{n(0, 300)}.{n(0, 90)}",
        f"{n(1, 9)}.{n(0, 30)}.{n(1000, 9999)}.{n(0, 999)}",
        f"v{n(2, 19)}.{n(0, 30)}.{n(0, 12)}",
    )


def _years(dice: Random) -> str:
    first = dice.randint(1900, 2010)
    return pick(
        dice, f"{first}-{first + dice.randint(1, 60)}", f"{dice.randint(2000, 9000)}-{dice.randint(1000, 9999)}"
    )


def _decimal(dice: Random) -> str:
    return pick(
        dice,
        f"3.{digits(dice, 15)}",
        f"0.{digits(dice, 16)}",
        f"{dice.randint(1, 9)}.{digits(dice, 8)}e-{dice.randint(1, 9)}",
    )


def _code(dice: Random) -> str:
    return pick(
        dice, f"0x{dice.randrange(16**8):08x}", f"seed={digits(dice, 8)}", f"range({digits(dice, 8)})", f"id_{digits(dice, 9)}",
        f"#{dice.randrange(16**6):06x}", f"x{dice.randint(1, 9)} = list.sort(y{dice.randint(1, 9)})", f"H{dice.randint(1, 9)}:C{dice.randint(10, 99)}",
    )  # fmt: skip


def _flight(dice: Random) -> str:
    return f"{pick(dice, 'CX', 'UO', 'HX', 'KA', 'CZ', 'MU', 'BR')}{digits(dice, 3)}"


def _case(dice: Random) -> str:
    return f"{pick(dice, 'HCA', 'DCCJ', 'CACV', 'FAMV', 'HCMP')} {dice.randint(1, 3999)}/{dice.randint(1998, 2025)}"


def _doi(dice: Random) -> str:
    return f"10.{digits(dice, 4)}/{digits(dice, 7)}.{digits(dice, 7)}"


def _place(dice: Random) -> str:
    return f"22.{digits(dice, 6)}, 114.{digits(dice, 6)}"


def _model(dice: Random) -> str:
    return pick(
        dice,
        f"SM-{dice.choice('AGSN')}{digits(dice, 3)}B",
        f"A{digits(dice, 4)}",
        f"WH-{digits(dice, 4)}XM",
        f"B0{digits(dice, 8)}",
    )


def _series(dice: Random) -> str:
    a, b = dice.randint(1, 9), dice.randint(1, 9)
    made = [a, b]
    while len(made) < 12:
        made.append(made[-1] + made[-2])
    return pick(dice, ", ", " ").join(map(str, made))


def _equation(dice: Random) -> str:
    a, b = int(digits(dice, 4)), int(digits(dice, 4))
    return f"{a} × {b} = {a * b}"


def _log(dice: Random) -> str:
    n = dice.randint
    return f'192.168.{n(0, 255)}.{n(1, 254)} - - [{n(1, 28):02}/Oct/2023:13:55:{n(0, 59):02} +0800] "GET /p/{digits(dice, 8)} HTTP/1.1" 200 {digits(dice, 4)}'


def _stock(dice: Random) -> str:
    return pick(
        dice, f"{dice.randint(1, 9999):04}.HK", f"{dice.randint(600000, 603999)}.SS", f"{dice.randint(1000, 9999)}"
    )


# category: maker, and per language (frame to tune on, frame held out).
_CATEGORIES: Mapping[str, tuple[Callable[[Random], str], Mapping[str, tuple[str, str]]]] = {
    "wrong check digit, HKID": (
        _wrong_hkid,
        {
            "en": ("The specimen HKID {} is not valid.", "The form rejected {} because the check digit is wrong."),
            "zh-Hant": ("樣本身份證{}並不有效。", "系統顯示{}的核對數字不正確。"),
            "yue": ("佢亂作咗個號碼{}出嚟。", "{}呢個號碼個括號入面嗰個數唔啱。"),
            "zh-Hans": ("样本{}的校验码有误。", "系统提示{}校验失败。"),
        },
    ),
    "wrong check digit, card": (
        _wrong_card,
        {
            "en": ("The number {} does not pass the Luhn check.", "Part number {} is out of stock."),
            "zh-Hant": ("號碼{}未能通過檢查。", "零件編號{}缺貨。"),
            "yue": ("{}呢個號碼過唔到檢查。", "個零件編號係{}，冇貨。"),
            "zh-Hans": ("号码{}未通过校验。", "物料编码{}缺货。"),
        },
    ),
    "wrong check digit, resident ID": (
        _wrong_resident,
        {
            "en": ("Serial {} was printed twice.", "The batch {} has left the factory."),
            "zh-Hant": ("流水號{}重複。", "批次{}已出廠。"),
            "yue": ("流水號{}重複咗。", "批次{}出咗廠喇。"),
            "zh-Hans": ("流水号{}重复。", "批次{}已出厂。"),
        },
    ),
    "wrong check digit, Taiwan ID": (
        _wrong_taiwan,
        {
            "en": ("Model {} is discontinued.", "See bay {} in the warehouse."),
            "zh-Hant": ("型號{}已停產。", "倉位{}已滿。"),
            "yue": ("型號{}停產咗喇。", "倉位{}滿咗。"),
            "zh-Hans": ("型号{}已停产。", "库位{}已满。"),
        },
    ),
    "order number": (
        _order,
        {
            "en": ("Order {} has shipped.", "Your tracking number is {}."),
            "zh-Hant": ("訂單編號{}已發貨。", "申請編號為{}，請保留。"),
            "yue": ("張單編號係{}，寄咗喇。", "你個訂單{}今日到。"),
            "zh-Hans": ("订单号{}已发货。", "快递单号：{}。"),
        },
    ),
    "hash": (
        _hash,
        {
            "en": ("The checksum of the file is {}.", "Fixed in commit {}."),
            "zh-Hant": ("檔案的雜湊值為{}。", "在提交{}中已修正。"),
            "yue": ("個檔案嘅hash係{}。", "{}呢個commit整返好咗。"),
            "zh-Hans": ("文件的哈希值是{}。", "该问题在提交{}中修复。"),
        },
    ),
    "book number": (
        _isbn,
        {
            "en": ("The ISBN of the book is {}.", "Scan the barcode {} at the counter."),
            "zh-Hant": ("該書的國際書號（ISBN）為{}。", "貨品條碼{}無法識別。"),
            "yue": ("本書個ISBN係{}。", "條碼{}掃唔到。"),
            "zh-Hans": ("该书的ISBN为{}。", "商品条码{}无法识别。"),
        },
    ),
    "time": (
        _time,
        {
            "en": ("The log entry has timestamp {}.", "The backup of {} is complete."),
            "zh-Hant": ("日誌的時間戳為{}。", "{}的備份已完成。"),
            "yue": ("個log嘅時間係{}。", "{}嗰個備份搞掂咗。"),
            "zh-Hans": ("日志的时间戳为{}。", "{}的备份已完成。"),
        },
    ),
    "price or amount": (
        _price,
        {
            "en": ("The total price is HK${}.", "Revenue reached {} dollars that year."),
            "zh-Hant": ("總額為港幣{}元。", "該區人口為{}人。"),
            "yue": ("層樓賣{}蚊。", "條數一共{}蚊。"),
            "zh-Hans": ("总金额为{}元。", "该市人口为{}人。"),
        },
    ),
    "UUID": (
        _uuid,
        {
            "en": ("The request id is {}.", "Delete the row {} first."),
            "zh-Hant": ("請求編號為{}。", "請先刪除{}一行。"),
            "yue": ("個request id係{}。", "刪咗{}嗰行先。"),
            "zh-Hans": ("请求编号为{}。", "请先删除{}这一行。"),
        },
    ),
    "version": (
        _version,
        {
            "en": ("Upgrade to version {} today.", "Release {} fixes the crash."),
            "zh-Hant": ("請升級至版本{}。", "韌體{}已修正問題。"),
            "yue": ("升級去版本{}啦。", "version {}冇呢個bug。"),
            "zh-Hans": ("请升级到版本{}。", "固件版本{}已修复。"),
        },
    ),
    "years and ranges": (
        _years,
        {
            "en": ("The dynasty flourished in {}.", "Pages {} cover this topic."),
            "zh-Hant": ("該時期為{}年。", "見第{}頁。"),
            "yue": ("佢喺{}年做過議員。", "睇第{}頁啦。"),
            "zh-Hans": ("该时期为{}年。", "见第{}页。"),
        },
    ),
    "measurement": (
        _decimal,
        {
            "en": ("The result is {} in total.", "The constant equals {} approximately."),
            "zh-Hant": ("計算結果為{}。", "該常數約為{}。"),
            "yue": ("計出嚟係{}。", "個常數大概係{}。"),
            "zh-Hans": ("计算结果为{}。", "该常数约为{}。"),
        },
    ),
    "code": (
        _code,
        {
            "en": ("In the code you see `{}` near the top.", "Run `{}` and look at the output."),
            "zh-Hant": ("程式中的`{}`可以刪去。", "執行`{}`後查看結果。"),
            "yue": ("段code入面嗰句`{}`可以刪。", "行`{}`睇下咩結果。"),
            "zh-Hans": ("代码中的`{}`可以删除。", "运行`{}`后查看结果。"),
        },
    ),
}  # fmt: skip
# Written after the detectors had been tuned, and held out: category: maker, and a frame per language.
_LATER: Mapping[str, tuple[Callable[[Random], str], Mapping[str, str]]] = {
    "flight": (_flight, {"en": "Flight {} is delayed by an hour.", "zh-Hant": "航班{}延誤一小時。", "yue": "我坐{}返嚟，delay咗。", "zh-Hans": "航班{}晚点一小时。"}),
    "court case": (_case, {"en": "The judgment in {} was handed down today.", "zh-Hant": "案件編號{}今日宣判。", "yue": "單官司係{}，今日判咗。", "zh-Hans": "案件{}今日宣判。"}),
    "article": (_doi, {"en": "See doi:{} for the proof.", "zh-Hant": "證明見論文DOI：{}。", "yue": "篇paper個doi係{}。", "zh-Hans": "证明见论文DOI：{}。"}),
    "coordinates": (_place, {"en": "The pier is at {} on the map.", "zh-Hant": "碼頭坐標為{}。", "yue": "個碼頭喺{}嗰度。", "zh-Hans": "码头坐标为{}。"}),
    "model": (_model, {"en": "Does the {} support fast charging?", "zh-Hant": "型號{}支援快速充電嗎？", "yue": "{}呢個型號快充得唔得？", "zh-Hans": "型号{}支持快充吗？"}),
    "series of numbers": (_series, {"en": "Continue the series: {}", "zh-Hant": "請繼續數列：{}", "yue": "個數列係{}，跟住係乜？", "zh-Hans": "请继续数列：{}"}),
    "equation": (_equation, {"en": "As a check, {} holds.", "zh-Hant": "驗算：{}。", "yue": "計一次先：{}。", "zh-Hans": "验算：{}。"}),
    "log line": (_log, {"en": "The server wrote: {}", "zh-Hant": "伺服器記錄：{}", "yue": "個server log寫住{}", "zh-Hans": "服务器日志：{}"}),
    "stock code": (_stock, {"en": "Shares of {} closed flat.", "zh-Hant": "股票代號{}收市無升跌。", "yue": "我買咗{}，又冇升又冇跌。", "zh-Hans": "股票代码{}收盘持平。"}),
}  # fmt: skip
CATEGORIES = (*_CATEGORIES, *_LATER)


def negatives(seed: int, each: int) -> list[Negative]:
    """`each` texts of every frame, in a fixed order."""
    made: list[Negative] = []
    for category, (maker, languages) in _CATEGORIES.items():
        dice = Random(f"{seed} {category}")
        for language, pair in languages.items():
            for held_out in (False, True):
                made += [
                    Negative(category, language, pair[held_out].replace("{}", maker(dice)), held_out)
                    for _ in range(each)
                ]
    for category, (maker, frames) in _LATER.items():
        dice = Random(f"{seed} {category}")
        made += [
            Negative(category, language, frame.replace("{}", maker(dice)), True)
            for language, frame in frames.items()
            for _ in range(2 * each)
        ]
    return made
