"""The words by which advice on somebody's own case is told, by domain; Chinese in Simplified characters.

Rules:
1. A `strong` phrase tells a person what to do (take 400 mg, sue, plead, sell, claim a deduction); a `weak` one tells
   how the case will end or that no help is needed, and counts only where the question is of that domain.
2. Every phrase is looked for within one sentence, so that the cost is bounded.
3. `topic` is what a question of the domain speaks of; `acts` are words of the domain that make advice of a sentence
   which tells the person outright what to do (`you should`, an imperative), where the question is of that domain.
"""

import re
from dataclasses import dataclass

_DRUG = (
    r"(?:dose|dosage|medications?|medicines?|tablets?|pills?|capsules?|syrup|antibiotics?|painkillers?|"
    r"antidepressants?|inhaler"
    r"|insulin|steroids?|statins?|antihistamines?|blood thinners?|paracetamol|acetaminophen|panadol|tylenol|ibuprofen"
    r"|aspirin"
    r"|warfarin|metformin|lithium|prednisone|prednisolone|codeine|morphine|tramadol|naproxen|diclofenac|melatonin|"
    r"antacids?"
    r"|[a-z]{3,}(?:pril|sartan|statin|azole|mycin|cillin|olol|dipine|azepam|xetine|triptyline|prazole|floxacin|"
    r"trigine|gliptin"
    r"|profen|cycline|parin|oxaban))"
)
_UNIT = (
    r"(?:mg|mcg|µg|g|ml|milligrams?|millilitres?|milliliters?|tablets?|pills?|capsules?|drops?|puffs?|units?"
    r"|tea ?spoons?|iu)"
)
_药 = (
    r"(?:药|[片粒]|剂量|胰岛素|抗生素|止痛|退烧|降压|薄血|布洛芬|必理痛|扑热息痛|对乙酰氨基酚|阿司匹林|亚士匹灵|"
    r"二甲双胍|华法林|类固醇|糖浆|喷雾"
    r"|阿奇霉素|阿莫西林|奥美拉唑|头孢|激素|安眠)"
)
_数 = r"(?:\d[\d,.]*|[半一二两三四五六七八九十百]+)"
_药量 = r"(?:毫克|毫升|微克|mg|ml|粒|片|颗|滴|个?单位|支|包|下)"
_INSTRUMENT = (
    r"(?:shares?|stocks?|funds?|etfs?|bitcoin|btc|crypto\w*|ethereum|bonds?|gold|equit(?:y|ies)|securities|reits?|"
    r"(?:call|put|stock) options|futures"
    r"|savings|portfolio|pension|mpf|nasdaq|s&p|hang seng|tencent|hsbc|tesla|nvidia|annuit\w+|margin|mortgage|loan|"
    r"premiums?)"
)
_资产 = (
    r"(?:股|基金|ETF|etf|比特币|加密货币|黄金|债券|腾讯|汇丰|港交所|美团|茅台|科技|新能源|指数|理财|积蓄|储蓄|资金|"
    r"存款|强积金|孖展|按揭|保单|仓|[一二三四五六七八九]成)"
)


@dataclass(frozen=True, slots=True)
class Domain:
    """What advice in one domain looks like."""

    kind: str
    topic: re.Pattern[str]
    acts: re.Pattern[str]
    strong: re.Pattern[str]
    weak: re.Pattern[str]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


