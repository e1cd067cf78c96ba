"""National code tables (国家标准代码), each with its source. The Chinese is the standard's own wording.

A table is {code: (Chinese, English)}; `choices` gives it to a model field, with labels in the language of the moment.
"""

from django.utils.functional import lazy
from django.utils.translation import get_language

Table = dict[str, tuple[str, str]]


def _label(chinese: str, english: str) -> str:
    return chinese if (get_language() or "zh").startswith("zh") else english


_lazy_label = lazy(_label, str)


def choices(table: Table) -> list[tuple[str, str]]:
    """For a model field; the label follows the language of the moment."""
    return [(code, _lazy_label(*words)) for code, words in table.items()]


def label(table: Table, code: str) -> str:
    """The words of a code; an unknown code is shown as it is."""
    return _label(*table[code]) if code in table else code


def code_of(table: Table, words: str) -> str | None:
    """The code for a code or its Chinese words as people write them ("汉", "汉族", "01"); None if there is none."""
    words = words.strip()
    if words in table:
        return words
    return _by_words(table).get(words)


def _by_words(table):
    found = _INDEX.get(id(table))
    if found is None:
        found = _INDEX[id(table)] = {chinese: code for code, (chinese, _english) in table.items()}
        for code, (chinese, _english) in table.items():
            if chinese.endswith("族"):
                found.setdefault(chinese[:-1], code)
    return found


_INDEX: dict[int, dict[str, str]] = {}

# GB/T 2261.1-2003 个人基本信息分类与代码 第1部分：人的性别代码
SEX: Table = {
    "0": ("未知的性别", "unknown"),
    "1": ("男", "male"),
    "2": ("女", "female"),
    "9": ("未说明的性别", "not stated"),
}

# GB/T 2261.2-2003 第2部分：婚姻状况代码
MARRIAGE: Table = {
    "10": ("未婚", "never married"),
    "20": ("已婚", "married"),
    "21": ("初婚", "first marriage"),
    "22": ("再婚", "remarried"),
    "23": ("复婚", "remarried to the former spouse"),
    "30": ("丧偶", "widowed"),
    "40": ("离婚", "divorced"),
    "90": ("未说明的婚姻状况", "not stated"),
}

# GB/T 3304-1991 中国各民族名称的罗马字母拼写法和代码. The ID card's own field; never a filter, a figure or a class.
ETHNICITY: Table = {
    "01": ("汉族", "Han"), "02": ("蒙古族", "Mongol"), "03": ("回族", "Hui"), "04": ("藏族", "Zang"),
    "05": ("维吾尔族", "Uygur"), "06": ("苗族", "Miao"), "07": ("彝族", "Yi"), "08": ("壮族", "Zhuang"),
    "09": ("布依族", "Buyei"), "10": ("朝鲜族", "Chosen"), "11": ("满族", "Man"), "12": ("侗族", "Dong"),
    "13": ("瑶族", "Yao"), "14": ("白族", "Bai"), "15": ("土家族", "Tujia"), "16": ("哈尼族", "Hani"),
    "17": ("哈萨克族", "Kazak"), "18": ("傣族", "Dai"), "19": ("黎族", "Li"), "20": ("傈僳族", "Lisu"),
    "21": ("佤族", "Va"), "22": ("畲族", "She"), "23": ("高山族", "Gaoshan"), "24": ("拉祜族", "Lahu"),
    "25": ("水族", "Sui"), "26": ("东乡族", "Dongxiang"), "27": ("纳西族", "Naxi"), "28": ("景颇族", "Jingpo"),
    "29": ("柯尔克孜族", "Kirgiz"), "30": ("土族", "Tu"), "31": ("达斡尔族", "Daur"), "32": ("仫佬族", "Mulao"),
    "33": ("羌族", "Qiang"), "34": ("布朗族", "Blang"), "35": ("撒拉族", "Salar"), "36": ("毛南族", "Maonan"),
    "37": ("仡佬族", "Gelao"), "38": ("锡伯族", "Xibe"), "39": ("阿昌族", "Achang"), "40": ("普米族", "Pumi"),
    "41": ("塔吉克族", "Tajik"), "42": ("怒族", "Nu"), "43": ("乌孜别克族", "Uzbek"), "44": ("俄罗斯族", "Russ"),
    "45": ("鄂温克族", "Ewenki"), "46": ("德昂族", "Deang"), "47": ("保安族", "Bonan"), "48": ("裕固族", "Yugur"),
    "49": ("京族", "Gin"), "50": ("塔塔尔族", "Tatar"), "51": ("独龙族", "Derung"), "52": ("鄂伦春族", "Oroqen"),
    "53": ("赫哲族", "Hezhen"), "54": ("门巴族", "Monba"), "55": ("珞巴族", "Lhoba"), "56": ("基诺族", "Jino"),
    "97": ("其他", "other"), "98": ("外国血统中国籍人士", "naturalised"),
}  # fmt: skip

