//! How an amount is divided among funders, and whose part shrinks when less is granted.

use crate::Fen;
use crate::subsidy::conventions::ClipOrder;
use crate::subsidy::document::Share;

/// Divides `amount` among shares in the order written: fixed, floors, then ratios by largest remainder or the rest.
///
/// The parts sum to `amount`, unless only fixed shares are written and they add up to less: what nobody funds is not granted.
pub(in crate::subsidy) fn divide(amount: i64, shares: &[Share]) -> Vec<i64> {
    let mut left = amount.max(0);
    let mut take = |wanted: i64| {
        let taken = wanted.clamp(0, left);
        left -= taken;
        taken
    };
    let mut parts: Vec<i64> = shares.iter().map(|s| s.fixed_fen.map_or(0, &mut take)).collect();
    for (part, share) in parts.iter_mut().zip(shares) {
        if share.fixed_fen.is_none() {
            *part += take(share.floor_fen.unwrap_or(0));
        }
    }
    let weights: Vec<u32> = shares.iter().map(|s| s.ratio.unwrap_or(0)).collect();
    if weights.iter().any(|w| *w > 0) {
        // With floors a plain split of what is left would give a funder its floor and its ratio; the ratio governs the whole.
        let by_ratio = divide_with_floors(parts.iter().sum::<i64>() + left, &parts, shares, &weights);
        return by_ratio.unwrap_or(parts);
    }
    if let Some((part, _)) = parts.iter_mut().zip(shares).find(|(_, s)| s.rest) {
        *part += left;
    }
    parts
}

/// Ratios of what the fixed shares leave; who would get less than its floor gets the floor and the others share the rest.
fn divide_with_floors(total: i64, least: &[i64], shares: &[Share], weights: &[u32]) -> Option<Vec<i64>> {
    let mut weights = weights.to_vec();
    let mut parts: Vec<i64> = least.to_vec();
    loop {
        let settled: i64 = parts.iter().zip(&weights).filter(|(_, w)| **w == 0).map(|(p, _)| *p).sum();
        let split = Fen(total - settled).split(&weights).ok()?;
        let short = |n: usize| least.get(n).zip(split.get(n)).is_some_and(|(least, part)| part.0 < *least);
        let too_small: Vec<usize> = (0..shares.len()).filter(|n| weights.get(*n).is_some_and(|w| *w > 0) && short(*n)).collect();
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

/// Cuts parts down to a smaller sum by the convention. Parts by ratio shrink as one block and are split anew by their
/// weights, so that the period's total can be split by the same weights.
pub(super) fn cut(parts: &[(i64, Option<u32>)], granted: i64, order: ClipOrder) -> Vec<i64> {
    let mut amounts: Vec<i64> = parts.iter().map(|(p, _)| *p).collect();
    if granted >= amounts.iter().sum() {
        return amounts;
    }
    // The block stands where its first part stands.
    let mut blocks: Vec<(i64, Vec<usize>)> = Vec::new();
    let mut by_ratio: Option<usize> = None;
    for (n, (fen, weight)) in parts.iter().enumerate() {
        match by_ratio.and_then(|at| blocks.get_mut(at)).filter(|_| weight.is_some()) {
            Some((sum, members)) => {
                *sum += fen;
                members.push(n);
            }
            None => {
                if weight.is_some() {
                    by_ratio = Some(blocks.len());
                }
                blocks.push((*fen, vec![n]));
            }
        }
    }
    let sums: Vec<i64> = blocks.iter().map(|(sum, _)| *sum).collect();
    for ((_, members), kept) in blocks.iter().zip(cut_blocks(&sums, granted, order)) {
        let weights: Vec<u32> = members.iter().map(|n| parts.get(*n).and_then(|(_, w)| *w).unwrap_or(1)).collect();
        let split = Fen(kept).split(&weights).unwrap_or_default();
        for (n, fen) in members.iter().zip(split) {
            if let Some(amount) = amounts.get_mut(*n) {
                *amount = fen.0;
            }
        }
    }
    amounts
}

fn cut_blocks(sums: &[i64], granted: i64, order: ClipOrder) -> Vec<i64> {
    match order {
        ClipOrder::Proportional => {
            let weights: Vec<u32> = sums.iter().map(|a| u32::try_from(*a).unwrap_or(u32::MAX)).collect();
            let split = Fen(granted).split(&weights).ok().map(|s| s.into_iter().map(|f| f.0).collect());
            split.unwrap_or_else(|| fill(sums.iter(), granted))
        }
        ClipOrder::LastFunderFirst => fill(sums.iter(), granted),
        ClipOrder::FirstFunderFirst => {
            let mut kept = fill(sums.iter().rev(), granted);
            kept.reverse();
            kept
        }
    }
}

fn fill<'a>(amounts: impl Iterator<Item = &'a i64>, granted: i64) -> Vec<i64> {
    let mut left = granted;
    let keep = |amount: &i64| {
        let kept = (*amount).min(left);
        left -= kept;
        kept
    };
    amounts.map(keep).collect()
}
