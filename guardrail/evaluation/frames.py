"""Sentence frames: how people write an identifier in English, written Chinese, Cantonese and Simplified Chinese.

Rules:
1. A frame says what its value is, as people do: by a word, a label, a key or the head of a column.
2. Each kind has, per language, a frame to tune on and one that is held out; shapes (labels, JSON, tables, signatures) are
   divided the same way, and so are the words of their labels.  Nobody looks at single failures of the held-out half;
   only its figures are published.
3. Those of `_LATER` were written after the detectors had been tuned, by nobody who had tuned them: the figure that says
   most about texts to come.
4. `{}` is the value.  Chinese frames are written glued, as people write; a spaced spelling is made of each.
"""

# Frames read as tables; a row that is broken over lines is no longer one.
# ruff: noqa: E501

from collections.abc import Mapping
from dataclasses import dataclass

# kind: language: (frame to tune on, frame held out)
_SENTENCES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "pii.hkid": {
        "en": ("My HKID number is {}, please check the file.", "The applicant's Hong Kong identity card no. {} was copied by the front desk."),
        "zh-Hant": ("申請人的香港身份證號碼為{}，請核對。", "請攜同身分證正本（{}）到本處辦理手續。"),
        "yue": ("我嘅身份證號碼係{}，唔該幫我查下。", "佢張身份證寫住{}㗎，你抄低未呀？"),
        "zh-Hans": ("他的香港身份证号码是{}，已登记。", "请核对该客户的香港身份证{}是否有效。"),
    },
    "pii.hk_phone": {
        "en": ("You can call me at {} after six.", "If nobody answers, ring her mobile on {} instead."),
        "zh-Hant": ("如有查詢，請致電{}與陳小姐聯絡。", "本人聯絡電話為{}，辦公時間內可接聽。"),
        "yue": ("佢電話係{}，你打俾佢啦。", "你有事就WhatsApp我{}啦，唔好打去公司。"),
        "zh-Hans": ("请拨打香港电话{}联系王先生。", "她在香港的手机号码是{}，随时可以找她。"),
    },
    "pii.hk_passport": {
        "en": ("Her HKSAR passport number is {} and it expires in May.", "Please book the flight under Hong Kong passport {} for Mr Lau."),
        "zh-Hant": ("他的特區護照號碼是{}，將於明年到期。", "訂票時請填寫香港特別行政區護照{}的資料。"),
        "yue": ("我本特區護照號碼係{}，下個月到期。", "佢嘅香港護照冇咗呀，號碼係{}，點補領好？"),
        "zh-Hans": ("她的香港特区护照号码为{}。", "旅客持香港护照{}入境，已核验。"),
    },
    "pii.hk_octopus": {
        "en": ("My Octopus card number is {}; it was lost on Monday.", "Please refund the balance of Octopus {} to the cardholder."),
        "zh-Hant": ("遺失的八達通號碼為{}，請代為報失。", "八達通卡{}餘額不足，未能過閘。"),
        "yue": ("我張八達通號碼係{}，唔見咗呀。", "幫我睇下八達通{}仲有幾多錢。"),
        "zh-Hans": ("他的八达通卡号是{}，请办理挂失。", "请把八达通{}的余额退给持卡人。"),
    },
    "pii.hk_bank_account": {
        "en": ("Please transfer the rent to bank account {} before Friday.", "Our bank details: account number {}, payee Lau Siu Ming."),
        "zh-Hant": ("請將款項轉帳至銀行戶口{}，並保留收據。", "收款人銀行帳號為{}，請於三日內過數。"),
        "yue": ("你過數去我銀行戶口{}啦。", "租金入{}呢個戶口就得喇。"),
        "zh-Hans": ("请把货款汇到香港银行账户{}。", "收款银行账号：{}，户名陈大文。"),
    },
    "pii.hk_fps": {
        "en": ("Send it by FPS, my FPS ID is {}.", "You may pay through the Faster Payment System with identifier {} at any time."),
        "zh-Hant": ("可用轉數快付款，轉數快識別碼為{}。", "請以轉數快（FPS ID {}）繳交會費。"),
        "yue": ("你轉數快俾我啦，FPS識別碼係{}。", "用轉數快過數，ID係{}，過完話我知。"),
        "zh-Hans": ("请用转数快付款，识别码{}。", "转数快FPS ID：{}，收到后会通知您。"),
    },
    "pii.hk_brn": {
        "en": ("The business registration number is {} as shown on the certificate.", "Issued to BR No. {}, trading in Kowloon."),
        "zh-Hant": ("本公司商業登記號碼為{}，歡迎查核。", "商業登記證號碼{}已於上月續期。"),
        "yue": ("我哋間舖嘅商業登記號碼係{}。", "張商業登記證上面寫住{}，你對下啦。"),
        "zh-Hans": ("该公司的商业登记号码为{}。", "请提供商业登记证号码，例如{}。"),
    },
    "pii.hk_company_number": {
        "en": ("The company number is {} in the Companies Register.", "It was incorporated in Hong Kong under CR No. {} last year."),
        "zh-Hant": ("該公司的公司註冊編號為{}。", "按公司註冊處紀錄，公司編號{}已撤銷註冊。"),
        "yue": ("我查過公司註冊處，公司編號係{}。", "間公司嘅CR號碼係{}，你自己上網查啦。"),
        "zh-Hans": ("该香港公司的公司注册编号为{}。", "香港公司注册处的公司编号{}。"),
    },
    "pii.hk_vehicle": {
        "en": ("His car, licence plate {}, was parked outside.", "The vehicle registration mark is {} and the driver has left."),
        "zh-Hant": ("車牌號碼{}的私家車阻塞通道。", "涉事車輛的登記號碼為{}，車主已報警。"),
        "yue": ("架車車牌係{}，阻住晒條路。", "有冇人識車牌{}嘅車主呀？叫佢郁車。"),
        "zh-Hans": ("香港车牌{}的车辆违例停泊。", "他的香港车牌号是{}。"),
    },
    "pii.cn_resident_id": {
        "en": ("His PRC resident identity card number is {}.", "The guarantor from Shenzhen gave the Chinese ID number {} on the form."),
        "zh-Hant": ("他的內地居民身份證號碼為{}。", "內地同事的身份證{}已經影印存檔。"),
        "yue": ("佢大陸身份證號碼係{}。", "開戶要大陸身份證㗎，佢個號碼係{}。"),
        "zh-Hans": ("我的身份证号码是{}，请帮我查询。", "乘车人身份证{}，购票成功。"),
    },
    "pii.cn_residence_permit": {
        "en": ("Her residence permit for Hong Kong and Macao residents is {}.", "She rented the flat in Guangzhou with mainland residence permit {}."),
        "zh-Hant": ("他的港澳居民居住證號碼為{}。", "我的內地居住證是{}，可以買高鐵票。"),
        "yue": ("我張港澳居民居住證號碼係{}。", "用居住證{}買高鐵飛就得㗎喇。"),
        "zh-Hans": ("港澳居民居住证号码：{}。", "台湾居民居住证{}已办理完成。"),
    },
    "pii.cn_home_return_permit": {
        "en": ("My Home Return Permit number is {}.", "The guest checked in with Mainland Travel Permit {} yesterday."),
        "zh-Hant": ("他的回鄉證號碼為{}，有效期十年。", "請輸入港澳居民來往內地通行證號碼{}。"),
        "yue": ("我回鄉證號碼係{}，幫我訂飛。", "佢張回鄉證{}過咗期喇。"),
        "zh-Hans": ("港澳居民来往内地通行证号码为{}。", "客人用回乡证{}办理入住。"),
    },
    "pii.cn_exit_permit": {
        "en": ("Her Exit-Entry Permit to Hong Kong and Macao is {}.", "The visitor holds EEP number {} with a multiple-entry endorsement."),
        "zh-Hant": ("內地旅客的往來港澳通行證號碼為{}。", "她持往來港澳通行證（{}）來港。"),
        "yue": ("佢張港澳通行證號碼係{}。", "我表哥用往來港澳通行證{}落嚟㗎。"),
        "zh-Hans": ("往来港澳通行证号码：{}。", "我的港澳通行证是{}，签注还有一次。"),
    },
    "pii.cn_passport": {
        "en": ("His Chinese passport number is {}.", "Visa issued for passport of the People's Republic of China no. {} today."),
        "zh-Hant": ("該內地客人的中國護照號碼為{}。", "他持中華人民共和國護照{}入境。"),
        "yue": ("佢用中國護照，號碼係{}。", "本中國護照{}仲有兩年先到期。"),
        "zh-Hans": ("我的护照号码是{}，请帮忙订机票。", "旅客的因私护照号为{}。"),
    },
    "pii.cn_uscc": {
        "en": ("The supplier's unified social credit code is {}.", "On the Chinese business licence you find USCC {} at the top."),
        "zh-Hant": ("該內地公司的統一社會信用代碼為{}。", "營業執照上的統一社會信用代碼是{}，已核實。"),
        "yue": ("間廠嘅統一社會信用代碼係{}。", "張營業執照寫住信用代碼{}。"),
        "zh-Hans": ("统一社会信用代码：{}。", "开票信息：税号{}，请核对。"),
    },
    "pii.cn_phone": {
        "en": ("Her mainland mobile is {}.", "In Shenzhen please phone the driver at {} on arrival."),
        "zh-Hant": ("他的內地手機號碼為{}。", "到深圳後請聯絡司機{}。"),
        "yue": ("佢大陸電話係{}。", "過咗關就打{}搵司機啦。"),
        "zh-Hans": ("我的手机号是{}，加我微信吧。", "快递小哥的联系方式{}，放门口就行。"),
    },
    "pii.mo_bir": {
        "en": ("His Macao resident identity card number is {}.", "The Macau BIR of the applicant is {} and she is a permanent resident."),
        "zh-Hant": ("她的澳門身份證號碼為{}。", "澳門居民身份證編號{}已核實。"),
        "yue": ("佢張澳門身份證係{}。", "我係澳門人，身份證號碼{}。"),
        "zh-Hans": ("澳门居民身份证号码：{}。", "他的澳门身份证是{}，已存档。"),
    },
    "pii.mo_phone": {
        "en": ("Her Macao phone number is {}.", "For the ferry office in Macau dial {} before noon."),
        "zh-Hant": ("澳門辦事處電話為{}。", "澳門同事的手提是{}，可直接聯絡。"),
        "yue": ("佢澳門電話係{}。", "去到澳門就打{}啦。"),
        "zh-Hans": ("澳门电话：{}。", "请联系澳门的同事{}。"),
    },
    "pii.tw_id": {
        "en": ("His Taiwan ID number is {}.", "The Taiwanese national identification number {} was entered twice."),
        "zh-Hant": ("他的台灣身分證字號為{}。", "請提供國民身分證統一編號，例如我的是{}。"),
        "yue": ("佢台灣身分證號碼係{}。", "我女朋友係台灣人，身分證字號{}。"),
        "zh-Hans": ("他的台湾身份证号是{}。", "台湾身分证字号：{}，已登记。"),
    },
    "pii.tw_arc": {
        "en": ("Her Taiwan resident certificate (ARC) number is {}.", "The foreign student in Taipei holds ARC no. {} since March."),
        "zh-Hant": ("她的台灣居留證號碼為{}。", "外僑居留證統一證號{}已換發。"),
        "yue": ("佢張台灣居留證號碼係{}。", "我喺台灣讀書，居留證係{}。"),
        "zh-Hans": ("台湾居留证号码：{}。", "他的台湾居留证统一证号为{}。"),
    },
    "pii.tw_phone": {
        "en": ("My Taiwan mobile is {}.", "Once in Taipei, text her on {} to meet."),
        "zh-Hant": ("我的台灣手機是{}，歡迎來電。", "請留台灣聯絡電話，例如我的{}。"),
        "yue": ("我台灣電話係{}。", "到咗台北打{}搵我。"),
        "zh-Hans": ("我在台湾的手机号是{}。", "台湾联系电话：{}。"),
    },
    "pii.payment_card": {
        "en": ("Please charge my credit card {} for the deposit.", "She read out the card {} over the line, expiry 11/28."),
        "zh-Hant": ("信用卡號碼為{}，到期日12/28。", "請從我的銀聯卡{}扣除年費。"),
        "yue": ("我張卡號係{}，碌卡得唔得？", "用我張信用卡{}找數啦。"),
        "zh-Hans": ("我的银行卡号是{}，请转账。", "信用卡{}已被冻结，请致电客服。"),
    },
    "pii.email": {
        "en": ("Write to {} with your CV.", "I forwarded everything to {} yesterday."),
        "zh-Hant": ("請將履歷電郵至{}，謝謝。", "收件人{}已讀取文件。"),
        "yue": ("電郵係{}搵我。", "send去{}俾佢啦，佢等緊。"),
        "zh-Hans": ("我的邮箱是{}，请查收。", "文件已发送到{}了。"),
    },
    "pii.iban": {
        "en": ("Pay to IBAN {} today.", "The German supplier asks for a wire to {} in euro."),
        "zh-Hant": ("收款人的IBAN為{}，請電匯。", "歐洲供應商的國際銀行帳號是{}。"),
        "yue": ("佢個IBAN係{}，過歐元俾佢。", "匯去{}呢個IBAN啦。"),
        "zh-Hans": ("收款人IBAN：{}。", "请汇款到国际账号{}。"),
    },
    "pii.bic": {
        "en": ("The SWIFT code of the bank is {}.", "Remit through the bank with BIC {} please."),
        "zh-Hant": ("銀行的SWIFT代碼為{}。", "電匯時請填寫銀行國際代碼（BIC）{}。"),
        "yue": ("間銀行嘅SWIFT code係{}。", "過海外錢要SWIFT㗎，係{}。"),
        "zh-Hans": ("银行SWIFT代码：{}。", "汇款行的BIC是{}，请核对。"),
    },
    "pii.crypto_address": {
        "en": ("My bitcoin wallet is {}.", "Half a coin was sent to address {} last night."),
        "zh-Hant": ("比特幣錢包地址為{}。", "他把比特幣轉到{}了。"),
        "yue": ("我個比特幣錢包係{}。", "啲BTC過咗去{}。"),
        "zh-Hans": ("比特币钱包地址：{}。", "请把BTC转到{}。"),
    },
}  # fmt: skip

