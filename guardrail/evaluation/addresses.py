"""Generated texts with postal addresses, Hong Kong's formats first, and texts that only name places.

Rules:
1. Streets and estates are real (facts); who lives there is not: flats, floors and numbers are dice, and no item names a
   person with an address.
2. The streets, estates and frames in the second half of each list are held out: nobody tunes on `part="held_out"`.
3. A text whose `spans` are empty holds no address that is somebody's: a street, a landmark, a district alone.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Literal, TypeVar

from guardrail.evaluation.datasets import Item
from guardrail.evaluation.matching import Span

KIND = "pii.address"
T = TypeVar("T")
Part = Literal["tuned", "held_out"]

# (English street, Chinese street, English district, Chinese district, region)
_STREETS = (
    ("Nathan Road", "彌敦道", "Mong Kok", "旺角", "K"),
    ("Hennessy Road", "軒尼詩道", "Wan Chai", "灣仔", "H"),
    ("King's Road", "英皇道", "North Point", "北角", "H"),
    ("Des Voeux Road West", "德輔道西", "Sai Ying Pun", "西營盤", "H"),
    ("Kwun Tong Road", "觀塘道", "Kwun Tong", "觀塘", "K"),
    ("Castle Peak Road", "青山公路", "Tsuen Wan", "荃灣", "N"),
    ("Fa Yuen Street", "花園街", "Mong Kok", "旺角", "K"),
    ("Electric Road", "電氣道", "Tin Hau", "天后", "H"),
    ("Lockhart Road", "駱克道", "Causeway Bay", "銅鑼灣", "H"),
    ("Un Chau Street", "元州街", "Cheung Sha Wan", "長沙灣", "K"),
    ("Kwong Fuk Road", "廣福道", "Tai Po", "大埔", "N"),
    ("Taikoo Wan Road", "太古灣道", "Quarry Bay", "鰂魚涌", "H"),
    ("Argyle Street", "亞皆老街", "Ho Man Tin", "何文田", "K"),
    ("Bonham Road", "般咸道", "Mid-Levels", "半山", "H"),
    ("Ma Tau Wai Road", "馬頭圍道", "Hung Hom", "紅磡", "K"),
    ("Fuk Wing Street", "福榮街", "Sham Shui Po", "深水埗", "K"),
    ("Shau Kei Wan Road", "筲箕灣道", "Sai Wan Ho", "西灣河", "H"),
    ("Tuen Mun Heung Sze Wui Road", "屯門鄉事會路", "Tuen Mun", "屯門", "N"),
    ("Ngau Tau Kok Road", "牛頭角道", "Ngau Tau Kok", "牛頭角", "K"),
    ("Yuen Long On Ning Road", "元朗安寧路", "Yuen Long", "元朗", "N"),
    ("Cheung Sha Wan Road", "長沙灣道", "Lai Chi Kok", "荔枝角", "K"),
    ("Wong Nai Chung Road", "黃泥涌道", "Happy Valley", "跑馬地", "H"),
    ("Sai Yee Street", "洗衣街", "Mong Kok", "旺角", "K"),
    ("Tai Hang Road", "大坑道", "Tai Hang", "大坑", "H"),
    ("Po Heung Street", "寶鄉街", "Tai Po", "大埔", "N"),
    ("Hoi Ting Road", "海庭道", "Tai Kok Tsui", "大角咀", "K"),
    ("Java Road", "渣華道", "North Point", "北角", "H"),
    ("Hip Wo Street", "協和街", "Kwun Tong", "觀塘", "K"),
    ("San Fung Avenue", "新豐路", "Sheung Shui", "上水", "N"),
    ("Third Street", "第三街", "Sai Ying Pun", "西營盤", "H"),
)
# (English estate, Chinese estate, English block, Chinese block, English district, Chinese district, region)
_ESTATES = (
    ("Tai Koo Shing", "太古城", "Kam Din Terrace", "金殿台", "Quarry Bay", "鰂魚涌", "H"),
    ("Lek Yuen Estate", "瀝源邨", "Fook Hoi House", "福海樓", "Sha Tin", "沙田", "N"),
    ("Mei Foo Sun Chuen", "美孚新邨", "Glee Path Court", "吉利閣", "Lai Chi Kok", "荔枝角", "K"),
    ("Choi Hung Estate", "彩虹邨", "Kam Bik House", "金碧樓", "Wong Tai Sin", "黃大仙", "K"),
    ("City One Shatin", "沙田第一城", "Block 12", "第十二座", "Sha Tin", "沙田", "N"),
    ("Whampoa Garden", "黃埔花園", "Bamboo Mansions", "翠竹苑", "Hung Hom", "紅磡", "K"),
    ("Kingswood Villas", "嘉湖山莊", "Locwood Court", "樂湖居", "Tin Shui Wai", "天水圍", "N"),
    ("Wah Fu Estate", "華富邨", "Wah Mei House", "華美樓", "Pok Fu Lam", "薄扶林", "H"),
    ("Amoy Gardens", "淘大花園", "Block C", "C座", "Ngau Tau Kok", "牛頭角", "K"),
    ("Tsz Ching Estate", "慈正邨", "Ching Yuen House", "正遠樓", "Tsz Wan Shan", "慈雲山", "K"),
    ("Hing Tung Estate", "興東邨", "Tung Hing House", "東興樓", "Shau Kei Wan", "筲箕灣", "H"),
    ("Sunshine City", "新港城", "Tower 8", "第八座", "Ma On Shan", "馬鞍山", "N"),
    ("Oi Man Estate", "愛民邨", "Chung Man House", "頌民樓", "Ho Man Tin", "何文田", "K"),
    ("Heng Fa Chuen", "杏花邨", "Block 21", "21座", "Chai Wan", "柴灣", "H"),
    ("Kwai Shing West Estate", "葵盛西邨", "Block 6", "第6座", "Kwai Chung", "葵涌", "N"),
    ("Laguna City", "麗港城", "Block 15", "15座", "Lam Tin", "藍田", "K"),
    ("Fu Shan Estate", "富山邨", "Fu Yan House", "富仁樓", "Diamond Hill", "鑽石山", "K"),
    ("Tak Tin Estate", "德田邨", "Tak Lung House", "德隆樓", "Lam Tin", "藍田", "K"),
    ("Yat Tung Estate", "逸東邨", "Hong Yat House", "康逸樓", "Tung Chung", "東涌", "N"),
    ("Lei Tung Estate", "利東邨", "Tung Sing House", "東昇樓", "Ap Lei Chau", "鴨脷洲", "H"),
)
_BUILDINGS = (
    ("Wah Kwong Building", "華光大廈"),
    ("Fortune Mansion", "富運樓"), ("Man Wai Court", "文偉閣"),
    ("Hang Fung Industrial Building", "恒豐工業大廈"),
    ("Tung Fai Garden", "東暉花園"), ("Kam Lung Building", "金龍大廈"),
    ("Shun Hing Mansion", "順興樓"), ("Majestic Centre", "莊勝中心"), ("Chung Nam House", "中南樓"),
    ("Lai Yin Court", "麗賢閣"), ("Wing Hing Building", "永興大廈"), ("Golden Plaza", "金都廣場"),
    ("Kiu Fat Mansion", "僑發大廈"), ("Po On Building", "保安大樓"), ("Yee Wo Court", "怡和閣"),
    ("Sea View Estate", "海景大廈"),
)  # fmt: skip
_REGIONS = {
    "H": (("Hong Kong", "HK"), ("香港",)),
    "K": (("Kowloon", "KLN"), ("九龍", "香港九龍")),
    "N": (("New Territories", "N.T."), ("新界",)),
}
_NUMERALS = "零一二三四五六七八九"

_FRAMES_EN = (
    "Please deliver the parcel to {}.",
    "The tenant's registered address is {}, and the lease ends in June.",
    "Address: {}\nPhone: 9123 4567",
    "She has lived at {} since 2019.",
    "I have updated your correspondence address to {}.",
    "Her mother moved to {} last month",
    "| Name | Address |\n| --- | --- |\n| Customer 1 | {} |",
    "Dear Sir,\n\n{}\n\nThe meter at the above address was read on Monday.",
    '{{"shipping_address": "{}", "paid": true}}',
    "According to the file, the patient resides at {} with two children.",
    "For pick-up go to {} before 6pm; the guard will let you in.",
    "- Home: {}\n- Office hours: 9 to 5",
    "The seized goods were stored in {}. Police have sealed the premises.",
    "Our records show two flats: {} and one in Macau.",
    "Send the cheque to {} (attention: accounts).",
    "Bill to:\n{}\n\nTotal due: HK$3,200",
    "He gave {} as his place of residence.",
    "My flat is {}. Can you come on Sunday?",
    "Delivery note: leave at the door of {}, thanks!",
    "The applicant of case 2231 (from {}) has appealed.",
)  # fmt: skip
_FRAMES_ZH = (
    "請將包裹寄到{}。",
    "住址：{}\n電話：91234567",
    "佢住喺{}，返工好近。",
    "客戶的通訊地址是{}，請核對。",
    "我屋企喺{}呀，你得閒上嚟坐啦！",
    "收件人地址:{}（請勿摺疊）",
    "病人現居於{}，與家人同住。",
    "業主名下單位位於{}，面積四百呎。",
    "| 姓名 | 地址 |\n| --- | --- |\n| 客戶甲 | {} |",
    "記錄顯示，申請人在{}居住超過七年。",
    "{{\"地址\": \"{}\"}}",
    "麻煩送貨去{}，到咗打畀我。",
    "他去年搬到{}，之後再沒有聯絡。",
    "你的登記地址（{}）已經更新。",
    "聽日上門維修，地址係{}，記得帶工具。",
    "送貨地址：{}；聯絡人請於收貨時簽名。",
    "涉案單位為{}，警方已封鎖現場。",
    "她租住{}，每月租金一萬二千元。",
    "寄件人：{}\n內附文件三份",
    "我嘅新地址：{}，多謝！",
)  # fmt: skip
_PLAIN_EN = (
    "{street} runs through {district} and is full of shops.",
    "Take the MTR to {district} and walk along {street} for ten minutes.",
    "The house prices in {estate}, {district} rose by 3% in 2023.",
    "{building} on {street} was built in 1978 and has 22 floors.",
    "Room 5 was too small, so we moved the meeting to Block B on Floor 3.",
    "Shop until you drop in {district}: from {street} to the harbour it is a 5 minute walk.",
    "There are 3 Road Safety officers and 12 Court Street vendors in {district}.",
    "Unit 4 of the textbook covers House and Garden, Unit 5 covers Road Safety in Hong Kong.",
    "{estate} is one of the largest estates in {district}, with 61 blocks.",
    "The bus stops at {street}, {district}, Hong Kong every 8 minutes.",
)  # fmt: skip
_PLAIN_ZH = (
    "{street}是{district}最繁忙的街道之一，有很多商店。",
    "坐地鐵去{district}站，沿{street}行十分鐘就到。",
    "{district}{estate}的樓價在2023年上升了3%。",
    "{street}嘅{building}喺1978年落成，樓高22層。",
    "第5室太細，會議改在三樓舉行。",
    "巴士每8分鐘一班，途經{district}、{street}同{estate}。",
    "香港有十八區，{district}是其中一個人口密集的地方，住宅樓宇多達三十層。",
    "{estate}係{district}最大嘅屋苑，有61座。",
    "第3章講道路安全，第12號題目關於{district}的歷史。",
    "由{district}去{street}，大約要行1號至3號出口。",
)  # fmt: skip


def generated(seed: int = 1, count: int = 400, part: Part = "held_out") -> list[Item]:
    """`count` texts with one address each and `count // 4` without, English and Chinese in turn."""
    dice = Random(f"addresses {seed} {part}")
    items: list[Item] = []
    for index in range(count):
        chinese = index % 2 == 1
        frames = _half(_FRAMES_ZH if chinese else _FRAMES_EN, part)
        makers = _CHINESE if chinese else _ENGLISH
        frame, maker = dice.choice(frames), dice.choice(makers)
        value = maker(dice, part)
        head, tail = frame.split("{}")
        text = head.replace("{{", "{") + value + tail.replace("}}", "}")
        start = len(head.replace("{{", "{"))
        simplified = chinese and index % 6 == 5
        language = ("zh-Hans" if simplified else "zh-Hant") if chinese else "en"
        made = simple(text) if simplified else text
        spans = (Span(KIND, start, start + len(value)),)
        items.append(
            Item(f"address:{part}:{seed}:{index}", made, language, labels={"form": maker.__name__}, spans=spans)
        )
    for index in range(count // 4):
        chinese = index % 2 == 1
        frame = dice.choice(_half(_PLAIN_ZH if chinese else _PLAIN_EN, part))
        street, estate = dice.choice(_half(_STREETS, part)), dice.choice(_half(_ESTATES, part))
        at = 1 if chinese else 0
        text = frame.format(
            street=street[at],
            district=street[2 + at],
            estate=estate[at],
            building=dice.choice(_half(_BUILDINGS, part))[at],
        )
        items.append(Item(f"place:{part}:{seed}:{index}", text, "zh-Hant" if chinese else "en"))
    return items


def simple(text: str) -> str:
    """`text` with the characters of this module's addresses and frames in their Simplified forms."""
    return text.translate(_SIMPLE)


