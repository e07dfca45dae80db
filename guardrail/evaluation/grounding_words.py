"""Words that the generator of edits changes: synonyms and opposites, months, nations and places, English and Chinese.

Rules:
1. Written by hand for this purpose; a synonym is one in nearly every sentence, an opposite makes nearly every sentence
   untrue.  Words that are neither by themselves ("light", "right", 「上」) are left out.
2. Chinese is written in Traditional characters; the Simplified forms are derived from them.
"""


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`a/b, c/d` as pairs."""
    entries = (" ".join(one.split()).split("/") for one in text.split(","))
    return tuple((left.strip(), right.strip()) for left, right in entries)


def _listed(text: str) -> tuple[str, ...]:
    """Words between blanks."""
    return tuple(text.split())


SYNONYMS_EN = _pairs("""
film/movie, movie/film, located/situated, started/began, began/started, begins/starts, starts/begins,
also known as/also called, also called/also known as, large/big, big/large, well-known/famous,
famous/well-known, renowned/celebrated, several/a number of, various/different, different/various,
important/significant, significant/important, helps/assists, helped/assisted, helping/assisting,
shows/demonstrates, showed/demonstrated, used/employed, uses/employs, using/employing, allow/enable,
allows/enables, allowed/enabled, allowing/enabling, provide/offer, provides/offers, provided/offered,
providing/offering, create/produce, creates/produces, creating/producing, people/individuals,
individuals/people, however/nevertheless, additionally/furthermore, furthermore/moreover, moreover/in addition,
therefore/consequently, approximately/about, company/firm, firm/company, currently/at present,
initially/at first, originally/at first, subsequently/later, ultimately/in the end, primarily/mainly,
mainly/primarily, mostly/mainly, frequently/often, often/frequently, usually/normally, typically/usually,
generally/in general, especially/particularly, particularly/especially, obtain/get, purchased/bought,
buy/purchase, bought/purchased, require/need, requires/needs, required/needed, ensure/make sure,
ensures/makes sure, children/kids, kids/children, author/writer, writer/author, physician/doctor,
doctor/physician, attorney/lawyer, lawyer/attorney, automobile/car, car/automobile, city/town, country/nation,
nation/country, mistake/error, goal/aim, goals/aims, method/approach, methods/approaches, issues/problems,
choose/select, chooses/selects, chose/selected, include/comprise, includes/comprises, consists of/comprises,
contains/includes, build/construct, built/constructed, building/constructing, happen/occur, happens/occurs,
happened/occurred, occur/happen, occurs/happens, occurred/took place, attempts/tries, attempted/tried,
ended/finished, completed/finished, quickly/rapidly, rapidly/quickly, rapid/fast, difficult/hard,
beautiful/lovely, essential/vital, vital/essential, crucial/vital, main/principal, unique/distinctive,
popular/well-liked, influential/powerful, lives/resides, lived/resided, died/passed away, passed away/died,
said/stated, stated/said, says/states, told/informed, received/got, won/was awarded, appeared in/featured in,
served as/worked as, worked as/served as, based in/headquartered in, headquartered in/based in,
according to/as stated by, because of/due to, due to/because of, because/since, although/though, while/whereas,
whereas/while, such as/for example, for instance/for example, for example/for instance, in order to/to,
a variety of/many kinds of, a wide range of/many, as well as/and also, throughout/all through,
during/in the course of, prior to/before, enhance/improve, enhances/improves, consider/think about,
reduce/lower, reduces/lowers, reducing/lowering, increase/raise, increases/raises, increasing/raising,
decrease/reduce, gather/collect, collect/gather, entire/whole, whole/entire, correct/right, wrong/incorrect,
perhaps/maybe, maybe/perhaps, close to/near, sometimes/at times, rarely/seldom, seldom/rarely, almost/nearly,
nearly/almost, additional/extra, extra/additional, previous/earlier, former/previous, annual/yearly,
yearly/annual, wealthy/rich, rich/wealthy, huge/enormous, enormous/huge, tiny/very small, smart/clever,
dangerous/hazardous, harmful/damaging, beneficial/helpful, helpful/useful, useful/helpful, simple/easy,
easy/simple, ill/sick, sick/ill, baby/infant, teacher/instructor, students/pupils, movie star/film star,
actor/performer, spouse/partner, physicist/physics researcher, collaborated/worked together, established/set up,
created/made, formed/set up, discovered/found, invented/devised, resides/lives, contributes/adds,
demonstrates/shows, indicates/shows, suggests/indicates, believes/thinks, believed/thought, believe/think,
remains/stays, remained/stayed, permits/lets, continues/goes on, continued/went on, maintain/keep,
maintains/keeps, maintaining/keeping, achieve/reach, achieves/reaches, regarding/about
""")
"""What says the same; whole words, from left to right."""

OPPOSITES_EN = _pairs("""
first/last, last/first, before/after, after/before, increase/decrease, increases/decreases, increased/decreased,
increasing/decreasing, decrease/increase, decreases/increases, decreased/increased, decreasing/increasing,
more/less, less/more, most/least, least/most, higher/lower, high/low, low/high, highest/lowest, lowest/highest,
larger/smaller, smaller/larger, large/small, small/large, largest/smallest, smallest/largest, bigger/smaller,
big/small, long/short, short/long, longer/shorter, shorter/longer, longest/shortest, older/younger,
younger/older, old/young, oldest/youngest, youngest/oldest, early/late, late/early, earlier/later,
earliest/latest, male/female, female/male, men/women, women/men, man/woman, woman/man, boy/girl, girl/boy,
father/mother, mother/father, brother/sister, sister/brother, son/daughter, daughter/son, husband/wife,
wife/husband, actor/actress, actress/actor, king/queen, queen/king, northern/southern, southern/northern,
north/south, south/north, eastern/western, western/eastern, east/west, west/east, always/never, never/always,
often/rarely, frequently/rarely, rarely/often, all/none of, everyone/no one, many/few, few/many,
positive/negative, negative/positive, good/bad, bad/good, better/worse, worse/better, best/worst, worst/best,
easy/difficult, difficult/easy, easier/harder, simple/complicated, complex/simple, possible/impossible,
impossible/possible, legal/illegal, illegal/legal, safe/dangerous, dangerous/safe, healthy/unhealthy,
unhealthy/healthy, successful/unsuccessful, unsuccessful/successful, success/failure, failure/success,
successfully/unsuccessfully, won/lost, lost/won, winning/losing, win/lose, winner/loser, accepted/rejected,
rejected/accepted, accept/reject, agreed/disagreed, allowed/forbidden, allows/prevents, allow/prevent,
allowing/preventing, enables/prevents, enable/prevent, support/oppose, supports/opposes, supported/opposed,
supporting/opposing, opposed/supported, include/exclude, includes/excludes, included/excluded,
including/excluding, with/without, without/with, inside/outside, outside/inside, above/below, below/above,
over/under, indoor/outdoor, outdoor/indoor, public/private, private/public, public/secret, urban/rural,
rural/urban, domestic/foreign, foreign/domestic, national/local, internal/external, external/internal,
natural/artificial, artificial/natural, hot/cold, cold/hot, warm/cool, wet/dry, dry/wet, strong/weak,
weak/strong, stronger/weaker, rich/poor, poor/rich, wealthy/poor, cheap/expensive, expensive/cheap, fast/slow,
slow/fast, quickly/slowly, slowly/quickly, rapidly/slowly, new/old, modern/ancient, ancient/modern, open/closed,
opened/closed, closed/opened, started/ended, ended/started, begins/ends, began/ended, born/buried, alive/dead,
dead/alive, living/dead, common/rare, rare/common, popular/unpopular, famous/unknown, well-known/little-known,
professional/amateur, amateur/professional, major/minor, minor/major, main/minor, maximum/minimum,
minimum/maximum, majority/minority, minority/majority, improve/worsen, improves/worsens, improved/worsened,
improving/worsening, reduce/increase, reduces/increases, reduced/increased, reducing/increasing,
strengthen/weaken, enhance/weaken, helps/hinders, help/hinder, benefits/harms, beneficial/harmful,
harmful/beneficial, advantage/disadvantage, advantages/disadvantages, disadvantages/advantages, true/false,
false/true, correct/incorrect, incorrect/correct, same/opposite, similar/dissimilar, different/identical,
equal/unequal, necessary/unnecessary, important/unimportant, essential/needless, significant/insignificant,
effective/ineffective, efficient/inefficient, able to/unable to, unable to/able to, loved/hated, love/hate,
happy/sad, happiness/sadness, joy/sorrow, friend/enemy, friends/enemies, war/peace, peace/war, attack/defence,
victory/defeat, defeat/victory, defeated/was defeated by, bought/sold, sold/bought, buying/selling, gain/loss,
loss/gain, profit/loss, rise/fall, rose/fell, fell/rose, rising/falling, raise/lower, upper/lower, top/bottom,
front/back, left/right, north-east/south-west, former/present, present/absent, temporary/permanent,
permanent/temporary, single/married, married/unmarried, adult/child, adults/children, parents/children,
upward/downward, forward/backward, include/omit, remember/forget, encourage/discourage, encourages/discourages,
encouraged/discouraged, trust/distrust, honest/dishonest, active/inactive, visible/invisible,
directly/indirectly, confident/anxious, respect/contempt, brave/cowardly, calm/agitated, clean/dirty,
fresh/stale, full/empty, deep/shallow, thick/thin, wide/narrow, near/far from, entered/left, arrived/departed,
joined/left, hired/dismissed, appointed/dismissed, approved/refused, only/not only, both/neither of,
at least/at most, more than/less than, less than/more than, up to/at least
""")
"""What says the opposite; whole words, from left to right."""

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
SMALL_NUMBERS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
NATIONS = _listed("""
American British English French German Italian Spanish Portuguese Dutch Belgian Swiss Austrian Swedish
Norwegian Danish Finnish Irish Scottish Welsh Polish Russian Ukrainian Czech Hungarian Greek Turkish
Egyptian Israeli Iranian Indian Pakistani Chinese Japanese Korean Vietnamese Thai Indonesian Australian
Canadian Mexican Brazilian Argentine Chilean Cuban Nigerian Kenyan
""")

IRREGULAR = dict(
    _pairs("""
