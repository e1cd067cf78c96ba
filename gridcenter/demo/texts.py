"""What people write in a demo county: reports, feedback, reasons. Content of records, so Chinese only."""

RETURN = ("不属于我单位职责，请派相关部门", "权属单位为产权人，请核实后再派", "地点不在我辖区，请改派")
REJECT = ("现场核实无此情况", "不属于受理范围，已告知反映人", "信息不全且无法联系反映人")
CANCEL = ("误报，情况已自行消除", "重复点击上报", "登记错误，作废重报")
MERGE = ("同一问题已有记录，并案处理",)
ESCALATE = ("超出本级处置能力，需上级协调", "涉及多个村，请上级派遣")
HAND_DOWN = ("请就近核实处理", "属地先行处置")
REGISTER = ("", "", "", "情况属实，予以立案")
DISPATCH = ("", "", "请按时限处置并反馈", "请尽快到场处理")
SIGN = ("", "", "已安排人员", "已收到，马上办")
DONE = {
    "component": ("已更换修复，现场恢复正常", "已组织维修，设施恢复使用", "已加固并设置警示，修复完毕"),
    "event": ("已清理完毕，现场整洁", "已责令当事人整改到位", "已劝离并恢复秩序"),
    "governance": ("已上门处理，问题解决", "已现场整改，隐患消除", "已协调双方达成一致", "已办结并告知群众"),
}
CO_REPORT = ("已配合到场，完成协助", "已提供资料并协助处置")
PASS = ("现场核实，已处置到位", "核查属实，群众认可", "已恢复，拍照留存")
REWORK = ("现场仍有遗留，未清理干净", "修复不到位，需返工", "群众反映问题仍在")
SPOT_PASS = ("现场抽查，问题已解决", "电话回访当事人，情况属实", "比对前后照片并到场查看，合格")
SPOT_FAIL = ("现场未清理到位，照片与实际不符", "问题仍在，未真正解决")
ASK = ("材料采购需要时间", "受天气影响无法施工", "需与产权单位协商")
GRANT = ("同意",)
REFUSE = ("请按原时限完成",)
SUSPEND = ("列入改造计划，暂时挂账", "等待汛期过后施工", "权属争议待裁定")
RESUME = ("条件具备，恢复办理",)
SUPERVISE = ("超时未结，请说明原因并尽快处置", "群众关注，请加快办理")
ANSWER = ("已增派力量，本周内办结", "正在处置，近日反馈")
REMIND = ("督办已逾期，请立即回复", "请尽快回复办理情况")
WHISTLE = ("多头职责，请相关单位到场会商", "需现场联合处置")
REPORT_IN = ("已到场", "已到达现场")
REOPEN = ("问题反复，请重新办理", "回访群众不满意，重新办理")
STARS = {
    5: ("", "处理很及时，满意", "网格员很负责", "感谢"),
    4: ("", "基本满意", "处理得不错"),
    3: ("", "一般，速度慢了点"),
    2: ("处理太慢", "处理得不彻底"),
    1: ("问题没有解决", "很不满意"),
}
BEFORE = ("巡查发现", "群众反映", "走访中发现", "")
EMPHASIS = ("", "", "，请尽快处理", "，影响居民生活", "，存在安全隐患")
# Classes in which nothing is broken or dangerous: care, services, opinions.
GENTLE = ("G14", "G19", "G20")
WISH = ("", "", "，请协助办理", "，希望尽快答复")
SENSOR = ("烟感报警：", "水位监测：", "视频识别：")


def description(source: str, standard, r) -> str:
    """How a report reads: who noticed it, the filing condition in their words, how pressing it is."""
    if source == "sensor":
        return r.choice(SENSOR) + standard.condition
    gentle = standard.code.startswith(GENTLE)
    before = "" if gentle else r.choice(BEFORE)
    return (before + "，" if before else "") + standard.condition + r.choice(WISH if gentle else EMPHASIS)
