"""Words of opposite meaning, English and Chinese: one in the place of the other makes a sentence say the contrary.

Rules:
1. English pairs are compared by stem, so each stands once for all its inflections; Chinese is written in Simplified
   characters, which `sources.plain` reads Traditional as.
2. Written for this purpose from everyday vocabulary; a pair is listed where one word for the other nearly always turns
   the statement round.  Words with many meanings (`light`, `right`) are left out.
"""

from guardrail.detectors.errors.grounding.sources import stem

_ENGLISH = """
increase decrease, increase reduce, increase fall, increase drop, increase decline, rise fall, rise drop, rise decline,
grow shrink, gain lose, win lose, victory defeat, success failure, succeed fail, successful unsuccessful, open close,
start end, start stop, start finish, begin end, begin finish, begin stop, continue stop, accept reject, accept refuse,
accept decline, agree disagree, agreement disagreement, allow forbid, allow ban, allow prohibit, allow prevent, permit
forbid, permit prohibit, approve reject, approve disapprove, support oppose, supporter opponent, love hate, like
dislike,
buy sell, purchase sell, lend borrow, import export, arrive leave, arrive depart, enter exit, enter leave, join leave,
push pull, raise lower, lift lower, build destroy, create destroy, admit deny, confirm deny, include exclude, connect
disconnect, appear disappear, attack defend, remember forget, find lose, save waste, save spend, give take, send
receive,
ask answer, teach learn, borrow return, live die, birth death, alive dead, bear kill, marry divorce, guilty
innocent, legal
illegal, possible impossible, likely unlikely, able unable, correct incorrect, true false, real fake, same different,
similar different, good bad, better worse, best worst, high low, higher lower, highest lowest, big small, large small,
bigger smaller, larger smaller, largest smallest, biggest smallest, great little, tall short, long short, longer
shorter,
longest shortest, wide narrow, deep shallow, heavy light, thick thin, fast slow, faster slower, quick slow,
quickly slowly,
early late, earlier later, earliest latest, old new, old young, older younger, oldest youngest, older newer, first last,
former latter, ancient modern, hot cold, hotter colder, warm cool, wet dry, hard soft, hard easy, difficult easy, strong
weak, stronger weaker, rich poor, cheap expensive, full empty, clean dirty, safe dangerous, healthy sick, happy sad,
positive negative, public private, major minor, majority minority, maximum minimum, more less, more fewer, most least,
most fewest, many few, always never, often rarely, often seldom, frequently rarely, usually rarely, all none, everyone
nobody, everything nothing, some none, above below, over under, before after, inside outside, indoor outdoor, internal
external, upper lower, top bottom, front back, left right, north south, east west, northern southern, eastern western,
northeast southwest, northwest southeast, urban rural, male female, man woman, men women, boy girl, father mother, son
daughter, brother sister, husband wife, king queen, uncle aunt, mr mrs, he she, his her, him her, day night, morning
evening, summer winter, spring autumn, domestic foreign, national international, local national, local global, ascend
descend, forward backward, forwards backwards, ahead behind, advantage disadvantage, benefit harm, beneficial harmful,
profit loss, asset liability, income expense, demand supply, cause effect, question answer, friend enemy, ally
enemy, hero
villain, leader follower, winner loser, employer employee, teacher student, doctor patient, buyer seller, expand
contract,
extend shorten, strengthen weaken, improve worsen, encourage discourage, praise criticize, praise criticise, hire fire,
promote demote, present absent, visible invisible, famous unknown, common rare, simple complex, single multiple,
temporary
permanent, active passive, voluntary compulsory, optional mandatory, optional compulsory, natural artificial,
solid liquid,
vertical horizontal, odd even, with without, pass fail, optimistic pessimistic, conservative liberal, peace war, victory
loss, defeat beat, ascent descent, surplus deficit, shortage surplus, abundant scarce, partial complete, partly fully,
directly indirectly, together separately, remain leave, keep lose, retain lose, protect harm, reveal hide,
sunrise sunset
"""
_CHINESE = """
增加减少 增加下降 增长下降 上升下降 上升下跌 上涨下跌 升高降低 提高降低 提升降低 扩大缩小 增强减弱 加强削弱
加快放缓 加速减速
成功失败 胜利失败 获胜落败 赢输 胜负 胜败 支持反对 同意反对 同意拒绝 接受拒绝 赞成反对 允许禁止 批准否决
批准拒绝 肯定否定 承认否认
开始结束 开始停止 开放关闭 打开关闭 开启关闭 启动停止 开幕闭幕 继续停止 进入离开 加入退出 到达离开 出现消失
建立取消 保留取消 买卖
购买出售 买入卖出 进口出口 收入支出 盈利亏损 利润亏损 顺差逆差 需求供应 最高最低 最大最小 最多最少 最长最短
最早最晚 最好最差
最新最旧 最快最慢 最强最弱 首次末次 首个最后 第一最后 第一倒数 之前之后 以前以后 以上以下 以内以外 之内之外
高于低于 多于少于 大于小于
早于晚于 超过不足 超过低于 提前推迟 提早延迟 上午下午 早上晚上 白天夜晚 上半下半 男性女性 男女 父母 儿子女儿
丈夫妻子 哥哥弟弟
姐姐妹妹 东西 南北 东南西北 东部西部 南部北部 东方西方 南方北方 国内国外 国内国际 境内境外 本地海外 室内室外
城市农村 公共私人 公开秘密
合法非法 有利不利 有效无效 有罪无罪 安全危险 健康患病 积极消极 主动被动 乐观悲观 正面负面 正确错误 真假 优势劣势
优点缺点
好坏 大小 高低 长短 多少 快慢 新旧 强弱 轻重 冷热 干湿 深浅 远近 早晚 贵贱 便宜昂贵 富裕贫穷 先进落后 简单复杂
容易困难 全部部分
全部没有 所有没有 经常很少 总是从不 永久临时 长期短期 直接间接 内外 前后 上下 左右 升降 升跌 涨跌 加减 进出 生死
攻守 古今 主要次要
多数少数 热门冷门 吸引排斥 喜欢讨厌 鼓励劝阻 保护破坏 团结分裂 和平战争 朋友敌人 起点终点 春秋 夏冬 夏季冬季
春季秋季 上游下游
上层下层 顶部底部 年轻年老 年长年幼 古代现代 传统现代 天然人工 公立私立 必须不必 必修选修 晴雨 浓淡 粗细 厚薄 宽窄 满空
"""


