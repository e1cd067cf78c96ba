"""Words that people write where a code table has others; `of(table)` → {word: code}."""

from residents import codes
from residents.codes import Table


def _words(**said: str) -> dict[str, str]:
    return {word: code.lstrip("_") for code, words in said.items() for word in words.split()}


_SAID = [
    (codes.SEX, _words(_1="男性", _2="女性", _9="不详 未说明")),
    (codes.MARRIAGE, _words(_10="未婚 单身", _20="已婚 有配偶 初婚", _30="丧偶", _40="离婚 离异 离")),
    (
        codes.EDUCATION,
        _words(
            _10="研究生 硕士 博士 硕士研究生 博士研究生", _20="本科 大学本科 大学", _30="大专 专科 大学专科 高职",
            _40="中专 中技 技校 职高 中等职业", _60="高中 普通高中", _70="初中", _80="小学",
            _90="文盲 未上学 学龄前 其它 无",
        ),
    ),
    (codes.POLITICAL, _words(_01="党员 中共党员", _02="预备党员 中共预备党员", _03="团员 共青团员", _13="无 普通群众")),
    (
        codes.RELATION,
        _words(
            _01="本人", _02="户主本人 户主", _10="妻 妻子 夫 丈夫 爱人 老婆 老公",
            _20="儿子 长子 次子 三子 独生子 养子 继子",
            _30="女儿 长女 次女 三女 独生女 养女 继女", _40="孙 孙子 孙女 外孙 外孙子 外孙女",
            _50="父 母 父亲 母亲 公公 婆婆 岳父 岳母 爸爸 妈妈", _60="祖父 祖母 爷爷 奶奶 外公 外婆 外祖父 外祖母",
            _70="兄 弟 姐 妹 哥哥 弟弟 姐姐 妹妹", _97="儿媳 女婿 媳妇 亲属 其他亲戚", _99="其他 非亲属 租客 房客",
        ),
    ),
    (codes.POPULATION, _words(registered="户籍 本地 本地户籍", permanent="常住 人户分离",
                              floating="流动 外来 外来人口 暂住")),
    (codes.ID_KIND, _words(_111="身份证 二代身份证 居民身份证", _113="户口本", _414="护照", _990="无")),
    (codes.BUILDING_KIND, _words(residential="住宅 居民楼 商品房", mixed="商住 商住两用", self_built="自建", office="写字楼",
                                 commercial="商业", industrial="厂房 仓库")),
    (codes.DWELLING_USE, _words(own="自用 自住房 自有", rented="出租房 租赁 出租屋 租", empty="空 空房 空置房 闲置",
                                business="商用 商铺 门面 店铺", other="其它")),
    (codes.HOUSEHOLD_KIND, _words(family="家庭", collective="集体")),
    (codes.ORGANISATION_KIND, _words(enterprise="公司", individual="个体 个体户", social="社团", government="行政机关")),
]  # fmt: skip


def of(table: Table) -> dict[str, str]:
    """Codes that the table does not have are left out."""
    found = next((words for known, words in _SAID if known is table), {})
    return {word: code for word, code in found.items() if code in table}
