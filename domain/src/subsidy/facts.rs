//! Dated facts about a senior, and the published vocabulary of their kinds and values.

use super::name::Name;
use crate::text_enum::TextEnum;
use crate::{PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// What a fact is about. The set is published; a group only one place knows is a value of [`FactKind::Local`].
    pub enum FactKind {
        /// 经济困难类别.
        EconomicClass = "economic_class",
        /// 老年人能力等级 (GB/T 42195-2022), and the care levels of older texts.
        Ability = "ability",
        /// 残疾等级 (GB/T 26341-2010).
        Disability = "disability",
        /// 居住状况.
        Living = "living",
        /// 优抚, 荣誉与特殊群体.
        Honour = "honour",
        /// 计划生育特殊家庭.
        FamilyPlanning = "family_planning",
        /// 享受的其他待遇: a benefit the person already receives.
        Benefit = "benefit",
        /// 证件: a document the person holds.
        Document = "document",
        /// 身份: belonging to a body or group.
        Membership = "membership",
        /// 在机构: in an institution, in hospital or away.
        Institution = "institution",
        /// 已登记: registered for a programme; the value is the programme's name.
        Enrolled = "enrolled",
        /// 预付套餐: holds a prepaid plan; the value is the plan's name.
        Subscription = "subscription",
        /// 月额度: a personal credit in fen, granted by an official; the value is digits.
        QuotaFen = "quota_fen",
        /// 户籍所在地 from a date on; the value is a place code. Overrides the undated `registered`.
        Registered = "registered",
        /// 居住地 from a date on; the value is a place code. Overrides the undated `resident`.
        Resident = "resident",
        /// 死亡: `from` is the day of death. A record that was wrong is given an end, whichever, and counts for nothing.
        Death = "death",
        /// A group only this place knows; the value is declared in the document's `local_facts`.
        Local = "local",
    }
}

/// Values with their Chinese names.
type Values = &'static [(&'static str, &'static str)];

const ECONOMIC_CLASS: Values = &[
    ("tekun", "特困供养"),
    ("dibao", "低保"),
    ("dibian", "低保边缘"),
    ("low_income", "低收入"),
    ("expenditure_poverty", "支出型困难"),
    ("income_1_5", "低保标准1.5倍以内"),
    ("hardship", "特殊困难"),
];
const ABILITY: Values = &[
    ("intact", "能力完好"),
    ("mild", "轻度失能"),
    ("moderate", "中度失能"),
    ("severe", "重度失能"),
    ("total", "完全失能"),
    ("dementia", "失智"),
];
const DISABILITY: Values = &[("grade_1", "一级残疾"), ("grade_2", "二级残疾"), ("grade_3", "三级残疾"), ("grade_4", "四级残疾")];
const LIVING: Values = &[
    ("alone", "独居"),
    ("empty_nest", "空巢"),
    ("left_behind", "留守"),
    ("no_children", "孤寡"),
    ("couple_only", "纯老家庭"),
    ("with_family", "与家人同住"),
];
const HONOUR: Values = &[
    ("preferential", "优抚对象"),
    ("key_preferential", "重点优抚对象"),
    ("martyr_family", "三属"),
    ("five_elders", "五老"),
    ("model_worker", "劳模"),
    ("veteran", "退役军人"),
    ("good_deed", "见义勇为"),
    ("centenarian", "百岁老人"),
];
const FAMILY_PLANNING: Values = &[
    ("special_support", "计生特扶"),
    ("lost_only_child", "失独"),
    ("disabled_only_child", "独生子女伤残"),
    ("one_child", "独生子女父母"),
];
const BENEFIT: Values = &[
    ("disability_living", "困难残疾人生活补贴"),
    ("severe_disability_care", "重度残疾人护理补贴"),
    ("home_care", "政府居家上门援助"),
    ("care_subsidy", "护理补贴"),
    ("elder_allowance", "高龄津贴"),
    ("ltc_insurance", "长期护理保险"),
    ("national_care_coupon", "养老服务消费券"),
];
const DOCUMENT: Values =
    &[("senior_card", "老年优待证"), ("residence_permit", "居住证"), ("meal_card", "就餐卡"), ("taiwan_permit", "台湾居民居住证")];
