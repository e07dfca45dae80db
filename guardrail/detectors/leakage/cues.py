"""The words that announce each kind of identifier, in English and in both Chinese scripts; plain data.

Rules: lower case, as `Candidate.before` is; a word stands in one set only where the sets compete for one value.
"""

from guardrail.detectors.leakage.context import labels

PHONE = labels(
    "tel", "tels", "tel no", "telephone", "telephones", "phone", "phones", "call", "calls", "calling", "called",
    "whatsapp", "mobile", "mobiles", "cell", "cellphone", "fax", "hotline", "hotlines", "contact", "contacts",
    "dial", "ring", "sms", "telno", "phoneno", "mobileno", "phonenumber", "signal", "wechat", "fps", "payme",
    "telegram", "電話", "手機", "手提", "致電", "聯絡", "聯繫", "聯系", "打俾", "打畀", "打比", "熱線", "傳真",
    "電聯", "流動電話", "來電", "撥打", "电话", "手机", "联络", "联系", "热线", "传真", "来电", "拨打", "致电",
    "打给", "打給", "微信", "短訊", "短信", "轉數快", "转数快",
    "搵我", "固话", "固話", "座机", "座機", "手提電話", "移动电话",
)  # fmt: skip
OTHER_NUMBER = labels(
    "order", "orders", "invoice", "account", "acct", "a/c", "ref", "reference", "tracking", "ticket", "case",
    "serial", "patent", "isbn", "issn", "doi", "version", "id", "hkid", "passport", "licence", "license",
    "policy no", "batch", "population", "revenue", "price", "cost", "costs", "total", "amount", "bill", "fee",
    "profit", "salary", "balance", "訂單", "單號", "帳號", "帳戶", "戶口", "賬號", "賬戶", "編號", "序號",
    "發票", "身份證", "身分證", "護照", "結餘", "人口", "收入", "金額", "總數", "費", "费", "價", "价", "專利",
    "专利", "餘額", "余额", "八達通", "商業登記", "订单", "单号", "账号", "账户", "编号", "序号", "发票",
    "身份证", "护照", "金额", "总数",
)  # fmt: skip
HKID = labels(
    "hkid", "hkids", "hkic", "hk id", "hkid no", "id card", "identity card", "identity", "identification", "id",
    "ids", "id no", "idno", "id number", "identity document", "tin", "licence", "license", "driving", "hkidno",
    "hkidnumber", "身份證", "身分證", "身份证", "身分证", "證件", "证件", "智能身份", "駕駛執照", "車牌執照",
    "稅務編號",
)  # fmt: skip
NOT_HKID = labels(
    "passport", "passports", "product id", "order id", "user id", "item id", "session id", "serial", "order",
    "sku", "護照", "护照", "回鄉證", "回乡证", "通行證", "通行证", "訂單", "订单", "貨號", "货号", "商業登記",
)  # fmt: skip
RESIDENT = labels(
    "id", "ids", "id no", "id card", "identity", "identification", "resident id", "resident identity", "prc id",
    "chinese id", "residence permit", "resident permit", "身份證", "身分證", "身份证", "身分证", "證件", "证件",
    "居民", "居住證", "居住证", "公民",
)  # fmt: skip
CARD = labels(
    "card", "cards", "card no", "cardno", "cardnumber", "card_number", "visa", "mastercard", "amex",
    "american express", "unionpay", "credit", "debit", "cc", "ccn", "pan", "jcb", "diners", "discover",
    "credit_card", "creditcard", "卡號", "卡号", "信用卡", "銀聯", "银联", "提款卡", "扣帳卡", "扣賬卡",
    "借记卡", "借記卡", "储蓄卡", "儲蓄卡", "銀行卡", "银行卡", "萬事達", "万事达", "維薩", "簽帳", "簽賬",
    "八達通卡",
)  # fmt: skip
NOT_CARD = labels(
    "isbn", "issn", "ean", "upc", "barcode", "gtin", "timestamp", "imei", "doi", "orcid", "tracking", "order",
    "iban", "hash", "sha", "seed", "uuid", "guid", "iccid", "訂單", "订单", "條碼", "条码", "單號", "单号",
    "invoice", "serial", "serial number", "ref", "reference", "booking", "waybill", "單編號", "单编号", "張單", "运单",
    "運單", "快遞", "快递", "追蹤", "追踪", "發票", "发票", "序號", "序号",
)  # fmt: skip
OCTOPUS = labels(
    "octopus", "octopus card", "八達通", "八达通",
)  # fmt: skip
FPS = labels(
    "fps", "fps id", "fps identifier", "fps number", "faster payment", "faster payment system", "轉數快",
    "转数快", "快速支付",
)  # fmt: skip
BUSINESS = labels(
    "br", "brn", "br no", "br number", "business registration", "ubi", "unique business identifier", "brno",
    "商業登記", "商业登记", "商業登記證", "商業登記號碼", "獨特商業識別號碼", "business reg",
)  # fmt: skip
COMPANY = labels(
    "company no", "company number", "company registration", "cr no", "cr number", "crn", "incorporation",
    "company reg", "companies registry", "cr", "companynumber", "incorporation number", "registered number",
    "ci no", "company registration number", "公司編號", "公司编号", "公司註冊", "公司注册", "註冊編號",
    "注册编号", "公司註冊編號", "公司注册编号", "註冊證書", "公司號碼", "公司嘅編號", "公司嘅註冊",
    "公司的註冊", "註冊號碼", "注册号码", "公司登記", "公司登记", "公司註冊處", "註冊處", "公司的编号",
    "公司的注册", "公司的編號", "註冊嘅編號",
)  # fmt: skip
BANK_ACCOUNT = labels(
    "bank account", "account no", "account number", "account num", "acct", "acct no", "acct number", "a/c",
    "a/c no", "savings account", "current account", "beneficiary account", "bank a/c", "account_no",
    "account_number", "accountno", "accountnumber", "bankaccount", "bank acct", "autopay", "direct credit",
    "銀行戶口", "戶口號碼", "戶口", "銀行帳號", "銀行帳戶", "銀行賬戶", "帳戶號碼", "賬戶號碼", "帳號", "賬號",
    "银行账户", "银行账号", "账户号码", "账号", "户口", "儲蓄戶口", "往來戶口", "收款帳戶", "收款账户",
    "銀行號碼",
)  # fmt: skip
PAYMENT = labels(
    "pay", "pay to", "payment", "transfer", "remit", "remittance", "deposit", "payroll", "payee", "beneficiary",
    "過數", "入數", "入数", "匯款", "汇款", "轉帳", "轉賬", "转账", "匯入", "汇入", "入錢", "過錢", "轉錢",
    "存入", "收款", "出糧", "找數", "退款", "打款", "付款", "還款", "还款",
)  # fmt: skip
ACCOUNT = labels(
    "account", "accounts", "帳戶", "賬戶", "账户",
)  # fmt: skip
BANKS = labels(
    "bank", "hsbc", "hang seng", "standard chartered", "boc", "bochk", "bank of china", "bea", "dbs", "citi",
    "citibank", "icbc", "ccb", "ocbc", "za bank", "mox", "welab", "dah sing", "cmb", "chong hing", "fubon",
    "nanyang", "銀行", "银行", "匯豐", "汇丰", "恒生", "恆生", "渣打", "中銀", "中银", "東亞", "东亚", "花旗",
    "星展", "工銀", "建銀", "大新", "招商", "永隆", "南洋商業", "創興", "集友", "富邦", "眾安",
)  # fmt: skip
VEHICLE = labels(
    "licence plate", "license plate", "licence plates", "license plates", "number plate", "plate", "plate no",
    "plate number", "car plate", "registration mark", "vehicle registration", "vehicle no", "vehicle number",
    "registration number", "vehicle", "car no", "licenseplate", "licenceplate", "platenumber", "vehicle reg",
    "車牌", "车牌", "車牌號碼", "車輛登記", "车辆登记", "登記號碼", "車輛號碼", "私家車", "的士", "車號",
)  # fmt: skip
PASSPORT = labels(
    "passport", "passports", "passport no", "passport number", "travel document", "travel documents",
    "passportno", "passportnumber", "pp no", "護照", "护照", "旅行證件", "旅行证件", "特區護照", "特区护照",
)  # fmt: skip
HOME_RETURN = labels(
    "home return permit", "home return", "home visit permit", "mainland travel permit", "hrp", "home-return",
    "home-visit", "home visiting permit", "home-visiting", "homecoming permit", "home return card",
    "mainland permit", "mainland pass", "china travel permit", "re-entry permit", "reentry permit",
    "hui xiang zheng", "huixiangzheng", "回鄉證", "回乡证", "回鄉卡", "回乡卡", "來往內地通行證",
    "来往内地通行证", "港澳居民來往內地通行證", "港澳居民来往内地通行证",
)  # fmt: skip
EXIT_PERMIT = labels(
    "exit-entry permit", "exit entry permit", "exit permit", "two-way permit", "two way permit", "eep",
    "往來港澳通行證", "往来港澳通行证", "雙程證", "双程证", "港澳通行證", "港澳通行证", "單程證", "单程证",
    "one-way permit", "one way permit",
)  # fmt: skip
PERMIT = labels(
    "permit", "permit no", "通行證", "通行证",
)  # fmt: skip
TAIWAN_PERMIT = labels(
    "compatriot permit", "taiwan compatriot", "taibaozheng", "mtp", "taiwan residents", "台胞證", "台胞证",
    "臺胞證", "台灣居民來往大陸通行證", "台湾居民来往大陆通行证", "臺灣居民來往大陸通行證", "大陸通行證",
    "大陆通行证",
)  # fmt: skip
CREDIT_CODE = labels(
    "uscc", "social credit", "credit code", "unified social credit", "business licence", "business license",
    "統一社會信用", "统一社会信用", "信用代码", "信用代碼", "營業執照", "营业执照", "稅號", "税号",
    "纳税人识别号", "納稅人識別號", "taxpayer",
)  # fmt: skip
MACAO_ID = labels(
    "bir", "macau id", "macao id", "macau identity", "macao identity", "macau resident", "macao resident",
    "id card", "identity card", "居民身份證", "居民身份证", "澳門身份證", "澳门身份证", "澳門居民", "澳门居民",
    "身份證", "身份证", "身分證", "bilhete",
)  # fmt: skip
MACAO = labels(
    "macau", "macao", "澳門", "澳门",
)  # fmt: skip
TAIWAN = labels(
    "taiwan", "taipei", "kaohsiung", "taichung", "tainan", "hsinchu", "roc", "台灣", "臺灣", "台湾", "台北",
    "臺北", "高雄", "台中", "臺中", "台南", "新竹",
)  # fmt: skip
TAIWAN_ID = labels(
    "taiwan id", "national id", "national identification", "id", "id no", "id number", "id card",
    "identity card", "identity", "identification", "arc", "resident certificate", "alien resident",
    "residence permit", "uniform id", "身分證", "身份證", "身份证", "身分证", "統一編號", "统一编号", "統號",
    "居留證", "居留证", "外僑", "國民",
)  # fmt: skip
BIC = labels(
    "swift", "bic", "swift code", "bic code", "swift/bic", "bank code", "bank identifier", "swiftcode",
    "biccode", "銀行代碼", "银行代码", "國際代碼", "国际代码", "電匯代碼", "匯款代碼", "識別碼", "识别码",
    "代號", "代号",
)  # fmt: skip
WALLET = labels(
    "wallet", "btc", "bitcoin", "crypto", "address", "eth", "ethereum", "usdt", "usdc", "erc20", "trc20",
    "tron", "litecoin", "ltc", "doge", "dogecoin", "xrp", "deposit", "錢包", "钱包", "比特幣", "比特币", "地址",
    "以太", "泰達", "泰达", "加密貨幣", "加密货币", "虛擬貨幣",
)  # fmt: skip
OTHER_THINGS = labels(
    "order", "order id", "orders", "invoice", "ref", "reference", "tracking", "ticket", "case", "serial",
    "isbn", "patent", "issn", "doi", "version", "batch", "population", "revenue", "price", "cost", "costs",
    "total", "amount", "bill", "fee", "profit", "salary", "balance", "model", "part no", "sku", "tel",
    "telephone", "phone", "mobile", "whatsapp", "fax", "hotline", "hkid", "postcode", "zip", "hash",
    "timestamp", "barcode", "card", "card no", "credit card", "debit card", "year", "member", "membership",
    "policy no", "frame", "frames", "seed", "game", "video", "resolution", "employees",
    "數目", "数目", "人數", "人数", "宗數", "電話", "手機",
    "傳真", "电话", "手机", "传真", "訂單", "單號", "序號", "發票",
    "人口", "收入", "金額", "總數", "結餘", "餘額", "余额", "專利", "订单", "单号", "序号", "发票", "金额",
    "总数", "信用卡", "郵編", "邮编", "會員", "会员", "型號", "型号", "股票", "保單", "保单",
)  # fmt: skip
