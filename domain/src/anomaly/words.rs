//! What people read of a case.

use super::{AnomalyFinding, AnomalyMeasure, AnomalyRule, AnomalyUnit};
use crate::Instant;

impl AnomalyRule {
    /// On lists.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::TwoCanteens => "一餐两处用餐",
            Self::AfterDeath => "去世后仍有用餐",
            Self::WhileAway => "住院、入院或外出期间用餐",
            Self::MoreThanCooked => "核销多于出餐",
            Self::FasterThanTheHour => "一小时核销过多",
            Self::OneTerminalMany => "一台终端集中刷卡",
            Self::OneCourierMany => "一人集中代签",
            Self::AbovePeers => "明显高于同类助餐点",
        }
    }
}

impl AnomalyMeasure {
    /// The figure in a sentence.
    const fn told_zh(self) -> &'static str {
        match self {
            Self::CanteensAMeal => "同一老人同一餐次用餐的助餐点",
            Self::DaysAfterDeath => "最后一餐距去世日",
            Self::DaysIntoAbsence => "用餐日距离开或返回日",
            Self::PortionsServed => "同一菜品供出份数",
            Self::RedemptionsAnHour => "一小时内核销",
            Self::PersonsAtOnce => "同一终端集中刷卡人数",
            Self::DeliveriesAtOnce => "同一人集中确认",
            Self::PersonsADay => "同一人一天内代为确认的人数",
            Self::MealsPerSenior => "当月人均用餐",
            Self::MealsAMonth => "当月用餐",
        }
    }

    /// The same in English.
    const fn told_en(self) -> &'static str {
        match self {
            Self::CanteensAMeal => "canteens of one meal of one person",
            Self::DaysAfterDeath => "days from death to the last meal",
            Self::DaysIntoAbsence => "days from leaving or return to the meal",
            Self::PortionsServed => "portions of one dish served",
            Self::RedemptionsAnHour => "redemptions in an hour",
            Self::PersonsAtOnce => "persons read by one terminal at once",
            Self::DeliveriesAtOnce => "meals confirmed by one person at once",
            Self::PersonsADay => "persons for whom one person confirmed in a day",
            Self::MealsPerSenior => "meals a senior in the month",
            Self::MealsAMonth => "meals in the month",
        }
    }
}

impl AnomalyUnit {
    const fn name_zh(self) -> &'static str {
        match self {
            Self::Canteens => "个",
            Self::Days => "天",
            Self::Portions => "份",
            Self::Redemptions => "次",
            Self::Persons => "人",
            Self::Meals | Self::MealHundredths => "餐",
        }
    }

    fn figure(self, n: i64) -> String {
        match self {
            Self::MealHundredths => format!("{}.{:02}", n / 100, n % 100),
            _ => n.to_string(),
        }
    }
}

impl AnomalyFinding {
    /// On lists.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Explained => "情况属实，有合理解释",
            Self::DataError => "数据有误",
            Self::ToRecover => "应予追回",
            Self::Misuse => "违规",
            Self::LimitUnfit => "阈值不当",
        }
    }
}

/// What was compared, in Chinese: `一小时内核销 412 次，限 400 次（2026-11-23 11:02 至 11:58）`.
#[must_use]
pub fn compared_zh(measure: AnomalyMeasure, (observed, limit): (i64, i64), window: (Instant, Instant)) -> String {
    let unit = measure.unit();
    let (observed, limit, word) = (unit.figure(observed), unit.figure(limit), unit.name_zh());
    format!("{} {observed} {word}，限 {limit} {word}（{}）", measure.told_zh(), between(window, " 至 "))
}

/// The same in English.
#[must_use]
pub fn compared_en(measure: AnomalyMeasure, (observed, limit): (i64, i64), window: (Instant, Instant)) -> String {
    let unit = measure.unit();
    let (observed, limit) = (unit.figure(observed), unit.figure(limit));
    format!("{}: {observed}, at most {limit} ({})", measure.told_en(), between(window, " to "))
}

/// From and to, the day once when it is one day.
fn between((from, to): (Instant, Instant), word: &str) -> String {
    let shown = |at: Instant| format!("{} {}", at.civil_date(), at.civil_time().format("%H:%M:%S"));
    if from.civil_date() == to.civil_date() {
        format!("{}{word}{}", shown(from), to.civil_time().format("%H:%M:%S"))
    } else {
        format!("{}{word}{}", shown(from), shown(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServiceDate;

    #[test]
    fn a_case_says_what_was_compared_with_what_in_which_window() {
        let at = |hour, minute| {
            let day = ServiceDate::new(2026, 11, 23).unwrap();
            Instant::from_civil(day, chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
        };
        let window = (at(11, 2), at(11, 58));
        assert_eq!(
            compared_zh(AnomalyMeasure::RedemptionsAnHour, (412, 400), window),
            "一小时内核销 412 次，限 400 次（2026-11-23 11:02:00 至 11:58:00）"
        );
        let month = (at(0, 0), at(0, 0).plus_seconds(86_400));
        assert_eq!(
            compared_en(AnomalyMeasure::MealsPerSenior, (3405, 2209), month),
            "meals a senior in the month: 34.05, at most 22.09 (2026-11-23 00:00:00 to 2026-11-24 00:00:00)"
        );
    }
}
