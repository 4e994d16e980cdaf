//! Gaps and overlaps of age bands and date windows, and lines that can never count.

use super::boxes::{Ages, Box, together, unfold};
use crate::ServiceDate;
use crate::subsidy::document::{Amount, Document, Group, Line, Select, Step};
use crate::subsidy::finding::Finding;
use crate::subsidy::name::Name;
use crate::subsidy::when::When;

/// A line as far as the bands matter.
struct Band<'a> {
    at: String,
    id: &'a Name,
    when: Option<&'a When>,
}

/// Checks every discount and group.
pub(super) fn check(document: &Document, found: &mut Vec<Finding>) {
    for (n, step) in document.steps.iter().enumerate() {
        match step {
            Step::Discount(discount) => {
                let at = format!("/steps/{n}/discount");
                let bands: Vec<Band<'_>> = discount
                    .lines
                    .iter()
                    .enumerate()
                    .map(|(l, line)| Band { at: format!("{at}/lines/{l}"), id: &line.id, when: line.when.as_ref() })
                    .collect();
                compare(&at, &bands, Select::First, false, document, found);
                reachable(&bands, None, Select::First, document, found);
            }
            Step::Group(group) => {
                let at = format!("/steps/{n}/group");
                let bands: Vec<Band<'_>> = group
                    .lines
                    .iter()
                    .enumerate()
                    .map(|(l, line)| Band { at: format!("{at}/lines/{l}"), id: &line.id, when: line.when.as_ref() })
                    .collect();
                compare(&at, &bands, group.select, group.gaps_intended, document, found);
                reachable(&bands, group.when.as_ref(), group.select, document, found);
                if group.select == Select::Max {
                    never_best(&bands, group, document, found);
                }
            }
        }
    }
}

/// Lines that differ only in age (or only in date) are compared with each other.
fn compare(at: &str, bands: &[Band<'_>], select: Select, gaps_intended: bool, document: &Document, found: &mut Vec<Finding>) {
    let unfolded: Vec<(usize, Box)> = bands
        .iter()
        .enumerate()
        .filter_map(|(n, b)| Some((n, unfold(b.when)?)))
        .flat_map(|(n, boxes)| boxes.into_iter().map(move |b| (n, b)))
        .collect();
    for cluster in clusters(&unfolded, Box::ageless) {
        if cluster.len() > 1 && cluster.iter().all(|(_, b)| b.ages != Ages::ALL) {
            age_gaps(at, &cluster, gaps_intended, found);
        }
        overlaps(bands, &cluster, select, found);
    }
    if !gaps_intended {
        age_uncovered(at, &unfolded, document, found);
    }
    for cluster in clusters(&unfolded, Box::dateless) {
        let open = Box::everything().dates;
        if cluster.len() > 1 && cluster.iter().all(|(_, b)| b.dates != open) && !gaps_intended {
            date_gaps(at, &cluster, document, found);
        }
    }
}

type Cluster<'a> = Vec<&'a (usize, Box)>;

fn clusters<'a>(all: &'a [(usize, Box)], rest: fn(&Box) -> Box) -> Vec<Cluster<'a>> {
    let mut clusters: Vec<(Box, Cluster<'a>)> = Vec::new();
    for entry in all {
        let key = rest(&entry.1);
        match clusters.iter_mut().find(|(k, _)| *k == key) {
            Some((_, cluster)) => cluster.push(entry),
            None => clusters.push((key, vec![entry])),
        }
    }
    clusters.into_iter().map(|(_, c)| c).collect()
}

fn age_gaps(at: &str, cluster: &Cluster<'_>, gaps_intended: bool, found: &mut Vec<Finding>) {
    let covered = cluster.iter().fold(Ages::ALL.minus(Ages::ALL), |all, (_, b)| all.or(b.ages));
    let (Some(youngest), Some(oldest)) = (covered.iter().next(), covered.iter().next_back()) else { return };
    if gaps_intended {
        return;
    }
    let gap: Vec<u16> = (youngest..oldest).filter(|age| !covered.iter().any(|c| c == *age)).collect();
    if !gap.is_empty() {
        let ages = ranges(&gap);
        found.push(
            Finding::error(at, "age_gap")
                .zh(format!("年龄档之间有空档: {ages}周岁没有任何一档"), "改档的上下限使其相接, 或写 gaps_intended: true")
                .en(format!("gap between age bands: {ages}"), "let the bands meet, or write gaps_intended: true"),
        );
    }
}

