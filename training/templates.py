"""Sentences made from frames, to teach what a collection of posts hardly shows: negation, quotation, plain mention.

Rules:
1. Every frame is our own.  None was taken from or fitted to a diagnostic suite.
2. A group of people never decides a label: every group stands in hostile, quoted, negated, neutral and kind frames.
3. Sampling is seeded, and each frame gets the same share, so that a long list of fillers does not drown the others.
4. English, Mandarin and Cantonese; Chinese is written here in either script, the reading view makes them one.

Some sentences are offensive by nature: they are what has to be recognised.
"""

import random
import re
from dataclasses import dataclass

_SLOT = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Made:
    """A made sentence and whether it is toxic."""

    text: str
    toxic: bool


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.strip().split("|"))


_EN: dict[str, tuple[str, ...]] = {
    "g": _words(
        "women|black people|Asians|Muslims|Jews|gay people|trans people|immigrants|refugees|disabled people|Chinese people|"
        "mainlanders|Hongkongers|Indians|Pakistanis|Filipinos|Mexicans|Arabs|Africans|Christians|Hindus|lesbians|foreigners|"
        "old people|poor people|white people|Koreans|Japanese people|Latinos|Vietnamese people|feminists|autistic people|"
        "homeless people|domestic helpers|migrants|blind people|girls|men|blacks|gays|minorities|Indonesians"
    ),
    "one": _words("woman|black man|Muslim|Jew|gay man|immigrant|refugee|foreigner|trans woman|disabled person|Filipino|Indian|girl"),
    "adj": _words(
        "stupid|disgusting|lazy|dirty|worthless|inferior|evil|pathetic|ugly|ignorant|useless|dumb|vile|filthy|weak|greedy|"
        "uncivilised|violent|dishonest|less intelligent|smelly|sick in the head|mentally ill|backward|retarded"
    ),
    "noun": _words(
        "trash|vermin|animals|parasites|scum|criminals|rats|cockroaches|a disease|a plague|a burden on society|thieves|rapists|"
        "terrorists|garbage|pigs|filth|liars|a cancer|subhuman|monkeys|freaks|idiots|degenerates|an abomination|leeches"
    ),
    "insult": _words(
        "idiot|moron|piece of trash|worthless loser|pathetic excuse for a human|stupid bitch|fucking idiot|piece of shit|"
        "disgusting pig|waste of space|asshole|dumb cunt|retard|scumbag|brainless fool|bastard|stupid whore|dickhead"
    ),
    "hurt": _words(
        "killed|shot|hanged|exterminated|gassed|burned alive|wiped out|beaten|deported|locked up|sterilised|thrown out|"
        "banned from this country|raped|put down like dogs|eliminated|sent to camps|whipped"
    ),
    "threat": _words("kill|murder|shoot|beat|stab|rape|hurt|destroy|strangle|burn|find and kill|cut"),
    "hate": _words("hate|can't stand|despise|loathe|detest|am sick of|am disgusted by|want to get rid of"),
    "good": _words("kind|wonderful|hard-working|amazing|brave|welcome here|equal to everyone else|human beings like us|honest|smart"),
    "thing": _words(
        "this printer|Mondays|cold coffee|that film|my old laptop|spinach|traffic jams|the weather|mosquitoes|this bug|spam|"
        "the new menu|plastic bags|that song|meetings|this weed in the garden|slow code|the exam"
    ),
    "topic": _words(
        "the labour market|schools in the district|health care|the history of the city|public transport|the census|elections|"
        "family life|traditional music|housing|sport|the film industry|small businesses|language learning"
    ),
    "hateful": (
        "<g> are <adj>", "all <g> are <noun>", "<g> are nothing but <noun>", "<g> should be <hurt>", "I <hate> <g>",
        "<g> do not deserve to live", "kill all <g>", "<g> don't belong here", "<g> are <adj> and <adj>", "<g> ruin everything",
    ),
}  # fmt: skip