def english_private(dice: Random, part: Part) -> str:
    """Flat, floor, building, street with number, district, region."""
    street = dice.choice(_half(_STREETS, part))
    building = dice.choice(_half(_BUILDINGS, part))[0]
    unit, floor = _unit_en(dice), _floor_en(dice)
    number = _number(dice)
    block = dice.choice(["", "", f"Block {dice.choice('ABC1234')}, ", f"Tower {dice.randint(1, 9)}, "])
    region = dice.choice(["", f", {dice.choice(_REGIONS[street[4]][0])}", ", Hong Kong"])
    made = (
        f"{unit}, {floor}, {block}{building}, {dice.choice(['', '', 'No. '])}{number} {street[0]}, {street[2]}{region}"
    )
    return _styled(dice, made)


def english_estate(dice: Random, part: Part) -> str:
    """Flat, block, estate, district: public housing and large estates have no street number."""
    estate = dice.choice(_half(_ESTATES, part))
    unit = dice.choice(
        [
            f"Flat {dice.randint(1, 40)}{dice.randint(10, 40)}",
            f"Room {dice.randint(101, 3940)}",
            f"{_unit_en(dice)}, {_floor_en(dice)}",
        ]
    )
    region = dice.choice(["", f", {dice.choice(_REGIONS[estate[6]][0])}", ", Hong Kong"])
    return _styled(dice, f"{unit}, {estate[2]}, {estate[0]}, {estate[4]}{region}")


