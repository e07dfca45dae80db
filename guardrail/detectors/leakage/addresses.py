"""Postal addresses by grammar: English from small to large, Chinese from large to small; Hong Kong's formats first.

Rules:
1. An expression knows the order of parts and the words that name them (Flat, 8/F, 道, 號, 樓, 室), not the streets and
   estates themselves.  It opens with a unit, a floor, a block, a number before a street, or the name of a district, so
   prose is let go at once.
2. The judge reads the parts again, cuts off what is no part of an address, and counts: a street with its number and a
   unit or floor is where somebody lives or works; a street, district, building or landmark alone is nobody's.
3. Trade is not private: a shop unit scores lower, unless a word before it says that it is somebody's address.

Source: the Hong Kong Post's advice on addressing mail (order of parts in either language); lots as the Lands Department
writes them.  What it cannot read is stated in docs/detectors.md.
"""

import re
from collections.abc import Iterable, Sequence

from guardrail.detectors.leakage.context import labels
from guardrail.detectors.leakage.places import (
    DISTRICTS_ZH,
    HK_DISTRICTS_EN,
    HK_REGIONS_EN,
    MAINLAND_ZH,
    REGIONS_ZH,
    STREETS_ZH,
    TAIWAN_ZH,
)
from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.types import Unit

KIND = "pii.address"

_CUES = labels(
    "address", "addresses", "addr", "lives at", "live at", "living at", "lived at", "reside at", "resides at",
    "residing at", "residence", "home", "home is", "deliver to", "delivered to", "delivery", "send to", "sent to",
    "ship to", "shipped to", "mail to", "mailed to", "post to", "moved to", "moving to", "stays at", "staying at",
    "visit", "visited", "collect from", "pick up from", "apartment at", "flat at", "located at", "registered at",
    "tenant of", "owner of",
    "地址", "住址", "住所", "住在", "住喺", "住係", "現居", "现居", "居於", "居于", "家住", "寄到", "寄去", "寄往",
    "寄至", "送到", "送去", "送往", "送至", "送貨", "送货", "收件", "收貨", "收货", "上門", "上门", "搬到", "搬去",
    "搬咗去", "搬至", "住", "屋企", "位於", "位于", "單位在", "戶籍", "户籍",
)  # fmt: skip

_NUMBER = r"\d{1,4}[A-Z]?(?:[-/&]\d{1,4}[A-Z]?)?"
_GAP = r"(?:,[ \t]{0,2}\n?[ \t]{0,2}|[ \t]{1,2}|[ \t]{0,2}\n[ \t]{0,2})"
_NEAR = r"(?:,[ \t]{0,2}\n?[ \t]{0,2}|[ \t]{1,2})"
_WORD = r"[A-Z][A-Za-z']{0,15}(?:-[A-Za-z]{1,15})?"
_JOINED = rf"(?: (?:of |on |the |at |by |& )?{_WORD})"


def _cased(words: str) -> str:
    """Words (separated by `|`) as they are, in capitals, and their first letter small."""
    each = words.split("|")
    return "|".join(dict.fromkeys([*each, *(word.upper() for word in each)]))


def _any_of(words: Iterable[str]) -> str:
    """The longest first, or RE2 would stop at `Central` in `Central and Western`."""
    return "|".join(re.escape(word).replace(r"\ ", " ") for word in sorted(set(words), key=lambda w: (-len(w), w)))