# kind: language: (label to tune on, label held out); Cantonese labels are those of written Chinese.
LABELS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "pii.hkid": {"en": ("HKID", "HK ID Card No."), "zh-Hant": ("身份證號碼", "香港身份證"), "zh-Hans": ("香港身份证", "身份证号码")},
    "pii.hk_phone": {"en": ("Tel", "Mobile No."), "zh-Hant": ("電話", "手提電話"), "zh-Hans": ("电话", "联系电话")},
    "pii.hk_passport": {"en": ("HKSAR Passport", "Passport No. (HK)"), "zh-Hant": ("特區護照", "護照號碼"), "zh-Hans": ("特区护照", "护照号码")},
    "pii.hk_octopus": {"en": ("Octopus No.", "Octopus card"), "zh-Hant": ("八達通號碼", "八達通卡號"), "zh-Hans": ("八达通号码", "八达通卡")},
    "pii.hk_bank_account": {"en": ("Bank account", "A/C No."), "zh-Hant": ("銀行戶口", "銀行帳號"), "zh-Hans": ("银行账户", "银行账号")},
    "pii.hk_fps": {"en": ("FPS ID", "FPS"), "zh-Hant": ("轉數快", "轉數快識別碼"), "zh-Hans": ("转数快", "转数快识别码")},
    "pii.hk_brn": {"en": ("BRN", "Business Registration No."), "zh-Hant": ("商業登記號碼", "商業登記證號碼"), "zh-Hans": ("商业登记号码", "商业登记证")},
    "pii.hk_company_number": {"en": ("Company No.", "CR No."), "zh-Hant": ("公司編號", "公司註冊編號"), "zh-Hans": ("公司编号", "公司注册编号")},
    "pii.hk_vehicle": {"en": ("Licence plate", "Vehicle reg. mark"), "zh-Hant": ("車牌", "車牌號碼"), "zh-Hans": ("车牌", "车牌号码")},
    "pii.cn_resident_id": {"en": ("PRC ID", "Resident ID No."), "zh-Hant": ("內地身份證", "居民身份證"), "zh-Hans": ("身份证号", "居民身份证号码")},
    "pii.cn_residence_permit": {"en": ("Residence permit", "Residence Permit No."), "zh-Hant": ("居住證", "港澳居民居住證"), "zh-Hans": ("居住证", "港澳台居民居住证")},
    "pii.cn_home_return_permit": {"en": ("Home Return Permit", "HRP No."), "zh-Hant": ("回鄉證", "回鄉證號碼"), "zh-Hans": ("回乡证", "来往内地通行证")},
    "pii.cn_exit_permit": {"en": ("Exit-Entry Permit", "EEP No."), "zh-Hant": ("港澳通行證", "往來港澳通行證"), "zh-Hans": ("港澳通行证", "往来港澳通行证")},
    "pii.cn_passport": {"en": ("PRC Passport", "Chinese passport no."), "zh-Hant": ("中國護照", "中國護照號碼"), "zh-Hans": ("护照", "中国护照")},
    "pii.cn_uscc": {"en": ("USCC", "Unified Social Credit Code"), "zh-Hant": ("統一社會信用代碼", "社會信用代碼"), "zh-Hans": ("统一社会信用代码", "信用代码")},
    "pii.cn_phone": {"en": ("China mobile", "Mobile (PRC)"), "zh-Hant": ("內地手機", "內地電話"), "zh-Hans": ("手机", "手机号码")},
    "pii.mo_bir": {"en": ("Macao ID", "Macau BIR"), "zh-Hant": ("澳門身份證", "澳門居民身份證"), "zh-Hans": ("澳门身份证", "澳门居民身份证")},
    "pii.mo_phone": {"en": ("Macao tel", "Tel (Macau)"), "zh-Hant": ("澳門電話", "澳門手提"), "zh-Hans": ("澳门电话", "澳门手机")},
    "pii.tw_id": {"en": ("Taiwan ID", "National ID (Taiwan)"), "zh-Hant": ("身分證字號", "國民身分證"), "zh-Hans": ("台湾身份证", "身分证字号")},
    "pii.tw_arc": {"en": ("ARC No.", "Taiwan ARC"), "zh-Hant": ("居留證號碼", "外僑居留證"), "zh-Hans": ("台湾居留证", "居留证号码")},
    "pii.tw_phone": {"en": ("Taiwan mobile", "Tel (TW)"), "zh-Hant": ("台灣手機", "行動電話"), "zh-Hans": ("台湾手机", "台湾电话")},
    "pii.payment_card": {"en": ("Card number", "Visa/Master"), "zh-Hant": ("信用卡號碼", "卡號"), "zh-Hans": ("信用卡号", "银行卡")},
    "pii.email": {"en": ("Email", "E-mail"), "zh-Hant": ("電郵", "電郵地址"), "zh-Hans": ("邮箱", "电子邮件")},
    "pii.iban": {"en": ("IBAN", "IBAN No."), "zh-Hant": ("IBAN", "國際銀行帳號"), "zh-Hans": ("IBAN", "国际银行账号")},
    "pii.bic": {"en": ("SWIFT", "BIC"), "zh-Hant": ("SWIFT代碼", "銀行國際代碼"), "zh-Hans": ("SWIFT代码", "BIC")},
    "pii.crypto_address": {"en": ("Bitcoin wallet", "BTC address"), "zh-Hant": ("比特幣錢包", "比特幣地址"), "zh-Hans": ("比特币钱包", "比特币地址")},
}  # fmt: skip

