//! What holds for all documents, persons and meals.

use super::random::{Dice, document, history, meal, spoil, subject};
use super::*;
use crate::subsidy::canonical::{canonical_json, content_hash};
use crate::subsidy::check::{check, check_text};
use crate::subsidy::limit::Claim;
use crate::subsidy::words::{Audience, Language, explain};
use proptest::prelude::*;

/// A bench of one or two random programmes.
fn bench(d: &mut Dice) -> (Bench, Vec<Document>) {
    let documents: Vec<Document> = (0..1 + d.below(2)).map(|n| document(d, n)).collect();
    let mut bench = Bench::new(&documents.iter().collect::<Vec<_>>());
    if d.below(3) == 0 {
        bench.budgets = vec![BudgetLeft { programme: name("p0"), funder: name("f0"), place: None, left: Fen(d.below(600) as i64) }];
    }
    (bench, documents)
}

/// How many seeds to try; `NUANFAN_POLICY_SEEDS` asks for more than the default run affords.
fn seeds(default: u64) -> u64 {
    std::env::var("NUANFAN_POLICY_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn conserves(decision: &Decision, context: &str) {
    let sum = |legs: &[crate::subsidy::Leg]| legs.iter().map(|l| l.fen.0).sum::<i64>();
    assert_eq!(sum(&decision.legs), decision.granted_fen.0, "legs sum to the grant: {context}");
    assert_eq!(sum(&decision.discounts), decision.discount_fen.0, "discount legs sum to the discount: {context}");
    let whole = decision.price_fen.0 + decision.delivery_fee_fen.0;
    assert_eq!(whole, decision.discount_fen.0 + decision.granted_fen.0 + decision.self_pay_fen.0, "nothing is lost: {context}");
    assert!(decision.self_pay_fen.0 >= 0 && decision.granted_fen <= decision.entitled_fen, "{context}");
    let all = decision.legs.iter().chain(&decision.discounts).chain(&decision.operator);
    assert!(all.clone().all(|l| l.fen.0 >= 0 && (l.reserve_fen >= l.fen || !l.indicative)), "{context}");
    let by_trace: i64 = decision.trace.iter().map(|t| t.granted_fen.0).sum();
    assert_eq!(by_trace, decision.granted_fen.0, "the trace tells of every fen: {context}");
}

/// Ten thousand in four parts, so that the cores share them.
fn random_policies(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let d = &mut Dice::new(seed);
        let (bench, documents) = bench(d);
        let findings = check(&documents[0], bench.calendar);
        assert!(findings.iter().all(|f| !f.cause_zh.is_empty() && !f.cure_en.is_empty()), "seed {seed}");
        let (person, meal) = (subject(d), meal(d));
        let past = history(d, &bench.book, &meal);
        let decision = bench.decide(&person, &meal, &past);
        conserves(&decision, &format!("seed {seed}"));
        if seed % 4 == 0 {
            let named: Vec<&Document> = documents.iter().collect();
            assert!(!explain(&decision, &named, Audience::Officer, Language::Zh).is_empty());
        }
    }
}

#[test]
fn random_policies_are_checked_and_decided_without_panic_and_conserve_every_fen_1_of_4() {
    random_policies(0..2500);
}

#[test]
fn random_policies_are_checked_and_decided_without_panic_and_conserve_every_fen_2_of_4() {
    random_policies(2500..5000);
}

#[test]
fn random_policies_are_checked_and_decided_without_panic_and_conserve_every_fen_3_of_4() {
    random_policies(5000..7500);
}

#[test]
fn random_policies_are_checked_and_decided_without_panic_and_conserve_every_fen_4_of_4() {
    random_policies(7500..10_000);
}

#[test]
fn no_sequence_of_meals_takes_a_limit_beyond_its_cap_or_one_ordinal_twice() {
    for seed in 0..seeds(300) {
        let d = &mut Dice::new(seed);
        let (bench, _) = bench(d);
        let person = subject(d);
        let mut past = History::default();
        for _ in 0..12 {
            let meal = meal(d);
            let told = bench.book.keys_for(&person, &meal);
            let decision = bench.decide(&person, &meal, &past);
            for claim in &decision.claims {
                let key = match claim {
                    Claim::Count { key, ordinal, of } => {
                        let taken = past.0.iter().any(|u| u.key == *key && u.ordinal == *ordinal);
                        assert!(!taken && *ordinal >= 1 && of.is_none_or(|of| *ordinal <= of), "seed {seed}: {claim:?}");
                        key
                    }
                    Claim::Amount { key, fen, cap_fen } => {
                        assert!(fen.0 > 0 && past.used(key) + fen.0 <= cap_fen.0, "seed {seed}: {claim:?}");
                        key
                    }
                };
                assert!(told.contains(key), "seed {seed}: {key} was not asked for");
            }
            past.claim(&decision.claims);
        }
    }
}

#[test]
fn spoilt_documents_are_reported_and_never_panic() {
    let texts = super::library::shipped();
    let trees: Vec<serde_json::Value> = texts.iter().map(|(_, t)| crate::subsidy::read::tree(t).unwrap()).collect();
    for seed in 0..seeds(400) {
        let d = &mut Dice::new(seed);
        let mut tree = trees[d.below(trees.len() as u64) as usize].clone();
        for _ in 0..1 + d.below(4) {
            spoil(d, &mut tree);
        }
        let checked = check_text(&tree.to_string(), calendar());
        if let Some(document) = checked.value {
            // What the shape repairs is always a document that can be decided, whatever it was.
            let bench = Bench {
                book: Book::new(vec![Arc::new(Compiled::new(document))]).unwrap(),
                calendar: calendar(),
                budgets: Vec::new(),
            };
            conserves(&bench.first(&subject(d), &meal(d)), &format!("seed {seed}"));
        }
    }
}

#[test]
fn shape_and_types_accept_the_same_documents_and_the_text_form_does_not_matter() {
    for seed in 0..seeds(300) {
        let original = document(&mut Dice::new(seed), 0);
        let json = canonical_json(&original);
        let from_json = parse::document(&json);
        // Ratios over one are a matter of sense, not of shape.
        assert!(from_json.findings.is_empty(), "seed {seed}: {:#?}\n{json}", from_json.findings);
        assert_eq!(from_json.value.as_ref(), Some(&original), "seed {seed}");
        let yaml = serde_saphyr::to_string(&original).unwrap();
        let from_yaml = parse::document(&yaml).into_result().unwrap_or_else(|f| panic!("seed {seed}: {f:#?}\n{yaml}"));
        assert_eq!(content_hash(&from_yaml), content_hash(&original), "seed {seed}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = parse::document(&text);
        let _ = parse::cases(&text);
    }
}
