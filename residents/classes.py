"""The classes that are shipped: what for, by which statute, which few fields, who may know, how long it is kept.

`visit_days` and `keep_days` are proposals where no statute names a number; an administrator changes them.
"""

FRONT = ["worker_full", "worker_part", "grid_leader"]
DESK = ["operator", "centre_head"]
OPEN = [*FRONT, *DESK, "district_admin"]  # care registers: services at the door
SEALED = ["grid_leader", "police_officer", "centre_head"]  # statutory registers: those whom the statute names


def text(name, label, required=False):
    return _field(name, label, "text", required)


def day(name, label, required=False):
    return _field(name, label, "date", required)


def number(name, label, required=False):
    return _field(name, label, "number", required)


def phone(name, label, required=False):
    return _field(name, label, "phone", required)


def yes_no(name, label, required=False):
    return _field(name, label, "yes_no", required)


def choice(name, label, *choices, required=False):
    return _field(name, label, "choice", required, choices)


def _field(name, label, kind, required, choices=()):
    return {"name": name, "label": label, "kind": kind, "required": required, "choices": list(choices)}


CONTACT = [text("contact", "联系人"), phone("contact_phone", "联系人电话")]
GUARDIAN = [text("guardian", "监护人", required=True), phone("guardian_phone", "监护人电话")]


def care(code, name, purpose, legal_basis, fields, visit_days=30, keep_days=365, roles=OPEN):
    return {
        "code": code, "name": name, "group": "care", "purpose": purpose, "legal_basis": legal_basis,
        "fields": fields, "visit_days": visit_days, "keep_days": keep_days, "roles": list(roles),
    }  # fmt: skip


def statutory(code, name, purpose, legal_basis, fields, visit_days=30, keep_days=730, roles=SEALED):
    made = care(code, name, purpose, legal_basis, fields, visit_days, keep_days, roles)
    return made | {"group": "statutory"}


CARE = [
    care(
        "empty_nest", "空巢老人", "定期探访，紧急情况下联系子女",
        "《老年人权益保障法》第十八条、第三十七条；《关于开展特殊困难老年人探访关爱服务的指导意见》（民发〔2022〕73号）",
        [*CONTACT, choice("health", "自理能力", "自理", "部分失能", "失能"), yes_no("bell", "安装呼叫设备")],
    ),
    care(
        "solitary_elderly", "独居老人", "定期探访，紧急情况下联系亲属或救助",
        "《老年人权益保障法》第三十七条；《关于开展特殊困难老年人探访关爱服务的指导意见》（民发〔2022〕73号）",
        [*CONTACT, choice("health", "自理能力", "自理", "部分失能", "失能"), yes_no("bell", "安装呼叫设备")],
        visit_days=7,
    ),
    care(
        "elderly_women", "困难老年妇女", "落实高龄津贴、妇科检查等服务",
        "《老年人权益保障法》第三十三条；《妇女权益保障法》第五十二条",
        [text("need", "所需帮助"), *CONTACT],
        visit_days=60,
    ),
    care(
        "disabled", "残疾人", "落实补贴、康复、辅具和无障碍改造",
        "《残疾人保障法》第十五条（康复）、第四十六条（社会保障）、第四十八条（救助与补贴）；"
        "《无障碍环境建设法》第二条",
        [
            text("card", "残疾人证号"),
            choice("type", "残疾类别", "视力", "听力", "言语", "肢体", "智力", "多重", required=True),
            choice("grade", "残疾等级", "一级", "二级", "三级", "四级", required=True),
            text("aid", "辅具或改造需求"),
        ],
    ),
    care(
        "minimum_living", "最低生活保障对象", "动态核查家庭状况，落实低保金",
        "《社会救助暂行办法》第九条至第十三条",
        [
            text("number", "低保证号"),
            choice("kind", "类别", "城市低保", "农村低保", required=True),
            number("monthly", "月保障金（元）"), day("checked", "最近核查日期"),
        ],
        visit_days=90,
    ),
    care(
        "orphan", "孤儿和困境儿童", "落实基本生活保障、监护和教育",
        "《未成年人保护法》第九十一条至第九十四条；《国务院关于加强困境儿童保障工作的意见》（国发〔2016〕36号）",
        [
            choice("kind", "类别", "孤儿", "事实无人抚养", "监护困难", "其他困境", required=True),
            *GUARDIAN, text("school", "就读学校"),
        ],
    ),
    care(
        "left_behind_child", "留守儿童", "委托照护情况核查，关爱走访",
        "《未成年人保护法》第二十二条、第二十三条；《国务院关于加强农村留守儿童关爱保护工作的意见》"
        "（国发〔2016〕13号）",
        [*GUARDIAN, text("parents_where", "父母务工地"), text("school", "就读学校")],
    ),
    care(
        "pregnant", "孕产妇", "孕产期保健提醒，产后访视",
        "《母婴保健法》第十四条；《母婴保健法实施办法》第十八条",
        [day("due", "预产期"), text("hospital", "保健机构"), *CONTACT],
        keep_days=180,
    ),
    care(
        "infant", "婴幼儿", "预防接种提醒，儿童保健",
        "《母婴保健法》第二十四条；《疫苗管理法》第四十七条",
        [*GUARDIAN, yes_no("vaccinated", "按程序接种"), text("hospital", "保健机构")],
        visit_days=90, keep_days=180,
    ),
    care(
        "poverty_relief", "脱贫户和监测户", "防止返贫监测和帮扶",
        "《乡村振兴促进法》第五十九条",
        [
            choice("kind", "类别", "脱贫户", "脱贫不稳定户", "边缘易致贫户", "突发严重困难户", required=True),
            text("measure", "帮扶措施"), text("helper", "帮扶责任人"),
        ],
    ),
    care(
        "veteran", "退役军人", "落实优待抚恤，走访慰问",
        "《退役军人保障法》第六章（抚恤优待）；《军人抚恤优待条例》",
        [text("card", "优待证号"), choice("kind", "类别", "退役军人", "烈属", "伤残军人", "其他优抚对象")],
        visit_days=180,
    ),
    care(
        "hardship", "因病因灾困难人员", "医疗救助、临时救助",
        "《社会救助暂行办法》第二十七条至第三十二条（医疗救助）、第四十七条（临时救助）",
        [
            choice("cause", "困难原因", "因病", "因灾", "意外事故", "其他", required=True),
            text("need", "所需帮助"), day("relief", "最近救助日期"),
        ],
        roles=[*FRONT, *DESK],
    ),
]  # fmt: skip

