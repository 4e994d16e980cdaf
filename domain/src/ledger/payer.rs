//! Who pays a part of a meal, as the name of a ledger account.

use crate::money::MoneyOverflow;
use crate::subsidy::Name;
use crate::subsidy::trace::Leg;
use crate::{Fen, PlaceCode};
use std::collections::BTreeMap;
use std::fmt;

/// A funder of a programme, at the place that pays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Funder {
    /// The funder's id in the policy.
    pub id: Name,
    /// Which place pays, for a funder found by level or bound to a place.
    pub place: Option<PlaceCode>,
}

/// Who pays: one funder, or several by ratio.
///
/// Its text names the ledger's accounts: `programme/funder@place` for one, `programme/a*50+b@place*30` for a ratio. The text
/// carries the weights because a ratio's money stands in one clearing account until the period is frozen, and must then be
/// split by the weights under which it was granted, whatever the policy says by that time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payer {
    /// One funder.
    One {
        /// The programme.
        programme: Name,
        /// The funder.
        funder: Funder,
    },
    /// Several, by weights, in the order the policy writes them: the clearing account of the programme.
    Ratio {
        /// The programme.
        programme: Name,
        /// Funders and weights; never empty.
        shares: Vec<(Funder, u32)>,
    },
}

/// The text names no payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a payer of the form programme/funder@place or programme/a*50+b*50")]
pub struct BadPayer;

impl Payer {
    /// The programme.
    #[must_use]
    pub const fn programme(&self) -> &Name {
        match self {
            Self::One { programme, .. } | Self::Ratio { programme, .. } => programme,
        }
    }

    /// The funders.
    pub fn funders(&self) -> impl Iterator<Item = &Funder> {
        let (one, several): (Option<&Funder>, &[(Funder, u32)]) = match self {
            Self::One { funder, .. } => (Some(funder), &[]),
            Self::Ratio { shares, .. } => (None, shares),
        };
        one.into_iter().chain(several.iter().map(|(funder, _)| funder))
    }

    /// What each funder bears of a sum: by largest remainder, ties in the order written.
    pub fn split(&self, fen: Fen) -> Result<Vec<(Self, Fen)>, MoneyOverflow> {
        let Self::Ratio { programme, shares } = self else { return Ok(vec![(self.clone(), fen)]) };
        let weights: Vec<u32> = shares.iter().map(|(_, weight)| *weight).collect();
        let parts = fen.split(&weights)?;
        let one = |funder: &Funder| Self::One { programme: programme.clone(), funder: funder.clone() };
        Ok(shares.iter().zip(parts).map(|((funder, _), part)| (one(funder), part)).collect())
    }

    /// What each funder sets aside for a sum of one meal: its part, or its share by ratio rounded up, since what it owes is split only
    /// when the period is frozen. An overflow sets everything aside.
    #[must_use]
    pub fn reserves(&self, fen: Fen) -> Vec<(Self, Fen)> {
        let Self::Ratio { programme, shares } = self else { return vec![(self.clone(), fen)] };
        let whole: i64 = shares.iter().map(|(_, weight)| i64::from(*weight)).sum::<i64>().max(1);
        let up = |weight: u32| fen.0.checked_mul(i64::from(weight)).map_or(fen, |part| Fen((part + whole - 1) / whole));
        let one =
            |(funder, weight): &(Funder, u32)| (Self::One { programme: programme.clone(), funder: funder.clone() }, up(*weight));
        shares.iter().map(one).collect()
    }

    /// From the text of an account.
    pub fn parse(text: &str) -> Result<Self, BadPayer> {
        let (programme, rest) = text.split_once('/').ok_or(BadPayer)?;
        let programme = Name::parse(programme).map_err(|_| BadPayer)?;
        if !rest.contains('*') {
            return Ok(Self::One { programme, funder: funder(rest)? });
        }
        let share = |part: &str| {
            let (name, weight) = part.split_once('*').ok_or(BadPayer)?;
            Ok((funder(name)?, weight.parse().map_err(|_| BadPayer)?))
        };
        Ok(Self::Ratio { programme, shares: rest.split('+').map(share).collect::<Result<_, _>>()? })
    }
}

fn funder(text: &str) -> Result<Funder, BadPayer> {
    let (id, place) = text.split_once('@').map_or((text, None), |(id, place)| (id, Some(place)));
    let place = place.map(PlaceCode::parse).transpose().map_err(|_| BadPayer)?;
    Ok(Funder { id: Name::parse(id).map_err(|_| BadPayer)?, place })
}

impl fmt::Display for Funder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{}@{place}", self.id),
            None => write!(f, "{}", self.id),
        }
    }
}

impl fmt::Display for Payer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One { programme, funder } => write!(f, "{programme}/{funder}"),
            Self::Ratio { programme, shares } => {
                let shares: Vec<String> = shares.iter().map(|(funder, weight)| format!("{funder}*{weight}")).collect();
                write!(f, "{programme}/{}", shares.join("+"))
            }
        }
    }
}

/// A meal's money by who bears it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bearers {
    /// What funders owe the canteen.
    pub funded: BTreeMap<Payer, Fen>,
    /// What the operator forgoes: a discount of its own is nobody's debt.
    pub forgone: BTreeMap<Payer, Fen>,
}