# GB/T 4658-2006 学历代码 (the classes that a household visit asks for)
EDUCATION: Table = {
    "10": ("研究生教育", "postgraduate"),
    "20": ("大学本科教育", "bachelor's degree"),
    "30": ("大学专科教育", "college"),
    "40": ("中等职业教育", "vocational secondary"),
    "60": ("普通高级中学教育", "senior high school"),
    "70": ("初级中学教育", "junior high school"),
    "80": ("小学教育", "primary school"),
    "90": ("其他", "other or none"),
}

# GB/T 4762-1984 政治面貌代码
POLITICAL: Table = {
    "01": ("中国共产党党员", "member of the CPC"),
    "02": ("中国共产党预备党员", "probationary member of the CPC"),
    "03": ("中国共产主义青年团团员", "member of the Youth League"),
    "04": ("中国国民党革命委员会会员", "member of the RCCK"),
    "05": ("中国民主同盟盟员", "member of the China Democratic League"),
    "06": ("中国民主建国会会员", "member of the CNDCA"),
    "07": ("中国民主促进会会员", "member of the CAPD"),
    "08": ("中国农工民主党党员", "member of the CPWDP"),
    "09": ("中国致公党党员", "member of the China Zhi Gong Party"),
    "10": ("九三学社社员", "member of the Jiusan Society"),
    "11": ("台湾民主自治同盟盟员", "member of the TDSL"),
    "12": ("无党派民主人士", "without party affiliation"),
    "13": ("群众", "none"),
}

# GB/T 4761-2008 家庭关系代码 (the tens, and the ones a household register needs)
RELATION: Table = {
    "01": ("本人", "self"),
    "02": ("户主", "head"),
    "10": ("配偶", "spouse"),
    "20": ("子", "son"),
    "30": ("女", "daughter"),
    "40": ("孙子、孙女或外孙子、外孙女", "grandchild"),
    "50": ("父母", "parent"),
    "60": ("祖父母或外祖父母", "grandparent"),
    "70": ("兄弟姐妹", "sibling"),
    "97": ("其他亲属", "other relative"),
    "99": ("非亲属", "not related"),
}
HEAD = "02"

# GB/T 31000-2015 社会治安综合治理基础数据规范: 人口类别 (实有人口)
POPULATION: Table = {
    "registered": ("户籍人口", "registered, living here"),
    "permanent": ("常住人口", "permanent, registered elsewhere"),
    "floating": ("流动人口", "floating"),
}

# GB/T 31000-2015 附录: 流入原因
INFLOW: Table = {
    "01": ("务工", "employment"), "02": ("经商", "trade"), "03": ("投靠亲友", "joining family"),
    "04": ("学习培训", "study"), "05": ("随迁家属", "following family"), "06": ("婚嫁", "marriage"),
    "07": ("养老就医", "care or treatment"), "99": ("其他", "other"),
}  # fmt: skip

