"""Places by their Chinese names, as far as a closed list tells them from other words (serves `facts_known.py`).

Rules:
1. Chinese writes names without capitals, so that only a list tells them: the states of the world, the provinces and
   larger cities of China, Hong Kong's districts, and the capitals and large cities that news speak of most.  A name
   that is also part of common words is left out (馬里, 多哥, 不丹).
2. Names of one place (澳洲, 澳大利亞) are one; so are what a text may call it without its name (我國, 美方).
3. In Simplified characters, as texts are compared (`sources.plain`); the longest name at a place counts, and none
   inside of what `_NOT_HERE` names.
"""

import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from operator import add

_ONE_PLACE = """
中国 我国 国内 内地 大陆 中方 中华 全国 国产 中美 中日 中英 中俄 中法 中德 中韩 中欧 中非 中央 华人 国家
美国 美方 美军 美元 中美 美籍 美股 美联储 美式 美洲 英美 美英 欧美 白宫 华盛顿 俄美 美俄 日美 美日 韩美 美韩 美中
英国 英方 英军 英镑 英籍 英超 英式 英伦 英格兰 大不列颠 联合王国 中英 英中 英美 美英 英法 法英 伦敦
法国 法方 法军 法籍 法式 法甲 法郎 中法 英法 法德 德法 巴黎
德国 德方 德军 德籍 德式 德甲 西德 东德 中德 法德 德法 柏林
俄罗斯 俄方 俄军 俄国 苏联 俄籍 俄语 中俄 俄中 俄美 美俄 俄乌 莫斯科
日本 日方 日军 日元 日籍 日式 日语 中日 日中 日美 美日 日韩 韩日 东京
韩国 南韩 大韩民国 韩方 韩军 韩元 韩籍 韩式 韩语 中韩 韩中 日韩 韩日 韩美 首尔 汉城
朝鲜 北韩 朝方 平壤
澳大利亚 澳洲 澳方 澳元 悉尼 墨尔本 堪培拉
新西兰 纽西兰
加拿大 加方 加元 加籍 多伦多 温哥华 渥太华
意大利 义大利 意方 意甲 罗马 米兰
西班牙 西甲 马德里 巴塞罗那
葡萄牙 葡方 葡超 葡人 里斯本
荷兰 荷方 荷甲 阿姆斯特丹
比利时 布鲁塞尔
瑞士 瑞郎 日内瓦 苏黎世
瑞典 斯德哥尔摩
挪威 奥斯陆
丹麦 哥本哈根
芬兰 赫尔辛基
冰岛
奥地利 维也纳
波兰 华沙
乌克兰 乌方 乌军 俄乌 基辅
希腊 雅典
土耳其 土方 安卡拉 伊斯坦布尔
伊朗 德黑兰
伊拉克 巴格达
以色列 以方 以军 巴以 以巴 耶路撒冷
巴勒斯坦 巴方 巴以 以巴 加沙
埃及 开罗
叙利亚 叙军 大马士革
沙特阿拉伯 沙特 沙乌地阿拉伯 利雅得
阿联酋 阿拉伯联合酋长国 迪拜 杜拜 阿布扎比
卡塔尔 多哈
南非 约翰内斯堡 开普敦
尼日利亚 奈及利亚
肯尼亚 肯亚 内罗毕
埃塞俄比亚
印度 印方 印军 中印 新德里 孟买
巴基斯坦 巴方 中巴 伊斯兰堡
孟加拉 孟加拉国 达卡
斯里兰卡
尼泊尔 加德满都
阿富汗 喀布尔
越南 河内 胡志明市
泰国 泰方 泰铢 曼谷
新加坡 星洲 狮城
马来西亚 大马 吉隆坡
印度尼西亚 印尼 雅加达
菲律宾 菲方 马尼拉
柬埔寨 金边
老挝 寮国
缅甸 仰光
蒙古国
墨西哥
巴西 里约 圣保罗
阿根廷
智利
秘鲁
哥伦比亚
委内瑞拉
古巴
爱尔兰 都柏林
捷克 布拉格
匈牙利 布达佩斯
罗马尼亚
保加利亚
塞尔维亚
克罗地亚
哈萨克斯坦
香港 港府 港人 本港 香江 港币 港元 特区
澳门 澳人 澳府 特区
台湾 台方 台北 高雄 宝岛 台媒 台军
北京 京城 首都 京津 北平
上海 沪 申城 浦东
天津 京津 津门
重庆 渝
广东 粤
广西 桂
福建 闽
浙江 浙
江苏 苏
山东 鲁
山西 晋
河北 冀
河南 豫
湖北 鄂
湖南 湘
江西 赣
安徽 皖
四川 川 蜀
贵州 黔
云南 滇
陕西 秦
甘肃 陇
青海
新疆 疆
西藏 藏
内蒙古 内蒙 蒙
宁夏 宁
黑龙江 黑
吉林 吉
辽宁 辽
海南 琼
广州 羊城 穗
深圳 鹏城 深港
珠海
东莞
佛山
杭州 杭
南京 金陵 宁
苏州
宁波
温州
福州
厦门
济南
青岛
郑州
武汉 汉
长沙
昆明
贵阳
西安
兰州
银川
西宁
乌鲁木齐
拉萨
哈尔滨
长春
沈阳
大连
石家庄
太原
合肥
南昌
南宁
三亚
成都 蓉
台北 台湾
高雄
沙田
元朗
屯门
荃湾
观塘
旺角
铜锣湾
湾仔
将军澳
青衣
葵涌
天水围
纽约
洛杉矶
旧金山 三藩市
芝加哥
华盛顿 白宫 美国
伦敦
巴黎
东京
大阪
首尔 汉城
柏林
莫斯科
悉尼 雪梨
墨尔本
多伦多
温哥华
罗马
曼谷
吉隆坡
雅加达
马尼拉
迪拜 杜拜
"""
_NOT_HERE = re.compile(
    "发展中国家|中国家|[今昨明当即生每节假平周终整半同次近去来工]日本(?!人|国)|[\\d一二三四五六七八九十]日本|印度洋|[变组构形造完养促达]成都|成都[会是有要能在将]"
    "|罗马(?:数字|尼亚)|古巴比伦|海南(?:部|面|岸|方)|河南(?:岸|面|方)|河北(?:岸|面|方)|湖南(?:岸|面)|山东(?:面|侧)|山西(?:面|侧)|西安(?:全|排|装)|南京(?:东|西)路"
    "|北京时间|上海(?:拔|洋)|青海(?:苔|鲜)|大连(?:锁|续|接|胜)|长春(?:藤|花)|太原(?:始|来)|三亚(?:军)|南昌(?:隆)"
)