STATUTORY = [
    statutory(
        "community_correction", "社区矫正对象", "协助社区矫正机构监督管理和教育帮扶",
        "《社区矫正法》第十二条（居民委员会、村民委员会协助）、第二十五条（矫正小组）、第三十八条（教育帮扶）",
        [
            choice("kind", "矫正类别", "管制", "缓刑", "假释", "暂予监外执行", required=True),
            day("starts", "矫正起始日期", required=True), day("ends", "矫正终止日期", required=True),
            text("officer", "司法所工作人员"), phone("officer_phone", "司法所电话"),
        ],
    ),
    statutory(
        "resettlement", "安置帮教人员", "刑满释放后的安置和帮教",
        "《监狱法》第三十七条（当地人民政府帮助其安置生活）",
        [
            day("released", "释放日期", required=True), text("plan", "安置情况"), text("job", "就业情况"),
            text("officer", "司法所工作人员"),
        ],
        visit_days=90,
    ),
    statutory(
        "mental_disorder", "严重精神障碍患者", "随访、服药督导和监护人支持",
        "《精神卫生法》第五十四条（社区康复）、第五十五条（定期随访）、第五十六条（村、居民委员会协助）；"
        "《严重精神障碍管理治疗工作规范（2018年版）》",
        [
            *GUARDIAN,
            choice("treatment", "治疗情况", "规律服药", "间断服药", "未服药", "住院治疗", required=True),
            text("hospital", "管理机构"), choice("risk", "危险性评估", "0级", "1级", "2级", "3级", "4级", "5级"),
            yes_no("subsidy", "享受监护补助"),
        ],
    ),
    statutory(
        "drug_rehabilitation", "社区戒毒康复人员", "社区戒毒、社区康复的协助和帮教",
        "《禁毒法》第三十四条、第四十八条；《戒毒条例》第十三条至第二十四条、第三十七条",
        [
            choice("kind", "类别", "社区戒毒", "社区康复", required=True),
            day("starts", "协议起始日期", required=True), day("ends", "协议终止日期", required=True),
            day("tested", "最近检测日期"), text("group", "工作小组成员"),
        ],
    ),
]  # fmt: skip