def english_street(dice: Random, part: Part) -> str:
    """Floor, street with number, district: a walk-up building has no name."""
    street = dice.choice(_half(_STREETS, part))
    where = dice.choice([_floor_en(dice), f"{_unit_en(dice)}, {_floor_en(dice)}"])
    return f"{where}, {_number(dice)} {street[0]}, {street[2]}{dice.choice(['', ', Hong Kong'])}"


def english_lines(dice: Random, part: Part) -> str:
    """As on an envelope, a part a line."""
    street = dice.choice(_half(_STREETS, part))
    building = dice.choice(_half(_BUILDINGS, part))[0]
    region = dice.choice(_REGIONS[street[4]][0])
    return f"{_unit_en(dice)}, {_floor_en(dice)}, {building}\n{_number(dice)} {street[0]}\n{street[2]}\n{region}"


def chinese_private(dice: Random, part: Part) -> str:
    """Region, district, street with number, building, floor, room."""
    street = dice.choice(_half(_STREETS, part))
    building = dice.choice(_half(_BUILDINGS, part))[1]
    region = dice.choice(["", dice.choice(_REGIONS[street[4]][1])])
    district = street[3] if dice.random() < 0.8 else ""
    block = dice.choice(["", "", f"{dice.choice('ABC')}座", f"第{_NUMERALS[dice.randint(1, 9)]}座"])
    gap = dice.choice(["", "", "", " "])
    return f"{region}{district}{street[1]}{gap}{_number(dice)}{gap}號{building}{block}{_floor_zh(dice)}{_room_zh(dice)}"