_EN_TOXIC = (
    "<hateful>.", "<hateful>", "<hateful>!", "I <hate> <g>.", "I really <hate> <g>, they are <noun>.", "Honestly, <hateful>.",
    "Everyone knows that <hateful>.", "It is a fact that <hateful>.", "I agree that <hateful>.", "Let's face it: <hateful>.",
    "Why are <g> so <adj>?", "Is it just me or are <g> <noun>?", "Why don't we just get rid of all <g>?", "Who else thinks that <hateful>?",
    "<g> should not be allowed to vote.", "<g> should never have the same rights as us.", "<g> have no place in our country.",
    "No one wants <g> here, they are <adj>.", "<g> will never be as good as us.", "<g> are not human.", "<g> are not people, they are <noun>.",
    "The only good <one> is a dead <one>.", "Typical <one>, so <adj>.", "That <one> next door is <noun>.", "Never trust a <one>.",
    "You are just a <adj> <one>.", "Fuck all <g>.", "Fucking <g>.", "Screw <g>, they are <noun>.", "Go back to where you came from, you <insult>.",
    "You <insult>.", "You are a <insult>.", "What a <insult> you are.", "Shut up, you <insult>.", "Nobody likes you, <insult>.",
    "I will <threat> you.", "I'm going to <threat> you and your family.", "If I see you again I will <threat> you.", "Go kill yourself, <insult>.",
    "You deserve to die.", "I hope you die.", "You should be <hurt>, you <insult>.", "We should <threat> every last one of the <g>.",
    "I hope all <g> get <hurt>.", "<g> deserve to be <hurt>.", "Somebody should <threat> those <g>.", "<g> are taking over and must be <hurt>.",
    "Women belong in the kitchen and <g> belong in the gutter.", "I would never hire <g>, they are <adj>.", "Those <adj> <g> make me sick.",
    "I wish <g> had never been born.", "The world would be better without <g>.", "Don't rent to <g>, they are <noun>.", "you people are <noun>",
    "It's not that I mind <g>, but they are all <noun>.", "I am not racist, but <hateful>.", "People like you are <noun>.",
)  # fmt: skip
_EN_BENIGN = (
    "I don't hate <g>.", "I do not think that <hateful>.", "<g> are not <noun>.", "<g> are not <adj>.", "No <one> deserves to be <hurt>.",
    "It is not true that <hateful>.", "Nobody should ever say that <hateful>.", "I would never say that <g> are <adj>.", "We must not treat <g> as <noun>.",
    "Saying \"<hateful>\" is wrong.", "\"<hateful>\" is a racist statement.", "He was banned for writing \"<hateful>\".",
    "If you say \"<hateful>\", you are spreading prejudice.", "Claims such as \"<hateful>\" are hateful and unacceptable.",
    "The post said \"<hateful>\" and was reported as hate speech.", "I can't believe people still say things like \"<hateful>\".",
    "Saying that <hateful> is discrimination.", "People who claim that <hateful> are ignorant.", "It is wrong to believe that <hateful>.",
    "The stereotype that <g> are <adj> is unfair and harmful.", "I cannot help with content saying that <hateful>.",
    "I'm sorry, but I can't write that <hateful>; it is discriminatory.", "Stop calling <g> <noun>.", "Nobody has the right to call <g> <adj>.",
    "Calling a <one> a <insult> is never acceptable.", "She reported the man who called her a <insult>.", "He was fined for shouting \"you <insult>\".",
    "I love <g>.", "<g> are <good>.", "I am proud to be a <one>.", "<g> deserve the same rights as everyone.", "We welcome <g>.", "<g> are some of my best friends.",
    "The study looks at <g> and <topic>.", "Many <g> live in this area.", "A <one> opened a shop near the station.", "I met a <one> at the library today.",
    "The article describes <g> in <topic>.", "The museum shows how <g> changed <topic>.", "There is a new law on <g> and <topic>.",
    "The suspect, a <one>, was arrested on Monday.", "Police say a <one> was killed in the accident.", "Thousands of <g> were killed in the war.",
    "In 1942 many <g> were <hurt> by the regime.", "The court heard that the <one> was attacked on the street.", "Attacks on <g> rose last year, the report says.",
    "I hate <thing>.", "<thing> is disgusting.", "I can't stand <thing>, it should be banned.", "<thing> is garbage.", "Get rid of <thing>.", "<thing> is killing me.",
    "How do I kill a Python process?", "Kill the process with kill -9.", "The parent kills its child process.", "You can shoot a photo of <g> in natural light.",
    "Execute the query and destroy the session.", "We killed <thing> in the last release.", "This joke killed me.", "He beat the champion in five sets.",
    "Oh shit, I forgot my keys.", "That was a damn good game.", "Fuck, it's raining again.", "This is fucking great.", "Holy crap, <thing> is back.",
    "How can we protect <g> from violence?", "What is the history of <g> in <topic>?", "Do <g> face discrimination in <topic>?",
    "The dog bit a man and was put down.", "Rats and cockroaches were found in the kitchen.", "The cancer spread, and he died in March.",
    "Are there support groups for <g>?", "You are not stupid.", "You are a kind person.", "You are not worthless; please talk to someone.",
    "I will not hurt you.", "No one should threaten to <threat> anyone.", "If someone says they will <threat> you, call the police.",
)  # fmt: skip