_UNIT_WORDS = _cased(
    "Flat|Flt|Room|Rm|Unit|Suite|Ste|Apt|Apartment|Office|House|Workshop|flat|room|unit|suite|apartment"
)
_SHOP_WORDS = _cased("Shop|Shops|Kiosk|Stall|shop")
_LETTERED = r"(?:[A-Z]{1,2}-?\d{0,4}[A-Z]?|\d{1,4}[A-Z]{0,2}(?:(?:-| ?& ?|/)\d{0,4}[A-Z]?)?)"
_UNIT = rf"(?:{_UNIT_WORDS}|{_SHOP_WORDS})(?:/(?:{_UNIT_WORDS}))?\.?(?: No\.?| #)? ?{_LETTERED}\b"
_ORDINALS = _cased(
    "Ground|Upper Ground|Lower Ground|First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|Top|ground|first"
)
_FLOOR = (
    r"(?:(?:\d{1,3}[A-Z]?|U?G|L?G|LG\d|M|B\d?|P|UG)/[Ff]\b\.?|"
    rf"\d{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH) (?:{_cased('Floor|Flr|Fl|floor')})\b"
    rf"|(?:{_ORDINALS}) (?:{_cased('Floor|floor')})\b|"
    rf"(?:{_cased('Floor|Level')}) \d{{1,3}}\b)"
)
_BLOCK = (
    rf"(?:(?:{_cased('Block|Blk|Tower|Twr|Phase|Villa')})\.?(?: No\.?)? ?(?:\d{{1,3}}[A-Z]?|[A-Z]\d{{0,2}}"
    rf"|[IVX]{{1,4}})\b"
    rf"|(?:{_cased('North|South|East|West|Central')}) (?:{_cased('Wing|Tower|Block')})\b)"
)
_BUILT = _cased(
    "Building|Bldg|House|Court|Mansion|Mansions|Garden|Gardens|Estate|Est|Centre|Center|Plaza|Tower|Towers|Villa|Villas|"
    "Terrace|Heights|Place|Lodge|Park|Chuen|Tsuen|Shing|Yuen|Toi|Mall|Square|Arcade|Apartments|Residence|Residences|Bay|"
    "Peak|Palace|Crest|Grove|City|Point|View|Cove|Manor|Hall|Lau|Kok|Uk|Wai|Village|Commercial|Industrial|Factory|Complex"
)
_STREETS = _cased(
    "Street|St|Road|Rd|Avenue|Ave|Lane|Path|Drive|Dr|Terrace|Crescent|Circuit|Square|Praya|Rise|Close|Walk|Way|Row|Boulevard|"
    "Blvd|Court|Place|Highway|Hwy|Bazaar|Steps|Garden|Parade|Mews|Grove|Quay|Gardens"
)
_SIDES = _cased("East|West|North|South|Central|Upper|Lower")
_STREET = (
    rf"(?:(?:{_cased('No')})\.? ?)?{_NUMBER},? "
    rf"(?:{_WORD}{_JOINED}{{0,5}} (?:{_STREETS})\b\.?(?: (?:{_SIDES}|[NSEWC])\b\.?)?"
    rf"|Broadway\b)"
)
_BUILDING = (
    rf"(?:The |THE )?{_WORD}{_JOINED}{{0,4}} (?:{_BUILT})\b(?: (?:\d{{1,2}}"
    rf"|[IVX]{{1,4}})\b)?(?: \({_BLOCK}\))?"
)
_NAME = rf"(?:The |THE )?{_WORD}{_JOINED}{{0,3}}"
_PLACES = _any_of([*HK_DISTRICTS_EN, *(name.upper() for name in HK_DISTRICTS_EN), *HK_REGIONS_EN])
_PLACE = rf"(?:{_PLACES})"
_CODE = r"(?:[A-Z]{2} \d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|\d{5})\b"
_ABROAD = rf"(?:{_NEAR}{_WORD}(?: {_WORD}){{0,2}})?(?:{_GAP}{_WORD}(?: {_WORD}){{0,2}}?)?{_NEAR}{_CODE}"
_TAIL = rf"(?:(?:{_GAP}{_PLACE}){{1,3}}(?:,? (?:China|CHINA)\b)?|{_ABROAD})"
_UNIT_OR_FLOOR = rf"(?:{_UNIT}|{_FLOOR})"
_SMALL = rf"(?:{_UNIT}|{_FLOOR}|{_BLOCK})"
_END = rf"(?:(?:{_NEAR}{_NAME})?{_TAIL})?"
# A unit never follows a new line behind a building or a street: there the next address of a list begins.
_FROM_UNIT = (
    rf"{_SMALL}(?:{_GAP}{_SMALL}){{0,4}}"
    rf"(?:(?:{_GAP}{_BUILDING}(?:{_GAP}{_BLOCK}"
    rf"|{_NEAR}{_UNIT_OR_FLOOR}){{0,2}}){{1,3}}(?:(?:{_NEAR}{_NAME})?{_GAP}{_STREET})?"
    rf"|(?:{_NEAR}{_NAME})?{_GAP}(?:{_STREET}|{_PLACE}))"
)
_FROM_STREET = rf"{_STREET}(?:(?:{_GAP}{_SMALL}){{1,3}}|{_NEAR}{_BUILDING}){{0,3}}"
_FROM_BLOCK = rf"{_BLOCK}{_GAP}{_BUILDING}{_GAP}{_STREET}(?:{_GAP}{_UNIT_OR_FLOOR}){{1,2}}"
_ENGLISH = rf"\b(?:{_FROM_BLOCK}|{_FROM_UNIT}|{_FROM_STREET}){_END}"
_LOT = (
    r"\b(?:Lot|LOT|Lots)(?: (?:No|NO|Nos)\.?)? ?\d{1,4}(?: ?(?:[A-Z]|s\.?[A-Z]|S\.?[A-Z]|R\.?P\.?|ss\.?\d"
    r"|and|&|,|-|\d{1,4})){0,8} ?"
    rf"in (?:D\.? ?D\.?|DD) ?\d{{1,3}}\b(?:(?:{_NEAR}{_NAME})?(?:{_GAP}{_PLACE}){{1,2}})?"
)