wrote/write, won/win, began/begin, became/become, made/make, took/take, gave/give, came/come, went/go, saw/see,
found/find, held/hold, led/lead, left/leave, lost/lose, met/meet, said/say, sold/sell, sent/send, spoke/speak,
told/tell, bought/buy, brought/bring, built/build, caught/catch, chose/choose, drew/draw, fell/fall, felt/feel,
fought/fight, got/get, grew/grow, kept/keep, knew/know, paid/pay, ran/run, rose/rise, sang/sing, spent/spend,
taught/teach, thought/think, wore/wear, directed/direct, produced/produce, starred/star, released/release,
founded/found, created/create, appeared/appear, received/receive, served/serve, played/play, worked/work,
lived/live, moved/move, died/die, married/marry, joined/join, recorded/record, published/publish,
developed/develop, included/include, featured/feature, helped/help, used/use, started/start, studied/study,
designed/design, attended/attend, graduated/graduate, earned/earn, invented/invent, discovered/discover,
established/establish, performed/perform, competed/compete, represented/represent, reached/reach, opened/open,
closed/close, signed/sign, announced/announce, called/call, asked/ask, wanted/want, killed/kill, owned/own,
defeated/defeat, composed/compose, introduced/introduce, launched/launch, ended/end, changed/change,
believed/believe, argued/argue, allowed/allow, showed/show, caused/cause, marked/mark, helps/help,
provides/provide, allows/allow, includes/include, makes/make, contains/contain, offers/offer, requires/require,
uses/use, takes/take, gives/give, becomes/become, shows/show, works/work, lives/live, needs/need, means/mean,
causes/cause, occurs/occur, begins/begin, plays/play, creates/create, involves/involve, refers/refer,
represents/represent, follows/follow, tells/tell, believes/believe, stars/star, features/feature,
consists/consist, supports/support, leads/lead, explores/explore, serves/serve, remains/remain,
produces/produce, affects/affect, increases/increase, ensures/ensure
""")
)
"""Verbs as they stand in a sentence and as they stand after "did not" or "does not"."""

ACTIVE = dict(
    _pairs("""
