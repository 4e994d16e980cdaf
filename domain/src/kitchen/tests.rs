//! The projection against a reference model, the commands' table, the count, and vectors for other implementations.

use super::*;
use crate::diet::{PortionSize, Texture};
use crate::event::{Event, LineView, OrderView, TicketMark};
use crate::id::{DishId, IngredientId, MenuItemId, OrderId, SittingId};
use crate::order::{OrderState, OrderTotals, Via};
use crate::{Channel, Instant, MealPeriod, ServiceDate};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

fn sitting() -> SittingId {
    SittingId::from_uuid(Uuid::from_u128(1))
}
fn order(n: u128) -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(0x0100 + n))
}
fn dish(n: u128) -> DishId {
    DishId::from_uuid(Uuid::from_u128(0x0200 + n))
}
const CUT_OFF: Instant = Instant::from_micros(1_000);

fn line(n: u128, quantity: u32, texture: Texture, exceptions: &[&str]) -> LineView {
    LineView {
        item: MenuItemId::from_uuid(Uuid::from_u128(n)),
        dish: dish(n),
        name: format!("菜{n}"),
        quantity,
        texture,
        size: PortionSize::Regular,
        exceptions: exceptions.iter().map(|e| (*e).to_owned()).collect(),
        unfit: false,
    }
}

fn view(n: u128, version: i64, state: OrderState, lines: Vec<LineView>) -> OrderView {
    OrderView {
        order: order(n),
        senior: None,
        sitting: sitting(),
        service_date: ServiceDate::new(2026, 11, 23).unwrap(),
        meal: MealPeriod::Lunch,
        order_no: i64::try_from(n).unwrap(),
        masked_name: "张*".to_owned(),
        channel: Channel::PickUp,
        via: Via::Hotline,
        state,
        totals: OrderTotals::default(),
        lines,
        note: "少汤\t\"不\"葱\n\u{1}".to_owned(),
        accepted_at: Instant::from_micros(10),
        version,
    }
}

fn short(n: u128, orders: &[(u128, u32)]) -> DishShort {
    DishShort { dish: dish(n), orders: orders.iter().map(|(no, portions)| (order(*no), *portions)).collect() }
}

fn real(n: u128, version: i64, used: &[(u128, i64)], brought: &[u128]) -> RealDish {
    let part = |(n, amount_mg): (u128, i64)| RealPart {
        ingredient: IngredientId::from_uuid(Uuid::from_u128(n)),
        name: format!("料{n}"),
        amount_mg,
    };
    RealDish {
        dish: dish(n),
        version,
        confirmed_us: (version > 0).then_some(30),
        used: used.iter().copied().map(part).collect(),
        brought: brought.iter().map(|n| part((*n, 0))).collect(),
    }
}

fn ticket(lines: Vec<LineView>) -> Ticket {
    Ticket::of(&view(37, 1, OrderState::Confirmed, lines), Instant::from_micros(20))
}

