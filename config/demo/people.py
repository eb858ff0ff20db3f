"""The cast of the demonstration: offices, bodies, owners, firms, and two persons for each role that needs two."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts import queries, services
from accounts.rules import OrganisationKind, Role, with_check_digit

Kind = OrganisationKind
AUDIT_LASTS = timedelta(days=3 * 365)  # An auditor's grant names its end.


@dataclass(frozen=True)
class Person:
    """A person of the demonstration: user name, shown name, role."""

    username: str
    name: str
    role: Role


@dataclass(frozen=True)
class House:
    """An organisation of the demonstration with its people; `key` is how the rest of the demonstration names it."""

    key: str
    name: str
    kind: Kind
    code: str  # The first seventeen characters of its unified social credit code.
    division: str = ""
    people: tuple[Person, ...] = ()


VENUE = House(
    "venue",
    "内蒙古林草湿碳汇交易平台运营中心（演示）",
    Kind.VENUE,
    "12150000MB0000001",
    "150100",
    (
        Person("xitong", "系统管理员 何岩", Role.SYSTEM_ADMIN),
        Person("anquan", "安全管理员 陶静", Role.SECURITY_ADMIN),
        Person("shenji", "审计管理员 孟凡", Role.AUDIT_ADMIN),
        Person("jiaoyi", "交易运行 白音", Role.EXCHANGE_OPERATOR),
        Person("jiaoyi2", "交易复核 苏和", Role.EXCHANGE_OPERATOR),
        Person("jiesuan", "结算运行 乌兰", Role.SETTLEMENT_OPERATOR),
        Person("jiesuan2", "结算复核 宝力德", Role.SETTLEMENT_OPERATOR),
    ),
)
# Code of the league or banner, its name, who does the work, and who stands in for them.
LEAGUES = (
    ("150700", "呼伦贝尔市", "巴图", "斯琴"),
    ("152500", "锡林郭勒盟", "其其格", "那顺"),
    ("150800", "巴彦淖尔市", "刘川", "贺兰"),
    ("150600", "鄂尔多斯市", "奇峰", "郝云"),
    ("150500", "通辽市", "宝音", "孙梅"),
    ("150400", "赤峰市", "阿木古", "田野"),
)
BANNERS = (
    ("150782", "牙克石市", "朝鲁", "苗青"),
    ("152531", "多伦县", "娜仁", "乔山"),
    ("150823", "乌拉特前旗", "赵河", "云飞"),
    ("150727", "新巴尔虎右旗", "达来", "高林"),
    ("150625", "杭锦旗", "苏雅", "康宁"),
    ("150525", "奈曼旗", "哈斯", "于海"),
    ("150430", "敖汉旗", "乌恩", "纪春"),
)


def _bureau(
    kind: str, word: str, role: Role, number: int, code: str, name: str, people: tuple[str, str], digit: int
) -> House:
    """Return the forestry bureau of a league or banner with the two persons of its role."""
    return House(
        f"{kind}-{code}",
        f"{name}林业和草原局（演示）",
        Kind.FORESTRY_BUREAU,
        f"11{code}MB00000{digit}{number}",
        code,
        tuple(
            Person(f"{word}{code}{suffix}", f"{name}{task} {who}", role)
            for suffix, who, task in (
                ("", people[0], "经办" if role is Role.BANNER_CLERK else "审核"),
                ("b", people[1], "经办" if role is Role.BANNER_CLERK else "审核"),
            )
        ),
    )


HOUSES: tuple[House, ...] = (
    House(
        "region",
        "自治区林业和草原局（演示）",
        Kind.FORESTRY_BUREAU,
        "11150000MB0000002",
        "150000",
        (
            Person("qujingban", "自治区经办 高娃", Role.REGION_MAKER),
            Person("qujingban2", "自治区经办 陈默", Role.REGION_MAKER),
            Person("qufuhe", "自治区复核 韩松", Role.REGION_CHECKER),
            Person("qufuhe2", "自治区复核 包兰", Role.REGION_CHECKER),
        ),
    ),
    House(
        "ecology",
        "自治区生态环境厅（演示）",
        Kind.ECOLOGY_DEPARTMENT,
        "11150000MB0000003",
        "150000",
        (
            Person("huanbao", "生态环境备案 齐岚", Role.ECOLOGY_RECORDER),
            Person("huanbao2", "生态环境备案 罗晨", Role.ECOLOGY_RECORDER),
        ),
    ),
    *(
        _bureau("league", "meng", Role.LEAGUE_REVIEWER, number, code, name, (first, second), 1)
        for number, (code, name, first, second) in enumerate(LEAGUES)
    ),
    *(
        _bureau("banner", "qi", Role.BANNER_CLERK, number, code, name, (first, second), 2)
        for number, (code, name, first, second) in enumerate(BANNERS)
    ),
    House(
        "forest-owner",
        "绿源兴安国有林场（演示）",
        Kind.STATE_FARM,
        "12150782MB0000031",
        "150782",
        (Person("linchang", "林场碳汇办 敖特", Role.OWNER), Person("linchang2", "林场复核 关林", Role.FIRM_CONFIRMER)),
    ),
    House(
        "grass-owner",
        "浑善达克草原合作社（演示）",
        Kind.COOPERATIVE,
        "93152531MA0000032",
        "152531",
        (
            Person("hezuoshe", "合作社理事 萨仁", Role.OWNER),
            Person("hezuoshe2", "合作社复核 巴雅尔", Role.FIRM_CONFIRMER),
        ),
    ),
    House(
        "wetland-owner",
        "乌梁素海湿地管护有限公司（演示）",
        Kind.FIRM,
        "91150823MA0000033",
        "150823",
        (Person("shidi", "湿地公司 段清", Role.OWNER), Person("shidi2", "湿地公司复核 陆远", Role.FIRM_CONFIRMER)),
    ),
    House(
        "lake-owner",
        "呼伦湖生态管护中心（演示）",
        Kind.STATE_FARM,
        "12150727MB0000034",
        "150727",
        (
            Person("hulunhu", "管护中心 孟根", Role.OWNER),
            Person("hulunhu2", "管护中心复核 温都", Role.FIRM_CONFIRMER),
        ),
    ),
    House(
        "sand-owner",
        "库布其治沙造林有限公司（演示）",
        Kind.FIRM,
        "91150625MA0000035",
        "150625",
        (
            Person("kubuqi", "治沙公司 白云", Role.OWNER),
            Person("kubuqi2", "治沙公司复核 张弛", Role.FIRM_CONFIRMER),
        ),
    ),
    House(
        "horqin-owner",
        "科尔沁沙地嘎查联合合作社（演示）",
        Kind.COOPERATIVE,
        "93150525MA0000036",
        "150525",
        (
            Person("keerqin", "联合社理事 吉雅", Role.OWNER),
            Person("keerqin2", "联合社复核 青格", Role.FIRM_CONFIRMER),
        ),
    ),
    House(
        "aohan-owner",
        "敖汉国有治沙林场（演示）",
        Kind.STATE_FARM,
        "12150430MB0000037",
        "150430",
        (
            Person("aohan", "治沙林场 段雪", Role.OWNER),
            Person("aohan2", "治沙林场复核 李原", Role.FIRM_CONFIRMER),
        ),
    ),
    House(
        "validator",
        "北疆审定认证有限公司（演示）",
        Kind.VERIFICATION_BODY,
        "91150100MA0000041",
        "150100",
        (
            Person("shending", "审定组长 黎明", Role.VALIDATOR),
            Person("shending2", "核查员 柳青", Role.VERIFIER),
        ),
    ),
    House(
        "verifier",
        "青城核查技术有限公司（演示）",
        Kind.VERIFICATION_BODY,
        "91150100MA0000042",
        "150100",
        (Person("hecha", "核查组长 卫东", Role.VERIFIER), Person("hecha2", "审定员 江岩", Role.VALIDATOR)),
    ),
    House(
        "auditor",
        "诚信审计事务所（演示）",
        Kind.AUDIT_BODY,
        "91150100MA0000043",
        "150100",
        (Person("shenjiyuan", "审计员 秦鉴", Role.AUDITOR),),
    ),
    House(
        "firm",
        "青山会展服务有限公司（演示）",
        Kind.FIRM,
        "91150105MA0000051",
        "150105",
        (
            Person("qiye", "企业发起 金铃", Role.FIRM_INITIATOR),
            Person("qiye2", "企业确认 安达", Role.FIRM_CONFIRMER),
        ),
    ),
)
TRADER_NAMES = (
    "草原风电",
    "阴山乳业",
    "河套面粉",
    "敕勒川物流",
    "科尔沁食品",
    "大青山酒店",
    "库布其光伏",
    "呼伦文旅",
    "额尔古纳木业",
    "居延建材",
    "赛罕软件",
    "岱海纺织",
)
TRADERS: tuple[House, ...] = tuple(
    House(
        f"trader-{number}",
        f"{name}有限公司（演示）",
        Kind.FIRM,
        f"91150100MA000006{number:x}".upper(),
        "150100",
        (
            Person(f"maoyi{number}", f"{name} 发起", Role.FIRM_INITIATOR),
            Person(f"maoyi{number}b", f"{name} 确认", Role.FIRM_CONFIRMER),
        ),
    )
    for number, name in enumerate(TRADER_NAMES)
)
TRADER_SCOPES = (
    "organisations:read",
    "registry:read",
    "orders:read",
    "orders:write",
    "ledger:read",
    "ledger:write",
)
# Participants that have an API client beside their people.
OWN_CLIENTS = ("forest-owner", "firm")
OWN_SCOPES = (*TRADER_SCOPES, "registry:write")


@dataclass
class Cast:
    """Who is who: organisation ids by key, user ids by user name, and what is shown to the visitor once."""

    organisations: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    logins: list[dict[str, str]] = field(default_factory=list)
    clients: list[dict[str, str]] = field(default_factory=list)


def assemble(*, at: datetime) -> Cast:
    """Register everybody and return the cast. Role grants are proposed and approved by the two administrators."""
    cast = Cast()
    password = f"tanhui-{secrets.token_hex(4)}"
    for house in (VENUE, *HOUSES, *TRADERS):
        cast.organisations[house.key] = services.register_organisation(
            name=house.name,
            kind=house.kind,
            uscc=with_check_digit(house.code),
            division_code=house.division,
            at=at,
        )
        for person in house.people:
            cast.users[person.username] = services.register_user(
                username=person.username,
                display_name=person.name,
                password=password,
                organisation_id=cast.organisations[house.key],
                at=at,
            )
            if house not in TRADERS:  # They trade by themselves; nobody needs to sign in for them.
                cast.logins.append(
                    {"role": person.role.value, "name": person.name, "username": person.username, "password": password}
                )
    admins = {person.role: cast.users[person.username] for person in VENUE.people}
    services.found_administrators(
        organisation_id=cast.organisations["venue"],
        system_admin_id=admins[Role.SYSTEM_ADMIN],
        security_admin_id=admins[Role.SECURITY_ADMIN],
        audit_admin_id=admins[Role.AUDIT_ADMIN],
        at=at,
    )
    for house in (VENUE, *HOUSES, *TRADERS):
        for person in house.people:
            if person.role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
                continue
            services.grant_role(
                user_id=cast.users[person.username],
                organisation_id=cast.organisations[house.key],
                role=person.role,
                granted_by_id=admins[Role.SYSTEM_ADMIN],
                approved_by_id=admins[Role.SECURITY_ADMIN],
                held_until=at + AUDIT_LASTS if person.role is Role.AUDITOR else None,
                at=at,
            )
    # The trading organisations come first: the simulator runs as many as there are of them.
    clients: list[tuple[House, tuple[str, ...]]] = [(house, TRADER_SCOPES) for house in TRADERS]
    clients += [(house, OWN_SCOPES) for house in HOUSES if house.key in OWN_CLIENTS]
    for house, scopes in clients:
        client = services.create_api_client(
            name=house.name,
            organisation_id=cast.organisations[house.key],
            scopes=scopes,
            created_by_id=admins[Role.SYSTEM_ADMIN],
            approved_by_id=admins[Role.SECURITY_ADMIN],
            at=at,
        )
        cast.clients.append({"name": house.name, "client_id": client.client_id, "client_secret": client.client_secret})
    return cast


def is_built() -> bool:
    """Tell whether the demonstration stands already in this database."""
    return any(one.name == VENUE.name for one in queries.organisations_by_kind(Kind.VENUE))
