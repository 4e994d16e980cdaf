//! Standing orders of seniors who eat on the same days every week.

use crate::STANDING_ORDERS;
use crate::broken::{Broken, cell, found};
use crate::canteens::Site;
use crate::people::Roster;
use crate::random::Random;
use domain::{Channel, MealPeriod, ServiceDate};
use tabular::{StandingRow, Weekdays};

/// Older seniors first come to it; each has one pattern, at the usual canteen, for a meal that is served there.
pub(crate) fn standing_orders(
    seed: u64,
    first_date: ServiceDate,
    roster: &Roster,
    sites: &[Site],
) -> Result<Vec<StandingRow>, Broken> {
    let mut random = Random::new(seed, "standing");
    let mut order: Vec<usize> = (0..roster.seniors.len()).filter(|at| !roster.dead.contains(at)).collect();
    random.shuffle(&mut order);
    // A stable sort keeps the shuffled order within each decade of age.
    order.sort_by_key(|at| std::cmp::Reverse(roster.about.get(*at).map_or(0, |(_, age)| age / 10)));
    let mut rows = Vec::new();
    for at in order {
        if rows.len() >= STANDING_ORDERS {
            break;
        }
        // Not all of the oldest, or the younger would have none.
        if random.chance(350) {
            continue;
        }
        let senior = found(roster.seniors.get(at), "senior")?;
        let site = found(sites.iter().find(|s| Some(&s.row.code) == senior.home_canteen.as_ref()), "home canteen")?;
        let age = roster.about.get(at).map_or(0, |(_, age)| *age);
        let meal = if site.serves(MealPeriod::Dinner) && random.chance(120) { MealPeriod::Dinner } else { MealPeriod::Lunch };
        let patterns = [("周12345", 600), ("周135", 180), ("周1234567", 150), ("周24", 70)];
        let wanted: Weekdays = cell(random.weighted(&patterns).unwrap_or("周12345"))?;
        let weekdays =
            found(Weekdays::new(wanted.iter().filter(|d| site.weekdays.contains(*d))), "a day on which the canteen serves")?;
        let delivers = site.row.delivery_radius_m.get() > 0;
        let channel = match random.below(1_000) {
            0..=649 if delivers && age >= 80 => Channel::Delivery,
            0..=349 if delivers => Channel::Delivery,
            650..=799 => Channel::PickUp,
            _ => Channel::DineIn,
        };
        let back = if random.chance(700) { -i32::try_from(random.below(120)).unwrap_or(0) } else { 0 };
        let starts_on = first_date.plus_days(back);
        let ends_on = random.chance(40).then(|| first_date.plus_days(9));
        rows.push(StandingRow {
            identity_number: senior.identity_number.clone(),
            canteen: site.row.code.clone(),
            weekdays,
            meal,
            channel,
            starts_on,
            ends_on,
            paused_from: None,
            paused_to: None,
        });
    }
    Ok(rows)
}