/// The vectors of the protocol page; whoever writes a client checks its encoder against them.
#[test]
fn the_canonical_text_and_its_hash_are_those_of_the_protocol_page() {
    let mut board = Board::new(sitting());
    let empty = r#"["nuanfan-kitchen/2","sit_00000000000000000000000000000001",[],[],[],[]]"#;
    assert_eq!(board.canonical(), empty);
    assert_eq!(board.hash(), "e9bfe4ec52c3b00b5eb9d121db8aa04feefbc5275c5641bcf0ea1ea6234e2787");
    let lines = vec![line(2, 1, Texture::Soft, &["含花生（花生碎）"]), line(1, 2, Texture::Regular, &[])];
    for event in [
        Event::OrderPlaced(view(37, 1, OrderState::Confirmed, lines.clone())),
        Event::TicketMarked(TicketMark {
            order: order(37),
            sitting: sitting(),
            lines: vec![LineMark {
                dish: dish(1),
                stage: Stage::Done,
                quantity: 2,
                texture: Texture::Regular,
                size: PortionSize::Regular,
                exceptions: Vec::new(),
            }],
            bumped: false,
            by: By::default(),
        }),
        Event::TicketAcknowledged { order: order(37), sitting: sitting(), version: 1, by: By::default() },
        Event::DishStopped { sitting: sitting(), dish: dish(2), stopped: true, by: By::default() },
        Event::IngredientsSet { sitting: sitting(), real: real(1, 2, &[(3, 80_000)], &[4]), by: By::default() },
        Event::IngredientsSet { sitting: sitting(), real: real(2, 0, &[], &[4]), by: By::default() },
        Event::IngredientsSet { sitting: sitting(), real: real(2, 0, &[], &[]), by: By::default() },
        Event::DishShort { sitting: sitting(), short: short(1, &[(37, 1)]), by: By::default() },
        Event::DishShort { sitting: sitting(), short: short(2, &[(37, 1)]), by: By::default() },
        Event::DishShort { sitting: sitting(), short: short(2, &[]), by: By::default() },
    ] {
        board.apply(&Change::of(&event, Instant::from_micros(20)).unwrap());
    }
    let full = concat!(
        r#"["nuanfan-kitchen/2","sit_00000000000000000000000000000001",[["ord_00000000000000000000000000000125",37,"张*","#,
        r#""pick_up","hotline","confirmed",1,10,20,"少汤\t\"不\"葱\n\u0001",[["dsh_00000000000000000000000000000201",2,"regular","regular",[],false],"#,
        r#"["dsh_00000000000000000000000000000202",1,"soft","regular",["含花生（花生碎）"],false]],"#,
        r#"[["dsh_00000000000000000000000000000201","done",2,"regular","regular",[]]],false,1]],["dsh_00000000000000000000000000000202"],"#,
        r#"[["dsh_00000000000000000000000000000201",2,30,[["ing_00000000000000000000000000000003",80000]],"#,
        r#"[["ing_00000000000000000000000000000004",0]]]],"#,
        r#"[["dsh_00000000000000000000000000000201",[["ord_00000000000000000000000000000125",1]]]]]"#
    );
    assert_eq!(board.canonical(), full);
    assert_eq!(board.hash(), "c7812a0050d5981ce431953e58ad710f0756ef3993f1ab8585605c22082f826d");
}

#[test]
fn a_mark_holds_only_for_what_was_marked() {
    let mut board = Board::new(sitting());
    let place = |board: &mut Board, version, quantity| {
        let v = view(37, version, OrderState::Confirmed, vec![line(1, quantity, Texture::Regular, &[])]);
        board.apply(&Change::of(&Event::OrderChanged(v), CUT_OFF).unwrap());
    };
    let stage = |board: &Board| {
        let t = &board.tickets[&order(37)];
        t.stage(&t.lines[0])
    };
    place(&mut board, 1, 2);
    let done = Command::Mark { order: order(37), dishes: Vec::new(), stage: Stage::Done };
    let event = decide(&board.tickets[&order(37)], &done).unwrap().event(order(37), sitting(), By::default()).unwrap();
    board.apply(&Change::of(&event, CUT_OFF).unwrap());
    assert_eq!(stage(&board), Stage::Done);
    place(&mut board, 2, 3);
    assert_eq!(stage(&board), Stage::Waiting, "three portions are not made because two were");
    place(&mut board, 3, 2);
    assert_eq!(stage(&board), Stage::Done, "the two that were made are what is wanted again");
}

