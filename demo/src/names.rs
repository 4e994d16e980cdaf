//! Names as they are common among people born from the 1920s to the 1960s, and some that few fonts have.

use crate::random::Random;

/// Male or female, which the identity number tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sex {
    Male,
    Female,
}

/// Surnames with weights near their share of the population.
const SURNAMES: [(&str, u32); 40] = [
    ("王", 72),
    ("李", 70),
    ("张", 66),
    ("刘", 54),
    ("陈", 45),
    ("杨", 31),
    ("赵", 23),
    ("黄", 22),
    ("周", 20),
    ("吴", 19),
    ("徐", 15),
    ("孙", 14),
    ("胡", 12),
    ("朱", 12),
    ("高", 11),
    ("林", 11),
    ("何", 11),
    ("郭", 11),
    ("马", 11),
    ("罗", 9),
    ("梁", 8),
    ("宋", 8),
    ("郑", 8),
    ("谢", 7),
    ("韩", 7),
    ("唐", 7),
    ("冯", 6),
    ("于", 6),
    ("董", 6),
    ("萧", 5),
    ("程", 5),
    ("曹", 5),
    ("袁", 5),
    ("邓", 5),
    ("许", 5),
    ("沈", 4),
    ("欧阳", 2),
    ("司马", 1),
    ("上官", 1),
    ("翟", 2),
];

const MEN: [&str; 44] = [
    "建国", "国强", "德明", "志强", "永福", "长生", "福根", "金生", "洪涛", "文斌", "家宝", "玉林", "树森", "宝根", "银生", "阿根",
    "国华", "建华", "建平", "援朝", "跃进", "卫国", "志远", "正德", "学文", "克勤", "思源", "荣昌", "庆祥", "润生", "永年", "兆丰",
    "明", "伟", "军", "勇", "杰", "钢", "平", "刚", "鹏飞", "祥云", "其昌", "炳南",
];
const WOMEN: [&str; 44] = [
    "桂兰", "秀英", "玉兰", "淑珍", "凤英", "桂英", "兰英", "秀珍", "玉珍", "淑英", "月娥", "金娣", "招娣", "巧云", "美玲", "丽华",
    "雪琴", "慧敏", "素芬", "桂芳", "秀兰", "玉梅", "惠珍", "翠花", "宝珍", "银凤", "阿娣", "彩云", "杏芳", "根娣", "佩华", "静娴",
    "红", "芳", "敏", "燕", "萍", "霞", "珍", "英", "㛃", "文娟", "婉如", "蕴华",
];
/// Given names with characters outside GBK or outside the basic plane; they must survive every file and every label.
const RARE: [(&str, Sex); 8] = [
    ("㛃", Sex::Female),
    ("𬭚", Sex::Male),
    ("䶮", Sex::Male),
    ("𫍯", Sex::Male),
    ("婳𬍛", Sex::Female),
    ("𬬭", Sex::Male),
    ("文𬱖", Sex::Male),
    ("㻳", Sex::Female),
];

/// A surname.
pub(crate) fn surname(random: &mut Random) -> &'static str {
    random.weighted(&SURNAMES).unwrap_or("王")
}

/// A given name.
pub(crate) fn given(random: &mut Random, sex: Sex) -> &'static str {
    if random.chance(5)
        && let Some((rare, _)) = random.pick(&RARE).filter(|(_, of)| *of == sex)
    {
        return rare;
    }
    let names = if sex == Sex::Male { &MEN } else { &WOMEN };
    random.pick(names).copied().unwrap_or("平")
}