_HAN = r"[\u3400-\u9fff]"
_COUNT = r"[〇零一二三四五六七八九十百廿卅兩两]"
_ORDINAL = rf"(?:第 ?)?(?:\d{{1,4}}[A-Z]?|{_COUNT}{{1,5}})"
_COMMA = r"(?:[, ] ?|、)?"
_REGION = rf"(?:{'|'.join(REGIONS_ZH)})"
_LAND = rf"(?:{'|'.join((*MAINLAND_ZH, *TAIWAN_ZH))})"
_ROAD = (
    r"(?:大道|公路|道|街|路|里|徑|径|巷|圍|围|坊|臺|台|灣畔|村|新村|馬路|马路|大馬路)(?:[東西南北中东]|東段"
    r"|西段|上|下)?"
)
_LANES = rf"(?:{_ORDINAL}(?:段|巷|弄|衖) ?){{0,3}}"
_DOOR = (
    rf"(?:{_LANES}第?(?:\d{{1,4}}[A-Z]?(?:[-/&至及、]\d{{1,4}}[A-Z]?)?"
    rf"|{_COUNT}{{1,6}}(?:之{_COUNT})?)(?:之\d{{1,2}})? ?(?:號|号)(?:地段|院)?"
    rf"|{_ORDINAL}(?:弄|巷) ?\d{{1,4}}(?:號|号))"
)
_BUILT_ZH = (
    r"(?:大廈|大厦|大樓|大楼|廣場|广场|中心|花園|花园|苑|新邨|邨|閣|阁|樓|楼|居|軒|轩|臺|台|灣|湾|城|第一城"
    r"|商場|商场|工業|工业|中心|院|"
    r"山莊|山庄|豪園|豪庭|半島|半岛|薈|匯|汇|峰|峯|府|庭|園|园|村|小區|小区|公寓|宿舍|別墅|别墅|廠|厂|坊|里"
    r"|廊|舍|屋|滙|門|都會|都会|科技園|"
    r"灣畔|海岸|名門|雅苑|灣半島|社區|社区|家園|家园|新城|嘉園|公館|公馆|大院|塔|港)"
)
_BUILDING_ZH = rf"(?:{_HAN}{{1,8}}{_BUILT_ZH}(?:第?\d{{1,2}}[AB]?期|第?{_COUNT}{{1,2}}期)?)"
_PART_ZH = (
    rf"(?:{_ORDINAL}(?:座|期|棟|栋|幢|號樓|号楼|號院|号院|单元|單元|組|组|門|门)|[A-Z]{{1,2}}\d{{0,2}}(?:座|棟"
    rf"|栋|幢)|[東西南北中東东]座)"
)
_FLOOR_ZH = (
    rf"(?:{_ORDINAL} ?(?:字樓|字楼|樓|楼|層|层)(?:之\d{{1,2}}|之{_COUNT})?|(?:[高中低]層|[高中低]层|地下"
    rf"|地庫|閣樓|阁楼|地鋪|平台|天台|頂樓)"
    r"|(?:\d{1,3}|U?G|LG|M|B\d?)/[Ff])"
)
_ROOM_ZH = (
    rf"(?:(?:第? ?(?:[A-Z]{{1,2}}\d{{0,4}}[A-Z]?|\d{{1,5}}[A-Z]?(?:[-&至及、]\d{{1,5}}[A-Z]?)?"
    rf"|{_COUNT}{{1,6}})|[甲乙丙丁戊己]) ?"
    r"(?:室|單位|单位|號室|号室|號房|号房|房|戶|户|號舖|號鋪|号铺|舖|鋪|铺|座|號單位)"
    r"|(?:Flat|Room|Rm|Unit|FLAT|ROOM|RM|UNIT|flat|room) ?[A-Z0-9]{1,5}\b)"
)
_INSIDE = (
    rf"(?:{_COMMA}{_BUILDING_ZH}){{0,3}}(?:{_COMMA}{_PART_ZH}){{0,3}}(?:{_COMMA}{_BUILDING_ZH})?"
    rf"(?:{_COMMA}{_FLOOR_ZH})?(?:{_COMMA}{_ROOM_ZH}){{0,2}}"
)
_STREET_ZH = rf"(?:{_HAN}{{1,7}}{_ROAD} ?{_DOOR})"
_STREET_HERE = rf"(?:{_HAN}{{0,7}}{_ROAD} ?{_DOOR})"
_DIVISION = rf"(?:{_HAN}{{1,5}}(?:區|区|縣|县|市|鎮|镇|鄉|乡|街道))"
_OPENING = rf"(?:(?:中國|中国) ?)?(?:{_any_of([*REGIONS_ZH, *DISTRICTS_ZH, *MAINLAND_ZH, *TAIWAN_ZH])})"
_WITHIN = (
    rf"(?:{_COMMA}{_BUILDING_ZH}|{_COMMA}{_PART_ZH}){{1,4}}(?:{_COMMA}{_FLOOR_ZH}(?:{_COMMA}{_ROOM_ZH}){{0,2}}"
    rf"|(?:{_COMMA}{_ROOM_ZH}){{1,2}})"
)
_LEAD = (
    r"(?:(?:地址|住址|住所|住處|住处|住在|住喺|住係|現居|现居|居於|居于|家住|居住|寄[到去往至給给]"
    r"|送[到去往至]|送貨[到去至]?|送货到|上門|"
    r"搬[到去至]|搬咗去|搬咗入|收件|收貨|收货|位於|位于|屋企|單位在|[:,。、\n\"'「『(|;]"
    r"|住)[是係为為喺在於于]?[: \n]{0,2})"
)
_CHINESE = (
    rf"(?:{_OPENING}(?:{_COMMA}(?:{_REGION}|{_LAND}|{_DIVISION})){{0,4}}{_COMMA}(?:{_STREET_HERE}{_INSIDE}|{_WITHIN})"
    rf"|(?:{'|'.join(sorted(set(STREETS_ZH)))}) ?{_DOOR}{_INSIDE}"
    rf"|{_LEAD}{_STREET_ZH}{_INSIDE})"
)
_LOT_ZH = (
    rf"(?:(?:{_OPENING}){_COMMA}{_HAN}{{0,8}})?(?:丈量約份|丈量约份"
    rf"|DD ?)第? ?\d{{1,3}} ?[約约]?(?:地段)?(?:第? ?\d{{1,4}}[A-Z]?(?:號|号)?(?:[A-Z]?(?:分段|餘段|余段"
    rf"|段)){{0,3}}[、及]?){{1,4}}(?:地段)?"
)

