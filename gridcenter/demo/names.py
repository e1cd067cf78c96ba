"""Made-up people and places with a natural sound. Nobody here exists.

- Names: surnames after their frequency in the population, given names of one or two common characters.
- ID numbers: the place's real six-digit prefix, a plausible birth date, a valid GB 11643 check digit, and
  always the sequence 000, which is not issued (it counts from 001): well-formed, yet nobody's.
- Phones: 11 digits in 129…, a range no operator has been given, so that no demo message can reach anyone.
"""

from datetime import date, timedelta

import numpy as np

_SURNAMES = (
    "王7.2 李7.2 张6.8 刘5.4 陈4.5 杨3.1 黄2.2 赵2.2 吴2.1 周2.1 徐1.7 孙1.5 马1.3 朱1.3 胡1.3 郭1.2 "
    "何1.2 林1.2 罗1.1 高1.1 郑1.0 梁0.9 谢0.8 宋0.8 唐0.8 许0.7 韩0.7 冯0.6 邓0.6 曹0.6 彭0.6 曾0.6 "
    "肖0.6 田0.5 董0.5 袁0.5 潘0.5 于0.5 蒋0.5 蔡0.5 余0.5 杜0.5 叶0.4 程0.4 苏0.4 魏0.4 吕0.4 丁0.4 "
    "任0.4 沈0.4 姚0.4 卢0.4 姜0.4 崔0.4 钟0.4 谭0.4 陆0.4 汪0.3 范0.3 金0.3 石0.3 廖0.3 贾0.3 夏0.3 "
    "韦0.3 付0.3 方0.3 白0.3 邹0.3 孟0.3 熊0.3 秦0.3 邱0.3 江0.3 尹0.3 薛0.2 闫0.2 段0.2 雷0.2 侯0.2 "
    "龙0.2 史0.2 陶0.2 黎0.2 贺0.2 顾0.2 毛0.2 郝0.2 龚0.2 邵0.2 万0.2 钱0.2 严0.2 覃0.2 武0.2 戴0.2 "
    "莫0.2 孔0.2 向0.2 汤0.2 欧阳0.1"
)
_FIRST = (
    "志建国文明永德晓海春玉秀丽美红小淑桂金银凤雪艳慧思家子佳"
    "俊伟浩宇天嘉欣雅梦诗若新立学光正兴富广友清爱良长"
)
_SECOND = (
    "华平军明强伟刚勇杰涛斌波辉鹏飞超亮林峰生荣芳英兰梅珍霞燕"
    "玲娟敏静琴萍云花香莲凤婷莹倩洁蓉琳怡涵轩然豪宁成民"
)
_ROADS = [
    "人民", "解放", "建设", "新华", "和平", "幸福", "文化", "朝阳", "迎宾", "兴业", "民主", "胜利",
    "团结", "育才", "振兴", "站前", "滨河", "环城", "东风", "青年", "友谊", "工农", "创业", "花园",
    "园林", "北门", "南门", "东门", "西门", "学府",
]  # fmt: skip
_HAMLETS = [
    "大屋", "老屋", "新屋", "上屋", "下屋", "樟树", "柏树", "石桥", "塘边", "井头", "山背", "河边",
    "坪上", "坳下", "竹山", "茶园", "油铺", "庙前", "桥头", "渡口",
]  # fmt: skip
_SPOTS = [
    "农贸市场", "小学", "卫生室", "公交站", "健身广场", "活动中心", "加油站", "幼儿园", "菜市场",
    "垃圾站", "停车场", "水塘", "村道口", "灌溉渠", "变压器旁", "超市门口",
]  # fmt: skip
_DIGITS = "零一二三四五六七八九"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
PHONE_BLOCK = 12900000000


def _surnames():
    pairs = [(item[:-3], float(item[-3:])) for item in _SURNAMES.split()]
    weights = np.array([weight for _, weight in pairs])
    return [name for name, _ in pairs], weights / weights.sum()


SURNAMES, SURNAME_SHARES = _surnames()


def people(count: int, rng: np.random.Generator) -> list[str]:
    """`count` full names; some occur twice, as they do."""
    surnames = rng.choice(len(SURNAMES), count, p=SURNAME_SHARES)
    first, second = rng.integers(0, len(_FIRST), count), rng.integers(0, len(_SECOND), count)
    double = rng.random(count) < 0.86
    return [
        SURNAMES[s] + (_FIRST[a] if two else "") + _SECOND[b]
        for s, a, b, two in zip(surnames, first, second, double, strict=True)
    ]


def check_digit(first17: str) -> str:
    """The 18th character of an ID number (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def id_numbers(count: int, prefix: str, today: date, rng: np.random.Generator) -> list[str]:
    """`count` different fictional ID numbers of people of working age. ValueError beyond 14,235."""
    oldest, days = today - timedelta(days=60 * 365), 39 * 365
    if count > days:
        raise ValueError(f"one prefix has only {days} fictional ID numbers, {count} are asked for")
    births = rng.permutation(days)[:count]
    numbers = [f"{prefix}{oldest + timedelta(days=int(day)):%Y%m%d}000" for day in births]
    return [number + check_digit(number) for number in numbers]


def phone(serial: int) -> str:
    """The `serial`-th fictional mobile number."""
    return str(PHONE_BLOCK + 10_000 + serial)


def chinese_number(number: int) -> str:
    """1 → 一, 12 → 十二, 35 → 三十五, 120 → 一百二十 (1 to 999)."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")


def short(village: str) -> str:
    """A village's name as people say it: 北凤社区居委会 → 北凤社区, 岗后村委会 → 岗后村."""
    for ending, spoken in (
        ("社区居民委员会", "社区"),
        ("社区居委会", "社区"),
        ("居民委员会", "社区"),
        ("居委会", "社区"),
        ("村村民委员会", "村"),
        ("村民委员会", "村"),
        ("村村委会", "村"),
        ("村委会", "村"),
    ):
        if village.endswith(ending):
            return village.removesuffix(ending) + spoken
    return village


def grid_name(village: str, number: int) -> str:
    """阳三石社区第一网格"""
    return f"{short(village)}第{chinese_number(number)}网格"


def spots(village: str, count: int, rng: np.random.Generator) -> list[str]:
    """Wordings for where something is: streets and numbers in a community, hamlets in a village."""
    name = short(village)
    urban = name.endswith("社区")
    words = _ROADS if urban else _HAMLETS
    which, number, kind = rng.integers(0, len(words), count), rng.integers(1, 180, count), rng.random(count)
    landmark = rng.integers(0, len(_SPOTS), count)
    found = []
    for w, n, k, m in zip(which, number, kind, landmark, strict=True):
        if k < 0.3:
            found.append(f"{name}{_SPOTS[m]}")
        elif urban:
            found.append(f"{name}{words[w]}路{n}号" + ("门前" if k < 0.6 else "附近"))
        else:
            found.append(f"{name}{words[w]}组{n % 40 + 1}号")
    return found


def caller(r) -> tuple[str, str]:
    """(name, phone) of a fictional resident; `r` is a random.Random."""
    surname = SURNAMES[min(int(r.expovariate(1 / 14)), len(SURNAMES) - 1)]
    return surname + r.choice(("先生", "女士")), phone(100_000 + r.randrange(800_000))