#[test]
fn a_command_on_a_ticket_is_answered_as_the_table_says() {
    let two = ticket(vec![line(1, 1, Texture::Regular, &[]), line(2, 1, Texture::Regular, &[])]);
    let mut half = two.clone();
    half.marks = vec![LineMark::of(&half.lines[0], Stage::Done)];
    let mut made = half.clone();
    made.marks.push(LineMark::of(&made.lines[1], Stage::Done));
    let complete = Ticket { bumped: true, ..made.clone() };
    let cancelled = Ticket { state: OrderState::Cancelled, version: 2, ..two.clone() };
    let o = order(37);
    let marked = |lines, bumped| Ok(Decided::Marked { lines, bumped });
    let waiting = |t: &Ticket, n: usize| LineMark::of(&t.lines[n], Stage::Waiting);
    for (name, on, command, expected) in [
        ("expediter before every station", &half, Command::Finish { order: o }, Err(Refusal::NotMade(vec![dish(2)]))),
        ("expediter after every station", &made, Command::Finish { order: o }, marked(vec![], true)),
        ("twice", &complete, Command::Finish { order: o }, Ok(Decided::Nothing)),
        (
            "begin one",
            &two,
            Command::Mark { order: o, dishes: vec![dish(2)], stage: Stage::Cooking },
            marked(vec![LineMark::of(&two.lines[1], Stage::Cooking)], false),
        ),
        ("done already", &half, Command::Mark { order: o, dishes: vec![dish(1)], stage: Stage::Done }, Ok(Decided::Nothing)),
        (
            "another dish",
            &two,
            Command::Mark { order: o, dishes: vec![dish(9)], stage: Stage::Done },
            Err(Refusal::NotOnTicket(dish(9))),
        ),
        (
            "recall all",
            &complete,
            Command::Recall { order: o, dishes: vec![] },
            marked(vec![waiting(&complete, 0), waiting(&complete, 1)], false),
        ),
        (
            "recall one line",
            &complete,
            Command::Recall { order: o, dishes: vec![dish(2)] },
            marked(vec![waiting(&complete, 1)], false),
        ),
        (
            "cooking a cancelled order",
            &cancelled,
            Command::Mark { order: o, dishes: vec![], stage: Stage::Done },
            Err(Refusal::Cancelled),
        ),
        ("seeing a cancellation", &cancelled, Command::Acknowledge { order: o, version: 2 }, Ok(Decided::Acknowledged(2))),
        ("seeing the future", &cancelled, Command::Acknowledge { order: o, version: 3 }, Err(Refusal::NotThereYet { version: 2 })),
    ] {
        assert_eq!(decide(on, &command), expected, "{name}");
    }
}

#[test]
fn a_batch_takes_the_lowest_numbers_with_the_same_texture_and_exceptions() {
    let mut board = Board::new(sitting());
    let peanut: &[&str] = &["含花生（花生碎）"];
    for (n, state, texture, quantity, exceptions) in [
        (5, OrderState::Confirmed, Texture::Regular, 2, &[][..]),
        (3, OrderState::Confirmed, Texture::Regular, 1, &[][..]),
        (1, OrderState::Cancelled, Texture::Regular, 1, &[][..]),
        (2, OrderState::Confirmed, Texture::Soft, 1, &[][..]),
        (4, OrderState::Served, Texture::Regular, 1, &[][..]),
        (6, OrderState::Confirmed, Texture::Regular, 1, peanut),
        (7, OrderState::Confirmed, Texture::Regular, 1, &[][..]),
    ] {
        let v = view(n, 1, state, vec![line(1, quantity, texture, exceptions)]);
        board.apply(&Change::Order { ticket: Ticket::of(&v, CUT_OFF) });
    }
    let plain = batch(1, Stage::Waiting, Stage::Cooking, 3);
    let without = DishStep { exceptions: vec![peanut[0].to_owned()], ..plain.clone() };
    for (name, step, expected) in [
        ("by number, the last whole", plain.clone(), Ok(vec![(order(3), 1), (order(4), 1), (order(5), 2)])),
        ("soft portions are another batch", DishStep { texture: Texture::Soft, ..plain.clone() }, Ok(vec![(order(2), 1)])),
        ("small ones too", DishStep { size: PortionSize::Small, ..plain.clone() }, Ok(vec![])),
        ("so are those with an exception", without, Ok(vec![(order(6), 1)])),
        ("nothing is that far", DishStep { from: Stage::Cooking, to: Stage::Done, ..plain.clone() }, Ok(vec![])),
        ("back", DishStep { from: Stage::Done, to: Stage::Waiting, ..plain.clone() }, Err(Refusal::NotAStep)),
        ("none", DishStep { portions: 0, ..plain.clone() }, Err(Refusal::NotAStep)),
        ("too many", DishStep { portions: BATCH_PORTIONS_MAX + 1, ..plain }, Err(Refusal::NotAStep)),
    ] {
        assert_eq!(decide_batch(&board, &step), expected, "{name}");
    }
}