_HAS_UNIT = re.compile(_UNIT)
_HAS_SHOP = re.compile(rf"\b(?:{_SHOP_WORDS})\b")
_HAS_FLOOR = re.compile(_FLOOR)
_HAS_BLOCK = re.compile(_BLOCK)
_HAS_BUILDING = re.compile(_BUILDING)
_HAS_STREET = re.compile(rf"\b{_STREET}")
_HAS_PLACE = re.compile(rf"\b{_PLACE}(?:$|\W)")
_HAS_CODE = re.compile(rf"{_CODE}$")
_OPENS_ZH = re.compile(_OPENING)
_HAS_DOOR_ZH = re.compile(_STREET_HERE)
_HAS_FLOOR_ZH = re.compile(_FLOOR_ZH)
_HAS_ROOM_ZH = re.compile(_ROOM_ZH + r"$")
_ROOMS_ZH = re.compile(rf"(?:{_COMMA}{_ROOM_ZH}){{0,2}}")
_RUN = re.compile(rf"{_HAN}+")
_HAS_SHOP_ZH = re.compile(r"[舖鋪铺]")
_HAS_BUILDING_ZH = re.compile(rf"{_BUILDING_ZH}|{_PART_ZH}")
_LEADS = re.compile(_LEAD)
_FUNCTION = re.compile(
    r".*(?:[在於于喺係是為为的嘅了我你您他她佢哋們们住往至去到給给請请把將将]|寄|送|叫|搬|[,:。、\n\"'「『(|; ])",
    re.DOTALL,
)
_GROUND = re.compile(r"地下|地鋪|地舖|地铺|\bG/[Ff]|[Gg]round [Ff]loor|GROUND FLOOR")