# kind: language: a frame written after the detectors had been tuned on the others; held out, and reported by itself.
_LATER: Mapping[str, Mapping[str, str]] = {
    "pii.hkid": {
        "en": "Could you confirm whether ID card {} belongs to Ms Ho? The bank rejected it twice.",
        "zh-Hant": "茲證明持有香港永久性居民身份證{}之人士為本校學生。",
        "yue": "喂，我想補領身份證，舊嗰張係{}，要帶啲咩去？",
        "zh-Hans": "请问港人身份证{}能在深圳办银行卡吗？",
    },
    "pii.hk_phone": {
        "en": "Hi, this is Kelly from unit 12B, my number is {} if the plumber gets lost.",
        "zh-Hant": "失物待領：拾獲銀包一個，失主請聯絡管理處{}。",
        "yue": "師傅你到咗樓下call我{}呀，我落嚟開門。",
        "zh-Hans": "到了香港打我电话{}，我去接你们。",
    },
    "pii.hk_passport": {
        "en": "I need to change the passport on booking 2 of 3: the new HKSAR passport is {}.",
        "zh-Hant": "我已更換特區護照，新護照編號{}，請更新會員資料。",
        "yue": "網上check-in要入護照號碼，我特區護照係{}。",
        "zh-Hans": "我持特区护照（{}）申请了学生签证。",
    },
    "pii.hk_octopus": {
        "en": "Which account is Octopus {} linked to for automatic add-value?",
        "zh-Hant": "請為小兒的學生八達通（編號{}）辦理自動增值。",
        "yue": "我拾到一張八達通，背面個號碼寫住{}。",
        "zh-Hans": "学生的八达通（号码{}）还没有收到车费补贴。",
    },
    "pii.hk_bank_account": {
        "en": "Salary goes to the staff's bank a/c {} on the 28th.",
        "zh-Hant": "退款將於七個工作天內存入閣下的銀行賬戶{}。",
        "yue": "啲人工入咗我銀行户口{}未呀？",
        "zh-Hans": "退款请退到我的香港银行户口{}。",
    },
    "pii.hk_fps": {
        "en": "No cash please: FPS {} (registered under the shop's name).",
        "zh-Hant": "捐款可經「轉數快」，識別碼：{}。",
        "yue": "夾錢入嚟轉數快{}呀，每人三百。",
        "zh-Hans": "AA的钱用转数快转给我，FPS识别码{}。",
    },
    "pii.hk_brn": {
        "en": "We are a sole proprietorship, business registration certificate number {}.",
        "zh-Hant": "供應商須提供商業登記證（號碼：{}）副本。",
        "yue": "開公司戶口要交商業登記，我哋個BR係{}。",
        "zh-Hans": "香港供应商的商业登记证号{}已过期。",
    },
    "pii.hk_company_number": {
        "en": "Please file the annual return of company number {} before the deadline.",
        "zh-Hant": "請查閱公司註冊編號{}之董事名冊。",
        "yue": "公司註冊證書上面個公司編號係{}。",
        "zh-Hans": "请提供公司注册证书，公司编号为{}。",
    },
    "pii.hk_vehicle": {
        "en": "A silver van with number plate {} blocked the ramp all morning.",
        "zh-Hant": "訪客車輛（車牌：{}）已登記泊車。",
        "yue": "我架的士車牌{}，頭先有位客留低咗部電話。",
        "zh-Hans": "请让车牌号码为{}的香港司机挪一下车。",
    },
    "pii.cn_resident_id": {
        "en": "For the hotel in Guangzhou I will use my mainland ID card, {}.",
        "zh-Hant": "請以內地身份證號碼{}購買高鐵車票。",
        "yue": "我阿媽大陸身份證{}，想申請單程證。",
        "zh-Hans": "本人{}（身份证号）委托李某代办过户手续。",
    },
    "pii.cn_residence_permit": {
        "en": "Upload both sides of the Hong Kong residents' residence permit ({}) to rent.",
        "zh-Hant": "已領取港澳臺居民居住證，公民身份號碼{}。",
        "yue": "我喺深圳領咗居住證，號碼{}，可以返學。",
        "zh-Hans": "凭居住证{}可以在当地就医。",
    },
    "pii.cn_home_return_permit": {
        "en": "At the gate they asked for my Home Return card; it is {}.",
        "zh-Hant": "本人回鄉卡號碼{}，現申請換領新證。",
        "yue": "過關要用回鄉證，你部機入{}得㗎喇。",
        "zh-Hans": "香港同事用回乡证{}买了高铁票。",
    },
    "pii.cn_exit_permit": {
        "en": "My aunt from Foshan travels on Exit-Entry Permit {}.",
        "zh-Hant": "旅客須出示往來港澳通行證，證件號碼{}。",
        "yue": "大陸親戚落嚟要辦港澳通行證，佢嗰本係{}。",
        "zh-Hans": "我的往来港澳通行证（证号{}）快过期了。",
    },
    "pii.cn_passport": {
        "en": "The tour member from Beijing has PRC passport {}.",
        "zh-Hant": "內地團友的中國護照{}已送簽。",
        "yue": "佢攞中國護照㗎，護照號碼{}。",
        "zh-Hans": "出境人员护照号码{}，请提前申报。",
    },
    "pii.cn_uscc": {
        "en": "Invoice the Shanghai branch, unified social credit code {}.",
        "zh-Hant": "發票抬頭請填公司全名及統一社會信用代碼{}。",
        "yue": "開發票要信用代碼，即係統一社會信用代碼{}。",
        "zh-Hans": "开票资料：公司名称、统一社会信用代码{}、地址电话。",
    },
    "pii.cn_phone": {
        "en": "The factory manager can be reached at {} (WeChat as well).",
        "zh-Hant": "深圳倉庫聯絡人老王，手機{}。",
        "yue": "你入咗關打俾我大陸號{}。",
        "zh-Hans": "收货人：小刘，电话{}，放驿站。",
    },
    "pii.mo_bir": {
        "en": "For the Macau cash handout he needs Macao ID card {}.",
        "zh-Hant": "申請人須持有澳門特別行政區永久性居民身份證{}。",
        "yue": "我老婆係澳門人，佢澳門身份證號碼係{}。",
        "zh-Hans": "澳门居民需填写澳门居民身份证号{}。",
    },
    "pii.mo_phone": {
        "en": "Call the Macau hotel directly: {}.",
        "zh-Hant": "如在澳門遺失物品，請致電{}。",
        "yue": "我喺澳門嘅電話{}，有事搵我。",
        "zh-Hans": "澳门酒店前台电话是{}。",
    },
    "pii.tw_id": {
        "en": "Her husband's Taiwan national ID is {}, born in Tainan.",
        "zh-Hant": "投保人身分證字號{}，出生地台南。",
        "yue": "台灣身分證{}係佢老公嘅。",
        "zh-Hans": "台湾同胞的身份证字号为{}。",
    },
    "pii.tw_arc": {
        "en": "My ARC number in Taiwan is {}, valid until 2027.",
        "zh-Hant": "我是僑生，居留證號碼{}，想開證券戶。",
        "yue": "我喺台北讀書，張居留證號碼係{}。",
        "zh-Hans": "在台湾工作的外籍员工居留证号{}。",
    },
    "pii.tw_phone": {
        "en": "In Kaohsiung ring my cousin, mobile {}.",
        "zh-Hant": "寄件人手機{}，超商取貨請出示證件。",
        "yue": "台灣親戚手機{}，佢會嚟機場接我哋。",
        "zh-Hans": "我台湾的手机{}，晚上都在。",
    },
    "pii.payment_card": {
        "en": "The subscription was billed to my Visa {} again, please stop it.",
        "zh-Hant": "本人信用卡（{}）於昨日被盜用。",
        "yue": "我想cut咗張信用卡{}，年費好貴。",
        "zh-Hans": "请把还款存入信用卡{}。",
    },
    "pii.email": {
        "en": "cc {} on the reply, she handles the lease.",
        "zh-Hant": "電子收據會寄到{}。",
        "yue": "我email係{}，啲相send嚟啦。",
        "zh-Hans": "发票请发邮箱{}，谢谢。",
    },
    "pii.iban": {
        "en": "My landlord in Vienna wants the deposit on {} by Monday.",
        "zh-Hant": "請將學費匯至學校的IBAN帳號{}。",
        "yue": "德國間學校個IBAN係{}，我聽日去匯。",
        "zh-Hans": "欧洲那边的收款账号（IBAN）是{}。",
    },
    "pii.bic": {
        "en": "For the overseas wire you also need SWIFT/BIC {}.",
        "zh-Hant": "海外匯款請註明SWIFT CODE：{}。",
        "yue": "入嚟香港要寫SWIFT代號{}先得。",
        "zh-Hans": "国外汇款要填SWIFT号{}。",
    },
    "pii.crypto_address": {
        "en": "Donations in bitcoin are welcome at {}.",
        "zh-Hant": "騙徒要求受害人把比特幣轉至{}。",
        "yue": "佢叫我過比特幣去{}，係咪呃人㗎？",
        "zh-Hans": "请把比特币打到这个地址：{}。",
    },
}  # fmt: skip