# The shipped words in English: purposes and legal bases, names of classes, labels of fields, choices.
ELDERLY = "Law on the Protection of the Rights and Interests of the Elderly"
VISITS = "Guiding Opinions on Visits and Care for the Elderly in Special Difficulty (Minfa [2022] No. 73)"
MINORS, ASSISTANCE = "Law on the Protection of Minors", "Interim Measures for Social Assistance"
MOTHERS = "Law on Maternal and Infant Health Care"
ENGLISH_REASONS = {
    "empty_nest": (
        "Regular visits; in an emergency the children are told", f"{ELDERLY}, arts. 18 and 37; {VISITS}",
    ),
    "solitary_elderly": (
        "Regular visits; in an emergency relatives are told or rescue is called", f"{ELDERLY}, art. 37; {VISITS}",
    ),
    "elderly_women": (
        "Old-age allowance, gynaecological check-ups and other services",
        f"{ELDERLY}, art. 33; Law on the Protection of the Rights and Interests of Women, art. 52",
    ),
    "disabled": (
        "Allowances, rehabilitation, aids and barrier-free adaptations",
        "Law on the Protection of Persons with Disabilities, arts. 15 (rehabilitation), 46 (social security) and 48 "
        "(assistance and allowances); Law on Building a Barrier-Free Environment, art. 2",
    ),
    "minimum_living": (
        "Review of the household's circumstances; the allowance is paid", f"{ASSISTANCE}, arts. 9 to 13",
    ),
    "orphan": (
        "Basic living allowance, guardianship and education",
        f"{MINORS}, arts. 91 to 94; State Council Opinions on Children in Difficulty (Guofa [2016] No. 36)",
    ),
    "left_behind_child": (
        "Check of the care by others, and visits",
        f"{MINORS}, arts. 22 and 23; State Council Opinions on Rural Left-Behind Children (Guofa [2016] No. 13)",
    ),
    "pregnant": (
        "Reminders of health care in pregnancy and childbirth, visits after birth",
        f"{MOTHERS}, art. 14; Measures for its implementation, art. 18",
    ),
    "infant": (
        "Reminders of vaccinations, children's health care", f"{MOTHERS}, art. 24; Vaccine Administration Law, art. 47",
    ),
    "poverty_relief": (
        "Watch over and help against a return to poverty", "Law on the Promotion of Rural Revitalization, art. 59",
    ),
    "veteran": (
        "Preferential treatment and pensions, visits",
        "Law on the Protection of Veterans, ch. 6 (pensions and preferential treatment); Regulations on Pensions and "
        "Preferential Treatment for Service Members",
    ),
    "hardship": (
        "Medical assistance, temporary assistance",
        f"{ASSISTANCE}, arts. 27 to 32 (medical assistance) and 47 (temporary assistance)",
    ),
    "community_correction": (
        "Helps the community correction body to supervise, educate and support",
        "Community Correction Law, arts. 12 (help of residents' and villagers' committees), 25 (correction groups) and "
        "38 (education and support)",
    ),
    "resettlement": (
        "Resettlement and support after release from prison", "Prison Law, art. 37 (local governments help to settle)",
    ),
    "mental_disorder": (
        "Follow-up visits, watch over medication, support of guardians",
        "Mental Health Law, arts. 54 (rehabilitation in the community), 55 (regular follow-up) and 56 (help of residents' "
        "and villagers' committees); Standards for the Management and Treatment of Severe Mental Disorders (2018)",
    ),
    "drug_rehabilitation": (
        "Help and support in detoxification and rehabilitation in the community",
        "Narcotics Control Law, arts. 34 and 48; Regulations on Drug Rehabilitation, arts. 13 to 24 and 37",
    ),
}  # fmt: skip
REASONS = {
    row[name]: words
    for row in (*CARE, *STATUTORY)
    for name, words in zip(("purpose", "legal_basis"), ENGLISH_REASONS[row["code"]], strict=True)
}
ENGLISH = REASONS | {
    "空巢老人": "Empty-nest elderly", "独居老人": "Elderly living alone", "困难老年妇女": "Elderly women in need",
    "残疾人": "Disabled people", "最低生活保障对象": "Minimum living allowance",
    "孤儿和困境儿童": "Orphans and children in difficulty", "留守儿童": "Left-behind children",
    "孕产妇": "Pregnant women and new mothers", "婴幼儿": "Infants", "脱贫户和监测户": "Poverty-relief households",
    "退役军人": "Veterans", "因病因灾困难人员": "In hardship by illness or disaster",
    "社区矫正对象": "Community correction", "安置帮教人员": "Resettlement after release",
    "严重精神障碍患者": "Severe mental disorder", "社区戒毒康复人员": "Community drug rehabilitation",
    "联系人": "Contact", "联系人电话": "Contact's phone", "监护人": "Guardian", "监护人电话": "Guardian's phone",
    "自理能力": "Self-care", "自理": "independent", "部分失能": "partly dependent", "失能": "dependent",
    "安装呼叫设备": "Call device installed", "所需帮助": "Help needed", "残疾人证号": "Disability certificate",
    "残疾类别": "Kind of disability", "视力": "sight", "听力": "hearing", "言语": "speech", "肢体": "physical",
    "智力": "intellectual", "多重": "multiple", "残疾等级": "Grade of disability", "一级": "grade 1", "二级": "grade 2",
    "三级": "grade 3", "四级": "grade 4", "辅具或改造需求": "Aids or adaptations needed",
    "低保证号": "Allowance certificate", "类别": "Kind", "城市低保": "urban allowance", "农村低保": "rural allowance",
    "月保障金（元）": "Monthly allowance (yuan)", "最近核查日期": "Last checked on", "孤儿": "orphan",
    "事实无人抚养": "in fact without support", "监护困难": "guardianship in difficulty", "其他困境": "other difficulty",
    "就读学校": "School", "父母务工地": "Where the parents work", "预产期": "Due date", "保健机构": "Health institution",
    "按程序接种": "Vaccinated on schedule", "脱贫户": "lifted out of poverty", "脱贫不稳定户": "at risk of returning",
    "边缘易致贫户": "at the edge of poverty", "突发严重困难户": "in sudden grave difficulty", "帮扶措施": "Measures",
    "帮扶责任人": "Responsible for the help", "优待证号": "Veteran's card", "烈属": "family of a martyr",
    "伤残军人": "disabled veteran", "其他优抚对象": "other entitled person", "困难原因": "Cause of the hardship",
    "因病": "illness", "因灾": "disaster", "意外事故": "accident", "其他": "other", "最近救助日期": "Last relief on",
    "矫正类别": "Kind of correction", "管制": "public surveillance", "缓刑": "suspended sentence", "假释": "parole",
    "暂予监外执行": "sentence served outside prison", "矫正起始日期": "Correction begins on",
    "矫正终止日期": "Correction ends on", "司法所工作人员": "Officer of the judicial office",
    "司法所电话": "Judicial office's phone", "释放日期": "Released on", "安置情况": "Resettlement",
    "就业情况": "Employment", "治疗情况": "Treatment", "规律服药": "medication taken regularly",
    "间断服药": "medication taken at times", "未服药": "no medication", "住院治疗": "in hospital",
    "管理机构": "Managing institution", "危险性评估": "Risk assessment", "0级": "level 0", "1级": "level 1",
    "2级": "level 2", "3级": "level 3", "4级": "level 4", "5级": "level 5",
    "享受监护补助": "Receives the guardian's subsidy", "社区戒毒": "detoxification in the community",
    "社区康复": "rehabilitation in the community", "协议起始日期": "Agreement begins on",
    "协议终止日期": "Agreement ends on", "最近检测日期": "Last tested on", "工作小组成员": "Members of the working group",
}  # fmt: skip