def _announced(text: str, start: int) -> bool:
    """Whether one of the last words before `start` says that an address follows."""
    return _CUES.last(text[max(0, start - 40) : start].lower()) >= 0


def _english(candidate: Candidate) -> Verdict | None:
    value = candidate.value
    street = _HAS_STREET.search(value)
    building = _HAS_BUILDING.search(value if street is None else value[: street.start()] + value[street.end() :])
    placed = _HAS_PLACE.search(value) is not None
    floor, unit = _HAS_FLOOR.search(value), _HAS_UNIT.search(value)
    cued = _announced(candidate.text, candidate.start)
    if street is None and building is None and not (unit and placed):
        return None
    if _HAS_SHOP.search(value):
        return _verdict(cued, 0.5, 0.75, "a shop's unit")
    inside = unit or floor
    if inside and street:
        ground = unit is None and _GROUND.search(value) is not None
        return _verdict(cued, 0.6 if ground else 0.9, 0.95, "unit or floor, and a street with its number")
    if unit and (building or _HAS_BLOCK.search(value)) and (placed or floor):
        return _verdict(cued, 0.85, 0.95, "unit and building" + ", district" * placed)
    if inside and building:
        return _verdict(cued, 0.5, 0.75, "unit or floor of a building")
    if street and _HAS_CODE.search(value):
        return _verdict(cued, 0.75, 0.9, "street with its number, and a post code")
    if street:
        return _verdict(
            cued,
            0.45 if placed else 0.3,
            0.8 if placed else 0.55,
            "a street with its number",
        )
    return _verdict(cued, 0.3, 0.5, "a building" + " and its district" * placed)


