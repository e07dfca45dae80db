"""Units that convert into one another, so that `1/2 cup = 120 ml` is not taken for wrong (serves `arithmetic.py`).

Rule: nothing is converted here.  The table only tells which units measure the same thing, and by which factors they
commonly differ; an equation that mixes two of them is not judged.
"""

_DIMENSIONS: dict[str, tuple[str, ...]] = {
    "time": (
        "ms", "s sec secs second seconds 秒 秒鐘 秒钟", "min mins minute minutes 分鐘 分钟",
        "h hr hrs hour hours 小時 小时 鐘頭 钟头 個鐘 粒鐘", "day days 日 天", "week weeks 週 周 星期 禮拜 礼拜",
        "month months 月 個月 个月", "year years yr yrs 年", "decade decades", "century centuries 世紀 世纪",
    ),
    "length": (
        "mm millimeter millimeters 毫米", "cm centimeter centimeters centimetres 厘米 釐米 公分", "dm",
        "m meter meters metre metres 米 公尺", "km kilometer kilometers kilometres 公里 千米", "inch inches 吋 寸 英寸",
        "ft foot feet 呎 英尺 尺", "yard yards yd 碼 码", "mile miles mi 哩 英里", "里",
    ),
    "mass": (
        "mg 毫克", "g gram grams 克", "kg kilogram kilograms 公斤 千克", "t ton tons tonne tonnes 噸 吨",
        "lb lbs pound pounds 磅", "oz ounce ounces 安士 盎司", "斤", "兩 两",
    ),
    "volume": (
        "ml milliliter milliliters 毫升", "cl", "dl", "l liter liters litre litres 升 公升", "cup cups 杯",
        "tsp teaspoon teaspoons 茶匙", "tbsp tablespoon tablespoons 湯匙 汤匙", "pint pints", "quart quarts",
        "gallon gallons 加侖 加仑", "m³", "cm³",
    ),
    "area": (
        "m² sqm 平方米", "cm² 平方厘米", "km² 平方公里", "ha hectare hectares 公頃 公顷", "acre acres 英畝 英亩",
        "sqft 平方呎 平方英尺",
    ),
    "money": (
        "$ ¥ € £ dollar dollars usd hkd rmb cny 元 蚊 圓 块 塊 美元 港元 港幣", "cent cents c ¢ p 分 仙", "毫 角",
        "k", "b",
    ),
    "data": ("bit bits", "byte bytes", "kb", "mb", "gb", "tb"),
    "angle": ("° degree degrees 度", "rad radian radians"),
    "heat": ("°c 攝氏", "°f 華氏", "kelvin"),
    "count": ("dozen dozens 打", "pair pairs 對 对 雙 双", "percent %"),
    "energy": ("j joule joules", "kj", "cal", "kcal", "w", "kw", "wh", "kwh"),
}  # fmt: skip
_UNIT: dict[str, tuple[str, int]] = {
    word: (dimension, place)
    for dimension, groups in _DIMENSIONS.items()
    for place, group in enumerate(groups)
    for word in group.split()
}
_LONGEST = max(map(len, _UNIT))

FACTORS = frozenset({7, 12, 16, 24, 30, 36, 52, 60, 100, 365, 1000, 1440, 3600, 10_000, 86_400, 1_000_000})
"""By which units of one dimension commonly differ; a result off by exactly one of them names another unit."""

LETTERS = frozenset("gmLlshtcpbWVANJKCFMkB")
"""Single letters that may be a unit; any other letter beside a number is a variable."""


def is_unit(word: str) -> bool:
    """Whether a word is exactly the name of a known unit."""
    return word.lower() in _UNIT


def measure(word: str) -> tuple[str, int] | None:
    """What a word measures and in which unit, None for a word that is no known measure.

    A run of Chinese is looked up by its longest known beginning, since `分鐘後` still means minutes.

    >>> measure("Feet"), measure("小時車程") == measure("hours"), measure("apples")
    (('length', 6), True, None)
    """
    lower = word.lower()
    if lower in _UNIT or lower.isascii():
        return _UNIT.get(lower)
    for length in range(min(len(lower), _LONGEST), 0, -1):
        if lower[:length] in _UNIT:
            return _UNIT[lower[:length]]
    return None