#[test]
fn what_rings_is_what_the_cook_would_otherwise_miss() {
    let base = ticket(vec![line(1, 1, Texture::Regular, &[])]);
    let (early, late) = (Instant::from_micros(999), CUT_OFF);
    for (name, via, state, accepted, changed, version, acked, rings) in [
        ("a pre-order before the cut-off", Via::Hotline, OrderState::Confirmed, early, early, 1, 0, false),
        ("its change before the cut-off", Via::Hotline, OrderState::Confirmed, early, early, 2, 0, false),
        ("its cancellation after it", Via::Hotline, OrderState::Cancelled, early, late, 2, 0, true),
        ("the same, seen", Via::Hotline, OrderState::Cancelled, early, late, 2, 2, false),
        ("a counter order", Via::Counter, OrderState::Confirmed, early, early, 1, 0, true),
        ("a late order", Via::Worker, OrderState::Confirmed, late, late, 1, 0, true),
        ("its change after it was seen", Via::Worker, OrderState::Confirmed, late, late, 2, 1, true),
        ("one that was served meanwhile", Via::Counter, OrderState::Served, late, late, 2, 0, false),
    ] {
        let t = Ticket { via, state, accepted_us: accepted, changed_us: changed, version, acked, ..base.clone() };
        assert_eq!(t.needs_acknowledgement(CUT_OFF), rings, "{name}");
    }
}

#[test]
fn the_count_splits_by_texture_and_exception_and_leaves_out_only_the_cancelled() {
    let mut board = Board::new(sitting());
    let peanut = &["含花生（花生碎）"];
    for (n, state, lines) in [
        (37, OrderState::Confirmed, vec![line(1, 1, Texture::Regular, peanut)]),
        (52, OrderState::Served, vec![line(1, 2, Texture::Regular, peanut)]),
        (60, OrderState::Confirmed, vec![line(1, 1, Texture::Regular, &[])]),
        (61, OrderState::Cancelled, vec![line(1, 5, Texture::Regular, &[])]),
        (62, OrderState::Confirmed, vec![line(1, 1, Texture::Soft, &[]), line(2, 1, Texture::Soft, &[])]),
    ] {
        board.apply(&Change::Order { ticket: Ticket::of(&view(n, 1, state, lines), CUT_OFF) });
    }
    let small = LineView { size: PortionSize::Small, ..line(1, 3, Texture::Soft, &[]) };
    board.apply(&Change::Order { ticket: Ticket::of(&view(63, 1, OrderState::Confirmed, vec![small]), CUT_OFF) });
    let count = count(&board);
    assert_eq!((count.orders, count.portions), (5, 9));
    let first = &count.dishes[0];
    let parts: Vec<_> = first.textures.iter().map(|of| (of.texture, of.size, of.portions)).collect();
    let (soft, regular) = (Texture::Soft, PortionSize::Regular);
    assert_eq!(parts, [(Texture::Regular, regular, 4), (soft, PortionSize::Small, 3), (soft, regular, 1)]);
    let regular = &first.textures[0];
    assert_eq!((regular.portions, regular.plain, regular.groups.len()), (4, 1, 1));
    let people: Vec<String> = regular.groups[0].people.iter().map(ToString::to_string).collect();
    assert_eq!((regular.groups[0].portions, people), (3, vec!["037 张*".to_owned(), "052 张* x2".to_owned()]));
}

