"""Which language a text is written in, as far as a Hong Kong service has to tell: one of `LANGUAGES`.

Rules:
1. Scripts are told apart by characters that only one of them has, Cantonese by its function words and characters; no
   model, no statistics, so every answer can be explained by pointing at characters.
2. Chinese with English words in it (`呢個project幾時due`) is Chinese: that is how people write.  Only a text that is
   neither mostly one nor mostly the other is `mixed`.
3. Chinese that has no character of only one script (`你好`) is `zh`; what has no letters at all is `other`.
4. The first `LOOKED_AT` characters decide, so the cost is bounded.
"""

import re
from functools import lru_cache

from guardrail.text.fold import fold

LANGUAGES = ("en", "zh-Hant", "zh-Hans", "yue", "zh", "mixed", "other")
"""English; Chinese in Traditional and in Simplified characters; Cantonese in either; Chinese in characters that both
scripts share; English and Chinese in about equal parts; anything else."""
LOOKED_AT = 1000

_TRADITIONAL = (
    "們這個來說為國學對時會過還開關經點樣無與問間見現發業產動從東長門車書話語請讓讀電視頭體實際應該當種麼裡後"
    "邊歲雖歡樂買賣錢銀價運達遠進連選擇識認記論議證許設計訴詢謝護變類題願顏風飛飯館魚鳥麗黃龍歷壓愛據擔"
    "換揮損擁擇據數斷處號術衛複襲親觀覺訂討訓試詩詳誤調談誰課責費資質趕車軟較輕輛輸辦農適鄉醫釋鐘鐵錄"
    "鋼錯鎮閱陽陰陸階隊隨險難雜雙離靜響頁順須頓領頻額養餐驗驚髮鬥鬧麥齊齒龜嗎媽婦孫寫寶將導專尋層屬島師帶"
    "幫廣廠廳張彈強徑後復徵愛態慶憂懷戰戲執掃揚擊攝敵標樓樹機權殘殺氣決況準溫滿漢濟灣災熱煙燈營環瑪畫畢療"
    "監盡眾睜碼確禮稱穩窮競筆節範簡簽糧級紅紀約純紙細組結絕給統絲維網緊線緩編練縣總績織繼續罰羅聯聲職聽腦臉"
    "臨舉舊葉藝藥蘇蘭虛蟲補裝規訪詞評護豐貓貝負財貨貿賓賴賽輪轉農遲郵釣針鏡閉閃閒陳陣霧預顯騎騙驅鮮鴨"
)
_SIMPLIFIED = (
    "们这个来说为国学对时会过还开关经点样无与问间见现发业产动从东长门车书话语请让读电视头体实际应该当种么"
    "边岁虽欢乐买卖钱银价运达远进连选择识认记论议证许设计诉询谢护变类题愿颜风飞饭馆鱼鸟丽龙历压爱据担"
    "换挥损拥数断处号术卫袭亲观觉订讨训试诗详误调谈谁课责费资质赶软较轻辆输办农适乡医释钟铁录"
    "钢错镇阅阳阴陆阶队随险难杂双离静响页顺须顿领频额养验惊闹麦齐齿龟吗妈妇孙写宝将导专寻层属岛师带"
    "帮广厂厅张弹强径复征态庆忧怀战戏执扫扬击摄敌标楼树机权残杀气决况准温满汉济湾灾热烟灯营环玛画毕疗"
    "监尽众睁码确礼称稳穷竞笔节范简签粮级红纪约纯纸细组结绝给统丝维网紧线缓编练县总绩织继续罚罗联声职听脑脸"
    "临举旧叶艺药苏兰虚虫补装规访词评丰猫贝负财货贸宾赖赛轮转迟邮钓针镜闭闪闲陈阵雾预显骑骗驱鲜鸭"
)
# Of the Simplified characters, those that Traditional texts have as well; and the other way round.
_SHARED = "强范准据烟径复征虫录游后里台干系面只松谷丑余几卷向困斗板才出冬云党千胜于餐黃况决温黄"
_only_traditional = re.compile(f"[{''.join(sorted(set(_TRADITIONAL) - set(_SIMPLIFIED) - set(_SHARED)))}]")
_only_simplified = re.compile(f"[{''.join(sorted(set(_SIMPLIFIED) - set(_TRADITIONAL) - set(_SHARED)))}]")

