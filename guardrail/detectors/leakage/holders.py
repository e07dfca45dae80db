"""Does the name of its holder stand next to an identity card number?

The Privacy Commissioner's Code of Practice on the Identity Card Number (paragraph 2.7) lets nobody show a card number
together with the holder's name, so the pair is worse than the number alone.

Rules:
1. Only what the judge of a pattern may see: up to 64 folded characters before the number, and what the expression
   itself took behind it.
2. Next to means: nothing but labels and punctuation between the two (`陳大文（身份證：`), or a label of names
   anywhere before (`Name: `, `姓名：`).
3. A Chinese name is a known family name with one or two characters more; without a label or a title it must begin where
   a word can.  A Latin one is two to five capitalised words with a known spelling of a family name among them; behind a
   label or a title, any such words.
4. A family name alone (`陳先生`) names nobody.
"""

import re

import re2

from guardrail.detectors.leakage.surnames import CHARACTERS, COMPOUND, ROMANISED
from guardrail.detectors.patterns import CONTEXT, Candidate


def _split(words: str) -> frozenset[str]:
    return frozenset(words.split())


BEHIND = (
    r"(?:[ ,;:|/(\"'\n-]{0,4}(?:(?:姓名|名字|[Nn]ame|NAME|持有人|[Hh]older)[ :=\"']{0,4})?[ \"'(]{0,2}"
    r"(?:[\x{4e00}-\x{9fff}]{2,4}|[A-Z][A-Za-z]{1,15}(?:,? [A-Z][A-Za-z-]{1,15}){1,3}))?"
).replace(r"\x{4e00}-\x{9fff}", "\u4e00-\u9fff")
"""What an expression may take behind a number, so that its judge sees a name there."""

_HAN = "[\u4e00-\u9fff]"
_TITLES = "先生|女士|小姐|太太|同學|同学|醫生|医生|老師|老师|經理|经理|師傅|师傅|伯伯|婆婆"
_BETWEEN = re2.compile(
    r"(?i)(?:[\s,:;=|\"'`*()\[\]{}<>/、_-]"
    r"|\b(?:hkids?|hkic|hong kong|hk|permanent|identity|identification|id|ids|cards?|number|numbers|no|holder|holds"
    r"|holding|with|is|was|has|whose|her|his|their|the|s|bearing|of)\b\.?"
    r"|\b[mf]\b|男|女|香港|永久性?|居民|智能|身[份分][證证]|明[書书]|[證证]件|[號号][碼码]?|編號|编号|持有人?|的|嘅|係|是|為|为|之|其|个|個)+\z",
)
_LABEL = re2.compile(
    r"(?i)(?:(?:\b(?:name|holder|applicant)s?\b"
    r"(?:[\"'`*]?\s?[:=|]|\s(?:is|was|called))|姓名|名字|名叫|我叫|叫做|中文名|英文名|持有人|申請人|申请人|當事人|当事人|"
    r"持證人|持证人|病人|客戶|客户|員工|员工|學生|学生|會員|会员|投保人|受益人|業主|业主|租客)"
    r"|\b(?:mr|mrs|ms|miss|madam|dr|prof)\b\.?)[\s:=|\"'`*(是係為为叫-]{0,6}",
)
_HAN_END = re.compile(rf"({_HAN}+?)({_TITLES})?\Z")
_HAN_NAME = re.compile(rf"{_HAN}{{2,4}}")
_LATIN_NAME = re.compile(r"(?:[A-Z][A-Za-z.]{0,20}(?:-[A-Za-z]+)?,?[ ]){1,4}[A-Z][A-Za-z]{0,20}(?:-[A-Za-z]+)?")
_LATIN_END = re.compile(_LATIN_NAME.pattern + r"\Z")
_FUNCTION = frozenset("是係叫名為为由給给俾畀同與与和及跟向對对找搵將将把替幫帮的嘅戶户人員员生者")
# Words that begin like a family name and name nobody.
_WORDS = _split(
    "任何 高級 高级 成功 方便 方法 公司 公民 公布 連同 连同 應該 应该 應用 应用 文件 安全 何時 "
    "何时 包括 關於 关于 金額 金额 白色 黃色 黄色 藍色 蓝色 紅色 红色 管理 明白 明細 明细 單位 "
    "单位 單據 单据 平安 平均 常用 常見 常见 龍頭 全部 時間 时间 時候 時常 申請 申请 申報 申报 "
    "許可 许可 許多 许多 程序 程式 万一 萬一 元朗 沙田 水費 水费 空白 后面 原因 周一 周二 周三 "
    "周四 周五 周六 周日 解釋 解释 應付 留意 容許 容许 張貼 张贴 強積 强积 溫馨 温馨 簡單 简单 "
    "簡易 計算 计算 計劃 计划 計時 馬上 马上 車輛 车辆 車牌 车牌 項目 项目 古老 甘願 司機 司机 "
    "向來 向前 祝福 祝賀 卡號 司法 官方 方面 金融 金屬 路人 路口 高興 高度 高峰 江湖 石頭 石油 "
    "花費 房屋 房東 房东 房號 於是 于是 米飯 明天 明日 明年 毛病 危險 危险 明顯 明显 伏特 左右 "
    "安排 安裝 安装 白天 成為 成为 成員 成员 成績 成绩 連接 连接 連續 连续 易於 易于 時下 莫非 "
    "查詢 查询 查核 查看 路線 应当 应付 顧客 顾客 顧問 顾问 紀錄 纪录 党员 管有 管道 督察 商業 "
    "商业 商戶 商户 班級 班级 樂於 关系 關係 关注 關注 童年 方式 后来 養老 古代 "
)
_NO_NAMES = _split(
    "hkid hkic id no card identity number hong kong new territories kowloon island china macau permanent mong "
    "kok tsuen wan sham shui po wong tai sin tuen mun yuen long sha tin tai po kwun tong kwai tsing wan chai "
    "sai kung north district the a an of and bank ltd limited company please your my his her their order ref "
    "passport "
)