# (shape to tune on, shape held out); `<l>` is the label, `<k>` the kind's own key.
_SHAPES: tuple[tuple[str, str], ...] = (
    ("<l>: {}", "<l> - {}"),
    ("<l>：{}", "【<l>】{}"),
    ('{"name": "CHAN Tai Man", "<k>": "{}"}', '{"data": [{"<k>":"{}","status":"ok"}]}'),
    ("| Name | <l> |\n|---|---|\n| 陳大文 | {} |", "| # | <l> | Remark |\n| --- | --- | --- |\n| 1 | {} | done |\n"),
    ("Regards,\nChan Tai Man\n<l> {}\n", "--\nWong Siu Ming | Sales\n<l>: {}\n"),
    ("**<l>**: {}", "<l> = `{}`"),
    ("- <l> {}\n- Status OK", "1. <l>\n   {}\n2. OK"),
    ("<p><l>: {}</p>", "<tr><td><l></td><td>{}</td></tr>"),
    ("<k>: {}\nstatus: active\n", "<<k>>{}</<k>>"),
    ("[10:32] Mary: <l>?\n[10:33] Peter: {}", "Q: <l>?\nA: {}"),
)
KEYS: Mapping[str, str] = {
    "pii.hkid": "hkid", "pii.hk_phone": "phone", "pii.hk_passport": "hk_passport_no", "pii.hk_octopus": "octopus_no",
    "pii.hk_bank_account": "bank_account", "pii.hk_fps": "fps_id", "pii.hk_brn": "business_registration_no",
    "pii.hk_company_number": "company_number", "pii.hk_vehicle": "licence_plate", "pii.cn_resident_id": "resident_id",
    "pii.cn_residence_permit": "residence_permit", "pii.cn_home_return_permit": "home_return_permit",
    "pii.cn_exit_permit": "exit_entry_permit", "pii.cn_passport": "cn_passport", "pii.cn_uscc": "uscc",
    "pii.cn_phone": "mobile", "pii.mo_bir": "macao_id", "pii.mo_phone": "macao_phone", "pii.tw_id": "taiwan_id",
    "pii.tw_arc": "arc_no", "pii.tw_phone": "taiwan_mobile", "pii.payment_card": "card_number", "pii.email": "email",
    "pii.iban": "iban", "pii.bic": "swift_code", "pii.crypto_address": "btc_address",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """A text around one value of `kind`; `{}` stands for the value."""

    kind: str
    language: str
    text: str
    held_out: bool
    shape: str

    def around(self, value: str) -> tuple[str, int, int]:
        """The text with `value` in it, and where it stands."""
        at = self.text.index("{}")
        return self.text[:at] + value + self.text[at + 2 :], at, at + len(value)


def frames() -> list[Frame]:
    """Every frame, in a fixed order; what reads the same in two languages counts once."""
    unique = {frame.text: frame for frame in reversed([*_sentences(), *_shaped(), *_later()])}
    return list(reversed(unique.values()))


def spaced(frame: Frame) -> Frame | None:
    """A Chinese frame with blanks around the value, an English one with the blank before it taken out where a colon
    or bracket stands; None where that changes nothing."""
    before, after = frame.text.split("{}", 1)
    if frame.language == "en":
        text = frame.text.replace(": {}", ":{}")
    else:
        blank_before = before[-1:] and (before[-1].isalnum() or before[-1] in "：:")
        text = before + " " * bool(blank_before) + "{}" + " " * bool(after[:1].isalnum()) + after
    return None if text == frame.text else Frame(frame.kind, frame.language, text, frame.held_out, frame.shape)


def _sentences() -> list[Frame]:
    return [
        Frame(kind, language, pair[held_out], held_out, "sentence")
        for kind, languages in _SENTENCES.items()
        for language, pair in languages.items()
        for held_out in (False, True)
    ]


def _later() -> list[Frame]:
    return [
        Frame(kind, language, text, True, "later")
        for kind, languages in _LATER.items()
        for language, text in languages.items()
    ]


def _shaped() -> list[Frame]:
    made = []
    for kind, languages in LABELS.items():
        for language, labels in languages.items():
            for pair in _SHAPES:
                for held_out in (False, True):
                    text = pair[held_out].replace("<l>", labels[held_out]).replace("<k>", KEYS[kind])
                    made.append(Frame(kind, language, text, held_out, "label"))
    return made