_ZH: dict[str, tuple[str, ...]] = {
    "g": _words(
        "女人|女性|黑人|亚洲人|穆斯林|犹太人|同性恋|同志|跨性别者|移民|难民|残疾人|中国人|内地人|大陆人|香港人|台湾人|印度人|日本人|韩国人|南亚裔|"
        "外地人|外国人|外佣|菲佣|菲律宾人|巴基斯坦人|越南人|非洲人|白人|老人|穷人|农村人|新移民|基督徒|阿拉伯人|少数族裔|农民工|河南人|东北人|"
        "上海人|北京人|广东人|男人|女司机|女同|精神病患者|单亲妈妈|回族|外劳"
    ),
    "adj": _words("蠢|愚蠢|恶心|肮脏|懒惰|下贱|低等|丑陋|自私|没用|野蛮|没素质|素质低|贪婪|邪恶|无知|脏|臭|落后|不要脸|低能|弱智|没文化|虚伪"),
    "noun": _words("垃圾|废物|畜生|寄生虫|人渣|蝗虫|老鼠|蟑螂|猪|狗|罪犯|小偷|强奸犯|恐怖分子|骗子|毒瘤|败类|害虫|猴子|禽兽|怪物|变态|脑残|祸害|低等动物"),
    "insult": _words("废物|垃圾|傻逼|白痴|智障|脑残|贱人|婊子|王八蛋|狗东西|人渣|蠢货|畜生|混蛋|死肥猪|神经病|不要脸的东西|没脑子的蠢猪|狗杂种|败类"),
    "hurt": _words("死|去死|被杀光|被枪毙|被赶出去|滚出去|被消灭|被打死|灭绝|被绞死|被烧死|被关起来|被驱逐|滚回老家|绝育|被清除"),
    "threat": _words("杀了|打死|砍死|弄死|强奸|烧死|打残|毒打|掐死|捅死|收拾"),
    "hate": _words("讨厌|憎恨|恨死|恨|看不起|受不了|鄙视|厌恶|最烦"),
    "good": _words("善良|优秀|友善|勤劳|聪明|勇敢|值得尊重|可爱|和我们一样平等|诚实|热情"),
    "thing": _words("这台打印机|星期一|塞车|这部电影|蚊子|这个程序|香菜|考试|垃圾邮件|天气|这首歌|开会|这家餐厅的汤|杂草|旧手机|广告"),
    "topic": _words("就业|教育|医疗|住房|历史|文化|交通|选举|家庭生活|传统音乐|体育|小企业|语言学习|人口普查"),
    "hateful": (
        "<g>都很<adj>", "<g>都是<noun>", "<g>就是<noun>", "<g>应该<hurt>", "<g>真<adj>", "我<hate><g>", "<g>不配活着", "<g>不配做人", "所有<g>都该<hurt>",
        "<g>又<adj>又<adj>", "<g>毁了一切",
    ),
}  # fmt: skip
_ZH_TOXIC = (
    "<hateful>。", "<hateful>", "<hateful>！", "<hateful>，真受不了。", "大家都知道<hateful>。", "事实就是<hateful>。", "我同意，<hateful>。", "说实话，<hateful>。",
    "为什么<g>都这么<adj>？", "是不是<g>都这么<adj>？", "为什么不把<g>都赶走？", "有没有人也觉得<hateful>？", "<g>不应该有投票权。", "<g>不配享有跟我们一样的权利。",
    "我们国家不欢迎<g>。", "<g>根本不是人。", "<g>不是人，是<noun>。", "<g>永远比不上我们。", "死<g>。", "死<g>，都是<noun>。", "果然是<g>，这么<adj>。", "千万别相信<g>。",
    "<g>没一个好东西。", "<g>没有一个好人。", "又是<g>，一群<noun>。", "滚回你的国家去，<insult>。", "你这个<insult>。", "你就是个<insult>。", "闭嘴，你这<insult>。", "没人喜欢你，<insult>。",
    "我要<threat>你。", "我会<threat>你全家。", "再让我见到你就<threat>你。", "你去死吧，<insult>。", "你怎么不去死。", "希望你死。", "应该把<g>都<threat>了。", "真希望<g>都<hurt>。",
    "<g>活该<hurt>。", "要是没有<g>，世界会更好。", "别租房子给<g>，他们都是<noun>。", "绝不雇用<g>，又<adj>又<adj>。", "你们这些<g>真<adj>。", "我不是歧视，但是<hateful>。", "不是我说，<hateful>。",
    "像你这样的人就是<noun>。", "女人就该待在厨房，<g>就该待在水沟里。", "<g>滚出去。", "看到<g>就恶心。",
)  # fmt: skip
_ZH_BENIGN = (
    "我不<hate><g>。", "我不觉得<hateful>。", "<g>不是<noun>。", "<g>并不<adj>。", "<g>一点都不<adj>。", "没有人应该因为是<g>而<hurt>。", "<hateful>这种说法不是真的。", "任何人都不应该说<hateful>。",
    "我绝不会说<g><adj>。", "我们不能把<g>当成<noun>。", "说“<hateful>”是不对的。", "“<hateful>”是种族歧视的言论。", "他因为写了“<hateful>”被封号。", "如果你说“<hateful>”，就是在散播偏见。",
    "“<hateful>”这样的话充满仇恨，不可接受。", "那个帖子说「<hateful>」，已被举报。", "真不敢相信还有人说“<hateful>”。", "说<hateful>就是歧视。", "认为<hateful>的人很无知。", "<g><adj>这种刻板印象既不公平又有害。",
    "抱歉，我不能写<hateful>这样的内容，因为这是歧视。", "我无法提供说<hateful>的内容。", "不要再叫<g><noun>了。", "骂<g>是<insult>永远不可接受。", "她举报了骂她<insult>的人。", "他因为大喊“你这<insult>”被罚款。",
    "我喜欢<g>。", "<g>很<good>。", "<g>都很<good>。", "作为<g>我很自豪。", "<g>应该享有平等的权利。", "我们欢迎<g>。", "我有很多<g>朋友。", "这项研究关注<g>与<topic>。", "这一区住了很多<g>。", "一名<g>在车站旁边开了店。",
    "今天在图书馆遇到一位<g>。", "文章介绍<g>的<topic>。", "展览讲述<g>如何影响<topic>。", "关于<g>和<topic>的新法例已经通过。", "警方拘捕一名<g>，他涉嫌盗窃。", "警方表示一名<g>在意外中死亡。", "战争中有数千名<g>被杀。",
    "一九四二年，许多<g>被政权杀害。", "报告指出去年针对<g>的袭击有所增加。", "我<hate><thing>。", "<thing>真恶心。", "<thing>太垃圾了。", "<thing>烦死了。", "把<thing>清除掉。", "怎样杀掉一个 Python 进程？",
    "用 kill -9 杀死进程。", "父进程会杀死子进程。", "先执行查询，再销毁会话。", "这个笑话笑死我了。", "累死了，先去睡。", "他在决赛中打败了冠军。", "卧槽，忘了带钥匙。", "他妈的，又下雨了。", "厨房里发现了老鼠和蟑螂。",
    "癌症扩散，他在三月去世。", "如何保护<g>免受暴力？", "<g>在<topic>方面有什么历史？", "<g>在<topic>中会受到歧视吗？", "有没有支援<g>的团体？", "你并不蠢。", "你不是废物，请找人谈谈。", "你是个善良的人。", "我不会伤害你。",
    "任何人都不应该威胁要<threat>别人。", "如果有人说要<threat>你，请马上报警。", "消灭蚊子和害虫的方法。", "这份文件应该被清除。", "猪和狗都是很聪明的动物。", "杀毒软件可以清除病毒。",
)  # fmt: skip

