//! Anomalies (疑点): what in the served meals does not fit, what was compared to say so, and the case that somebody closes.
//!
//! A rule compares a figure with a limit that is a dated setting of a place ([`limits`]); nothing is found at the limit itself, only
//! above it. A finding accuses nobody: it says what was compared and by which meals, and a person says what it was.

mod case;
pub mod kitchen;
pub mod limits;
pub mod pace;
pub mod peers;
pub mod person;
pub mod words;

pub use case::{CaseCommand, CaseRejection, EVIDENCE_MAX, Known, Verdict, judge, may_end, may_take};
pub use limits::Limits;

use crate::claim::Month;
use crate::id::{CanteenId, DeviceId, DishId, FactId, OrderId, RedemptionId, SeniorId, UserId};
use crate::order::RedemptionMethod;
use crate::{Channel, Instant, MealPeriod, ServiceDate};
use peers::PeerFigure;
use std::collections::BTreeSet;
use std::fmt;

crate::text_enum! {
    /// What is looked for.
    pub enum AnomalyRule {
        /// 一餐两处: one person had one meal at two canteens.
        TwoCanteens = "two_canteens",
        /// 身后用餐: meals after the day of death.
        AfterDeath = "after_death",
        /// 离家用餐: meals while a record says that the person is in an institution, in hospital or away.
        WhileAway = "while_away",
        /// 核销多于出餐: more portions served than were cooked.
        MoreThanCooked = "more_than_cooked",
        /// 一小时过多: more redemptions in an hour than the canteen can serve.
        FasterThanTheHour = "faster_than_the_hour",
        /// 一机连刷: one terminal reads many people's cards within a minute.
        OneTerminalMany = "one_terminal_many",
        /// 一人代签: one person confirms many meals by their word.
        OneCourierMany = "one_courier_many",
        /// 高于同类: a canteen far above the canteens around it.
        AbovePeers = "above_peers",
    }
}

crate::text_enum! {
    /// The figure that was compared.
    pub enum AnomalyMeasure {
        /// Canteens at which one meal was had.
        CanteensAMeal = "canteens_a_meal",
        /// Days from the day of death to the last meal.
        DaysAfterDeath = "days_after_death",
        /// Days between a meal and the nearer end of an absence.
        DaysIntoAbsence = "days_into_absence",
        /// Portions of one dish served at one meal.
        PortionsServed = "portions_served",
        /// Redemptions in one hour.
        RedemptionsAnHour = "redemptions_an_hour",
        /// Different persons at one terminal within seconds.
        PersonsAtOnce = "persons_at_once",
        /// Meals confirmed by one person within minutes.
        DeliveriesAtOnce = "deliveries_at_once",
        /// Different persons whose meals one person confirmed on one day.
        PersonsADay = "persons_a_day",
        /// Meals for each senior of a month, in hundredths.
        MealsPerSenior = "meals_per_senior",
        /// Meals of a month.
        MealsAMonth = "meals_a_month",
    }
}

crate::text_enum! {
    /// What a figure and its limit count.
    pub enum AnomalyUnit {
        /// Canteens.
        Canteens = "canteens",
        /// Days.
        Days = "days",
        /// Portions.
        Portions = "portions",
        /// Redemptions.
        Redemptions = "redemptions",
        /// Persons.
        Persons = "persons",
        /// Meals.
        Meals = "meals",
        /// Hundredths of a meal for each senior.
        MealHundredths = "meal_hundredths",
    }
}

crate::text_enum! {
    /// Where a case stands.
    pub enum AnomalyState {
        /// Somebody has to look.
        Open = "open",
        /// Somebody has said what it was.
        Closed = "closed",
    }
}

crate::text_enum! {
    /// What it was.
    pub enum AnomalyFinding {
        /// 情况属实，有合理解释: it happened, and is in order.
        Explained = "explained",
        /// 数据有误: a record is wrong and was or will be put right.
        DataError = "data_error",
        /// 应予追回: money was paid or will be that must come back.
        ToRecover = "to_recover",
        /// 违规: somebody did what they may not.
        Misuse = "misuse",
        /// 阈值不当: the limit does not fit this place.
        LimitUnfit = "limit_unfit",
    }
}