def chinese_estate(dice: Random, part: Part) -> str:
    """Region, district, estate, block, floor, room."""
    estate = dice.choice(_half(_ESTATES, part))
    region = dice.choice(["", dice.choice(_REGIONS[estate[6]][1])])
    inside = dice.choice([f"{dice.randint(1, 40)}{dice.randint(10, 40)}室", f"{_floor_zh(dice)}{_room_zh(dice)}"])
    return f"{region}{estate[5]}{estate[1]}{estate[3]}{inside}"


def chinese_street(dice: Random, part: Part) -> str:
    """District, street with number, floor."""
    street = dice.choice(_half(_STREETS, part))
    return f"{street[3]}{street[1]}{_number(dice)}號{_floor_zh(dice)}{dice.choice(['', _room_zh(dice)])}".strip()


_Maker = Callable[[Random, Part], str]
_ENGLISH: tuple[_Maker, ...] = (english_private, english_private, english_estate, english_street, english_lines)
_CHINESE: tuple[_Maker, ...] = (chinese_private, chinese_private, chinese_estate, chinese_street)


def _half(choices: Sequence[T], part: Part) -> Sequence[T]:
    middle = len(choices) // 2
    return choices[:middle] if part == "tuned" else choices[middle:]


def _number(dice: Random) -> str:
    number = dice.randint(1, 888)
    return dice.choice([f"{number}", f"{number}", f"{number}", f"{number}-{number + 2}", f"{number}A"])