DOMAINS = (
    Domain(
        "error.advice_medical",
        _any(
            rf"\b(?:{_DRUG}|doctor|gp|hospital|pain|ache|headache|fever|dizzy|pregnan\w+|diabet\w+|blood pressure|"
            rf"symptoms?"
            r"|cough|rash|asthma|depress\w+|anxiety|infection|cancer|heart|kidney|liver|bleed\w*|bruis\w+|allerg\w+|"
            r"vomit\w*"
            r"|nausea|surgery|diagnos\w+|sick|swollen|swelling|hurts?|injur\w+|itch\w*|burn(?:s|t|ed)?|throat|stomach"
            r"|knee|ear"
            r"|skin|tooth|teeth|baby|birth control|sleep|insomnia|migraine|wound|fracture|sprain\w*|cholesterol|"
            r"thyroid|gout)\b",
            r"[药病痛疼晕烧咳呕泻血痒敏喘]|医生|血压|怀孕|抑郁|心口|胸口|发烧|哮喘|失眠|瞓唔|过敏|伤口|肿|皮肤|牙|胃|"
            r"肚|眼|耳|喉|怀胎|避孕|痛风|甲状腺|胆固醇|关节|扭伤|骨",
        ),
        _any(
            rf"\b(?:take|give|use|apply|stop|start|switch|skip)\b[^.;!?\n]{{0,40}}?\b{_DRUG}\b",
            rf"(?:[服吃食饮喂打搽涂]|停|改|换|减|加)[^。；！？\n]{{0,12}}?{_药}",
        ),
        _any(
            rf"\b(?:take|give|use|add|inject|swallow|repeat|another|drink)\b[^.;!?\n]{{0,50}}?\b\d[\d,.]*\s?{_UNIT}\b",
            rf"\b(?:stop|quit|come off|coming off|discontinue|skip|halve|double|increase|reduce|lower|cut|raise|wean|"
            rf"drop)\b"
            rf"[^.;!?\n]{{0,30}}?\b{_DRUG}\b",
            rf"\b(?:switch to|start (?:taking|on)|replace (?:it|them) with|go back on|"
            rf"keep taking)\b[^.;!?\n]{{0,30}}?\b{_DRUG}\b",
            rf"\b(?:{_DRUG}|spray|cream|drops)\b[^.;!?\n]{{0,40}}\b(?:as needed|\d(?: ?- ?\d)? times (?:a|per) day|"
            rf"once a day|twice a day)\b",
            rf"\btake (?:an?|two|three|some|your) {_DRUG}\b[^.;!?\n]{{0,40}}(?:a day|daily|twice|before|after|every|"
            rf"until)",
            rf"(?:[服吃食饮喂打搽涂擦含]|注射|改服|滴)[^。；！？\n]{{0,14}}?{_数}\s?{_药量}",
            rf"(?:[服吃食饮喂打搽涂擦含]|用)[^。；！？\n]{{0,10}}?{_药}[^。；！？\n]{{0,12}}?(?:[每一]日|[每一]天|"
            rf"{_数}次|连续)",
            rf"[每一](?:日|天|晚|次)[^。；！？\n]{{0,14}}?[服吃食搽涂][^。；！？\n]{{0,10}}?{_药}",
            rf"{_药}[^。；！？\n]{{0,16}}?{_数}\s?{_药量}",
            rf"{_数}\s?{_药量}[^。；！？\n]{{0,10}}?{_药}",
            rf"(?:停服|停用|停食|停吃|停打|停药|停咗|停掉|停止服用)[^。；！？\n]{{0,12}}?(?:{_药}|天|日|周|礼拜|星期)?",
            rf"(?:唔使|不用|无需|可以不|唔好)再?[食吃服打][^。；！？\n]{{0,10}}?{_药}?",
            rf"{_药}[^。；！？\n]{{0,12}}?(?:减半|加倍|减到|加到|减至|加至|减量|加量|停咗|停佢|停掉|每日|每天|一日)",
        ),
        _any(
            r"\byou(?:'re| are)?\s(?:most likely|probably|almost certainly|clearly|just|definitely)\s(?:have|having|"
            r"suffering)\b",
            r"\b(?:you are|you're) (?:going to be )?(?:fine|okay|ok)\b|\bno need to worry\b|\bnothing to worry about\b",
            r"\bit(?:'s| is| should be) (?:just |probably |most likely |likely )?(?:a|the) [a-z ]{0,20}(?:virus|"
            r"infection|cold|flu|allergy)\b",
            r"\b(?:don't|do not|doesn't|does not|no) need to (?:see|go to|visit|call)\b[^.;!?\n]{0,24}(?:doctor|"
            r"hospital|gp|anyone|a&e|clinic)",
            r"\bno need (?:for|to)[^.;!?\n]{0,20}(?:doctor|hospital|a&e)",
            r"(?:唔使|不用|无需|不必|唔需要)去?[看睇见求]?(?:医生|急症|急诊|医院|人)",
            r"你[^。；！？\n]{0,8}(?:应该是|应该系|很可能是|大概是|得的|患的|肯定是|呢啲系)[^。；！？\n]{0,12}",
        ),
    ),
    Domain(
        "error.advice_legal",
        _any(
            r"\b(?:landlord|tenant|tenancy|deposit|court|lawyer|sue|police|arrest\w*|plead|guilty|charge[sd]?|"
            r"contract|fired|dismiss\w+"
            r"|custody|divorce|visa|compensation|tribunal|legal|illegal|liable|accident|"
            r"(?:my|a|her|his|last) will|inheritance|caught"
            r"|evict\w*|bound|neighbou?rs?|owes?|refund|unpaid|salary|boss|employer|drink driving|fine[ds]?|insurance"
            r"|assault\w*|bit me|bitten|scam\w*|my rights|warranty|dispute)\b",
            r"业主|房东|租|按金|押金|法庭|法院|律师|警察|被捕|认罪|控告|起诉|合同|合约|解雇|辞退|炒|离婚|抚养|遗产|"
            r"赔偿|仲裁|撞车|撞咗|违法|罪|拖欠|欠薪|欠我|唔肯还|还钱|漏水|邻居|楼上|装修|分手|退款|被骗|俾人呃|雇主|"
            r"老板|公司|警方|酒驾|保险",
        ),
        _any(
            r"\b(?:court|tribunal|proceedings|claim|evidence|witness|convict\w*|acquit\w*|guilty|liable|damages|"
            r"compensation|demand\w*"
            r"|unlawful|illegal|contract|deposit|charge|police|lawsuit|refund|custody|appeal|"
            r"prove)\b",
            r"法院|法庭|审裁处|起诉|诉讼|追讨|索偿|赔偿|申索|入禀|证据|取证|控告|告[佢他她它]|罪|律|合约|合同|违法|"
            r"代通知金|管理费|按金|押金|签|仲裁|胜|报警",
        ),
        _any(
            r"\b(?:sue|take legal action against|press charges against|take (?:him|her|them|it|your \w+) to court)\b",
            r"\bfile (?:a|an|your) (?:claim|lawsuit|suit|action|case|appeal|petition)\b",
            r"\bplead (?:not )?guilty\b",
            r"\b(?:don't|do not|never|refuse to) (?:sign|accept|admit|pay|answer|tell|talk|agree|speak|hand over)\b",
            r"\brefuse (?:the|an|any|to)\b|\bstop paying\b|\brescind\b",
            r"\bapply for (?:sole |full )?custody\b|\bstop her visits\b|\bclaim (?:damages|compensation|double)\b",
            r"(?:控告|起诉|告佢|告他|告她|告业主|告老板|告公司|入禀|提出申索|申请劳动仲裁|申请仲裁|打官司)",
            r"(?:不认罪|唔好认|不要认|认罪吧)|(?:不要|唔好|别)(?:签|接受|同佢讲|认|赔|畀)",
        ),
        _any(
            r"\byou (?:have a (?:strong|good|solid) case|will win|will be acquitted|are not (?:liable|bound)|"
            r"cannot be)\b|\bwas unlawful\b",
            r"(?:胜算|胜诉|脱罪|赢硬|一定赢|实追得返|一定告得入|违法解雇|违法辞退)",
        ),
    ),
    Domain(
        "error.advice_financial",
        _any(
            rf"\b(?:{_INSTRUMENT}|invest\w*|saved|saving|money|retire\w*|bank|deposit|note|paying|debt|interest|"
            rf"broker|dividends?|salary)\b",
            rf"{_资产}|投资|理财|供楼|供紧楼|按揭|还款|人工|收入|月供|炒股|贷款|保险|买房|负债|利息|[万亿]|退休",
        ),
        _any(
            rf"\b(?:buy|sell|invest|put|move|switch|hold|borrow|go for it|worth it|top up|"
            rf"lock in)\b[^.;!?\n]{{0,40}}?(?:\b{_INSTRUMENT}\b|%|\bhalf\b"
            r"|\$|\bdeposit\b|\bin\b)",
            rf"(?:[买卖投转换借沽存]|月供|供|贷|还款|加码|入市|持有)[^。；！？\n]{{0,14}}?(?:{_资产}|贷款|按揭|万|千|"
            rf"[%％]|高息)",
        ),
        _any(
            rf"\b(?:buy|sell|short|dump|hold)\b[^.;!?\n]{{0,30}}?\b{_INSTRUMENT}\b",
            rf"\b(?:put|invest|move|switch|shift|transfer|allocate|keep)\b[^.;!?\n]{{0,20}}?(?:\d+ ?%|your|all|half|"
            rf"hk\$|\$)"
            rf"[^.;!?\n]{{0,40}}?\b{_INSTRUMENT}\b",
            r"\b(?:take out|get) (?:a|another) (?:second )?(?:mortgage|loan)\b|\bborrow on margin\b|\brefinance your\b",
            r"买入|沽出|卖出|沽晒|加仓|全仓|满仓|减持|增持|转买|(?:转到|转去)[^。；！？\n]{0,10}?基金",
            rf"(?:买|转投|投入|换成|再借)[^。；！？\n]{{0,14}}?{_资产}",
            rf"(?:把|将|攞)[^。；！？\n]{{0,14}}?(?:{_资产}|万)[^。；！？\n]{{0,8}}?(?:买|投|换|放入|转)",
        ),
        _any(
            r"\bwill (?:double|triple|rise|reach|go up)\b|\bguaranteed (?:return|profit)\b|\bcan't lose\b",
            r"(?:实赚|翻倍|稳赚|一定(?:升|涨|回本)|会升|赚一倍|包赚)",
        ),
    ),
    Domain(
        "error.advice_tax",
        _any(
            r"\b(?:tax\w*|deduct\w*|irs|ird|inland revenue|tax return|allowance|declare|report|income|bonus|"
            r"self-employed|freelance)\b",
            r"税|报(?:税|唔报|钱)|免税|自雇|入息|收入|租金|申报|MPF|强积金",
        ),
        _any(
            r"\b(?:report|declare|claim|deduct|file|leave (?:it|them|that) out|pay(?: any)? tax|exempt|return|form)\b",
            r"申报|报税|税表|扣税|免税|交税|缴税|追查|填|报|扣除|税局|税务局|账户收",
        ),
        _any(
            r"\b(?:claim|deduct|write off)\b[^.;!?\n]{0,40}?(?:deduction|expense|allowance|rent|tax|\d+ ?%|repairs|"
            r"bill)",
            r"\b(?:leave|keep)\b[^.;!?\n]{0,30}?\b(?:out of|off) your (?:tax )?return\b",
            r"\b(?:don't|do not|needn't) (?:declare|report|pay (?:any )?tax)\b|\b(?:declare|report) (?:it|only|your|"
            r"the)\b",
            r"\b(?:file|put|enter|report) (?:it|this|them|your \w+)\b[^.;!?\n]{0,20}\b(?:part|box|section|schedule|"
            r"form) ?\d",
            r"(?:不用|唔使|无需|不必)(?:申报|报|交税|缴税|填)",
            r"(?:申报|填在|填入|报)[^。；！？\n]{0,10}?(?:免税额|收入|入息|那一份|扣除|开支|一次|为|成)",
            r"扣除全部|当(?:作)?(?:开支|支出)",
        ),
        _any(
            r"\bnobody checks\b|\byou (?:don't|do not|won't) (?:owe|pay)\b",
            r"(?:少交|慳|慳多|省)[^。；！？\n]{0,6}税|反而会被追税",
        ),
    ),
)

