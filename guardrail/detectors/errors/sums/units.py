"""Units by the names that answers write, with their exact worth (serves `conversions.py`).

Rules:
1. A name has one worth for each meaning it may have: 斤 in Hong Kong, on the mainland and in Taiwan, an American and an
   imperial gallon, a thousand and 1024 bytes.
2. Factors are exact by definition: the international yard and pound agreement of 1959 (1 yd = 0.9144 m, 1 lb =
   0.45359237 kg), SI for the rest (BIPM, The International System of Units, 9th ed.); the Hong Kong catty is
   0.60478982 kg and the tael a sixteenth of it, 37.79936375 g (Weights and Measures Ordinance, Cap. 68).  On the
   mainland the 斤 is 500 g and the 兩 50 g (the Customs and Excise Department sets 1 kg = 2 市斤 beside 1.65 catties in
   its advice to consumers), in Taiwan 600 g and 37.5 g.
"""

from fractions import Fraction

F = Fraction
_CATTY, _TAEL = F("0.60478982"), F("0.03779936375")
UNITS: dict[str, tuple[str, tuple[Fraction, ...]]] = {
    # length in metres
    "mm millimetre millimeter 毫米 公釐": ("length", (F("0.001"),)),
    "cm centimetre centimeter 厘米 釐米 公分": ("length", (F("0.01"),)),
    "m metre meter 米 公尺": ("length", (F(1),)),
    "km kilometre kilometer 公里 千米": ("length", (F(1000),)),
    "in inch inches 吋 英寸 英吋": ("length", (F("0.0254"),)),
    "ft foot feet 英尺 英呎": ("length", (F("0.3048"),)),
    "yd yard 碼 码": ("length", (F("0.9144"),)),
    "mi mile 哩 英里 英哩": ("length", (F("1609.344"),)),
    "nautical-mile 海里 浬": ("length", (F(1852),)),
    # mass in kilograms
    "mg milligram 毫克": ("mass", (F("0.000001"),)),
    "g gram 克": ("mass", (F("0.001"),)),
    "kg kilo kilogram 公斤 千克": ("mass", (F(1),)),
    "t tonne 公噸 公吨": ("mass", (F(1000),)),
    "ton 噸 吨": ("mass", (F(1000), F("907.18474"), F("1016.0469088"))),
    "lb pound 磅": ("mass", (F("0.45359237"),)),
    "oz ounce 安士 盎司": ("mass", (F("0.028349523125"), F("0.0311034768"), _TAEL)),
    "stone 英石": ("mass", (F("6.35029318"),)),
    "catty catties 司馬斤 港斤": ("mass", (_CATTY,)),
    "斤": ("mass", (_CATTY, F("0.5"), F("0.6"))),
    "市斤": ("mass", (F("0.5"),)),
    "台斤 臺斤": ("mass", (F("0.6"),)),
    "tael 司馬兩": ("mass", (_TAEL,)),
    "兩 两": ("mass", (_TAEL, F("0.05"), F("0.0375"))),
    # area in square metres
    "m² m2 m^2 sqm sq-m square-metre square-meter 平方米 平方公尺": ("area", (F(1),)),
    "km² km2 km^2 sq-km square-kilometre square-kilometer 平方公里": ("area", (F(1_000_000),)),
    "ft² ft2 ft^2 sqft sq-ft square-feet square-foot 平方呎 平方英尺 方呎": ("area", (F("0.09290304"),)),
    "sq-mi square-mile 平方英里 平方哩": ("area", (F("2589988.110336"),)),
    "ha hectare 公頃 公顷": ("area", (F(10_000),)),
    "acre 英畝 英亩": ("area", (F("4046.8564224"),)),
    # volume in litres
    "ml millilitre milliliter 毫升": ("volume", (F("0.001"),)),
    "l litre liter 公升 升": ("volume", (F(1),)),
    "gallon gal 加侖 加仑": ("volume", (F("3.785411784"), F("4.54609"))),
    "pint 品脫 品脱": ("volume", (F("0.473176473"), F("0.56826125"))),
    "quart": ("volume", (F("0.946352946"), F("1.1365225"))),
    "fl-oz fluid-ounce 液量安士": ("volume", (F("0.0295735295625"), F("0.0284130625"))),
    # time in seconds
    "s sec second 秒 秒鐘 秒钟": ("time", (F(1),)),
    "min minute 分鐘 分钟": ("time", (F(60),)),
    "h hr hour 小時 小时 鐘頭 钟头 個小時 个小时 個鐘頭 個鐘": ("time", (F(3600),)),
    "day 日 天": ("time", (F(86_400),)),
    "week 星期 個星期 个星期 週 周": ("time", (F(604_800),)),
    # speed in metres a second
    "km/h kmh kph 公里/小時 公里每小時 公里/小时": ("speed", (F(1000, 3600),)),
    "mph 英里/小時 英里每小時 哩/小時": ("speed", (F("1609.344") / 3600,)),
    "m/s 米/秒 米每秒": ("speed", (F(1),)),
    # data in bytes
    "kb": ("data", (F(1000), F(1024))), "mb": ("data", (F(1000) ** 2, F(1024) ** 2)),
    "gb": ("data", (F(1000) ** 3, F(1024) ** 3)), "tb": ("data", (F(1000) ** 4, F(1024) ** 4)),
}  # fmt: skip
BY_NAME: dict[str, tuple[str, tuple[Fraction, ...]]] = {}
for _names, _kind in UNITS.items():
    for _name in _names.split():
        BY_NAME[_name.replace("-", " ")] = _kind
        if _name.isascii() and _name.isalpha() and len(_name) > 2 and not _name.endswith(("es", "feet")):
            BY_NAME[f"{_name}s"] = _kind
_MORE = {
    "lbs": "lb", "hrs": "hr", "square kilometres": "sq km", "fluid ounces": "fl oz", "nautical miles": "nautical mile",
    "sq. ft.": "sq ft", "sq. ft": "sq ft", "square metres": "square metre", "square meters": "square meter",
    "square kilometers": "square kilometer", "square miles": "square mile",
}  # fmt: skip
BY_NAME.update({name: BY_NAME[other] for name, other in _MORE.items()})
HEAT = {
    "°c": "C", "℃": "C", "°f": "F", "℉": "F", "degrees celsius": "C", "degrees fahrenheit": "F", "celsius": "C",
    "fahrenheit": "F", "攝氏度": "C", "摄氏度": "C", "華氏度": "F", "华氏度": "F", "攝氏": "C", "華氏": "F",
}  # fmt: skip
# 呎 is a square foot beside an area; 尺 may also be the 市尺, a third of a metre, or the old foot of Hong Kong.
AREA_ONLY: dict[str, tuple[tuple[str, tuple[Fraction, ...]], ...]] = {
    "呎": (("area", (F("0.09290304"),)), ("length", (F("0.3048"),))),
    "尺": (("area", (F("0.09290304"),)), ("length", (F("0.3048"), F(1, 3), F("0.371475")))),
}