def named(candidate: Candidate) -> bool:
    """Whether a name stands next to the number that `candidate` proposes."""
    before = candidate.text[max(0, candidate.start - CONTEXT) : candidate.start]
    return _stands_before(before) or _stands_behind(candidate.after)


def chinese_name(text: str) -> bool:
    """A known family name with one or two characters more, and no common word."""
    if text in _WORDS or text[:2] in _WORDS:
        return False
    if text[:2] in COMPOUND:
        return 3 <= len(text) <= 4
    return text[:1] in CHARACTERS and 2 <= len(text) <= 3


def latin_name(text: str) -> bool:
    """Capitalised words with a known spelling of a family name at the beginning or the end."""
    words = [word for word in re.split(r"[ ,.]+", text.lower()) if word]
    if len(words) < 2 or all(word in _NO_NAMES for word in words):
        return False
    return any(word.split("-")[0] in ROMANISED or word in ROMANISED for word in (words[0], words[-1]))


def _stands_before(before: str) -> bool:
    if any(_is_named(before[label.end() :]) for label in _LABEL.finditer(before)):
        return True
    gap = _BETWEEN.search(before)
    head = before[: gap.start()] if gap else before
    latin = _LATIN_END.search(head)
    if latin and latin_name(latin.group()):
        return True
    return _chinese_at_end(head)


def _is_named(text: str) -> bool:
    """Does a name begin here?  Behind a label any capitalised words are one, and Chinese characters up to the next
    that belongs to no name."""
    if latin := _LATIN_NAME.match(text):
        words = re.split(r"[ ,.]+", latin.group().lower())
        return not all(word in _NO_NAMES for word in words if word)
    run = _HAN_NAME.match(text)
    return run is not None and any(chinese_name(run.group()[:length]) for length in (2, 3, 4))


def _chinese_at_end(head: str) -> bool:
    run = _HAN_END.search(head[-12:])
    if run is None:
        return False
    words, title = run.groups()
    for length in (4, 3, 2):
        name, rest = words[-length:], words[:-length]
        if len(name) == length and chinese_name(name) and (title or not rest or rest[-1] in _FUNCTION):
            return True
    return False


def _stands_behind(after: str) -> bool:
    text = re.sub(r"^[ ,;:|/(\"'\n-]+", "", after)
    labelled = re.match(r"(?:姓名|名字|name|持有人|holder)[ :=\"'(]*", text, re.IGNORECASE)
    if labelled:
        return _is_named(text[labelled.end() :])
    return chinese_name(text) or (text.isascii() and latin_name(text))