def _unit_en(dice: Random) -> str:
    word = dice.choice(["Flat", "Flat", "Flat", "Room", "Rm", "Unit", "Flat/Rm"])
    letter = dice.choice("ABCDEFGH")
    numbered = [str(dice.randint(1, 30)), f"{dice.randint(1, 40)}{letter}", f"{dice.randint(101, 3010)}"]
    return f"{word} {dice.choice([letter, letter, *numbered])}"


def _floor_en(dice: Random) -> str:
    floor = dice.randint(1, 48)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(floor % 10 if floor // 10 != 1 else 0, "th")
    return dice.choice([f"{floor}/F", f"{floor}/F", f"{floor}/F", f"{floor}{ending} Floor", "G/F"])


def _floor_zh(dice: Random) -> str:
    floor = dice.randint(1, 48)
    tens, ones = divmod(floor, 10)
    words = ("" if tens == 0 else "十" if tens == 1 else _NUMERALS[tens] + "十") + (_NUMERALS[ones] if ones else "")
    return dice.choice([f"{floor}樓", f"{floor}樓", f"{words}樓", f"{floor}字樓", f"{floor}/F "])


def _room_zh(dice: Random) -> str:
    letter = dice.choice("ABCDEFGH")
    return dice.choice(
        [
            f"{letter}室",
            f"{letter}室",
            f"{dice.randint(1, 30)}室",
            f"{letter}{dice.randint(1, 9)}室",
            f"{letter}單位",
            f"{dice.randint(1, 12)}號室",
        ]
    )


def _styled(dice: Random, address: str) -> str:
    return dice.choice([address, address, address, address.upper(), address.replace(", ", " ")])


_TRADITIONAL = (
    "亞係個偉僑價內勝區協單圍園場寧寶將對層帶廈廣彌後愛戶摺於昇時暉會東業榮樂樓歷氣沒瀝灣為煩營現疊發盤積"
    "簽約紅細絡經維聯聽與興舉莊華萬藍號觀訊記詩話請講謝議豐貨賢軒輔運過達遠鄉銅錄鎖鐘鐵鑼鑽長門閒閣關雲電"
    "順頌頭題顯馬駱魚鰂鴨麗黃龍"
)
_SIMPLIFIED = (
    "亚系个伟侨价内胜区协单围园场宁宝将对层带厦广弥后爱户折于升时晖会东业荣乐楼历气没沥湾为烦营现叠发盘积"
    "签约红细络经维联听与兴举庄华万蓝号观讯记诗话请讲谢议丰货贤轩辅运过达远乡铜录锁钟铁锣钻长门闲阁关云电"
    "顺颂头题显马骆鱼鲗鸭丽黄龙"
)
_SIMPLE = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