/// Who bears what of a decision: its discounts and the legs of its grant, shares by ratio gathered under their clearing account.
pub fn bearers(discounts: &[Leg], legs: &[Leg]) -> Result<Bearers, MoneyOverflow> {
    let mut bearers = Bearers::default();
    for leg in discounts {
        // A discount that reserves nothing is the operator's own.
        let own = leg.reserve_fen == Fen::ZERO && leg.fen > Fen::ZERO;
        add(if own { &mut bearers.forgone } else { &mut bearers.funded }, one(leg), leg.fen)?;
    }
    let mut by_line: BTreeMap<(&Name, &Name), Vec<&Leg>> = BTreeMap::new();
    for leg in legs {
        match leg.weight {
            Some(_) => by_line.entry((&leg.programme, &leg.line)).or_default().push(leg),
            None => add(&mut bearers.funded, one(leg), leg.fen)?,
        }
    }
    for legs in by_line.values() {
        for (payer, fen) in by_ratio(legs)? {
            add(&mut bearers.funded, payer, fen)?;
        }
    }
    Ok(bearers)
}

/// A line's shares by ratio as one sum for the clearing account; kept apart where their weights alone do not give them (a floor
/// decided the meal), because then no split of a total could either.
fn by_ratio(legs: &[&Leg]) -> Result<Vec<(Payer, Fen)>, MoneyOverflow> {
    let fen = Fen::sum(legs.iter().map(|leg| leg.fen))?;
    let shares: Vec<(Funder, u32)> = legs.iter().map(|leg| (funder_of(leg), leg.weight.unwrap_or(0))).collect();
    let weights: Vec<u32> = shares.iter().map(|(_, weight)| *weight).collect();
    let by_weights = fen.split(&weights)?;
    match legs.first() {
        Some(first) if legs.iter().zip(&by_weights).all(|(leg, part)| leg.fen == *part) => {
            Ok(vec![(Payer::Ratio { programme: first.programme.clone(), shares }, fen)])
        }
        _ => Ok(legs.iter().map(|leg| (one(leg), leg.fen)).collect()),
    }
}

fn funder_of(leg: &Leg) -> Funder {
    Funder { id: leg.funder.clone(), place: leg.place.clone() }
}

fn one(leg: &Leg) -> Payer {
    Payer::One { programme: leg.programme.clone(), funder: funder_of(leg) }
}

fn add(sums: &mut BTreeMap<Payer, Fen>, payer: Payer, fen: Fen) -> Result<(), MoneyOverflow> {
    let sum = sums.entry(payer).or_default();
    *sum = sum.plus(fen)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payers_text_is_read_back_as_the_same_payer() {
        for text in ["p/city", "p/street@990101001", "p/市*50+区@990101*30+街道@990101001*20"] {
            assert_eq!(Payer::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "city", "p/", "p/a*", "p/a*x", "p/a*1+", "p/a@x", "p/a*5+b"] {
            assert_eq!(Payer::parse(text), Err(BadPayer), "{text}");
        }
    }

    #[test]
    fn the_remainder_goes_to_the_largest_part_and_ties_to_who_is_written_first() {
        for (text, total, expected) in [
            ("p/a*50+b*30+c*20", 701, vec![351, 210, 140]),
            ("p/a*1+b*1+c*1", 100, vec![34, 33, 33]),
            ("p/a*1+b*1+c*1", 1, vec![1, 0, 0]),
            ("p/a", 701, vec![701]),
        ] {
            let parts: Vec<i64> = Payer::parse(text).unwrap().split(Fen(total)).unwrap().iter().map(|(_, fen)| fen.0).collect();
            assert_eq!(parts, expected, "{text}");
        }
    }

    fn leg(funder: &str, fen: i64, weight: Option<u32>, reserve: i64) -> Leg {
        Leg {
            programme: Name::parse("p").unwrap(),
            line: Name::parse("l").unwrap(),
            funder: Name::parse(funder).unwrap(),
            place: None,
            fen: Fen(fen),
            indicative: weight.is_some(),
            weight,
            reserve_fen: Fen(reserve),
            instead_of: None,
        }
    }

    fn funded(legs: &[Leg]) -> Vec<(String, i64)> {
        bearers(&[], legs).unwrap().funded.iter().map(|(payer, fen)| (payer.to_string(), fen.0)).collect()
    }

    #[test]
    fn shares_by_ratio_post_one_sum_to_the_clearing_account_and_fixed_ones_stay_legs() {
        let legs = vec![
            leg("lottery", 100, None, 100),
            leg("a", 351, Some(50), 351),
            leg("b", 210, Some(30), 211),
            leg("c", 140, Some(20), 141),
        ];
        assert_eq!(funded(&legs), [("p/lottery".into(), 100), ("p/a*50+b*30+c*20".into(), 701)]);
    }

    #[test]
    fn shares_that_a_floor_decided_stay_legs_of_the_meal() {
        let legs = vec![leg("a", 400, Some(50), 400), leg("b", 301, Some(50), 301)];
        assert_eq!(funded(&legs), [("p/a".into(), 400), ("p/b".into(), 301)]);
    }

    #[test]
    fn the_operators_own_discount_is_no_funders_debt() {
        let of = bearers(&[leg("canteen", 120, None, 0), leg("city", 80, None, 80)], &[]).unwrap();
        assert_eq!(of.forgone.values().map(|fen| fen.0).collect::<Vec<_>>(), [120]);
        assert_eq!(of.funded.values().map(|fen| fen.0).collect::<Vec<_>>(), [80]);
    }
}