_SIGNS = (
    "[嘅喺咗冇唔佢哋啲嚟嘢咩嗰咁噉攞瞓諗谂搵揾冚嬲攰嘥乜㗎囉啫喎畀俾哂啱嗌嚿孖黐嘈嘥攬詏噏噚𠺢𡃁𨋢]"
    "|[點点][解做样樣]|[邊边][個个度位種种間间]|呢[個个啲度條条位間间隻只種种]|而家(?![庭人長长裡里])|依家|[鍾钟锺]意|屋企"
    "|[幾几](?:多|耐|常|大[個个])|好耐|返[工學学屋]|收工|食飯未|[傾倾]偈|[係系][咪唔我你幾邊]|[都就真又即淨净]係|仲[有係未會]"
    "|得閒|得闲|[頭头]先|[聽听琴尋寻]日|今日|阿[媽妈爸哥]|靚|靓"
)
_cantonese = re.compile(
    "(?=[嘅喺咗冇唔佢哋啲嚟嘢咩嗰咁噉攞瞓諗谂搵揾冚嬲攰嘥乜㗎囉啫喎畀俾哂啱嗌嚿孖黐嘈嘥攬詏噏噚𠺢𡃁𨋢點点邊边呢而依鍾钟锺屋幾几好返收食傾倾係系"
    f"都就真又即淨净仲得頭头聽听琴尋寻今阿靚靓])(?:{_SIGNS})"
)
"""The signs of Cantonese; in front the characters that they begin with, which is far cheaper to look for."""
_WEAK = re.compile(
    "今日|靚|靓|好耐|[幾几][多大].?|呢[種种]|阿[媽妈爸哥]|[頭头]先|[點点][做样樣]|[聽听]日|系[我你]|收工"
)
"""Of those, what written Chinese has as well: it counts only beside a stronger sign."""

_han = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
_kana = re.compile("[\u3041-\u30fa\u30fd-\u30ff]+")
_latin = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+(?:'[a-z]+)?")
_letter = re.compile(r"[^\W\d_]+")

_ENGLISH_WORDS = """
the be to of and a in that have i it for not on with he as you do at this but his by from they we say her she or an
will my one all would there their what so up out if about who get which go me when make can like time no just him know
take people into year your good some could them see other than then now look only come its over think also back after
use two how our work first well way even new want because any these give day most us is are was were been has had did
does am i'm don't can't please thanks thank hello hi yes why where should write tell explain translate summarise
summarize help need mr mrs ms may might must shall let let's it's what's here more less very
"""
# Of languages that are written in Hong Kong beside English, and of those most often sent to a model.
_OTHER_WORDS = """
ang ng mga sa ako ikaw ka ba po ay hindi ito siya kung para naman kami tayo kumusta salamat magandang paano ano
yang dan di ke dari untuk saya anda tidak adalah ini itu dengan bagaimana apa apakah bisa selamat pagi terima kasih
le la les des une est et je vous nous que qui dans pour avec pas sur bonjour merci comment
el los las una es y en con por qué como cómo para hola gracias está yo usted
der die das und ist ich nicht ein eine mit zu wie sie wir hallo danke bitte auf für
il lo gli che non sono per come ciao grazie della o os um uma não você com obrigado
và của là không cho tôi bạn có được những xin chào
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_ELSEWHERE = frozenset(_OTHER_WORDS.split()) - _ENGLISH


def language(text: str) -> str:
    """The language of `text`, one of `LANGUAGES`.

    >>> language("點解佢哋唔可以申請?"), language("为什么他们不能申请?"), language("Why can't they apply?")
    ('yue', 'zh-Hans', 'en')
    """
    return _language(text[:LOOKED_AT])


@lru_cache(8)  # several findings of one sentence ask one after the other
def _language(text: str) -> str:
    looked = fold(text).text
    if looked.isascii():
        return _of_words(looked, 0)
    han, kana, letters = _count(_han, looked), _count(_kana, looked), _count(_letter, looked)
    latin = _latin.findall(looked)
    elsewhere = letters - han - kana - sum(map(len, latin))
    if kana * 8 > han + kana or elsewhere * 3 > letters:
        return "other"
    if han * 2 >= 3 * len(latin):
        return _of_han(looked, han) if han else "other"
    return "mixed" if han * 6 > len(latin) else _of_words(looked, elsewhere)


def _count(runs: re.Pattern[str], text: str) -> int:
    """How many characters stand in runs of a sort."""
    return sum(map(len, runs.findall(text)))


def script(text: str) -> str:
    """`Hant` or `Hans`, the script that most characters of only one of them belong to; "" where none tells."""
    traditional, simplified = len(_only_traditional.findall(text)), len(_only_simplified.findall(text))
    if traditional == simplified:
        return ""
    return "Hant" if traditional > simplified else "Hans"


def _of_han(text: str, han: int) -> str:
    signs = _cantonese.findall(text)
    strong = sum(_WEAK.fullmatch(sign) is None for sign in signs)
    if strong and (strong + len(signs)) * 15 >= han:
        return "yue"
    return {"Hant": "zh-Hant", "Hans": "zh-Hans"}.get(script(text), "zh")


def _of_words(text: str, elsewhere: int) -> str:
    words = [word.lower() for word in _latin.findall(text)]
    if not words:
        return "other"
    english = sum(word in _ENGLISH for word in words)
    others = sum(word in _ELSEWHERE for word in words)
    if english or others:
        return "en" if english > others and english * 12 >= len(words) else "other"
    return "en" if len(words) <= 8 and all(word.isascii() for word in words) else "other"
