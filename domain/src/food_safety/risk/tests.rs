use super::*;
use crate::PlaceCode;
use crate::food_safety::{DeciCelsius, Rulebook};
use uuid::Uuid;

fn day(text: &str) -> ServiceDate {
    ServiceDate::parse(text).unwrap()
}

fn rules() -> Rules {
    Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day("2026-11-23"))
}

fn id<K: crate::id::Kind>(n: u128) -> crate::id::Id<K> {
    crate::id::Id::from_uuid(Uuid::from_u128(n))
}

fn quiet() -> PeriodFacts {
    PeriodFacts {
        kind: ControlKind::Daily,
        today: day("2026-11-23"),
        lots: vec![],
        held: vec![],
        surplus: vec![],
        licences: vec![],
        staff: vec![],
        places: vec![],
        cooked: true,
        kept_hot: true,
        overridden: vec![],
        not_ended: vec![],
        samples_due: vec![],
        controls_missing: vec![],
    }
}

fn staff(certificate: CertificateStanding, days: &[(bool, MorningStanding)]) -> PeriodFacts {
    let staff = vec![StaffFacts { user: id(1), name: "王师傅".into(), certificate, days: days.to_vec() }];
    PeriodFacts { staff, ..quiet() }
}

fn keys(facts: &PeriodFacts) -> Vec<String> {
    risks(facts, &rules()).iter().map(|risk| risk.key().split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn a_quiet_day_has_no_risk() {
    assert_eq!(risks(&quiet(), &rules()), []);
}

#[test]
fn the_period_of_a_control_is_the_day_the_week_from_monday_and_the_month() {
    for (kind, first, last) in [
        (ControlKind::Daily, "2026-02-11", "2026-02-11"),
        (ControlKind::Weekly, "2026-02-09", "2026-02-15"),
        (ControlKind::Monthly, "2026-02-01", "2026-02-28"),
    ] {
        assert_eq!(kind.period(day("2026-02-11")), (day(first), day(last)), "{kind}");
    }
    assert_eq!(ControlKind::Monthly.period(day("2026-12-31")), (day("2026-12-01"), day("2026-12-31")));
}

#[test]
fn the_last_day_of_a_lot_or_licence_is_a_warning_and_the_day_after_it_a_breach() {
    for (on, lot, licence) in [("2026-11-22", "lot_expired", "licence_ended"), ("2026-11-23", "lot_expiring", "licence_ending")] {
        let facts =
            PeriodFacts {
                lots: vec![(id(1), "猪肉".into(), day(on))], licences: vec![(id(2), "春风".into(), day(on))], ..quiet()
            };
        assert_eq!(keys(&facts), [lot, licence], "{on}");
    }
}

#[test]
fn who_cooks_is_certified_and_checked() {
    use CertificateStanding as C;
    use MorningStanding as M;
    let good = C::Valid { until: day("2027-06-01") };
    for (certificate, days, expected) in [
        (good, vec![(true, M::Fit)], vec![]),
        (C::Missing, vec![(true, M::Fit)], vec!["certificate_missing"]),
        (C::Missing, vec![(false, M::Fit)], vec![]),
        (C::Expired { on: day("2026-11-22") }, vec![], vec!["certificate_ended"]),
        (C::Valid { until: day("2026-12-23") }, vec![], vec!["certificate_ending"]),
        (C::Valid { until: day("2026-12-24") }, vec![], vec![]),
        (good, vec![(true, M::Missing)], vec!["morning_check_missing"]),
        (good, vec![(false, M::Missing)], vec![]),
        (good, vec![(false, M::Unfit)], vec!["unfit"]),
        (good, vec![(true, M::Fit), (true, M::Missing)], vec!["morning_check_missing"]),
    ] {
        assert_eq!(keys(&staff(certificate, &days)), expected, "{certificate:?} {days:?}");
    }
    let missing = staff(C::Missing, &[(true, M::Missing)]);
    assert_eq!(risks(&missing, &Rules::default()), [], "where no setting asks for it, nothing is missing");
}

#[test]
fn a_place_in_use_has_its_record_each_day_that_asks_for_one() {
    use PlaceKind as K;
    let place =
        |kind, in_use, records| PlaceFacts { place: id(1), name: "柜".into(), kind, in_use, records, sensed: Sensed::default() };
    let good = || vec![(id(9), vec![])];
    for (kind, in_use, records, cooked, kept_hot, expected) in [
        (K::Ambient, true, vec![], true, true, vec![]),
        (K::Chilled, true, vec![], false, false, vec!["temperature_missing"]),
        (K::Chilled, false, vec![], false, false, vec![]),
        (K::Chilled, true, good(), false, false, vec![]),
        (K::HotHolding, true, vec![], true, false, vec![]),
        (K::HotHolding, true, vec![], true, true, vec!["temperature_missing"]),
        (K::Disinfection, true, vec![], false, false, vec![]),
        (K::Disinfection, true, vec![], true, false, vec!["disinfection_missing"]),
    ] {
        let facts = PeriodFacts { places: vec![place(kind, in_use, records)], cooked, kept_hot, ..quiet() };
        assert_eq!(keys(&facts), expected, "{kind} {in_use} {cooked} {kept_hot}");
        let weekly = PeriodFacts { kind: ControlKind::Weekly, ..facts };
        assert_eq!(keys(&weekly), Vec::<String>::new(), "a week looks for the days' controls");
    }
    let warm = Finding::TooWarm { measured: DeciCelsius(95), limit: DeciCelsius(80) };
    let records = vec![(id(8), vec![warm]), (id(9), vec![])];
    let facts = PeriodFacts { places: vec![place(K::Chilled, true, records)], ..quiet() };
    let expected = Risk::OutOfLimits { record: id(8), place: "柜".into(), finding: warm };
    assert_eq!(risks(&facts, &rules()), [expected], "a warm noon stays a risk of the day, though the evening was cold");
}

#[test]
fn a_sensor_stands_for_the_record_of_a_place_and_what_it_showed_is_a_risk() {
    use PlaceKind as K;
    let at = Instant::from_civil(day("2026-11-23"), chrono::NaiveTime::from_hms_opt(3, 0, 0).unwrap());
    let finding = Finding::TooWarm { measured: DeciCelsius(120), limit: DeciCelsius(80) };
    let heard = || Sensed { heard: true, ..Sensed::default() };
    let warm = || Sensed { excursions: vec![Excursion { from: at, to: at.plus_seconds(1_800), finding }], ..heard() };
    let silent = || Sensed { silence: Some((at, at.plus_seconds(7_200))), ..heard() };
    let doubtful = || Sensed { doubts: vec![Doubt::ClockAhead, Doubt::ClockBack], ..Sensed::default() };
    for (kind, in_use, sensed, daily, weekly) in [
        (K::Chilled, true, heard(), vec![], vec![]),
        (K::Chilled, true, warm(), vec!["out_of_limits_for"], vec!["out_of_limits_for"]),
        (K::Chilled, false, warm(), vec!["out_of_limits_for"], vec!["out_of_limits_for"]),
        (K::Chilled, true, silent(), vec!["sensor_silent"], vec![]),
        (K::Chilled, false, silent(), vec![], vec![]),
        (K::HotHolding, true, silent(), vec![], vec![]),
        (
            K::Chilled,
            true,
            doubtful(),
            vec!["temperature_missing", "sensor_doubtful", "sensor_doubtful"],
            vec!["sensor_doubtful"; 2],
        ),
    ] {
        let place = PlaceFacts { place: id(1), name: "柜".into(), kind, in_use, records: vec![], sensed };
        let facts = PeriodFacts { places: vec![place], cooked: true, kept_hot: true, ..quiet() };
        assert_eq!(keys(&facts), daily, "{kind} {in_use}");
        assert_eq!(keys(&PeriodFacts { kind: ControlKind::Weekly, ..facts }), weekly, "{kind} {in_use}");
    }
    let risk = |to| Risk::OutOfLimitsFor { place: id(1), name: "柜".into(), from: at, to, finding };
    assert_eq!(risk(at).key(), risk(at.plus_seconds(60)).key(), "what goes on is the same risk");
    assert_eq!(risk(at.plus_seconds(1_800)).message_zh(), "柜：03:00 至 03:30 温度 12.0 ℃，高于 8.0 ℃");
}

#[test]
fn a_week_asks_for_the_controls_of_its_days() {
    let missing = PeriodFacts { controls_missing: vec![day("2026-11-20")], ..quiet() };
    let weekly = PeriodFacts { kind: ControlKind::Weekly, ..missing.clone() };
    assert_eq!(risks(&weekly, &rules()), [Risk::ControlMissing { kind: ControlKind::Daily, on: day("2026-11-20") }]);
    assert_eq!(risks(&missing, &rules()), []);
}

#[test]
fn a_list_is_signed_as_it_is_with_a_measure_for_each_risk() {
    let held = |n| Risk::LotHeld { lot: id(n), name: "猪肉".into() };
    let said = |n: u128, text: &str| (held(n).key(), text.to_owned());
    let all = vec![held(1), held(2)];
    let signed = answered(all.clone(), &[said(2, "已销毁"), said(1, " 已隔离 ")]).unwrap();
    assert_eq!(signed.iter().map(|item| item.measure.as_str()).collect::<Vec<_>>(), ["已隔离", "已销毁"]);
    for (measures, unanswered, unknown) in [
        (vec![said(1, "已隔离")], vec![held(2)], vec![]),
        (vec![said(1, "已隔离"), said(2, " ")], vec![held(2)], vec![]),
        (vec![said(1, "已隔离"), said(2, "已销毁"), said(3, "没有了")], vec![], vec![held(3).key()]),
    ] {
        assert_eq!(answered(all.clone(), &measures), Err(ListDiffers { unanswered, unknown }), "{measures:?}");
    }
    assert_eq!(answered(vec![], &[]), Ok(vec![]));
}
