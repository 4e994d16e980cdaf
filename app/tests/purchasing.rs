//! What to buy, and what to take from the store; on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kitchen;

use app::Failure;
use app::kitchen::real;
use app::purchasing::{self, PurchaseLine, PurchaseRefusal, Span, UnitDraft, file};
use app::tabular::Format;
use domain::kitchen::real::Asked;
use kitchen::Kitchen;

async fn list(kitchen: &Kitchen) -> Vec<PurchaseLine> {
    let span = Span { from: kitchen.day, to: kitchen.day.plus_days(6), meal: None };
    purchasing::list(&kitchen.app, kitchen.cook.clone(), kitchen.canteen, span).await.unwrap()
}

fn of<'a>(lines: &'a [PurchaseLine], name: &str) -> &'a PurchaseLine {
    lines.iter().find(|line| line.name == name).unwrap()
}

/// Orders times what is really used, here and where this kitchen supplies, by size, with what is peeled off; less the stock; in whole crates.
#[tokio::test(flavor = "multi_thread")]
async fn what_to_buy_is_what_was_ordered_less_what_is_there_in_whole_units() {
    for kitchen in Kitchen::everywhere().await {
        let [stew, greens] = kitchen.dishes;
        let _ = kitchen.order(kitchen.sitting, &[stew], None);
        let _ = kitchen.order(kitchen.sitting, &[stew, greens], None);
        let _ = kitchen.order(kitchen.satellite_sitting, &[greens], None);
        let found = list(&kitchen).await;
        let net: Vec<_> = found.iter().map(|line| (line.name.as_str(), line.net_mg, line.short_mg, line.units)).collect();
        assert_eq!(net.len(), 3);
        for expected in [("猪肉", 100_000, 100_000, None), ("白菜", 200_000, 200_000, None), ("盐", 200_000, 200_000, None)] {
            assert!(net.contains(&expected), "{net:?}");
        }
        assert!(of(&found, "盐").untraced && of(&found, "白菜").dishes.len() == 2);

        let supplier = kitchen.supplier().await;
        let _ = kitchen.lot(&supplier, kitchen.cabbage, 60_000).await;
        let draft = UnitDraft { edible_per_mille: 800, unit: Some(("筐".to_owned(), 100_000)) };
        let put = |version, draft: &UnitDraft| {
            purchasing::put_unit(&kitchen.app, kitchen.cook.clone(), kitchen.canteen, kitchen.cabbage, version, draft.clone())
        };
        let (row, name) = put(0, &draft).await.unwrap();
        assert_eq!((row.version, name.as_str()), (1, "白菜"));
        assert_eq!(put(0, &draft).await.unwrap().0.version, 1, "the same again is once");
        let other = UnitDraft { edible_per_mille: 900, ..draft };
        assert_eq!(put(0, &other).await, Err(Failure::Stale { version: 1 }));
        let found = list(&kitchen).await;
        let cabbage = of(&found, "白菜");
        assert_eq!((cabbage.gross_mg, cabbage.stock_mg, cabbage.short_mg), (250_000, 60_000, 190_000));
        assert_eq!((cabbage.units, cabbage.buy_mg), (Some(2), 200_000));

        kitchen.execute("UPDATE order_line SET size = 'large' WHERE dish_id IN (SELECT id FROM dish WHERE code = 'D21')");
        assert_eq!(of(&list(&kitchen).await, "猪肉").net_mg, 130_000, "two large ones");
        let used = vec![Asked { ingredient: kitchen.cabbage, amount_mg: Some(100_000), instead_of: None }];
        let _ = real::confirm(&kitchen.app, kitchen.cook.clone(), kitchen.sitting, greens, 0, used).await.unwrap();
        let found = list(&kitchen).await;
        assert_eq!(of(&found, "白菜").net_mg, 130_000 + 100_000 + 50_000, "what was confirmed counts at its own sitting");

        let text = String::from_utf8(file::purchase(&found, Format::Csv).unwrap()).unwrap();
        assert!(text.starts_with('\u{feff}') && text.contains("采购数量") && text.contains("筐"), "{text}");
        assert!(!file::purchase(&found, Format::Xlsx).unwrap().is_empty());
        let wrong = Span { from: kitchen.day, to: kitchen.day.plus_days(14), meal: None };
        let refused = purchasing::list(&kitchen.app, kitchen.cook.clone(), kitchen.canteen, wrong).await;
        assert_eq!(refused, Err(Failure::Refused(PurchaseRefusal::Dates)));
        let stranger = Span { to: kitchen.day, ..wrong };
        assert!(purchasing::list(&kitchen.app, kitchen.stranger.clone(), kitchen.canteen, stranger).await.is_err());
    }
}

/// Each batch is proposed the lots that expire first, less what the batches before it will take.
#[tokio::test(flavor = "multi_thread")]
async fn each_batch_is_proposed_what_the_ones_before_it_leave() {
    for kitchen in Kitchen::everywhere().await {
        let supplier = kitchen.supplier().await;
        let pork = kitchen.lot(&supplier, kitchen.pork, 700_000).await;
        let (first, second) = (kitchen.plan(kitchen.dishes[0]).await, kitchen.plan(kitchen.dishes[0]).await);
        let found = purchasing::issue_list(&kitchen.app, kitchen.cook.clone(), kitchen.sitting).await.unwrap();
        let of = |batch| found.iter().find(|line| line.batch == batch && line.need.ingredient == kitchen.pork).unwrap();
        let taken = |batch| of(batch).lots.iter().map(|lot| (lot.lot, lot.amount_mg)).collect::<Vec<_>>();
        assert_eq!((taken(first.batch), of(first.batch).need.proposal.short), (vec![(pork.lot, 500_000)], 0));
        assert_eq!((taken(second.batch), of(second.batch).need.proposal.short), (vec![(pork.lot, 200_000)], 300_000));
        let text = String::from_utf8(file::issue(&found, Format::Csv).unwrap()).unwrap();
        assert!(text.contains("领用（克）") && text.contains("库存不足，缺 300.0 克") && text.contains("免批次"), "{text}");
    }
}