def _english() -> frozenset[tuple[str, str]]:
    pairs = (tuple(stem(word) for word in pair.split()) for pair in _ENGLISH.replace("\n", " ").split(","))
    return frozenset(both for a, b in pairs if a != b for both in ((a, b), (b, a)))


def _chinese() -> frozenset[tuple[str, str]]:
    halves = ((pair[: len(pair) // 2], pair[len(pair) // 2 :]) for pair in _CHINESE.split() if len(pair) % 2 == 0)
    return frozenset(both for a, b in halves for both in ((a, b), (b, a)))


PAIRS = _english()
"""Stems of English words that are opposites, both ways."""
HAN = _chinese()
"""Chinese words of one to three characters that are opposites, both ways."""


def _by_word(pairs: frozenset[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
    return {word: frozenset(others) for word, others in found.items()}


CONTRARIES = _by_word(PAIRS)
"""The opposites of each English stem."""
HAN_CONTRARIES = _by_word(frozenset(pair for pair in HAN if len(pair[0]) == 2))
"""The opposites of each Chinese word of two characters."""


def opposite(one: str, other: str) -> bool:
    """Whether two words, as compared, are opposites.

    >>> opposite(stem("rising"), stem("fell")), opposite("增加", "减少"), opposite("film", "movi")
    (True, True, False)
    """
    if (one, other) in PAIRS or (one, other) in HAN:
        return True
    for prefix in ("un", "in", "im", "il", "ir", "dis", "non"):
        for long, short in ((one, other), (other, one)):
            if len(short) > 3 and long == prefix + short:
                return True
    return False
