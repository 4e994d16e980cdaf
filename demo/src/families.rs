//! Family members bound to seniors by consent.

use crate::FAMILIES;
use crate::broken::{Broken, cell, found};
use crate::people::{Roster, relative};
use crate::random::Random;
use domain::ServiceDate;
use domain::access::{ConsentKind, FamilyScope};
use tabular::{FamilyRow, Relation};

/// Binds a relative to some of the living; half of the couples' children to both parents under one phone.
pub(crate) fn families(seed: u64, first_date: ServiceDate, roster: &Roster) -> Result<Vec<FamilyRow>, Broken> {
    let mut random = Random::new(seed, "families");
    let mut order: Vec<usize> = (0..roster.seniors.len()).filter(|at| !roster.dead.contains(at)).collect();
    random.shuffle(&mut order);
    let mut rows: Vec<FamilyRow> = Vec::new();
    let mut bound = std::collections::BTreeSet::new();
    for (at, number) in order.into_iter().zip(1_u32..) {
        if rows.len() >= FAMILIES {
            break;
        }
        if !bound.insert(at) {
            continue;
        }
        let first = binding(&mut random, roster, at, number, first_date)?;
        let spouse = at + 1;
        let same_home = roster.seniors.get(at).zip(roster.seniors.get(spouse)).is_some_and(|(a, b)| a.address == b.address);
        let also = (same_home
            && !roster.dead.contains(&spouse)
            && rows.len() + 2 <= FAMILIES
            && random.chance(500)
            && bound.insert(spouse))
        .then(|| roster.seniors.get(spouse))
        .flatten()
        .map(|other| FamilyRow { identity_number: other.identity_number.clone(), ..first.clone() });
        rows.push(first);
        rows.extend(also);
    }
    Ok(rows)
}

fn binding(random: &mut Random, roster: &Roster, at: usize, number: u32, first_date: ServiceDate) -> Result<FamilyRow, Broken> {
    let senior = found(roster.seniors.get(at), "senior")?;
    let (family_name, _) = *found(roster.about.get(at), "senior")?;
    let relations = [
        (Relation::Child, 780),
        (Relation::ChildInLaw, 90),
        (Relation::Grandchild, 80),
        (Relation::Sibling, 20),
        (Relation::Guardian, 15),
        (Relation::Other, 15),
    ];
    let scopes = [
        (&[FamilyScope::Order, FamilyScope::Pay, FamilyScope::See, FamilyScope::Alert][..], 600),
        (&[FamilyScope::Order, FamilyScope::See], 200),
        (&[FamilyScope::See, FamilyScope::Alert], 200),
    ];
    // Consent on the phone is given by the senior alone, and never by a file.
    let (form, counter) = ((ConsentKind::SignedForm, "知情同意书"), (ConsentKind::Counter, "柜台确认单"));
    let (consent_kind, paper) = random.weighted(&[(counter, 450), (form, 550)]).unwrap_or(form);
    let days = i32::try_from(20 + random.below(300)).unwrap_or(20);
    Ok(FamilyRow {
        identity_number: senior.identity_number.clone(),
        family_name: cell(&relative(random, family_name))?,
        phone: cell(&format!("1619{number:07}"))?,
        relation: random.weighted(&relations).unwrap_or(Relation::Child),
        scopes: random.weighted(&scopes).unwrap_or_default().to_vec(),
        consent_kind,
        consent_date: first_date.plus_days(-days),
        evidence: cell(&format!("{paper} {number:04}"))?,
    })
}