directed/directed, produced/produced, founded/founded, created/created, written/wrote, established/established,
developed/developed, composed/composed, designed/designed, built/built, published/published, recorded/recorded,
released/released, invented/invented, discovered/discovered, painted/painted, owned/owned, performed/performed,
introduced/introduced, adapted/adapted, edited/edited, led/led, won/won, sung/sang, hosted/hosted,
launched/launched, signed/signed, coined/coined, proposed/proposed, defeated/defeated, influenced/influenced,
played/played
""")
)
"""Participles and the same verb in the active past."""

SYNONYMS_ZH = _pairs("""
目前/現時, 現在/目前, 近日/最近, 日前/最近, 表示/指出, 指出/表示, 認為/覺得, 介紹/說明, 舉行/舉辦, 舉辦/舉行,
開始/著手, 因此/所以, 所以/因此, 但是/不過, 但/不過, 同時/與此同時, 此外/另外, 另外/此外, 以及/和, 並且/而且,
而且/並且, 非常/十分, 十分/非常, 重要/重大, 主要/主要的, 通過/透過, 進行/開展, 開展/進行, 幫助/協助, 協助/幫助,
提高/提升, 提升/提高, 增加/增多, 減少/降低, 了解/知道, 獲得/取得, 取得/獲得, 成立/設立, 設立/成立, 使用/採用,
採用/使用, 需要/須要, 例如/比如, 比如/例如, 由於/因為, 因為/由於, 如果/假如, 雖然/儘管, 儘管/雖然, 可以/能夠,
能夠/可以, 必須/一定要, 應該/應當, 應當/應該, 許多/很多, 很多/許多, 各種/不同的, 方式/方法, 方法/辦法,
問題/難題, 影響/衝擊, 發生/出現, 出現/發生, 提供/給予, 建立/建設, 完成/做完, 參加/參與, 參與/參加, 居民/住戶,
孩子/兒童, 兒童/小孩, 醫生/大夫, 老師/教師, 學生/學員, 公司/企業, 首次/第一次, 第一次/首次, 全部/所有,
所有/全部, 立即/馬上, 馬上/立即, 逐漸/漸漸, 一直/始終, 曾經/曾, 大約/約, 約/大約, 超過/多於, 位於/坐落於,
消息/訊息, 電影/影片, 影片/電影, 建議/提議, 討論/商討, 擔任/出任, 出任/擔任, 去世/逝世, 逝世/去世, 佔/佔了,
達到/達
""")

OPPOSITES_ZH = _pairs("""
增加/減少, 減少/增加, 增長/下降, 下降/增長, 上升/下跌, 下跌/上升, 提高/降低, 降低/提高, 擴大/縮小, 縮小/擴大,
加強/削弱, 增強/減弱, 支持/反對, 反對/支持, 同意/拒絕, 拒絕/同意, 贊成/反對, 批准/否決, 允許/禁止, 禁止/允許,
成功/失敗, 失敗/成功, 勝利/失敗, 開始/結束, 結束/開始, 開放/關閉, 關閉/開放, 最大/最小, 最小/最大, 最高/最低,
最低/最高, 最早/最晚, 最多/最少, 首次/最後一次, 第一/最後, 大多數/少數, 多數/少數, 大量/少量, 許多/很少,
很多/很少, 以上/以下, 以下/以上, 超過/不足, 高於/低於, 低於/高於, 之前/之後, 之後/之前, 國內/國外, 國外/國內,
城市/農村, 農村/城市, 男性/女性, 女性/男性, 父親/母親, 母親/父親, 積極/消極, 主動/被動, 簡單/複雜, 複雜/簡單,
安全/危險, 危險/安全, 合法/違法, 違法/合法, 公開/秘密, 直接/間接, 有利/不利, 不利/有利, 嚴格/寬鬆, 加快/放慢,
推動/阻礙, 促進/阻礙, 保護/破壞, 改善/惡化, 進口/出口, 出口/進口, 買入/賣出, 盈利/虧損, 虧損/盈利, 上漲/下跌,
好轉/惡化, 緊張/緩和, 南部/北部, 北部/南部, 東部/西部, 西部/東部, 左/右, 白天/夜間, 早上/晚上, 上午/下午,
下午/上午, 熱/冷, 全部/部分, 總是/從不, 經常/很少, 容易/難以, 健康/不健康, 正確/錯誤, 錯誤/正確, 真實/虛假,
必要/不必要, 重要/次要, 優點/缺點, 缺點/優點, 好處/壞處, 年輕/年老, 長期/短期, 短期/長期, 永久/暫時, 富裕/貧困,
貧困/富裕, 先進/落後
""")

NEGATIONS_ZH = _pairs("""
是/不是, 有/沒有, 可以/不可以, 能夠/不能夠, 能/不能, 會/不會, 將/將不會, 已經/尚未, 已/尚未, 應該/不應該,
應當/不應當, 必須/無須, 需要/不需要, 要/不要, 屬於/不屬於, 同意/不同意, 包括/不包括, 參加/沒有參加,
出席/沒有出席, 獲得/沒有獲得, 取得/沒有取得, 發現/沒有發現, 達到/沒有達到, 達/未達, 提供/沒有提供,
宣佈/沒有宣佈, 表示/沒有表示, 影響/不影響, 完成/沒有完成, 超過/沒有超過, 適合/不適合, 允許/不允許, 喜歡/不喜歡,
知道/不知道, 係/唔係, 識/唔識, 鍾意/唔鍾意
""")

PLACES_ZH = _listed("""
北京 上海 天津 重慶 廣東 廣西 福建 浙江 江蘇 山東 山西 河北 河南 湖北 湖南 江西 安徽 四川 貴州 雲南 陝西
甘肅 青海 新疆 西藏 內蒙古 寧夏 黑龍江 吉林 遼寧 海南 香港 澳門 台灣 廣州 深圳 珠海 東莞 佛山 杭州 南京 蘇州
寧波 溫州 福州 廈門 濟南 青島 鄭州 武漢 長沙 成都 昆明 貴陽 西安 蘭州 銀川 西寧 烏魯木齊 拉薩 哈爾濱 長春
瀋陽 大連 石家莊 太原 合肥 南昌 南寧 海口 三亞 中國 美國 英國 法國 德國 俄羅斯 日本 韓國 朝鮮 印度 巴基斯坦
越南 泰國 新加坡 馬來西亞 印尼 菲律賓 澳洲 加拿大 墨西哥 巴西 阿根廷 智利 古巴 意大利 西班牙 葡萄牙 荷蘭
比利時 瑞士 瑞典 挪威 丹麥 芬蘭 波蘭 烏克蘭 希臘 土耳其 伊朗 伊拉克 以色列 埃及 敘利亞 沙特阿拉伯 南非
尼日利亞 肯尼亞 九龍 新界 沙田 元朗 屯門 荃灣 觀塘 旺角 中環 灣仔 銅鑼灣 倫敦 巴黎 紐約 華盛頓 東京
""")
SURNAMES_ZH = """
王李張劉陳楊黃趙吳周徐孫馬朱胡郭何林高羅鄭梁謝宋唐許韓馮鄧曹彭曾肖田董袁潘蔣蔡余杜葉程蘇魏呂丁任盧姚鍾姜崔譚
陸范汪廖石金韋賈夏付方鄒熊孟秦江薛尹侯雷白龍段郝孔邵史毛常萬顧賴武康賀嚴錢施牛洪龔湯陶黎溫
""".replace("\n", "")
