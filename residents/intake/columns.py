"""The columns of each kind of file: what they are called, how a cell is read, which field of which record they fill.

A file has *sections*: one with people has buildings, dwellings, households and residents in each row. Templates, the
reader, the preview and the SQL of the import all go by this table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from residents import codes
from residents.codes import Table
from residents.intake import cells
from residents.models import Building, Dwelling, Household, KeyPlace, Organisation, Resident

MODELS = {
    "building": Building,
    "dwelling": Dwelling,
    "household": Household,
    "resident": Resident,
    "organisation": Organisation,
    "place": KeyPlace,
}
# kind → its sections, the parents before their children; of those marked + a file may bring new records.
SECTIONS = {
    "people": ("building+", "dwelling+", "household+", "resident+"),
    "building": ("building+",),
    "dwelling": ("building", "dwelling+"),
    "household": ("building", "dwelling", "household+"),
    "resident": ("building", "dwelling", "household", "resident+"),
    "organisation": ("building", "dwelling", "organisation+"),
    "place": ("organisation", "place+"),
}
# Files about records that are there: residents.intake.rolls reads them, one section each.
ROLLS = ("care", "tenancy", "head")
GRID = "grid"


@dataclass(frozen=True)
class Column:
    """`section.field`; `words`: its headings, the first one stands in the template. `private`: never shown whole;
    `stays`: comes in and leaves in no file, for it is shown on the person's own page alone."""

    section: str
    field: str
    words: tuple[str, ...]
    read: Callable
    example: str = ""
    table: Table | None = None
    needed: bool = False
    key: bool = False  # names the record: also read where the section brings nothing new
    private: bool = False
    stays: bool = False
    once: bool = False  # hardly ever the same twice: not worth remembering

    @property
    def name(self) -> str:
        return f"{self.section}_{self.field}" if self.field else self.section


def _c(section, field, words, read, example="", **more):
    return Column(section, field, tuple(words.split()), read, example, **more)


def _t(section, field, words, table, example="", **more):
    return _c(section, field, words, cells.one_of(table), example, table=table, **more)


COLUMNS = (
    _c(GRID, "", "网格编码 网格 所属网格 网格代码 网格编号 网格名称 所在网格", cells.text, "430281001001001", needed=True),
    # ---- building
    _c("building", "estate", "小区/道路 小区 小区名称 道路 街路巷 村组 路名", cells.line_of(80), "阳光花园", key=True),
    _c("building", "number", "楼栋号 楼栋 栋号 幢号 楼号 门牌号", cells.building_number, "3栋", key=True),
    _c("building", "address", "楼栋地址 建筑地址 地址 楼栋详址", cells.line_of(160), "", key=True),
    _t("building", "kind", "楼栋类型 建筑类型 楼栋类别", codes.BUILDING_KIND, "住宅楼"),
    _c("building", "storeys", "总层数 地上层数 层数 楼栋层数", cells.whole(1, 150, "层"), "6"),
    _c("building", "units", "单元数 单元总数", cells.whole(1, 60, "个"), "2"),
    _c("building", "households_planned", "设计户数 规划户数 总户数", cells.whole(0, 100_000, "户"), "24"),
    _c("building", "built", "建成年份 建造年份 建成年代", cells.whole(1800, 2120, "年"), "2008"),
    _c("building", "lon", "经度", cells.coordinate(73, 136), "113.4950"),
    _c("building", "lat", "纬度", cells.coordinate(3, 54), "27.6520"),
    # ---- dwelling
    _c("dwelling", "unit", "单元 单元号", cells.unit, "2", key=True),
    _c("dwelling", "door", "房号 房间号 室号 门号 户室号 房屋编号", cells.door, "501", key=True),
    _c("dwelling", "storey", "楼层 所在层 所在楼层", cells.whole(-10, 150, "层楼"), "5"),
    _t("dwelling", "use", "房屋用途 用途 房屋使用情况 使用情况 房屋状态", codes.DWELLING_USE, "自住"),
    _c("dwelling", "area", "建筑面积 面积 房屋面积 面积㎡", cells.area, "98.5"),
    _c("dwelling", "owner_name", "房主姓名 产权人 业主 业主姓名 房主", cells.line_of(60), "刘国强"),
    _c("dwelling", "owner_phone", "房主电话 业主电话 产权人电话 房主联系电话", cells.phone, "12000000001", private=True),
    _c("dwelling", "dangers", "安全隐患 隐患 房屋隐患", cells.some_of(codes.DANGER), "", table=codes.DANGER),
    # ---- household
    _c("household", "number", "户号 户编号 户籍号 家庭编号", cells.code_of(32), "430281000123", key=True),
    _t("household", "kind", "户别 户类型 户口性质", codes.HOUSEHOLD_KIND, "家庭户"),
    # ---- resident
    _c("resident", "name", "姓名 居民姓名 名字 人员姓名", cells.line_of(60), "刘珍珍", needed=True, once=True),
    _t("resident", "relation", "与户主关系 家庭关系 与户主的关系 关系", codes.RELATION, "户主"),
    _t("resident", "sex", "性别", codes.SEX, "女"),
    _c("resident", "birth_date", "出生日期 出生年月日 生日 出生年月", cells.day, "1985-03-04", private=True),
    _t("resident", "id_kind", "证件类型 证件种类", codes.ID_KIND, "居民身份证"),
    _c("resident", "id_number", "身份证号 身份证号码 公民身份号码 证件号码 身份证 证件号", cells.code_of(20),
       "430281198503040027", private=True, once=True),
    _c("resident", "phone", "联系电话 手机 手机号 手机号码 电话 联系方式", cells.phone, "12000000002",
       private=True, once=True),
    _t("resident", "population", "人口类别 人口类型 人员类别", codes.POPULATION, "户籍人口"),
    _c("resident", "hukou_address", "户籍地址 户籍地 户口所在地 户籍详址", cells.line_of(160), ""),
    _c("resident", "hukou_here", "人户一致 是否人户一致 人户一致标识", cells.yes_or_no, "是"),
    _t("resident", "ethnicity", "民族", codes.ETHNICITY, "汉族", stays=True),
    _t("resident", "education", "文化程度 学历", codes.EDUCATION, ""),
    _t("resident", "marriage", "婚姻状况 婚姻", codes.MARRIAGE, ""),
    _t("resident", "political", "政治面貌", codes.POLITICAL, ""),
    _c("resident", "occupation", "职业 工作单位 从业状况", cells.line_of(60), ""),
    _t("resident", "inflow_reason", "流入原因", codes.INFLOW, ""),
    _c("resident", "inflow_from", "流入地 来源地 流出地", cells.line_of(80), ""),
    _c("resident", "permit_expires", "居住证有效期 居住证到期日期 居住证到期", cells.day, ""),
    # ---- organisation
    _c("organisation", "name", "单位名称 企业名称 名称 组织名称 所属单位", cells.line_of(120), "醴陵市瓷谷商贸有限公司",
       needed=True, key=True, once=True),
    _c("organisation", "credit_code", "统一社会信用代码 信用代码 社会信用代码", cells.credit_code, "91430281MA0000000J",
       key=True, once=True),
    _t("organisation", "kind", "单位类别 单位类型 企业类型", codes.ORGANISATION_KIND, "企业"),
    _c("organisation", "legal_person", "法定代表人 法人代表 法人 负责人", cells.line_of(60), "刘国强"),
    _c("organisation", "phone", "单位电话 联系电话 电话 联系方式", cells.phone, "12000000003", private=True),
    _c("organisation", "staff", "从业人数 员工人数 职工人数", cells.whole(0, 1_000_000, "人"), "12"),
    _t("organisation", "safety", "安全等级 风险等级", codes.SAFETY, ""),
    _c("organisation", "business", "经营范围 主营业务 行业", cells.line_of(120), ""),
    _c("organisation", "address", "单位地址 经营地址 详细地址", cells.line_of(160), ""),
    _c("organisation", "lon", "经度", cells.coordinate(73, 136), ""),
    _c("organisation", "lat", "纬度", cells.coordinate(3, 54), ""),
    # ---- place
    _c("place", "name", "场所名称 重点场所 名称", cells.line_of(120), "城东小学", needed=True, key=True, once=True),
    _t("place", "kind", "场所类别 场所类型 类别", codes.PLACE_KIND, "学校"),
    _c("place", "address", "场所地址 地址 详细地址", cells.line_of(160), ""),
    _c("place", "responsible_name", "责任人 负责人 场所负责人", cells.line_of(60), "刘国强"),
    _c("place", "responsible_phone", "责任人电话 联系电话 电话 负责人电话", cells.phone, "12000000004", private=True),
    _c("place", "inspection_days", "检查周期 检查周期天 巡查周期", cells.whole(1, 730, "天"), "30"),
    _c("place", "inspected_on", "上次检查日期 最近检查日期", cells.day, ""),
    _t("place", "safety", "安全等级 风险等级", codes.SAFETY, ""),
    _c("place", "lon", "经度", cells.coordinate(73, 136), ""),
    _c("place", "lat", "纬度", cells.coordinate(3, 54), ""),
)  # fmt: skip