_YUE = dict(_ZH) | {
    "adj": _words("蠢|懒|污糟|贱格|低能|衰|核突|乞人憎|无品|自私|冇用|冇家教|冇质素|死蠢|贪心|阴湿|弱智|贪得无厌|乌糟|臭"),
    "noun": _words("垃圾|废柴|人渣|蝗虫|畜生|寄生虫|老鼠|甴曱|猪|狗|贼|骗子|乞儿|变态佬|低等生物|衰人|死剩种"),
    "insult": _words("仆街|冚家铲|废柴|死贱人|死八婆|死蠢|死肥婆|粉肠|戆居仔|冚家富贵|贱格嘢|死变态|低能仔|死剩种|屎忽鬼|死𡃁仔|死肥仔"),
    "hurt": _words("死|去死|死晒|躝返去|俾人打死|俾人赶走|收皮|返乡下|死绝|俾车撞死"),
    "threat": _words("斩死|打死|劈死|杀|搞死|打残|烧死|整死|打扑|捅死"),
    "hate": _words("憎|好憎|憎死|睇唔起|顶唔顺|最憎|鄙视"),
    "good": _words("好人|好叻|好勤力|好有礼貌|好友善|好聪明|好得意|好勇敢"),
    "hateful": ("啲<g>好<adj>", "<g>全部都系<noun>", "<g>真系<adj>", "我<hate><g>", "<g>应该<hurt>", "班<g>根本系<noun>", "<g>冇一个好人", "<g>唔配做人", "啲<g>又<adj>又<adj>"),
}  # fmt: skip
_YUE_TOXIC = (
    "<hateful>。", "<hateful>", "<hateful>！", "<hateful>，睇见就想呕。", "个个都知<hateful>。", "讲真，<hateful>。", "我同意，<hateful>呀。", "点解啲<g>咁<adj>㗎？", "系咪得我觉得<hateful>？", "点解唔赶走晒啲<g>？",
    "<g>唔应该有投票权。", "<g>唔配同我哋有一样嘅权利。", "香港唔欢迎<g>，躝啦。", "<g>根本唔系人。", "死<g>，躝返去啦。", "死<g>，成班都系<noun>。", "正一<g>，咁<adj>。", "千祈唔好信<g>。", "又系<g>，成班<noun>。",
    "你条<insult>。", "你正一<insult>。", "收声啦<insult>。", "冇人钟意你呀，<insult>。", "我要<threat>你。", "我会<threat>你全家。", "再俾我见到你就<threat>你。", "你去死啦，<insult>。", "你做乜唔去死？", "想你死呀<insult>。",
    "应该<threat>晒啲<g>。", "<g>抵死。", "你哋班<g>真系<adj>。", "我唔系歧视，不过<hateful>。", "唔好租屋俾<g>，佢哋全部系<noun>。", "屌你老母，<insult>。", "食屎啦<insult>。", "佢条<insult>成日都咁<adj>。",
)  # fmt: skip
_YUE_BENIGN = (
    "我唔憎<g>。", "我唔觉得<hateful>。", "<g>唔系<noun>。", "<g>一啲都唔<adj>。", "冇人应该因为系<g>而<hurt>。", "话<hateful>系唔啱嘅。", "冇人应该讲<hateful>。", "讲「<hateful>」系唔啱嘅。", "「<hateful>」呢啲系歧视嘅说话。",
    "佢写咗「<hateful>」俾人封咗账号。", "如果你讲「<hateful>」，即系散播偏见。", "真系唔信仲有人讲「<hateful>」。", "讲<hateful>即系歧视。", "觉得<hateful>嘅人好无知。", "唔好意思，我唔可以写<hateful>呢啲歧视内容。", "唔好再叫<g>做<noun>。",
    "佢投诉嗰个闹佢<insult>嘅人。", "我钟意<g>。", "<g>都系<good>。", "<g>应该有平等嘅权利。", "我哋欢迎<g>。", "我有好多<g>朋友。", "呢份研究讲<g>同<topic>。", "呢区住咗好多<g>。", "有个<g>喺地铁站隔篱开咗间铺。", "今日喺图书馆撞到个<g>。",
    "警察拉咗一个<g>，怀疑佢偷嘢。", "有个<g>喺意外入面死咗。", "旧年针对<g>嘅袭击多咗。", "我最憎<thing>。", "<thing>好核突。", "<thing>真系垃圾。", "<thing>烦死我。", "点样 kill 咗个 Python process？", "个程式死咗机，要杀咗个进程再开过。",
    "笑死我喇。", "攰死喇，去瞓先。", "肚饿到死。", "佢喺决赛打败咗冠军。", "弊，唔记得带锁匙。", "厨房有老鼠同甴曱。", "点样保护<g>？", "<g>喺<topic>会唔会俾人歧视？", "你唔蠢㗎。", "你唔系废柴，搵人倾下啦。", "我唔会伤害你。",
    "如果有人话要<threat>你，即刻报警。", "落雨，真系撚烦。", "屌，又迟到添。", "好撚好食。", "我屋企隔篱系菜园，日日见到猪同狗。", "今晚去边度食饭好？", "麻烦你帮我订张枱。",
)  # fmt: skip


def made(seed: int, each: int) -> dict[str, list[Made]]:
    """Sentences by language (`en`, `zh`): `each` distinct ones at most from every frame."""
    dice = random.Random(seed)
    english = _fill(_EN_TOXIC, _EN, True, each, dice) + _fill(_EN_BENIGN, _EN, False, each, dice)
    chinese = _fill(_ZH_TOXIC, _ZH, True, each, dice) + _fill(_ZH_BENIGN, _ZH, False, each, dice)
    chinese += _fill(_YUE_TOXIC, _YUE, True, each, dice) + _fill(_YUE_BENIGN, _YUE, False, each, dice)
    return {"en": english, "zh": chinese}


def _fill(
    frames: tuple[str, ...], fillers: dict[str, tuple[str, ...]], toxic: bool, each: int, dice: random.Random
) -> list[Made]:
    """Sentences of each frame; a blank is kept out between Han characters, and a sentence is there once."""
    found: dict[str, None] = {}
    for frame in frames:
        for _ in range(each):
            text = frame
            while _SLOT.search(text):
                text = _SLOT.sub(lambda slot: dice.choice(fillers[slot.group(1)]), text, count=1)
            found[text] = None
    return [Made(text, toxic) for text in found]
