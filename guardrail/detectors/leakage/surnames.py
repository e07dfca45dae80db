"""Common Chinese family names: characters in both scripts, and how Hong Kong, Macao and the Mainland spell them.

Rules: a list of our own, of names that are common in Hong Kong and on the Mainland, so that nothing is fetched.  A name
that is missing is simply no evidence; a name that is also an ordinary word (`He`, `Long`, `Man`, 高, 金) is in the list
all the same, for a caller must ask for more than the family name.  Spellings are lower case and without tone marks.
"""


def _split(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CHARACTERS = (
    "陳陈林黃黄李張张王吳吴劉刘梁何楊杨鄭郑謝谢郭周葉叶鄧邓馮冯蔡曾朱許许羅罗蘇苏胡潘鍾锺钟廖徐馬马盧卢余江杜麥麦方唐"
    "袁龍龙莫歐欧沈趙赵孫孙鄺邝譚谭關关溫温簡简賴赖洪呂吕彭蕭萧丁簫游尹魏汪戴范范任陸陆姚石湯汤韓韩宋薛易凌區区崔施顏颜"
    "翁黎霍嚴严傅古文招甘伍司成佘佟池冼利阮孔白董高金程田史侯邱丘倪葛祝常柯柳殷孟章詹夏熊岑車车尤康鄒邹賀贺聶聂藍蓝雷"
    "錢钱顧顾秦邵萬万段郝武喬乔龔龚牛樊齊齐管包畢毕安辛左俞裴童申葵單单季屈艾盛卓翟駱骆覃商牟路饒饶毛向莊庄費费於于房"
    "巫郎柴寇談谈蒙滕連连植解應应卜景鮑鲍班苗仇勞劳容辜褚倫伦嵇吉項项穆鈕钮梅竇窦岳婁娄耿焦蔣蒋涂塗仲封虞狄米明臧計计"
    "伏戚奚姜紀纪舒祁席麻強强賈贾危顓郗辛闞阚那簡饶空沙乜養养鞠須须豐丰巢蒯查后荊荆紅红游竺權权逯蓋盖益桓公仉督晉晋楚"
    "閆阎閻闫肖付戈冷谷苟晏柏水靳卞尚巩鞏邢郁毋湛宗宣鄔邬鄂鄢隋敖敬蔚藺蔺諶谌譙谯瞿曲曹庞龐孙遲迟闕阙"
)
CHARACTERS = frozenset(_CHARACTERS)
"""Family names of one character."""

COMPOUND = _split(
    "歐陽 欧阳 司徒 上官 諸葛 诸葛 司馬 司马 夏侯 皇甫 尉遲 尉迟 公孫 公孙 "
    "慕容 令狐 東方 东方 西門 西门 南宮 南宫 長孫 长孙 宇文 司空 端木 獨孤 "
    "独孤 申屠 澹臺 澹台 軒轅 轩辕 鍾離 钟离 淳于 太史 百里 呼延 "
)
"""Family names of two characters."""

HONG_KONG = _split(
    "au auyeung au-yeung bao but chai cham chan chang chau che cheng cheong cheuk cheung chiang chik chim chin "
    "ching chiu cho choi chong chow choy chu chuen chui chun chung dang ding eng fan fok fong foo fu fung gan har "
    "hau heung ho hon hong hsu huen hui hung hwang ip kam kan kei keung kiu ko kok kong koo kung kwan kwek kwok "
    "kwong lai lam lau law lee leong leung lew li liang lim lin ling liu lo loi lok loke loo louie lu luk lui lum "
    "lun lung ma mak man mark mo mock mok moy mui muk mung ng ngai ngan ngo ngok on ong ou ou-yang ouyang pak "
    "pang pau pong poon pun sam see seto shek sheung shiu shum shun sik sin sit situ siu so soo suen sum sung sze "
    "sze-to szeto sy tai tak tam tan tang tao tik tin ting tip to tong tsai tsang tse tseng tsim tso tsoi tsou "
    "tsui tsung tuen tung wah wai wan wat wen wing wong woo wu wun yam yan yap yau yee yeung yik yim yin ying yip "
    "yiu young yu yue yuen yung"
)
"""Spellings of Hong Kong, Macao and the communities that came through them (Cantonese, Hokkien, Teochew, Hakka)."""

PINYIN = _split(
    "ai an bai ban bao bi bian bo bu cai cao cen chai chang che chen cheng chi chu cui dai deng di ding dong dou "
    "du duan fan fang fei feng fu gan gao ge geng gong gou gu guan gui guo han hao he hong hou hu hua huang huo "
    "ji jia jian jiang jiao jin jing kang ke kong kou kuang lai lan lang lao lei leng li lian liang liao lin ling "
    "liu long lou lu luan luo lv lyu lü ma mai man mao mei meng mi miao ming mo mou mu nie ning niu ou ouyang pan "
    "pang pei peng pi pu qi qian qiao qin qiu qu quan ran rao ren rong ruan sha shan shang shao shen sheng shi "
    "shu shui si sima situ song su sun tan tang tao teng tian tong tu wan wang wei wen weng wu xi xia xian xiang "
    "xiao xie xin xing xiong xu xuan xue yan yang yao ye yi yin ying you yu yuan yue yun zang zeng zha zhai zhan "
    "zhang zhao zhen zheng zhong zhou zhu zhuang zhuge zhuo zong zou zu zuo"
)
"""Spellings in pinyin."""

ROMANISED = HONG_KONG | PINYIN
"""Every spelling, lower case; one with a hyphen keeps it."""