/// What may happen to three orders of three dishes.
#[derive(Debug, Clone)]
enum Step {
    Order { order: u128, state: OrderState, lines: Vec<(u128, u32)> },
    Ask(Command),
    Stop { dish: u128, stopped: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let stage = prop_oneof![Just(Stage::Waiting), Just(Stage::Cooking), Just(Stage::Done)];
    let dishes = prop::collection::vec((0u128..3).prop_map(dish), 0..2);
    let state = prop_oneof![3 => Just(OrderState::Confirmed), 1 => Just(OrderState::Cancelled), 1 => Just(OrderState::Served)];
    let lines = prop::collection::btree_map(0u128..3, 1u32..3, 1..4).prop_map(|m| m.into_iter().collect());
    let step = prop_oneof![
        3 => (0u128..3, state, lines).prop_map(|(order, state, lines)| Step::Order { order, state, lines }),
        4 => (0u128..3, dishes.clone(), stage).prop_map(|(n, dishes, stage)| Step::Ask(Command::Mark { order: order(n), dishes, stage })),
        2 => (0u128..3).prop_map(|n| Step::Ask(Command::Finish { order: order(n) })),
        1 => (0u128..3, dishes).prop_map(|(n, dishes)| Step::Ask(Command::Recall { order: order(n), dishes })),
        2 => (0u128..3, 1u32..6).prop_map(|(n, portions)| Step::Ask(Command::MarkDish(batch(n, Stage::Waiting, Stage::Cooking, portions)))),
        2 => (0u128..3, 1u32..6).prop_map(|(n, portions)| Step::Ask(Command::MarkDish(batch(n, Stage::Cooking, Stage::Done, portions)))),
        1 => (0u128..3, 1i64..4).prop_map(|(n, version)| Step::Ask(Command::Acknowledge { order: order(n), version })),
        1 => (0u128..3, any::<bool>()).prop_map(|(dish, stopped)| Step::Stop { dish, stopped }),
    ];
    prop::collection::vec(step, 0..60)
}

/// The reference: nothing but the list of events, asked anew each time.
#[derive(Default)]
struct Model(Vec<(Event, Instant)>);

impl Model {
    fn last_order(&self, of: OrderId) -> Option<(&OrderView, Instant)> {
        self.0.iter().rev().find_map(|(event, at)| match event {
            Event::OrderPlaced(v) | Event::OrderChanged(v) if v.order == of => Some((v, *at)),
            _ => None,
        })
    }
    fn stage(&self, of: OrderId, line: &LineView) -> Stage {
        let mark = self.0.iter().rev().find_map(|(event, _)| match event {
            Event::TicketMarked(m) if m.order == of => m.lines.iter().find(|l| l.dish == line.dish).cloned(),
            Event::DishMarked(step) if step.dish == line.dish => {
                step.orders.iter().find(|(order, _)| *order == of).map(|(_, quantity)| step.mark(*quantity))
            }
            _ => None,
        });
        mark.filter(|m| (m.quantity, m.texture, &m.exceptions) == (line.quantity, line.texture, &line.exceptions))
            .map_or(Stage::Waiting, |m| m.stage)
    }
    /// Portions of a dish that are this far, over all orders that are cooked for.
    fn portions(&self, of: DishId, stage: Stage) -> u32 {
        let orders = (0..3).filter_map(|n| self.last_order(order(n)));
        let cooked_for = orders.filter(|(v, _)| matches!(v.state, OrderState::Confirmed | OrderState::Served));
        let lines = cooked_for.flat_map(|(v, _)| v.lines.iter().map(move |line| (v.order, line)));
        lines.filter(|(order, line)| line.dish == of && self.stage(*order, line) == stage).map(|(_, line)| line.quantity).sum()
    }
    fn bumped(&self, of: OrderId) -> bool {
        let last = self.0.iter().rev().find_map(|(event, _)| match event {
            Event::TicketMarked(m) if m.order == of => Some(m.bumped),
            _ => None,
        });
        last.unwrap_or(false)
    }
    fn acked(&self, of: OrderId) -> i64 {
        let versions = self.0.iter().filter_map(|(event, _)| match event {
            Event::TicketAcknowledged { order, version, .. } if *order == of => Some(*version),
            _ => None,
        });
        versions.max().unwrap_or(0)
    }
    fn stopped(&self, of: DishId) -> bool {
        let last = self.0.iter().rev().find_map(|(event, _)| match event {
            Event::DishStopped { dish, stopped, .. } if *dish == of => Some(*stopped),
            _ => None,
        });
        last.unwrap_or(false)
    }
}

/// The event of a step on the board as it is, if the rules let it happen.
fn event_of(step: Step, board: &Board, versions: &mut BTreeMap<u128, i64>) -> Option<Event> {
    match step {
        Step::Order { order, state, lines } => {
            let version = versions.entry(order).and_modify(|v| *v += 1).or_insert(1);
            let lines = lines.into_iter().map(|(n, quantity)| line(n, quantity, Texture::Regular, &[])).collect();
            let view = view(order, *version, state, lines);
            Some(if *version == 1 { Event::OrderPlaced(view) } else { Event::OrderChanged(view) })
        }
        Step::Stop { dish: n, stopped } => {
            Some(Event::DishStopped { sitting: sitting(), dish: dish(n), stopped, by: By::default() })
        }
        Step::Ask(Command::MarkDish(step)) => step.event(sitting(), decide_batch(board, &step).ok()?, By::default()),
        Step::Ask(command) => {
            let order = command.order()?;
            let decided = decide(board.tickets.get(&order)?, &command).ok()?;
            decided.event(order, sitting(), By::default())
        }
    }
}

fn batch(n: u128, from: Stage, to: Stage, portions: u32) -> DishStep {
    DishStep { dish: dish(n), texture: Texture::Regular, size: PortionSize::Regular, exceptions: Vec::new(), from, to, portions }
}

fn agrees(board: &Board, model: &Model) -> Result<(), TestCaseError> {
    for n in 0..3 {
        prop_assert_eq!(board.stopped.contains(&dish(n)), model.stopped(dish(n)));
        let Some((view, changed)) = model.last_order(order(n)) else {
            prop_assert!(!board.tickets.contains_key(&order(n)));
            continue;
        };
        let ticket = &board.tickets[&order(n)];
        prop_assert_eq!((ticket.version, ticket.state, ticket.changed_us), (view.version, view.state, changed));
        prop_assert_eq!(ticket.lines.len(), view.lines.len());
        for (portion, line) in ticket.lines.iter().zip(&view.lines) {
            prop_assert_eq!(ticket.stage(portion), model.stage(order(n), line));
        }
        prop_assert_eq!((ticket.bumped, ticket.acked), (model.bumped(order(n)), model.acked(order(n))));
        prop_assert!(!ticket.is_complete() || ticket.is_made());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_board_is_what_the_log_says_after_every_step(steps in steps()) {
        let (mut board, mut model, mut versions) = (Board::new(sitting()), Model::default(), BTreeMap::new());
        for (at, step) in steps.into_iter().enumerate() {
            let at = Instant::from_micros(i64::try_from(at).unwrap());
            let Some(event) = event_of(step, &board, &mut versions) else { continue };
            board.apply(&Change::of(&event, at).unwrap());
            model.0.push((event, at));
            agrees(&board, &model)?;
        }
    }

    #[test]
    fn a_board_read_while_the_log_grew_is_put_right_by_the_events_that_follow(steps in steps(), cut in 0usize..60) {
        let (mut board, mut versions, mut log) = (Board::new(sitting()), BTreeMap::new(), Vec::new());
        for (at, step) in steps.into_iter().enumerate() {
            let Some(event) = event_of(step, &board, &mut versions) else { continue };
            let change = Change::of(&event, Instant::from_micros(i64::try_from(at).unwrap())).unwrap();
            board.apply(&change);
            log.push(change);
        }
        // The snapshot has everything; the reader believes that it stands at `cut` and applies the rest again.
        let mut again = board.clone();
        log.iter().skip(cut).for_each(|change| again.apply(change));
        prop_assert_eq!(again.hash(), board.hash());
    }

    #[test]
    fn a_batch_moves_as_many_portions_as_it_says_or_all_there_are(steps in steps(), n in 0u128..3, portions in 1u32..8) {
        let (mut board, mut model, mut versions) = (Board::new(sitting()), Model::default(), BTreeMap::new());
        for (at, step) in steps.into_iter().enumerate() {
            let at = Instant::from_micros(i64::try_from(at).unwrap());
            let Some(event) = event_of(step, &board, &mut versions) else { continue };
            board.apply(&Change::of(&event, at).unwrap());
            model.0.push((event, at));
        }
        let (from, to) = (Stage::Waiting, Stage::Done);
        let (there, made) = (model.portions(dish(n), from), model.portions(dish(n), to));
        let step = batch(n, from, to, portions);
        let orders = decide_batch(&board, &step).unwrap();
        let last = orders.last().map_or(0, |(_, quantity)| *quantity);
        if let Some(event) = step.event(sitting(), orders, By::default()) {
            board.apply(&Change::of(&event, CUT_OFF).unwrap());
            model.0.push((event, CUT_OFF));
        }
        agrees(&board, &model)?;
        let moved = model.portions(dish(n), to) - made;
        prop_assert_eq!(there - model.portions(dish(n), from), moved);
        // The last order is taken whole, so a few more may move than were asked for.
        prop_assert!(moved >= portions.min(there) && moved < portions + last.max(1), "{} of {}, asked for {}", moved, there, portions);
    }

    #[test]
    fn a_command_repeated_decides_nothing_the_second_time(steps in steps()) {
        let (mut board, mut versions) = (Board::new(sitting()), BTreeMap::new());
        for (at, step) in steps.into_iter().enumerate() {
            let asked = match &step { Step::Ask(command) if command.order().is_some() => Some(command.clone()), _ => None };
            let Some(event) = event_of(step, &board, &mut versions) else { continue };
            board.apply(&Change::of(&event, Instant::from_micros(i64::try_from(at).unwrap())).unwrap());
            if let Some(command) = asked {
                let again = decide(&board.tickets[&command.order().unwrap()], &command);
                prop_assert_eq!(again, Ok(Decided::Nothing));
            }
        }
    }
}