impl AnomalyMeasure {
    /// What it counts.
    #[must_use]
    pub const fn unit(self) -> AnomalyUnit {
        use AnomalyUnit as U;
        match self {
            Self::CanteensAMeal => U::Canteens,
            Self::DaysAfterDeath | Self::DaysIntoAbsence => U::Days,
            Self::PortionsServed => U::Portions,
            Self::RedemptionsAnHour => U::Redemptions,
            Self::PersonsAtOnce | Self::PersonsADay => U::Persons,
            Self::DeliveriesAtOnce | Self::MealsAMonth => U::Meals,
            Self::MealsPerSenior => U::MealHundredths,
        }
    }
}

/// A meal that counts as served, as far as the rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// The order.
    pub order: OrderId,
    /// The redemption that counts.
    pub redemption: RedemptionId,
    /// Where.
    pub canteen: CanteenId,
    /// Whose meal; nobody's for a guest.
    pub senior: Option<SeniorId>,
    /// The terminal that read it.
    pub device: Option<DeviceId>,
    /// Who recorded it.
    pub by: Option<UserId>,
    /// How it was proved.
    pub method: RedemptionMethod,
    /// Dine-in, pick-up or delivery.
    pub channel: Channel,
    /// When it was handed over, by the clock of whoever did: a terminal without network tells of it hours later.
    pub at: Instant,
}

impl Served {
    /// Whether it stands on somebody's word or on what they were told at a door, and not on what a terminal read.
    #[must_use]
    pub const fn is_by_word(&self) -> bool {
        self.method.is_attested() || matches!(self.method, RedemptionMethod::DeliveryCode)
    }

    const fn evidence(&self) -> Evidence {
        Evidence { order: self.order, redemption: Some(self.redemption), canteen: self.canteen, at: self.at }
    }
}

/// A meal by which something was found. It is known by its order: the redemption that counts may be replaced by one of an earlier time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// When it was served.
    pub at: Instant,
    /// The order.
    pub order: OrderId,
    /// The redemption; a guest's meal has none.
    pub redemption: Option<RedemptionId>,
    /// Where.
    pub canteen: CanteenId,
}

/// What a finding is about. Two findings of one rule about the same thing are one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// One meal of one person.
    Meal(SeniorId, ServiceDate, MealPeriod),
    /// Meals against one record of a person.
    Fact(SeniorId, FactId),
    /// One dish of one meal of a kitchen and the canteens that it supplies.
    Dish(CanteenId, ServiceDate, MealPeriod, DishId),
    /// One day of a canteen.
    Day(CanteenId, ServiceDate),
    /// One day of a terminal.
    Terminal(DeviceId, ServiceDate),
    /// One day of somebody who confirms meals.
    Person(UserId, ServiceDate),
    /// One month of a canteen.
    Month(CanteenId, Month),
}

impl fmt::Display for Subject {
    /// The key under which a case is known; it is stored, and must never change.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Meal(senior, on, meal) => write!(f, "{senior}/{on}/{meal}"),
            Self::Fact(senior, fact) => write!(f, "{senior}/{fact}"),
            Self::Dish(kitchen, on, meal, dish) => write!(f, "{kitchen}/{on}/{meal}/{dish}"),
            Self::Day(canteen, on) => write!(f, "{canteen}/{on}"),
            Self::Terminal(device, on) => write!(f, "{device}/{on}"),
            Self::Person(user, on) => write!(f, "{user}/{on}"),
            Self::Month(canteen, month) => write!(f, "{canteen}/{month}"),
        }
    }
}

impl Subject {
    /// Whose meals it is about, when it is about one person's.
    #[must_use]
    pub const fn senior(&self) -> Option<SeniorId> {
        match self {
            Self::Meal(senior, ..) | Self::Fact(senior, _) => Some(*senior),
            _ => None,
        }
    }

    /// The terminal.
    #[must_use]
    pub const fn device(&self) -> Option<DeviceId> {
        if let Self::Terminal(device, _) = self { Some(*device) } else { None }
    }