@cache
def _places() -> tuple[dict[str, tuple[str, ...]], int]:
    lines = [tuple(line.split()) for line in _ONE_PLACE.strip().splitlines()]
    found = {line[0]: line for line in lines}
    for line in lines:
        for other in line[1:]:
            if other in _OTHER_NAMES:
                found.setdefault(other, line)
    return found, max(map(len, found))


@cache
def _heads() -> frozenset[str]:
    return frozenset(name[:2] for name in _places()[0])


_TEXT_OF_OTHER_NAMES = """
南韩 大韩民国 北韩 澳洲 纽西兰 义大利 沙特 沙乌地阿拉伯 杜拜 奈及利亚 肯亚 印尼 寮国 三藩市 雪梨 联合王国
"""
_OTHER_NAMES = frozenset(_TEXT_OF_OTHER_NAMES.split())
"""Names in the list above, behind the first of a line, that are names of the same place and of nothing else."""


def spoken_of(text: str) -> frozenset[str]:
    """The first names of the places that a `plain` text speaks of, by whichever of their names."""
    lines = {id(line): line for line in _places()[0].values()}
    return frozenset(line[0] for line in lines.values() if any(name in text for name in line))


def places(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """The places that a `plain` text names: start, end, and whatever else a text may call the place.

    >>> [(start, end) for start, end, _ in places("发展中国家与日本公司")]
    [(6, 8)]
    """
    if text.isascii():
        return
    (known, longest), heads = _places(), _heads()
    if heads.isdisjoint(map(add, text, text[1:])):
        return
    barred = deque(match.span() for match in _NOT_HERE.finditer(text))
    at = 0
    while at < len(text) - 1:
        near = text[at : at + 2] in heads
        size = next((n for n in range(longest, 1, -1) if text[at : at + n] in known), 0) if near else 0
        while barred and barred[0][1] <= at:
            barred.popleft()
        if size and not (barred and barred[0][0] < at + size):
            yield at, at + size, known[text[at : at + size]]
        at += max(size, 1)