# GA/T 2000.156 常用证件代码 (those met at a door)
ID_KIND: Table = {
    "111": ("居民身份证", "resident identity card"),
    "113": ("户口簿", "household register"),
    "414": ("普通护照", "passport"),
    "516": ("港澳居民来往内地通行证", "mainland travel permit, Hong Kong and Macao"),
    "511": ("台湾居民来往大陆通行证", "mainland travel permit, Taiwan"),
    "990": ("无证件", "none"),
}
ID_CARD = "111"

# GB/T 31000-2015 房屋基本信息: 房屋用途/类型 as buildings are met on a round
BUILDING_KIND: Table = {
    "residential": ("住宅楼", "residential"),
    "mixed": ("商住楼", "homes over shops"),
    "self_built": ("自建房", "self-built house"),
    "commercial": ("商业楼", "commercial"),
    "office": ("办公楼", "offices"),
    "industrial": ("厂房仓库", "industrial"),
    "public": ("公共建筑", "public building"),
    "other": ("其他", "other"),
}
DWELLING_USE: Table = {
    "own": ("自住", "own home"),
    "rented": ("出租", "rented"),
    "empty": ("空置", "empty"),
    "business": ("经营", "business"),
    "other": ("其他", "other"),
}
# 公安部《租赁房屋治安管理规定》 and 消防 inspections: what a worker notes at a door
DANGER: Table = {
    "group_rent": ("群租", "overcrowded letting"),
    "wiring": ("私拉电线", "unsafe wiring"),
    "gas": ("燃气隐患", "gas hazard"),
    "exit": ("堵塞消防通道", "blocked escape route"),
    "charging": ("飞线充电", "charging through windows"),
    "illegal_building": ("违章搭建", "illegal addition"),
    "structure": ("房屋安全隐患", "unsafe structure"),
}
HOUSEHOLD_KIND: Table = {
    "family": ("家庭户", "family"),
    "collective": ("集体户", "collective"),
}
# GB/T 31000-2015 单位类别 (非公有制经济组织和社会组织 among them)
ORGANISATION_KIND: Table = {
    "enterprise": ("企业", "enterprise"),
    "individual": ("个体工商户", "individual business"),
    "institution": ("事业单位", "public institution"),
    "government": ("机关", "government body"),
    "social": ("社会组织", "social organisation"),
    "other": ("其他", "other"),
}
# GB 18265 and the classes of safety supervision (风险分级: 红橙黄蓝, 安委办〔2016〕3号)
SAFETY: Table = {
    "1": ("重大风险（红）", "grave (red)"),
    "2": ("较大风险（橙）", "high (orange)"),
    "3": ("一般风险（黄）", "moderate (yellow)"),
    "4": ("低风险（蓝）", "low (blue)"),
}
# GB/T 31000-2015 重点场所 and 九小场所 (公消〔2004〕 fire supervision of small premises)
PLACE_KIND: Table = {
    "school": ("学校", "school"),
    "kindergarten": ("幼儿园", "kindergarten"),
    "clinic": ("医院诊所", "hospital or clinic"),
    "market": ("商场市场", "market"),
    "dangerous_goods": ("危险物品场所", "dangerous goods"),
    "small_shop": ("小商店", "small shop"),
    "small_restaurant": ("小餐饮", "small restaurant"),
    "small_hotel": ("小旅馆", "small hotel"),
    "small_entertainment": ("小歌舞娱乐场所", "small entertainment venue"),
    "small_internet": ("小网吧", "small internet café"),
    "small_beauty": ("小美容洗浴场所", "small beauty salon or bathhouse"),
    "small_workshop": ("小生产加工企业", "small workshop"),
    "nursing_home": ("养老院福利院", "nursing home"),
    "station": ("车站码头", "station or pier"),
    "gas_station": ("加油加气站", "filling station"),
    "other": ("其他", "other"),
}
