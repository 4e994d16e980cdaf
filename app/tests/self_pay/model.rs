//! R4: self-pay against a reference model. Random orders, top-ups, payments, changes, cancellations, refunds and counts: after each, the
//! database says what the model says, no money is made or lost, and no wallet falls below nothing.
//!
//! `NUANFAN_R4` is the number of commands on each database; a failure prints its seed, and `NUANFAN_R4_SEED` replays it.

use crate::stand::{Stand, key, new_id};
use app::Failure;
use app::orders::change;
use app::self_pay::look;
use app::self_pay::order::Paying;
use app::self_pay::shift::{self, Counted};
use app::self_pay::wallet;
use domain::id::{OrderId, SeniorId, ShiftId};
use domain::{Channel, Fen};
use testkit::{Engine, World};

/// Commands on each database when nothing is said.
const USUAL: u64 = 150;

/// SplitMix64: the same seed is the same sequence on any machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.roll(len as u64)).unwrap()
    }
}

/// What the model knows of an order. Payments are kept in their order: what goes back is taken off the latest.
struct Meal {
    id: OrderId,
    version: i64,
    of: Option<usize>,
    owed: i64,
    dish: usize,
    paid: Vec<(Paying, i64)>,
}

impl Meal {
    fn kept(&self) -> i64 {
        self.paid.iter().map(|(_, fen)| fen).sum()
    }

    /// Takes off what is too much, the latest first, of which means each part was. By itself only wallets are given back to.
    fn give_back(&mut self, all: bool) -> Vec<(Paying, i64)> {
        let mut rest = self.kept() - self.owed;
        let mut back = Vec::new();
        for (by, fen) in self.paid.iter_mut().rev() {
            let part = rest.min(*fen).max(0);
            rest -= part;
            if part > 0 && (all || *by == Paying::Wallet) {
                *fen -= part;
                back.push((*by, part));
            }
        }
        back
    }
}

/// Whether it was done. A fault is no refusal.
fn done<T: std::fmt::Debug, R: std::fmt::Debug>(answer: &Result<T, Failure<R>>) -> bool {
    assert!(matches!(answer, Ok(_) | Err(Failure::Refused(_))), "{answer:?}");
    answer.is_ok()
}

struct Model<'w> {
    stand: Stand<'w>,
    seniors: Vec<SeniorId>,
    wallets: Vec<i64>,
    leaving: Vec<bool>,
    meals: Vec<Meal>,
    till: ShiftId,
    cash: i64,
    safe: i64,
}

impl<'w> Model<'w> {
    async fn new(world: &'w World) -> Self {
        let stand = Stand::new(world).await;
        let seniors = vec![stand.street.senior.id, stand.street.poor_senior.id, stand.street.allergic_senior.id];
        let till = stand.open(&stand.counter, 2_000).await;
        stand.open(&stand.manager, 0).await;
        let (wallets, leaving) = (vec![0; seniors.len()], vec![false; seniors.len()]);
        Self { stand, seniors, wallets, leaving, meals: Vec::new(), till, cash: 2_000, safe: -2_000 }
    }

    /// What a meal's money goes back as, once its cost has fallen: wallets at once.
    fn follow(&mut self, meal: usize) {
        let back = self.meals[meal].give_back(false);
        if let Some(of) = self.meals[meal].of {
            self.wallets[of] += back.iter().map(|(_, fen)| fen).sum::<i64>();
        }
    }

    async fn order(&mut self, dice: &mut Dice) {
        let (of, dish) = (dice.index(self.seniors.len() + 1), dice.index(2));
        let of = (of < self.seniors.len()).then_some(of);
        let senior = of.map(|of| self.seniors[of]);
        let (id, owed) = self.stand.order(&self.stand.street.tomorrow, dish, senior, Channel::DineIn).await;
        self.meals.push(Meal { id, version: 1, of, owed: owed.0, dish, paid: Vec::new() });
    }

    async fn top_up(&mut self, dice: &mut Dice) {
        let (of, fen) = (dice.index(self.seniors.len()), 1 + i64::try_from(dice.roll(3_000)).unwrap());
        let answer = self.stand.top_up(self.seniors[of], fen).await;
        assert_eq!(done(&answer), !self.leaving[of], "{answer:?}");
        if answer.is_ok() {
            self.wallets[of] += fen;
            self.cash += fen;
        }
    }

    async fn pay(&mut self, dice: &mut Dice) {
        let meal = dice.index(self.meals.len());
        let by = if dice.roll(2) == 0 { Paying::Cash } else { Paying::Wallet };
        let due = self.meals[meal].owed - self.meals[meal].kept();
        let answer = self.stand.pay(&self.stand.counter, (self.meals[meal].id, Fen(due)), by).await;
        let can = due > 0
            && match (by, self.meals[meal].of) {
                (Paying::Cash, _) => true,
                (Paying::Wallet, None) => false,
                (Paying::Wallet, Some(of)) => self.wallets[of] >= due && !self.leaving[of],
            };
        assert_eq!(done(&answer), can, "{answer:?}");
        if can {
            self.meals[meal].paid.push((by, due));
            match (by, self.meals[meal].of) {
                (Paying::Wallet, Some(of)) => self.wallets[of] -= due,
                _ => self.cash += due,
            }
        }
    }

    async fn cancel(&mut self, dice: &mut Dice) {
        let meal = dice.index(self.meals.len());
        if self.meals[meal].owed > 0 {
            self.stand.cancel(self.meals[meal].id).await;
            self.meals[meal].owed = 0;
            self.follow(meal);
        }
    }

