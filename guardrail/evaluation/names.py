"""Generated texts with personal names as Hong Kong writes them: characters, Cantonese and Mandarin spellings, English.

Rules:
1. A name is put together from a family name and given names by dice: it is nobody's, or by chance somebody's.
2. The frames and the given names in the second half of each list are held out: nobody trains or tunes on
   `part="held_out"`, and the trainer has templates of its own.
3. Texts without a name hold what is easily taken for one: places, brands, words that are also names.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Literal, TypeVar

from guardrail.evaluation.datasets import Item
from guardrail.evaluation.matching import Span

PRIVATE, BARE = "pii.person", "pii.name"
T = TypeVar("T")
Part = Literal["tuned", "held_out"]

# (characters, Hong Kong spelling, pinyin)
_FAMILY = (
    ("陳", "Chan", "Chen"), ("黃", "Wong", "Huang"), ("李", "Lee", "Li"), ("張", "Cheung", "Zhang"),
    ("梁", "Leung", "Liang"), ("吳", "Ng", "Wu"), ("劉", "Lau", "Liu"), ("林", "Lam", "Lin"), ("何", "Ho", "He"),
    ("鄭", "Cheng", "Zheng"), ("楊", "Yeung", "Yang"), ("周", "Chow", "Zhou"), ("曾", "Tsang", "Zeng"),
    ("葉", "Yip", "Ye"), ("郭", "Kwok", "Guo"), ("蔡", "Choi", "Cai"), ("羅", "Lo", "Luo"), ("鄧", "Tang", "Deng"),
    ("馮", "Fung", "Feng"), ("許", "Hui", "Xu"), ("謝", "Tse", "Xie"), ("歐陽", "Au Yeung", "Ouyang"),
    ("司徒", "Szeto", "Situ"), ("蕭", "Siu", "Xiao"), ("鍾", "Chung", "Zhong"), ("潘", "Poon", "Pan"),
)  # fmt: skip
_GIVEN = (
    ("志明", "Chi Ming", "Zhiming"), ("嘉欣", "Ka Yan", "Jiaxin"), ("偉強", "Wai Keung", "Weiqiang"),
    ("詠詩", "Wing Sze", "Yongshi"), ("家豪", "Ka Ho", "Jiahao"), ("美玲", "Mei Ling", "Meiling"),
    ("俊傑", "Chun Kit", "Junjie"), ("慧敏", "Wai Man", "Huimin"), ("國華", "Kwok Wah", "Guohua"),
    ("淑儀", "Suk Yee", "Shuyi"), ("子軒", "Tsz Hin", "Zixuan"), ("敏", "Man", "Min"), ("浩然", "Ho Yin", "Haoran"),
    ("麗珍", "Lai Chun", "Lizhen"), ("永康", "Wing Hong", "Yongkang"), ("曉彤", "Hiu Tung", "Xiaotong"),
    ("柏熙", "Pak Hei", "Boxi"), ("穎琳", "Wing Lam", "Yinglin"), ("振邦", "Chun Pong", "Zhenbang"),
    ("翠芬", "Tsui Fan", "Cuifen"), ("兆康", "Siu Hong", "Zhaokang"), ("芷瑩", "Tsz Ying", "Zhiying"),
    ("文彬", "Man Pan", "Wenbin"), ("凱晴", "Hoi Ching", "Kaiqing"), ("達榮", "Tat Wing", "Darong"),
    ("佩雯", "Pui Man", "Peiwen"), ("煒", "Wai", "Wei"), ("日朗", "Yat Long", "Rilang"), ("寶琪", "Po Ki", "Baoqi"),
    ("錦添", "Kam Tim", "Jintian"), ("安怡", "On Yi", "Anyi"), ("澤楷", "Chak Kai", "Zekai"),
)  # fmt: skip
_ENGLISH_GIVEN = (
    "Peter", "Mary", "Kelvin", "Joyce", "Raymond", "Winnie", "Jason", "Carmen", "Edmond", "Fanny", "Henry", "Phoebe",
    "Stanley", "Queenie", "Terence", "Yvonne", "Alvin", "Doris", "Gary", "Ivy", "Marcus", "Natalie", "Oscar", "Rebecca",
)  # fmt: skip
_ENGLISH_FAMILY = (
    "Johnson", "Smith", "Taylor", "Brown", "Wilson", "Roberts", "Evans", "Murphy", "Campbell", "Stewart", "Fraser",
    "Bennett", "Hughes", "Griffiths", "Patel", "Singh",
)  # fmt: skip

_PRIVATE_EN = (
    "Name: {}\nPhone: 9123 4567",
    "Dear {},\n\nThank you for your application.",
    "The customer {} asked for a refund of HK$300 on Monday.",
    "Please contact {} at 2123 4567 for details.",
    "Patient {} was admitted on 3 May with chest pain.",
    "Mr {} signed the tenancy agreement last week.",
    "The account belongs to {}, HKID A123456(3).",
    "| Name | Score |\n| --- | --- |\n| {} | 73 |",
    '{{"customer_name": "{}", "status": "active"}}',
    "My name is {} and I lost my card.",
    "Cardholder: {}. The limit was raised.",
    "Ms {} has not paid her rent since March.",
    "The complaint was filed by {} (phone 9123 4567).",
    "Employee name: {} Staff no. 30221",
    "Ask Dr {} to call the ward on extension 2.",
    "Beneficiary: {}\nBank: HSBC",
)  # fmt: skip
_BARE_EN = (
    "Yesterday {} told me that the shop was closed.",
    "I think {} will win the contest.",
    "The report was written by {} in 2019.",
    "According to {}, the lift is out of order again.",
    "{} and her sister opened a bakery in Sheung Wan.",
    "We met {} at the airport.",
    "The winner is {} from the third form.",
    "Nobody knew where {} had gone.",
    "Later {} resigned from the board.",
    "A photo of {} hung on the wall.",
    "{} teaches mathematics at a school in Tai Po.",
    "The book is dedicated to {} and the team.",
)  # fmt: skip
_PRIVATE_ZH = (
    "姓名：{}\n電話：91234567",
    "客戶{}要求退款三百元。",
    "請聯絡{}，電話21234567。",
    "病人{}昨晚入院，情況穩定。",
    "{}先生上星期簽了租約。",
    "帳戶持有人為{}，身份證號碼A123456(3)。",
    "| 姓名 | 分數 |\n| --- | --- |\n| {} | 73 |",
    "我叫{}，我唔見咗張卡。",
    "{}小姐，你好！你嘅申請已經批准。",
    "申請人：{}（已核實）",
    "業主{}已經三個月沒有交管理費。",
    "收件人：{} 電話：91234567",
    "{}女士投訴鄰居太嘈。",
    "麻煩{}醫生打去病房。",
    "學生姓名：{} 班別：三甲",
    "持卡人：{}，額度已經提高。",
)  # fmt: skip
_BARE_ZH = (
    "琴日{}同我講間舖執咗笠。",
    "我覺得{}會贏。",
    "這份報告由{}在2019年撰寫。",
    "據{}說，電梯又壞了。",
    "{}和妹妹在上環開了一間麵包店。",
    "我哋喺機場見到{}。",
    "冠軍是三甲班的{}。",
    "冇人知道{}去咗邊。",
    "後來{}辭去董事職務。",
    "牆上掛着{}的照片。",
    "{}在大埔一間學校教數學。",
    "呢本書係獻畀{}同佢嘅團隊。",
)  # fmt: skip
_NONE = (
    "The population of Hong Kong is about 7.5 million.",
    "May is warmer than March, and Will power matters more than Hope.",
    "Use the Apple Watch in Paris or Washington.",
    "Wong Tai Sin Temple and Lam Tsuen are near the MTR.",
    "Python and Java are languages; Ruby is another.",
    "Kwun Tong Road is closed on Sunday because of road works.",
    "Remember to bring your passport, Visa card and a Pen.",
    "Tai Po Market has a library, and Ho Man Tin has a park.",
    "Marks and Spencer sells food; Lane Crawford sells clothes.",
    "In Chinese New Year, Lai See packets are given to children.",
    "高興的事情很多，安全最重要。",
    "黃金價格上升，白銀下跌。",
    "方便的話，請於周一前回覆。",
    "何時出發都可以，任何人都歡迎。",
    "陳舊的設備需要更換，張貼告示亦可。",
    "黃大仙祠和林村許願樹都係景點。",
    "今日天氣好好，我哋去行山啦。",
    "馬上就到，請稍等。",
    "周末可以去海洋公園，或者去何文田食飯。",
    "曾經有人問過這個問題，許多專家都不同意。",
)  # fmt: skip


def generated(seed: int = 1, count: int = 600, part: Part = "held_out") -> list[Item]:
    """`count` texts with one name each, English and Chinese in turn, and `count // 4` without."""
    dice = Random(f"names {seed} {part}")
    items: list[Item] = []
    for index in range(count):
        chinese = index % 2 == 1
        private = dice.random() < 0.6
        frames = (_PRIVATE_ZH if private else _BARE_ZH) if chinese else (_PRIVATE_EN if private else _BARE_EN)
        frame = dice.choice(_half(frames, part))
        maker = dice.choice(_IN_CHINESE if chinese else _IN_ENGLISH)
        value = maker(dice, part)
        head, tail = (piece.replace("{{", "{").replace("}}", "}") for piece in frame.split("{}"))
        if maker is han and dice.random() < 0.3:
            head, value, tail = simple(head), simple(value), simple(tail)
        spans = (Span(PRIVATE if private else BARE, len(head), len(head) + len(value)),)
        language = "zh-Hant" if chinese else "en"
        items.append(
            Item(
                f"name:{part}:{seed}:{index}",
                head + value + tail,
                language,
                labels={"form": maker.__name__},
                spans=spans,
            )
        )
    for index in range(count // 4):
        text = dice.choice(_half(_NONE[:10], part) if index % 2 == 0 else _half(_NONE[10:], part))
        items.append(Item(f"none:{part}:{seed}:{index}", text, "en" if index % 2 == 0 else "zh-Hant"))
    return items


def han(dice: Random, part: Part) -> str:
    """Characters: family name first, no blank."""
    return dice.choice(_FAMILY)[0] + dice.choice(_half(_GIVEN, part))[0]


def cantonese(dice: Random, part: Part) -> str:
    """Hong Kong spellings: CHAN Tai Man, Chan Tai-man, Chan Tai Man Peter, Peter Chan, CHAN, Peter Tai Man."""
    family = dice.choice(_FAMILY)[1]
    given = dice.choice(_half(_GIVEN, part))[1]
    english = dice.choice(_half(_ENGLISH_GIVEN, part))
    hyphened = given.replace(" ", "-").capitalize() if " " in given else given
    initials = "".join(f"{word[0]}." for word in given.split())
    return dice.choice(
        [
            f"{family.upper()} {given}", f"{family} {hyphened}", f"{family} {given}", f"{english} {family}",
            f"{english} {family.upper()} {given}", f"{family} {given}, {english}",
            f"{family.upper()}, {english} {given}",
            f"{english} {initials} {family}", f"{given} {family}", f"{family.upper()} {given.upper()}",
        ]
    )  # fmt: skip


def mandarin(dice: Random, part: Part) -> str:
    """Pinyin: Zhang Xiaoming, ZHANG Xiaoming, Xiaoming Zhang."""
    family, given = dice.choice(_FAMILY)[2], dice.choice(_half(_GIVEN, part))[2]
    return dice.choice([f"{family} {given}", f"{family.upper()} {given}", f"{given} {family}"])


def english(dice: Random, part: Part) -> str:
    """An English name."""
    return f"{dice.choice(_half(_ENGLISH_GIVEN, part))} {dice.choice(_half(_ENGLISH_FAMILY, part))}"


def simple(text: str) -> str:
    """`text` with the characters of this module in their Simplified forms."""
    return text.translate(_SIMPLE)


_Maker = Callable[[Random, Part], str]
_IN_ENGLISH: tuple[_Maker, ...] = (cantonese, cantonese, mandarin, english)
_IN_CHINESE: tuple[_Maker, ...] = (han, han, han, cantonese)


def _half(choices: Sequence[T], part: Part) -> Sequence[T]:
    middle = len(choices) // 2
    return choices[:middle] if part == "tuned" else choices[middle:]


_TRADITIONAL = (
    "來係個偉傑備價儀凱別劉務吳問國園團執報場壞學實寫寶專帳張強後戶掛換據數於時曉書會楊業榮樹機歐歡氣沒況"
    "澤為煒煩牆獻瑩環發碼穎穩簽約絡經羅聯職興舊華葉蕭號見覺設許訴詠詩話說請講謝證費貼贏軍軒辭這過達邊鄧鄭"
    "鄰醫銀錦鍾開間陳陽隊電題額願飯馬馮麗麵黃點"
)
_SIMPLIFIED = (
    "来系个伟杰备价仪凯别刘务吴问国园团执报场坏学实写宝专帐张强后户挂换据数于时晓书会杨业荣树机欧欢气没况"
    "泽为炜烦墙献莹环发码颖稳签约络经罗联职兴旧华叶萧号见觉设许诉咏诗话说请讲谢证费贴赢军轩辞这过达边邓郑"
    "邻医银锦钟开间陈阳队电题额愿饭马冯丽面黄点"
)
_SIMPLE = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