    /// Who confirmed the meals.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        if let Self::Person(user, _) = self { Some(*user) } else { None }
    }

    /// The dish.
    #[must_use]
    pub const fn dish(&self) -> Option<DishId> {
        if let Self::Dish(.., dish) = self { Some(*dish) } else { None }
    }
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// By which rule.
    pub rule: AnomalyRule,
    /// What was compared.
    pub measure: AnomalyMeasure,
    /// What it is about.
    pub subject: Subject,
    /// Whose case it is: officers over this canteen's place close it.
    pub canteen: CanteenId,
    /// The service date by which it is listed: of several the last.
    pub on: ServiceDate,
    /// The figure.
    pub observed: i64,
    /// What it should not exceed.
    pub limit: i64,
    /// The stretch of time that was looked at, from and to.
    pub window: (Instant, Instant),
    /// The meals, by the time at which they were served; each order once.
    pub evidence: Vec<Evidence>,
    /// How many there are; more than `evidence` has when only a part was read.
    pub total: i64,
    /// What the canteen was compared with, when it was compared with others.
    pub peers: Vec<PeerFigure>,
}

impl Found {
    /// Every canteen that it concerns.
    #[must_use]
    pub fn canteens(&self) -> BTreeSet<CanteenId> {
        self.evidence.iter().map(|item| item.canteen).chain([self.canteen]).collect()
    }
}

/// Evidence in its order, each order once.
fn sorted(mut evidence: Vec<Evidence>) -> Vec<Evidence> {
    evidence.sort_unstable();
    let mut seen = BTreeSet::new();
    evidence.retain(|item| seen.insert(item.order));
    evidence
}

/// A length as a figure that is compared and stored.
fn figure(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// How long after the end of its day a day is looked at, in seconds: terminals without network come back within the night, and the
/// nightly close has run.
pub const SETTLED_AFTER_S: i64 = 12 * 3600;

/// The last service date that is over and settled at an instant.
#[must_use]
pub fn last_settled(now: Instant) -> ServiceDate {
    now.plus_seconds(-SETTLED_AFTER_S).civil_date().plus_days(-1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;
    use uuid::Uuid;

    #[test]
    fn a_day_is_looked_at_from_noon_of_the_next_one_on() {
        let day = |text: &str| ServiceDate::parse(text).unwrap();
        let at =
            |date: &str, hour, minute| Instant::from_civil(day(date), chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap());
        for (now, last) in [
            (at("2026-11-24", 11, 59), "2026-11-22"),
            (at("2026-11-24", 12, 0), "2026-11-23"),
            (at("2026-11-24", 23, 59), "2026-11-23"),
        ] {
            assert_eq!(last_settled(now), day(last), "{now}");
        }
    }

    #[test]
    fn two_things_that_a_finding_may_be_about_never_share_a_key() {
        let (n, on) = (Uuid::from_u128(7), ServiceDate::new(2026, 11, 23).unwrap());
        let canteen = CanteenId::from_uuid(n);
        let all = [
            Subject::Meal(SeniorId::from_uuid(n), on, MealPeriod::Lunch),
            Subject::Meal(SeniorId::from_uuid(n), on, MealPeriod::Dinner),
            Subject::Fact(SeniorId::from_uuid(n), FactId::from_uuid(n)),
            Subject::Dish(canteen, on, MealPeriod::Lunch, DishId::from_uuid(n)),
            Subject::Day(canteen, on),
            Subject::Terminal(DeviceId::from_uuid(n), on),
            Subject::Person(UserId::from_uuid(n), on),
            Subject::Month(canteen, Month::of(on)),
        ];
        let keys: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(keys.len(), all.len());
        assert!(keys.iter().all(|key| key.len() <= 120), "{keys:?}");
    }

    #[test]
    fn what_a_person_says_is_told_from_what_a_terminal_read() {
        let by_word = [RedemptionMethod::Signature, RedemptionMethod::Photo, RedemptionMethod::DeliveryCode];
        for method in RedemptionMethod::ALL.iter().copied() {
            let n = Uuid::from_u128(1);
            let served = Served {
                order: OrderId::from_uuid(n),
                redemption: RedemptionId::from_uuid(n),
                canteen: CanteenId::from_uuid(n),
                senior: None,
                device: None,
                by: None,
                method,
                channel: Channel::DineIn,
                at: Instant::from_micros(0),
            };
            assert_eq!(served.is_by_word(), by_word.contains(&method), "{method}");
        }
    }
}