# What the cleaner adds to a section beside the columns of the file.
DERIVED = {
    "resident": ("pinyin", "initials", "birth_month", "id_tag", "tail_tag", "phone_tag"),
    "organisation": ("pinyin", "initials"),
    "place": ("pinyin", "initials"),
}
ENCRYPTED = {"id_number", "phone", "birth_date", "owner_phone", "responsible_phone"}


@dataclass(frozen=True)
class Section:
    name: str
    makes: bool  # the file may bring new records of it, and change those there

    @property
    def model(self):
        return MODELS[self.name]


@cache
def sections(kind: str) -> tuple[Section, ...]:
    listed = (f"{kind}+",) if kind in ROLLS else SECTIONS[kind]
    return tuple(Section(one.rstrip("+"), one.endswith("+")) for one in listed)


@cache
def columns(kind: str) -> tuple[Column, ...]:
    """What is read from a file of this kind: of sections that bring nothing new the keys only."""
    made = {section.name: section.makes for section in sections(kind)}
    return tuple(
        column
        for column in COLUMNS
        if column.section == GRID or made.get(column.section) or (column.key and column.section in made)
    )


def needed(kind: str) -> list[Column]:
    """Columns without which the file cannot be read."""
    makes = {section.name for section in sections(kind) if section.makes}
    return [column for column in columns(kind) if column.needed and column.section in {GRID, *makes}]


@dataclass(frozen=True)
class Layout:
    """What a file is read by: its columns, which of them it must have, and of which sections a heading means first that
    one where two have it."""

    columns: tuple[Column, ...]
    needed: tuple[Column, ...]
    own: frozenset[str]


@cache
def layout(kind: str) -> Layout:
    makes = frozenset(section.name for section in sections(kind) if section.makes)
    return Layout(columns(kind), tuple(needed(kind)), makes | {GRID})


@cache
def stage_columns(kind: str) -> tuple[str, ...]:
    """The columns of the staging table behind line and grid_id: section_field."""
    names = [column.name for column in columns(kind) if column.section != GRID]
    for section in sections(kind):
        if section.makes:
            names += [f"{section.name}_{field}" for field in DERIVED.get(section.name, ())]
    return tuple(names)
