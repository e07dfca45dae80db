"""Names of places that addresses are made of: districts of Hong Kong and Macao, divisions of the Mainland and Taiwan.

Rules:
1. A list here opens or closes an address; it never makes one: a district, a city or a street alone is nobody's address.
2. Estates, buildings and streets are not listed (there are tens of thousands, and new ones every year): the grammar in
   `addresses.py` knows them by the words they end in.  The few streets below are those that an address may begin with.

Sources: the Hong Kong Government's list of the 18 districts and their areas (Rating and Valuation Department, plans of
areas); GB/T 2260 (provinces and cities of the Mainland); the counties and cities of Taiwan.
"""

HK_REGIONS_EN = (
    "Hong Kong Island", "Hong Kong SAR", "Hong Kong", "HONG KONG ISLAND", "HONG KONG SAR", "HONG KONG", "Hongkong",
    "HKSAR", "HK", "Kowloon", "KOWLOON", "Kln", "KLN", "New Territories", "NEW TERRITORIES", "N.T.", "NT",
    "Lantau Island", "LANTAU ISLAND", "Macau", "Macao", "MACAU", "MACAO", "Taipa", "Coloane",
)  # fmt: skip
HK_DISTRICTS_EN = (
    "Aberdeen", "Admiralty", "Ap Lei Chau", "Apleichau", "Beacon Hill", "Braemar Hill", "Causeway Bay",
    "Central and Western", "Central & Western", "Central", "Chai Wan", "Chek Lap Kok", "Cheung Chau",
    "Cheung Sha Wan", "Choi Hung", "Choi Wan", "Clear Water Bay", "Cyberport", "Diamond Hill", "Discovery Bay",
    "Eastern", "Fairview Park", "Fanling", "Fo Tan", "Fotan", "Happy Valley", "Hang Hau", "Heng Fa Chuen",
    "Ho Man Tin", "Homantin", "Hung Hom", "Hung Shui Kiu", "Islands", "Jardine's Lookout", "Jordan", "Kai Tak",
    "Kam Tin", "Kennedy Town", "Kowloon Bay", "Kowloon City", "Kowloon Tong", "Kwai Chung", "Kwai Fong", "Kwai Hing",
    "Kwai Tsing", "Kwun Tong", "Lai Chi Kok", "Lai King", "Lam Tin", "Lamma Island", "Lau Fau Shan", "Lei Yue Mun",
    "Lo Wu", "Lohas Park", "LOHAS Park", "Lok Fu", "Lok Ma Chau", "Ma On Shan", "Ma Tau Wai", "Ma Wan", "Mei Foo",
    "Mid-Levels West", "Mid-Levels East", "Mid-Levels Central", "Mid-Levels", "Mid-levels", "Mong Kok", "Mongkok",
    "Mui Wo", "Ngau Chi Wan", "Ngau Tau Kok", "North District", "North Point", "Peng Chau", "Peak", "Pok Fu Lam",
    "Pokfulam", "Po Lam", "Prince Edward", "Quarry Bay", "Repulse Bay", "Sai Kung", "Sai Wan Ho", "Sai Wan",
    "Sai Ying Pun", "San Po Kong", "San Tin", "Sau Mau Ping", "Sha Tau Kok", "Sha Tin", "Shatin", "Sham Shui Po",
    "Sham Tseng", "Shau Kei Wan", "Shaukeiwan", "Shek Kip Mei", "Shek O", "Shek Tong Tsui", "Shek Wu Hui",
    "Sheung Shui", "Sheung Wan", "Shouson Hill", "Siu Sai Wan", "So Kon Po", "Southern", "Stanley", "Stubbs Road",
    "Tai Hang", "Tai Kok Tsui", "Tai Koo", "Tai O", "Tai Po Market", "Tai Po", "Tai Wai", "Tai Wan", "Taikoo",
    "The Peak", "Tin Hau", "Tin Shui Wai", "Tiu Keng Leng", "To Kwa Wan", "Tokwawan", "Tseung Kwan O",
    "Tsim Sha Tsui East", "Tsim Sha Tsui", "Tsimshatsui", "Tsing Yi", "Tsuen Wan", "Tsz Wan Shan", "Tuen Mun",
    "Tung Chung", "Wan Chai", "Wanchai", "West Kowloon", "Western", "Whampoa", "Wong Chuk Hang", "Wong Tai Sin",
    "Yau Ma Tei", "Yaumatei", "Yau Tong", "Yau Tsim Mong", "Yau Yat Tsuen", "Yuen Long", "Yung Shue Wan",
)  # fmt: skip
REGIONS_ZH = (
    "香港特別行政區", "香港特别行政区", "香港島", "香港岛", "香港", "港島", "港岛", "九龍", "九龙", "新界", "離島",
    "离岛", "大嶼山", "大屿山", "澳門特別行政區", "澳门特别行政区", "澳門", "澳门", "氹仔", "路環", "路环",
)  # fmt: skip
DISTRICTS_ZH = (
    "中西區", "中西区", "東區", "东区", "南區", "南区", "灣仔", "湾仔", "油尖旺", "深水埗", "深水埔", "九龍城",
    "九龙城", "黃大仙", "黄大仙", "觀塘", "观塘", "葵青", "荃灣", "荃湾", "屯門", "屯门", "元朗", "北區", "北区",
    "大埔", "沙田", "西貢", "西贡", "中環", "中环", "上環", "上环", "西環", "西环", "西營盤", "西营盘", "石塘咀",
    "堅尼地城", "坚尼地城", "金鐘", "金钟", "銅鑼灣", "铜锣湾", "跑馬地", "跑马地", "大坑", "天后", "炮台山", "北角",
    "鰂魚涌", "鲗鱼涌", "鰂鱼涌", "太古", "西灣河", "西湾河", "筲箕灣", "筲箕湾", "柴灣", "柴湾", "小西灣", "小西湾",
    "杏花邨", "香港仔", "鴨脷洲", "鸭脷洲", "黃竹坑", "黄竹坑", "薄扶林", "數碼港", "数码港", "赤柱", "淺水灣",
    "浅水湾", "深水灣", "深水湾", "壽臣山", "寿臣山", "半山區", "半山区", "半山", "山頂", "山顶", "尖沙咀", "尖沙嘴",
    "尖東", "尖东", "佐敦", "油麻地", "旺角", "太子", "大角咀", "大角嘴", "何文田", "紅磡", "红磡", "黃埔", "黄埔",
    "土瓜灣", "土瓜湾", "馬頭圍", "马头围", "啟德", "启德", "九龍塘", "九龙塘", "又一村", "石硤尾", "石硖尾",
    "長沙灣", "长沙湾", "荔枝角", "美孚", "樂富", "乐富", "慈雲山", "慈云山", "鑽石山", "钻石山", "彩虹", "新蒲崗",
    "新蒲岗", "牛池灣", "牛池湾", "九龍灣", "九龙湾", "牛頭角", "牛头角", "秀茂坪", "藍田", "蓝田", "油塘", "鯉魚門",
    "鲤鱼门", "將軍澳", "将军澳", "坑口", "調景嶺", "调景岭", "寶琳", "宝琳", "康城", "日出康城", "清水灣", "清水湾",
    "葵涌", "葵芳", "葵興", "葵兴", "荔景", "青衣", "深井", "馬灣", "马湾", "大窩口", "大窝口", "天水圍", "天水围",
    "洪水橋", "洪水桥", "流浮山", "錦田", "锦田", "八鄉", "八乡", "新田", "粉嶺", "粉岭", "上水", "沙頭角", "沙头角",
    "打鼓嶺", "打鼓岭", "大圍", "大围", "火炭", "馬鞍山", "马鞍山", "小瀝源", "小沥源", "東涌", "东涌", "梅窩",
    "梅窝", "大澳", "愉景灣", "愉景湾", "長洲", "长洲", "坪洲", "南丫島", "南丫岛", "榕樹灣", "榕树湾", "赤鱲角",
    "赤𫚭角",
)  # fmt: skip
STREETS_ZH = (
    "彌敦道", "弥敦道", "英皇道", "軒尼詩道", "轩尼诗道", "德輔道中", "德辅道中", "德輔道西", "德辅道西",
    "皇后大道中", "皇后大道東", "皇后大道东", "皇后大道西", "告士打道", "莊士敦道", "庄士敦道", "駱克道", "骆克道",
    "謝斐道", "谢斐道", "干諾道", "干诺道", "般咸道", "羅便臣道", "罗便臣道", "堅道", "坚道", "薄扶林道", "亞皆老街",
    "亚皆老街", "太子道", "窩打老道", "窝打老道", "漆咸道", "廣東道", "广东道", "柯士甸道", "佐敦道", "上海街",
    "砵蘭街", "砵兰街", "青山公路", "青山道", "大埔道", "清水灣道", "清水湾道", "觀塘道", "观塘道", "康寧道",
    "康宁道", "筲箕灣道", "筲箕湾道", "柴灣道", "柴湾道", "西灣河街", "西湾河街", "荃灣街市街", "荃湾街市街",
    "屯門鄉事會路", "屯门乡事会路", "沙田正街", "源禾路", "大涌橋路", "大涌桥路",
)  # fmt: skip
MAINLAND_ZH = (
    "北京市", "上海市", "天津市", "重慶市", "重庆市", "河北省", "山西省", "遼寧省", "辽宁省", "吉林省", "黑龍江省",
    "黑龙江省", "江蘇省", "江苏省", "浙江省", "安徽省", "福建省", "江西省", "山東省", "山东省", "河南省", "湖北省",
    "湖南省", "廣東省", "广东省", "海南省", "四川省", "貴州省", "贵州省", "雲南省", "云南省", "陝西省", "陕西省",
    "甘肅省", "甘肃省", "青海省", "廣西壯族自治區", "广西壮族自治区", "內蒙古自治區", "内蒙古自治区",
    "寧夏回族自治區", "宁夏回族自治区", "新疆維吾爾自治區", "新疆维吾尔自治区", "西藏自治區", "西藏自治区", "廣州市",
    "广州市", "深圳市", "珠海市", "佛山市", "東莞市", "东莞市", "中山市", "惠州市", "杭州市", "南京市", "蘇州市",
    "苏州市", "成都市", "武漢市", "武汉市", "西安市", "廈門市", "厦门市", "福州市", "寧波市", "宁波市", "青島市",
    "青岛市", "大連市", "大连市", "長沙市", "长沙市", "鄭州市", "郑州市", "瀋陽市", "沈阳市", "濟南市", "济南市",
    "合肥市", "昆明市", "無錫市", "无锡市",
)  # fmt: skip
TAIWAN_ZH = (
    "台北市", "臺北市", "新北市", "桃園市", "桃园市", "台中市", "臺中市", "台南市", "臺南市", "高雄市", "基隆市",
    "新竹市", "新竹縣", "新竹县", "苗栗縣", "苗栗县", "彰化縣", "彰化县", "南投縣", "南投县", "雲林縣", "云林县",
    "嘉義市", "嘉义市", "嘉義縣", "嘉义县", "屏東縣", "屏东县", "宜蘭縣", "宜兰县", "花蓮縣", "花莲县", "台東縣",
    "台东县", "臺東縣", "澎湖縣", "澎湖县", "金門縣", "金门县", "連江縣", "连江县",
)  # fmt: skip