def _chinese(candidate: Candidate) -> Verdict | None:
    start, end = _narrowed(candidate)
    value = candidate.text[start:end]
    door = _HAS_DOOR_ZH.search(value)
    rest = value[door.end() :] if door else value
    floor, room = _HAS_FLOOR_ZH.search(rest), _HAS_ROOM_ZH.search(rest)
    placed, built = _OPENS_ZH.match(value) is not None, _HAS_BUILDING_ZH.search(rest) is not None
    cued = _announced(candidate.text, start)
    span = (start, end)
    if _HAS_SHOP_ZH.search(rest):
        return _verdict(cued, 0.5, 0.75, "a shop's unit", span)
    if door and (room or floor):
        ground = room is None and _GROUND.search(rest) is not None
        return _verdict(cued, 0.6 if ground else 0.9, 0.95, "unit or floor, and a street with its number", span)
    if room and built:
        return _verdict(cued, 0.85, 0.95, "unit and building", span)
    if floor and built:
        return _verdict(cued, 0.5, 0.75, "floor of a building", span)
    if door:
        return _verdict(
            cued, 0.45 if placed or built else 0.3, 0.8 if placed or built else 0.55, "a street with its number", span
        )
    return None


def _narrowed(candidate: Candidate) -> tuple[int, int]:
    """The span without what only leads up to the address (a label, a comma, `我住喺`) and without what follows a floor
    and is no room: `二十四樓居住` reads as a building first."""
    text, start, end = candidate.text, candidate.start, candidate.end
    if lead := _LEADS.match(text, start, end):
        start = lead.end()
        head = _RUN.match(text, start, end)
        words = head.group() if head else ""
        opens = _OPENS_ZH.search(words)
        said = _FUNCTION.match(words[: opens.start()] if opens else words)
        start += opens.start() if opens else said.end() if said else 0
    floors = [floor.end() for floor in _HAS_FLOOR_ZH.finditer(text, start, end)]
    if floors and not _ROOMS_ZH.fullmatch(text, floors[-1], end):
        end = floors[-1]
    return start, end


def _lot(candidate: Candidate) -> Verdict | None:
    return _verdict(_announced(candidate.text, candidate.start), 0.65, 0.85, "a lot in a demarcation district")


def _verdict(cued: bool, alone: float, announced: float, evidence: str, span: tuple[int, int] | None = None) -> Verdict:
    return Verdict(announced if cued else alone, evidence + ", announced" * cued, span=span)


# What an address cannot do without: the lists of places are looked for only where that is.
_TRIGGER = rf"{_UNIT}|{_FLOOR}|{_BLOCK}|[A-Za-z'-] (?:{_STREETS})|Broadway"
_TRIGGER_ZH = rf"[0-9A-Z〇零一二三四五六七八九十百廿卅兩两] ?[號号弄巷]|{_FLOOR_ZH}|{_ROOM_ZH}"

_PATTERNS: tuple[Pattern, ...] = (
    Pattern("english", KIND, _ENGLISH, _english, trigger=_TRIGGER),
    Pattern("chinese", KIND, _CHINESE, _chinese, trigger=_TRIGGER_ZH),
    Pattern("lot", KIND, _LOT, _lot, trigger=r"in (?:D\.? ?D\.?|DD) ?\d"),
    Pattern("lot_chinese", KIND, _LOT_ZH, _lot, trigger=r"(?:丈量約份|丈量约份|DD ?)第? ?\d"),
)


class Addresses:
    """Detector `leakage.addresses`; see the module's rules."""

    name = "leakage.addresses"
    kinds: tuple[str, ...] = (KIND,)
    unit = Unit.SPAN
    heavy = False
    patterns: Sequence[Pattern] = _PATTERNS

    def load(self) -> None:
        """Nothing to make ready."""