def in_english(care_class) -> bool:
    """Give a class its English words wherever its Chinese ones are the shipped ones and it has none; whether any came."""
    names = [f"{name}_en" for name in ("name", "purpose", "legal_basis") if hasattr(care_class, f"{name}_en")]

    def told():
        return [getattr(care_class, name) for name in names], [dict(field) for field in care_class.fields]

    before = told()
    for name in names:
        chinese = getattr(care_class, name.removesuffix("_en"))
        setattr(care_class, name, getattr(care_class, name) or ENGLISH.get(chinese, ""))
    for field in care_class.fields:
        words = [ENGLISH.get(choice, "") for choice in field["choices"]]
        field["label_en"] = field.get("label_en") or ENGLISH.get(field["label"], "")
        field["choices_en"] = field.get("choices_en") or (words if all(words) else [])
    return before != told()


def load(model) -> int:
    """Add the classes that are not there yet; what an administrator has changed stays. Returns how many were added."""
    known = set(model.objects.values_list("code", flat=True))
    made = [
        model(**row, order=number * 10)
        for number, row in enumerate((*CARE, *STATUTORY), 1)
        if row["code"] not in known
    ]
    if any(field.name == "name_en" for field in model._meta.fields):  # not yet in the migration that loads them
        for row in made:
            in_english(row)
    return len(model.objects.bulk_create(made))