    async fn change(&mut self, dice: &mut Dice) {
        let meal = dice.index(self.meals.len());
        if self.meals[meal].owed == 0 {
            return;
        }
        let dish = 1 - self.meals[meal].dish;
        let senior = self.meals[meal].of.map(|of| self.seniors[of]);
        let request = self.stand.street.tomorrow.request(dish, senior, Channel::DineIn);
        let (app, who) = (&self.stand.world.app, self.stand.counter.clone());
        let changed = change::change(app, who, key(), self.meals[meal].id, self.meals[meal].version, request).await.unwrap();
        let meal_now = &mut self.meals[meal];
        (meal_now.dish, meal_now.version, meal_now.owed) = (dish, meal_now.version + 1, changed.order.totals.self_pay_fen.0);
        self.follow(meal);
    }

    async fn refund(&mut self, dice: &mut Dice) {
        let meal = dice.index(self.meals.len());
        let too_much = self.meals[meal].kept() - self.meals[meal].owed;
        let answer = self.stand.refund(&self.stand.counter, self.meals[meal].id).await;
        assert_eq!(done(&answer), too_much > 0 && self.cash >= too_much, "{too_much} of {}: {answer:?}", self.cash);
        if answer.is_ok() {
            let back = self.meals[meal].give_back(true);
            assert!(back.iter().all(|(by, _)| *by == Paying::Cash), "wallets were given back to before");
            self.cash -= too_much;
        }
    }

    async fn leave(&mut self, dice: &mut Dice) {
        let of = dice.index(self.seniors.len());
        let (app, which) = (&self.stand.world.app, (self.seniors[of], self.stand.street.canteen));
        if self.leaving[of] {
            let answer = wallet::pay_out(app, self.stand.counter.clone(), new_id(), which).await;
            assert_eq!(done(&answer), self.wallets[of] > 0 && self.cash >= self.wallets[of], "{answer:?}");
            if answer.is_ok() {
                self.cash -= self.wallets[of];
                (self.wallets[of], self.leaving[of]) = (0, false);
            }
        } else {
            let answer = wallet::leave(app, self.stand.manager.clone(), which, Some("搬走".into())).await;
            assert_eq!(done(&answer), self.wallets[of] > 0, "{answer:?}");
            self.leaving[of] = self.wallets[of] > 0;
        }
    }

    async fn count(&mut self, dice: &mut Dice) {
        let counted = (self.cash + i64::try_from(dice.roll(3)).unwrap() - 1).max(0);
        let said = Counted { fen: Fen(counted), reason: "点错".into() };
        shift::close(&self.stand.world.app, self.stand.counter.clone(), self.till, 1, said).await.unwrap();
        // What a till had too little or too much is nobody's any more.
        self.safe += counted;
        self.till = self.stand.open(&self.stand.counter, 2_000).await;
        (self.cash, self.safe) = (2_000, self.safe - 2_000);
    }

    async fn agrees(&self) {
        let app = &self.stand.world.app;
        assert_eq!(self.stand.statement(&self.stand.counter, self.till).await.row.cash_fen.0.0, self.cash);
        for (of, balance) in self.seniors.iter().zip(&self.wallets) {
            assert_eq!(self.stand.balance(*of).await, *balance);
        }
        for meal in &self.meals {
            let account = look::account(app, self.stand.counter.clone(), meal.id).await.unwrap();
            assert_eq!((account.money.owed_fen.0, account.money.kept_fen().unwrap().0), (meal.owed, meal.kept()), "{}", meal.id);
        }
        testkit::check_invariants(app).await;
    }

    /// Every account's debits less its credits: what was moved is somewhere, and each sum is what the model says.
    fn conserved(&self) {
        let mut conn = self.stand.world.database.connect();
        let mut sum = |kind: &str| {
            let sql = format!(
                "SELECT CAST(COALESCE(SUM(CASE WHEN a.id = e.debit_id THEN e.amount_fen ELSE -e.amount_fen END), 0) AS BIGINT) AS n \
                 FROM self_pay_entry e JOIN ledger_account a ON a.id = e.debit_id OR a.id = e.credit_id WHERE a.kind = '{kind}'"
            );
            store::fixture::number(&mut conn, &sql).unwrap()
        };
        let kept: i64 = self.meals.iter().map(Meal::kept).sum();
        assert_eq!((sum("cash"), sum("safe"), sum("self_pay")), (self.cash, self.safe, -kept));
        assert_eq!(sum("wallet"), -self.wallets.iter().sum::<i64>());
        let all = ["cash", "safe", "self_pay", "wallet", "cash_difference"].map(&mut sum);
        assert_eq!(all.iter().sum::<i64>(), 0, "{all:?}");
    }
}

fn run(engine: Engine) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (commands, seed) = (number("NUANFAN_R4").unwrap_or(USUAL), number("NUANFAN_R4_SEED").unwrap_or(20_261_127));
    println!("seed {seed}, {commands} commands");
    let world = World::new(engine);
    world.wait(async {
        let (mut model, mut dice) = (Model::new(&world).await, Dice(seed));
        model.order(&mut dice).await;
        for n in 0..commands {
            match dice.roll(16) {
                0..=2 if model.meals.len() < 80 => model.order(&mut dice).await,
                3 | 4 => model.top_up(&mut dice).await,
                5..=9 => model.pay(&mut dice).await,
                10 => model.cancel(&mut dice).await,
                11 | 12 => model.change(&mut dice).await,
                13 => model.refund(&mut dice).await,
                14 => model.leave(&mut dice).await,
                _ => model.count(&mut dice).await,
            }
            if n % 25 == 0 {
                model.agrees().await;
            }
        }
        model.agrees().await;
        model.conserved();
    });
    world.finish();
}

#[test]
fn self_pay_follows_the_reference_model_on_sqlite() {
    run(Engine::Sqlite);
}

#[test]
fn self_pay_follows_the_reference_model_on_postgres() {
    run(Engine::Postgres);
}