/// Ages that `eligible` admits and no band takes up, where lines are told apart by age.
fn age_uncovered(at: &str, unfolded: &[(usize, Box)], document: &Document, found: &mut Vec<Finding>) {
    let none = Ages::ALL.minus(Ages::ALL);
    // Lines for particular persons or places say nothing about an age; what is left speaks of everybody of that age.
    let for_all = || unfolded.iter().map(|(_, b)| b).filter(|b| b.is_for_everyone());
    let covered = for_all().fold(none, |all, b| all.or(b.ages));
    let eligible = unfold(document.eligible.as_ref()).into_iter().flatten().fold(none, |all, b| all.or(b.ages));
    let outside: Vec<u16> = eligible.minus(covered).iter().filter(|a| *a <= 120).collect();
    if eligible == Ages::ALL || for_all().count() < 2 || outside.is_empty() {
        return;
    }
    let ages = ranges(&outside);
    found.push(
        Finding::warning(at, "age_uncovered")
            .zh(format!("{ages}周岁符合条件, 却没有任何一档"), "补一档, 或收紧 eligible, 或写 gaps_intended: true")
            .en(format!("eligible but in no band: {ages}"), "add a band, narrow eligible, or write gaps_intended: true"),
    );
}

fn overlaps(bands: &[Band<'_>], cluster: &Cluster<'_>, select: Select, found: &mut Vec<Finding>) {
    if select == Select::Max {
        return;
    }
    for (i, (n, one)) in cluster.iter().enumerate() {
        for (m, other) in cluster.iter().skip(i + 1).filter(|(m, _)| m != n) {
            let both = one.ages.and(other.ages);
            let nested = one.ages.within(other.ages) || other.ages.within(one.ages);
            let dates_meet = one.dates.0 <= other.dates.1 && other.dates.0 <= one.dates.1;
            // Two lines for all ages are no bands; the check of reachability speaks of them.
            let bands_at_all = one.ages != Ages::ALL || other.ages != Ages::ALL;
            if both.is_empty() || !dates_meet || !bands_at_all || (select == Select::Sum && nested) {
                continue;
            }
            let (Some(one), Some(other)) = (bands.get(*n), bands.get(*m)) else { continue };
            let ages = ranges(&both.iter().collect::<Vec<_>>());
            found.push(
                Finding::error(&other.at, "age_overlap")
                    .zh(
                        format!("年龄档重叠: {}与{}都含{ages}周岁", one.id, other.id),
                        "档的上下限都含在内, 如60至69、70至79; 就高时用 select: max",
                    )
                    .en(
                        format!("age bands overlap: {} and {} both hold {ages}", one.id, other.id),
                        "both ends are inclusive: write 60 to 69, 70 to 79; for the better of both use select: max",
                    ),
            );
        }
    }
}

/// Lines that take turns by date: days between two of them are an error, days before the first and after the last a warning.
fn date_gaps(at: &str, cluster: &Cluster<'_>, document: &Document, found: &mut Vec<Finding>) {
    let mut windows: Vec<(ServiceDate, ServiceDate)> = cluster.iter().map(|(_, b)| b.dates).collect();
    windows.sort();
    let last = document.effective.to.unwrap_or(Box::everything().dates.1);
    let mut next = document.effective.from;
    let mut holes = Vec::new();
    for (n, (from, to)) in windows.into_iter().enumerate() {
        holes.push((next, from.plus_days(-1).min(last), n > 0));
        next = next.max(to.plus_days(1));
    }
    // The end of the calendar stands for "open": nothing comes after it.
    if next < Box::everything().dates.1 {
        holes.push((next, last, false));
    }
    for (from, to, between) in holes.into_iter().filter(|(from, to, _)| from <= to) {
        let (span_zh, span_en) = if to == Box::everything().dates.1 {
            (format!("{from}以后"), format!("from {from} on"))
        } else {
            (format!("{from}至{to}"), format!("from {from} to {to}"))
        };
        let finding = if between { Finding::error(at, "uncovered_dates") } else { Finding::warning(at, "uncovered_dates") };
        found.push(
            finding
                .zh(format!("{span_zh}没有任何一条有效"), "补上这段日期; 若是有意的, 写 gaps_intended: true")
                .en(format!("no line holds {span_en}"), "cover these dates; if the gap is meant, write gaps_intended: true"),
        );
    }
}

fn dates_of(document: &Document) -> (ServiceDate, ServiceDate) {
    (document.effective.from, document.effective.to.unwrap_or(Box::everything().dates.1))
}

/// Lines whose conditions contradict each other, or that earlier lines leave nothing to.
fn reachable(bands: &[Band<'_>], group: Option<&When>, select: Select, document: &Document, found: &mut Vec<Finding>) {
    let unfold_all = |band: &Band<'_>| together(&[document.eligible.as_ref(), group, band.when], dates_of(document));
    let unfolded: Vec<Option<Vec<Box>>> = bands.iter().map(unfold_all).collect();
    let mut earlier: Vec<(&Name, &[Box])> = Vec::new();
    for (band, boxes) in bands.iter().zip(&unfolded) {
        let Some(boxes) = boxes else { continue };
        if boxes.is_empty() {
            found.push(
                Finding::error(&band.at, "unreachable")
                    .zh(format!("{}永远不会用到: 条件互相矛盾, 或不在 eligible 与有效期之内", band.id), "改正条件, 或删去此条")
                    .en(
                        format!("{} can never apply: its conditions contradict each other, eligible or the dates", band.id),
                        "correct the condition or remove the line",
                    ),
            );
        } else if select == Select::First {
            if let Some(by) = covered(boxes, &earlier) {
                found.push(
                    Finding::error(&band.at, "unreachable")
                        .zh(format!("{}永远不会用到: 前面的{by}已包含它", band.id), "把条件更窄的放在前面, 或用 select: max")
                        .en(
                            format!("{} can never apply: {by} before it already holds", band.id),
                            "put the narrower condition first, or use select: max",
                        ),
                );
            }
            earlier.push((band.id, boxes));
        }
    }
}

/// The earlier lines that together hold whenever one of the boxes does.
fn covered(boxes: &[Box], earlier: &[(&Name, &[Box])]) -> Option<String> {
    let mut by: Vec<String> = Vec::new();
    for one in boxes {
        let mut left = one.ages;
        for (id, theirs) in earlier {
            for other in theirs.iter().filter(|o| o.covers_but_for_age(one)) {
                if !other.ages.and(left).is_empty() {
                    by.push(id.to_string());
                }
                left = left.minus(other.ages);
            }
        }
        if !left.is_empty() {
            return None;
        }
    }
    by.sort();
    by.dedup();
    Some(by.join(", "))
}

/// In a best-of group: lines with a fixed amount that another always beats.
fn never_best(bands: &[Band<'_>], group: &Group, document: &Document, found: &mut Vec<Finding>) {
    let fixed = |line: &Line| match line.amount {
        Amount::FixedFen(fen) => Some(fen),
        _ => None,
    };
    let plain = |line: &Line| {
        let shares = if line.funders.is_empty() { &group.funders } else { &line.funders };
        line.limits.is_empty() && line.min_spend.is_none() && line.covers.is_none() && shares.iter().all(|s| s.when.is_none())
    };
    let boxes = |band: &Band<'_>| together(&[document.eligible.as_ref(), group.when.as_ref(), band.when], dates_of(document));
    let unfolded: Vec<Option<Vec<Box>>> = bands.iter().map(boxes).collect();
    for (n, (band, line)) in bands.iter().zip(&group.lines).enumerate() {
        let (Some(mine), Some(Some(own))) = (fixed(line), unfolded.get(n)) else { continue };
        let beats = |(m, other): (usize, &Line)| {
            m != n && plain(other) && fixed(other).is_some_and(|theirs| theirs > mine || (theirs == mine && m < n))
        };
        let better: Vec<(&Name, &[Box])> = group
            .lines
            .iter()
            .zip(&unfolded)
            .enumerate()
            .filter(|(m, (other, _))| beats((*m, other)))
            .filter_map(|(_, (other, boxes))| Some((&other.id, boxes.as_deref()?)))
            .collect();
        if own.is_empty() {
            continue;
        }
        if let Some(by) = covered(own, &better) {
            found.push(
                Finding::error(&band.at, "unreachable")
                    .zh(format!("{}永远不会用到: 就高时总被{by}超过", band.id), "核对金额与条件, 或删去此条")
                    .en(
                        format!("{} can never count: {by} always grants as much or more", band.id),
                        "check amount and condition, or remove the line",
                    ),
            );
        }
    }
}

/// `60-69, 80`.
fn ranges(ages: &[u16]) -> String {
    let mut parts: Vec<(u16, u16)> = Vec::new();
    for age in ages {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *age => *last = *age,
            _ => parts.push((*age, *age)),
        }
    }
    let text = |(from, to): &(u16, u16)| match (from, to) {
        (a, b) if a == b => a.to_string(),
        (a, b) if *b >= 120 => format!("{a}+"),
        (a, b) => format!("{a}-{b}"),
    };
    parts.iter().map(text).collect::<Vec<_>>().join(", ")
}
