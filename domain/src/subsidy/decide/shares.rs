//! How an amount is divided among funders, and whose part shrinks when less is granted.

use crate::Fen;
use crate::subsidy::conventions::ClipOrder;
use crate::subsidy::document::Share;

/// Divides `amount` among shares: floors are kept first, then fixed shares in the order written, then ratios by largest
/// remainder or the rest.
///
/// The parts sum to `amount`, unless only fixed shares are written and they add up to less: what nobody funds is not granted.
pub(in crate::subsidy) fn divide(amount: i64, shares: &[Share]) -> Vec<i64> {
    let mut left = amount.max(0);
    let mut take = |wanted: i64| {
        let taken = wanted.clamp(0, left);
        left -= taken;
        taken
    };
    // A floor is what a funder owes of every meal; taken after the fixed shares it would bind nobody beside a share of the rest.
    let mut parts: Vec<i64> =
        shares.iter().map(|s| if s.fixed_fen.is_none() { take(s.floor_fen.unwrap_or(0)) } else { 0 }).collect();
    for (part, share) in parts.iter_mut().zip(shares) {
        *part += share.fixed_fen.map_or(0, &mut take);
    }
    let weights: Vec<u32> = shares.iter().map(|s| s.ratio.unwrap_or(0)).collect();
    if weights.iter().any(|w| *w > 0) {
        // With floors a plain split of what is left would give a funder its floor and its ratio; the ratio governs the whole.
        let by_ratio = by_ratio(parts.iter().sum::<i64>() + left, &parts, &weights);
        return by_ratio.unwrap_or(parts);
    }
    if let Some((part, _)) = parts.iter_mut().zip(shares).find(|(_, s)| s.rest) {
        *part += left;
    }
    parts
}

/// Ratios of what the parts without a weight leave; who would get less than its least gets that and the others share the rest.
fn by_ratio(total: i64, least: &[i64], weights: &[u32]) -> Option<Vec<i64>> {
    let mut weights = weights.to_vec();
    let mut parts: Vec<i64> = least.to_vec();
    loop {
        let settled: i64 = parts.iter().zip(&weights).filter(|(_, w)| **w == 0).map(|(p, _)| *p).sum();
        let split = Fen(total - settled).split(&weights).ok()?;
        let short = |n: usize| least.get(n).zip(split.get(n)).is_some_and(|(least, part)| part.0 < *least);
        let too_small: Vec<usize> = (0..weights.len()).filter(|n| weights.get(*n).is_some_and(|w| *w > 0) && short(*n)).collect();
        if too_small.is_empty() {
            for ((part, weight), new) in parts.iter_mut().zip(&weights).zip(split) {
                if *weight > 0 {
                    *part = new.0;
                }
            }
            return Some(parts);
        }
        for n in too_small {
            if let Some(weight) = weights.get_mut(n) {
                *weight = 0;
            }
        }
        if weights.iter().all(|w| *w == 0) {
            return Some(parts);
        }
    }
}

/// A part that may have to shrink.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shrinking {
    pub fen: i64,
    /// The weight of a share by ratio.
    pub ratio: Option<u32>,
    /// What it keeps as long as anybody else can still give up something.
    pub floor: i64,
}

/// Cuts parts down to a smaller sum by the convention. Parts by ratio shrink as one block and are split anew by their
/// weights, so that the period's total can be split by the same weights.
pub(super) fn cut(parts: &[Shrinking], granted: i64, order: ClipOrder) -> Vec<i64> {
    let mut amounts: Vec<i64> = parts.iter().map(|p| p.fen).collect();
    if granted >= amounts.iter().sum() {
        return amounts;
    }
    // The block stands where its first part stands.
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    let mut ratios: Option<usize> = None;
    for (n, part) in parts.iter().enumerate() {
        match ratios.and_then(|at| blocks.get_mut(at)).filter(|_| part.ratio.is_some()) {
            Some(members) => members.push(n),
            None => {
                if part.ratio.is_some() {
                    ratios = Some(blocks.len());
                }
                blocks.push(vec![n]);
            }
        }
    }
    let of = |members: &[usize]| members.iter().filter_map(|n| parts.get(*n)).copied().collect::<Vec<_>>();
    let sums: Vec<i64> = blocks.iter().map(|b| of(b).iter().map(|p| p.fen).sum()).collect();
    let floors: Vec<i64> = blocks.iter().map(|b| of(b).iter().map(|p| p.floor.min(p.fen)).sum()).collect();
    for (members, kept) in blocks.iter().zip(cut_blocks(&sums, &floors, granted, order)) {
        let inner = of(members);
        let least = fill(inner.iter().map(|p| p.floor.min(p.fen)), kept);
        let weights: Vec<u32> = inner.iter().map(|p| p.ratio.unwrap_or(1)).collect();
        for (n, fen) in members.iter().zip(by_ratio(kept, &least, &weights).unwrap_or(least)) {
            if let Some(amount) = amounts.get_mut(*n) {
                *amount = fen;
            }
        }
    }
    amounts
}

/// Floors first, and by the convention among themselves where even they are too much; then what stands above them.
fn cut_blocks(sums: &[i64], floors: &[i64], granted: i64, order: ClipOrder) -> Vec<i64> {
    let kept = share_out(floors, granted.min(floors.iter().sum()), order);
    let above: Vec<i64> = sums.iter().zip(floors).map(|(sum, floor)| sum - floor).collect();
    let more = share_out(&above, granted - kept.iter().sum::<i64>(), order);
    kept.iter().zip(more).map(|(a, b)| a + b).collect()
}

/// At most `amounts`, together `granted`.
fn share_out(amounts: &[i64], granted: i64, order: ClipOrder) -> Vec<i64> {
    match order {
        ClipOrder::Proportional => {
            let weights: Vec<u32> = amounts.iter().map(|a| u32::try_from(*a).unwrap_or(u32::MAX)).collect();
            let split = Fen(granted).split(&weights).ok().map(|s| s.into_iter().map(|f| f.0).collect());
            split.unwrap_or_else(|| fill(amounts.iter().copied(), granted))
        }
        ClipOrder::LastFunderFirst => fill(amounts.iter().copied(), granted),
        ClipOrder::FirstFunderFirst => {
            let mut kept = fill(amounts.iter().rev().copied(), granted);
            kept.reverse();
            kept
        }
    }
}

fn fill(amounts: impl Iterator<Item = i64>, granted: i64) -> Vec<i64> {
    let mut left = granted;
    let keep = |amount: i64| {
        let kept = amount.min(left);
        left -= kept;
        kept
    };
    amounts.map(keep).collect()
}