const MEMBERSHIP: Values = &[
    ("retired_villager", "退养村民"),
    ("retired_worker", "退休工人"),
    ("villager", "村集体成员"),
    ("volunteer", "志愿者"),
    ("taiwan_resident", "台胞"),
];
const INSTITUTION: Values = &[("full_care", "入住养老机构"), ("hospital", "住院"), ("away", "外出"), ("prison", "服刑")];
const DEATH: Values = &[("died", "死亡")];

/// The published values of a kind with their Chinese names; empty for kinds whose values are open (names, codes, digits).
#[must_use]
pub const fn values_of(kind: FactKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        FactKind::EconomicClass => ECONOMIC_CLASS,
        FactKind::Ability => ABILITY,
        FactKind::Disability => DISABILITY,
        FactKind::Living => LIVING,
        FactKind::Honour => HONOUR,
        FactKind::FamilyPlanning => FAMILY_PLANNING,
        FactKind::Benefit => BENEFIT,
        FactKind::Document => DOCUMENT,
        FactKind::Membership => MEMBERSHIP,
        FactKind::Institution => INSTITUTION,
        FactKind::Death => DEATH,
        FactKind::Enrolled
        | FactKind::Subscription
        | FactKind::QuotaFen
        | FactKind::Registered
        | FactKind::Resident
        | FactKind::Local => &[],
    }
}

impl FactKind {
    /// What the kind is called in Chinese.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::EconomicClass => "经济困难类别",
            Self::Ability => "能力等级",
            Self::Disability => "残疾等级",
            Self::Living => "居住状况",
            Self::Honour => "优抚与荣誉",
            Self::FamilyPlanning => "计生特殊家庭",
            Self::Benefit => "已享待遇",
            Self::Document => "证件",
            Self::Membership => "身份",
            Self::Institution => "机构与外出",
            Self::Enrolled => "项目登记",
            Self::Subscription => "预付套餐",
            Self::QuotaFen => "个人额度",
            Self::Registered => "户籍地",
            Self::Resident => "居住地",
            Self::Death => "死亡",
            Self::Local => "本地类别",
        }
    }

    /// Whether `value` may stand in a fact of this kind.
    #[must_use]
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Enrolled | Self::Subscription | Self::Local => true,
            Self::QuotaFen => value.len() <= 10 && value.parse::<u32>().is_ok(),
            Self::Registered | Self::Resident => PlaceCode::parse(value).is_ok(),
            _ => values_of(self).iter().any(|(word, _)| *word == value),
        }
    }
}

/// Every kind with its values, for publication: `(kind, Chinese name, values)`.
pub fn vocabulary() -> impl Iterator<Item = (FactKind, &'static str, &'static [(&'static str, &'static str)])> {
    FactKind::ALL.iter().map(|k| (*k, k.name_zh(), values_of(*k)))
}

/// A dated record about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// The record's identifier, carried into the trace; absent in examples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Name>,
    /// What it is about.
    pub kind: FactKind,
    /// One of [`values_of`] the kind, or an open value.
    pub value: Name,
    /// First day it holds; absent means always before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ServiceDate>,
    /// Last day it holds, inclusive; absent means open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

/// What is known of the senior, as far as it was known when the decision is taken.
///
/// The caller passes the facts recorded by then; re-rating passes those recorded by now. `decide` picks by service date.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// Birth date; without it no age band applies.
    pub birth: Option<ServiceDate>,
    /// 户籍: place of registration.
    pub registered: Option<PlaceCode>,
    /// 居住地: place of residence.
    pub resident: Option<PlaceCode>,
    /// Dated records, in any order.
    pub facts: Vec<Fact>,
}

/// The economic class among facts that is in force on a date; the first by name where there are several.
#[must_use]
pub fn economic_class(facts: &[Fact], date: ServiceDate) -> Option<Name> {
    let holds =
        |f: &&Fact| f.kind == FactKind::EconomicClass && f.from.is_none_or(|from| from <= date) && f.to.is_none_or(|to| date <= to);
    facts.iter().filter(holds).map(|f| f.value.clone()).min()
}