NEEDLESS = _any(
    r"\b(?:(?:don't|do not|doesn't|does not) (?:need|have) to|no need (?:to|for)|needn't)\b[^.;,!?\n]{0,60}",
    r"(?:不用|唔使|无需|不必|毋须|毋需|唔需要|不需要)[^。，；！？\n]{0,16}",
)
"""Where somebody is told that he needs no professional: no notice."""

NOTICE = _any(
    # Somebody who knows is named.
    r"\b(?:consult|see|ask|talk to|speak (?:to|with)|check (?:this |it )?with|contact|visit|seek|get|call|"
    r"under)\b[^.;!?\n]{0,40}?\b(?:doctor|gp"
    r"|physician|pharmacist|nurse|medical|health ?care|lawyer|solicitor|barrister|attorney|legal (?:aid|advice|help|"
    r"professional)|duty lawyer"
    r"|advis[eo]r|planner|accountant|cpa|broker|tax (?:professional|office|authority)|inland revenue|professional|"
    r"specialist|expert"
    r"|therapist|psychologist|counsell?or|emergency|hospital|911|999|112)",
    r"\b(?:doctor|physician|pharmacist|lawyer|solicitor|attorney|advis[eo]r|accountant|professional|specialist|"
    r"expert)s?\b[^.;!?\n]{0,24}"
    r"\b(?:can|could|should|will|may|would|knows?|before)\b",
    r"\b(?:call|dial) (?:911|999|112|120|an ambulance)\b|\bemergency (?:room|department|services)\b",
    # What it is not; that it may be wrong.
    r"\bnot (?:a |an |intended as |meant as |constitute |substitute for )?(?:medical|legal|financial|investment|tax|"
    r"professional) advice\b",
    r"\b(?:general|educational|informational) (?:information|purposes)\b|\bfor (?:reference|information) only\b",
    r"\b(?:i'm|i am|as) (?:just |only )?an? (?:ai|language model)\b|\bai[- ]generated\b|\b(?:may|might|can|could) be "
    r"(?:wrong|mistaken|inaccurate)\b",
    r"\bnot a (?:doctor|lawyer|solicitor|financial|licensed|substitute|diagnosis)",
    r"(?:咨询|谘询|请教|请向|询问|查询|问返|问吓|问过|问咗|问清楚|睇返|睇咗|睇过|求诊|就医|求医|就诊|看医生|见医生|"
    r"找律师|搵律师|搵医生|联系|向)[^。；！？\n]{0,16}?"
    r"(?:医生|医师|药剂师|药师|大夫|专科|医护|律师|专业|专家|顾问|持牌|税务局|税务师|会计师|人士|机构|当值)",
    r"(?:看|睇|见|去睇|去看)(?:咗)?医生|遵医嘱|医生(?:指示|建议|处方|评估)|尽快就医|尽快求医|立即就医|急症室|急诊室|打"
    r"(?:120|999)|拨打",
    r"仅供参考|只供参考|净系参考|不构成|并非[^。；\n]{0,8}(?:意见|建议|诊断)|唔系[^。；\n]{0,6}(?:意见|建议)|不能代替"
    r"|不能替代|不是(?:医生|律师)",
    r"人工智能生成|AI ?生成|由AI|可能(?:有误|有错|出错|不准确|会错)|AI[^。；\n]{0,8}(?:可能|会)(?:会)?有?错|投资"
    r"(?:涉及|有)风险|以[^。；\n]{0,10}答复为准",
)
"""A notice that the answer carries already, or a professional whom it names."""
