"""Well-known places and their time zones."""

from __future__ import annotations

from functools import cache
from typing import Final

_TABLE: Final = """
Africa/Abidjan | Abidjan; Ivory Coast | 阿比让; 科特迪瓦
Africa/Accra | Accra; Ghana | 阿克拉; 加纳
Africa/Addis_Ababa | Addis Ababa; Ethiopia | 亚的斯亚贝巴; 埃塞俄比亚
Africa/Algiers | Algiers; Algeria | 阿尔及尔; 阿尔及利亚
Africa/Cairo | Cairo; Egypt | 开罗; 埃及
Africa/Casablanca | Casablanca; Morocco; Marrakesh | 卡萨布兰卡; 摩洛哥
Africa/Dakar | Dakar; Senegal | 达喀尔; 塞内加尔
Africa/Johannesburg | Johannesburg; Cape Town; South Africa | 约翰内斯堡; 开普敦; 南非
Africa/Lagos | Lagos; Nigeria | 拉各斯; 尼日利亚
Africa/Nairobi | Nairobi; Kenya | 内罗毕; 肯尼亚
Africa/Tunis | Tunis; Tunisia | 突尼斯
America/Anchorage | Anchorage; Alaska | 安克雷奇; 阿拉斯加
America/Argentina/Buenos_Aires | Buenos Aires; Argentina | 布宜诺斯艾利斯; 阿根廷
America/Bogota | Bogota; Bogotá; Colombia | 波哥大; 哥伦比亚
America/Caracas | Caracas; Venezuela | 加拉加斯; 委内瑞拉
America/Chicago | Chicago; Houston; Dallas | 芝加哥; 休斯敦
America/Chicago | Austin; New Orleans; Minneapolis; Texas | 达拉斯; 奥斯汀; 德州
America/Denver | Denver; Salt Lake City; Colorado | 丹佛; 盐湖城
America/Detroit | Detroit | 底特律
America/Edmonton | Calgary; Edmonton | 卡尔加里; 埃德蒙顿
America/Halifax | Halifax | 哈利法克斯
America/Havana | Havana; Cuba | 哈瓦那; 古巴
America/Jamaica | Kingston; Jamaica | 金斯敦; 牙买加
America/La_Paz | La Paz; Bolivia | 拉巴斯; 玻利维亚
America/Lima | Lima; Peru | 利马; 秘鲁
America/Los_Angeles | Los Angeles; San Francisco; Seattle; San Diego | 洛杉矶; 旧金山; 西雅图
America/Los_Angeles | Las Vegas; Portland; California; LA | 圣地亚哥市; 拉斯维加斯; 加州; 硅谷
America/Mexico_City | Mexico City; Mexico | 墨西哥城; 墨西哥
America/Montevideo | Montevideo; Uruguay | 蒙得维的亚; 乌拉圭
America/New_York | New York; New York City; Washington; Washington DC; Boston | 纽约; 华盛顿; 波士顿
America/New_York | Miami; Atlanta; Philadelphia; Orlando; NYC; Florida | 迈阿密; 亚特兰大; 费城
America/Panama | Panama; Panama City | 巴拿马
America/Phoenix | Phoenix; Arizona | 凤凰城
America/Santiago | Santiago; Chile | 圣地亚哥; 智利
America/Sao_Paulo | Sao Paulo; São Paulo; Rio de Janeiro | 圣保罗; 里约热内卢
America/Sao_Paulo | Rio; Brasilia; Brazil | 里约; 巴西利亚; 巴西
America/Toronto | Toronto; Montreal; Ottawa | 多伦多; 蒙特利尔; 渥太华
America/Vancouver | Vancouver | 温哥华
America/Winnipeg | Winnipeg | 温尼伯
Asia/Almaty | Almaty; Kazakhstan | 阿拉木图; 哈萨克斯坦
Asia/Amman | Amman; Jordan | 安曼; 约旦
Asia/Baghdad | Baghdad; Iraq | 巴格达; 伊拉克
Asia/Baku | Baku; Azerbaijan | 巴库; 阿塞拜疆
Asia/Bangkok | Bangkok; Thailand; Phuket | 曼谷; 泰国; 普吉岛
Asia/Beirut | Beirut; Lebanon | 贝鲁特; 黎巴嫩
Asia/Colombo | Colombo; Sri Lanka | 科伦坡; 斯里兰卡
Asia/Damascus | Damascus; Syria | 大马士革; 叙利亚
Asia/Dhaka | Dhaka; Bangladesh | 达卡; 孟加拉国
Asia/Dubai | Dubai; Abu Dhabi; the Emirates | 迪拜; 阿布扎比; 阿联酋
Asia/Ho_Chi_Minh | Ho Chi Minh City; Saigon; Hanoi; Vietnam | 胡志明市; 西贡; 河内; 越南
Asia/Hong_Kong | Hong Kong | 香港
Asia/Jakarta | Jakarta | 雅加达
Asia/Jerusalem | Jerusalem; Tel Aviv; Israel | 耶路撒冷; 特拉维夫; 以色列
Asia/Kabul | Kabul; Afghanistan | 喀布尔; 阿富汗
Asia/Karachi | Karachi; Islamabad; Lahore; Pakistan | 卡拉奇; 伊斯兰堡; 拉合尔; 巴基斯坦
Asia/Kathmandu | Kathmandu; Nepal | 加德满都; 尼泊尔
Asia/Kolkata | Delhi; New Delhi; Mumbai | 德里; 新德里; 孟买
Asia/Kolkata | Kolkata; Bangalore; Chennai; India | 加尔各答; 班加罗尔; 印度
Asia/Kuala_Lumpur | Kuala Lumpur; Malaysia | 吉隆坡; 马来西亚
Asia/Kuwait | Kuwait | 科威特
Asia/Macau | Macau; Macao | 澳门
Asia/Makassar | Bali; Denpasar | 巴厘岛
Asia/Manila | Manila; the Philippines | 马尼拉; 菲律宾
Asia/Novosibirsk | Novosibirsk | 新西伯利亚
Asia/Phnom_Penh | Phnom Penh; Cambodia | 金边; 柬埔寨
Asia/Pyongyang | Pyongyang; North Korea | 平壤; 朝鲜
Asia/Qatar | Doha; Qatar | 多哈; 卡塔尔
Asia/Riyadh | Riyadh; Mecca; Saudi Arabia | 利雅得; 麦加; 沙特阿拉伯; 沙特
Asia/Seoul | Seoul; Busan; South Korea; Korea | 首尔; 釜山; 韩国
Asia/Shanghai | Beijing; Shanghai; Shenzhen; Guangzhou | 北京; 上海; 深圳; 广州; 成都; 重庆
Asia/Shanghai | Chengdu; Chongqing; Wuhan; Hangzhou; China | 武汉; 杭州; 南京; 西安; 天津; 苏州; 中国
Asia/Singapore | Singapore | 新加坡
Asia/Taipei | Taipei; Taiwan | 台北; 台湾
Asia/Tashkent | Tashkent; Uzbekistan | 塔什干; 乌兹别克斯坦
Asia/Tbilisi | Tbilisi | 第比利斯
Asia/Tehran | Tehran; Iran | 德黑兰; 伊朗
Asia/Tokyo | Tokyo; Osaka; Kyoto; Japan | 东京; 大阪; 京都; 日本
Asia/Ulaanbaatar | Ulaanbaatar; Ulan Bator; Mongolia | 乌兰巴托; 蒙古
Asia/Urumqi | Urumqi | 乌鲁木齐
Asia/Vladivostok | Vladivostok | 符拉迪沃斯托克; 海参崴
Asia/Yangon | Yangon; Myanmar | 仰光; 缅甸
Asia/Yerevan | Yerevan; Armenia | 埃里温; 亚美尼亚
Atlantic/Azores | the Azores | 亚速尔群岛
Atlantic/Canary | the Canary Islands; Tenerife | 加那利群岛
Atlantic/Reykjavik | Reykjavik; Iceland | 雷克雅未克; 冰岛
Australia/Adelaide | Adelaide | 阿德莱德
Australia/Brisbane | Brisbane; Gold Coast | 布里斯班; 黄金海岸
Australia/Darwin | Darwin | 达尔文市
Australia/Hobart | Hobart; Tasmania | 霍巴特
Australia/Melbourne | Melbourne | 墨尔本
Australia/Perth | Perth | 珀斯
Australia/Sydney | Sydney; Canberra | 悉尼; 堪培拉
Europe/Amsterdam | Amsterdam; Rotterdam; the Netherlands; Holland | 阿姆斯特丹; 鹿特丹; 荷兰
Europe/Athens | Athens; Greece | 雅典; 希腊
Europe/Belgrade | Belgrade; Serbia | 贝尔格莱德; 塞尔维亚
Europe/Berlin | Berlin; Munich; Hamburg | 柏林; 慕尼黑; 汉堡
Europe/Berlin | Frankfurt; Cologne; Stuttgart; Germany | 法兰克福; 科隆; 斯图加特; 德国
Europe/Bratislava | Bratislava; Slovakia | 布拉迪斯拉发; 斯洛伐克
Europe/Brussels | Brussels; Antwerp; Belgium | 布鲁塞尔; 比利时
Europe/Bucharest | Bucharest; Romania | 布加勒斯特; 罗马尼亚
Europe/Budapest | Budapest; Hungary | 布达佩斯; 匈牙利
Europe/Copenhagen | Copenhagen; Denmark | 哥本哈根; 丹麦
Europe/Dublin | Dublin; Ireland | 都柏林; 爱尔兰
Europe/Helsinki | Helsinki; Finland | 赫尔辛基; 芬兰
Europe/Istanbul | Istanbul; Ankara; Turkey | 伊斯坦布尔; 安卡拉; 土耳其
Europe/Kyiv | Kyiv; Kiev; Ukraine | 基辅; 乌克兰
Europe/Lisbon | Lisbon; Porto; Portugal | 里斯本; 葡萄牙
Europe/Ljubljana | Ljubljana; Slovenia | 卢布尔雅那; 斯洛文尼亚
Europe/London | London; Manchester; Edinburgh; Glasgow; Liverpool | 伦敦; 曼彻斯特
Europe/London | England; Scotland; Britain; the UK; UK | 爱丁堡; 英国
Europe/Luxembourg | Luxembourg | 卢森堡
Europe/Madrid | Madrid; Barcelona; Seville; Valencia; Spain | 马德里; 巴塞罗那; 西班牙
Europe/Malta | Malta | 马耳他
Europe/Minsk | Minsk; Belarus | 明斯克; 白俄罗斯
Europe/Monaco | Monaco | 摩纳哥
Europe/Moscow | Moscow; Saint Petersburg; St Petersburg | 莫斯科; 圣彼得堡
Europe/Oslo | Oslo; Norway | 奥斯陆; 挪威
Europe/Paris | Paris; Lyon; Marseille; Nice; France | 巴黎; 里昂; 马赛; 尼斯; 法国
Europe/Prague | Prague; the Czech Republic | 布拉格; 捷克
Europe/Riga | Riga; Latvia | 里加; 拉脱维亚
Europe/Rome | Rome; Milan; Venice; Florence; Naples; Italy | 罗马; 米兰; 威尼斯; 佛罗伦萨; 那不勒斯; 意大利
Europe/Sarajevo | Sarajevo | 萨拉热窝
Europe/Sofia | Sofia; Bulgaria | 索非亚; 保加利亚
Europe/Stockholm | Stockholm; Gothenburg; Sweden | 斯德哥尔摩; 瑞典
Europe/Tallinn | Tallinn; Estonia | 塔林; 爱沙尼亚
Europe/Vienna | Vienna; Salzburg; Austria | 维也纳; 萨尔茨堡; 奥地利
Europe/Vilnius | Vilnius; Lithuania | 维尔纽斯; 立陶宛
Europe/Warsaw | Warsaw; Krakow; Poland | 华沙; 克拉科夫; 波兰
Europe/Zagreb | Zagreb; Croatia | 萨格勒布; 克罗地亚
Europe/Zurich | Zurich; Geneva; Basel; Bern; Switzerland | 苏黎世; 日内瓦; 巴塞尔; 伯尔尼; 瑞士
Indian/Maldives | the Maldives; Male | 马尔代夫
Indian/Mauritius | Mauritius | 毛里求斯
Pacific/Auckland | Auckland; Wellington; New Zealand | 奥克兰; 惠灵顿; 新西兰
Pacific/Fiji | Fiji | 斐济
Pacific/Honolulu | Honolulu; Hawaii | 檀香山; 火奴鲁鲁; 夏威夷
Etc/UTC | UTC; GMT; Universal Time | 协调世界时; 世界标准时间; 格林尼治
"""


def place(said: str) -> tuple[str, str] | None:
    """Return the name of a place as it is written, and its time zone; None where it is not known."""
    name = " ".join(said.casefold().replace(".", "").split())
    known = _places()
    return known.get(name) or known.get(name.removeprefix("the "))


def is_place(said: str, language: str) -> bool:
    """Return whether the words name a place of which the time is known."""
    return place(said) is not None


@cache
def _places() -> dict[str, tuple[str, str]]:
    places: dict[str, tuple[str, str]] = {}
    for line in _TABLE.strip().splitlines():
        zone, english, chinese = (part.strip() for part in line.split("|"))
        for written in filter(None, map(str.strip, (*english.split(";"), *chinese.split(";")))):
            places[written.casefold()] = (written, zone)
            places.setdefault(written.casefold().removeprefix("the "), (written, zone))
    return places
