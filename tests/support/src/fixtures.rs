//! A small street: two canteens side by side and one in another city, three dishes, lunches, seniors, family and staff.

mod people;
mod rows;

pub use people::{Person, Staff, citizen_id};

use crate::World;
use app::orders::{LineRequest, OrderRequest};
use domain::access::{FamilyScope, Role};
use domain::canteen::{CanteenKind, MealHours};
use domain::id::{CanteenId, DishId, MenuItemId, SeniorId, SittingId};
use domain::{Channel, Fen, MealPeriod, PlaceCode, ServiceDate};
use rows::{canteen_row, dish_row, sitting_row};
use serde_json::{Value, json};
use store::column::{Col, Word};
use store::fixture;
use store::query::catalogue::CanteenRow;

/// A canteen's sitting with its menu.
#[derive(Debug, Clone)]
pub struct Lunch {
    /// The sitting.
    pub sitting: SittingId,
    /// Its date.
    pub date: ServiceDate,
    /// One item for each dish of [`Street::dishes`], in that order.
    pub items: Vec<MenuItemId>,
}

impl Lunch {
    /// The wish for one portion of one dish; a guest's without a senior.
    #[must_use]
    pub fn request(&self, dish: usize, senior: Option<SeniorId>, channel: Channel) -> OrderRequest {
        OrderRequest {
            sitting: self.sitting,
            senior,
            lines: vec![LineRequest { item: self.items[dish], quantity: 1, texture: None, size: None, override_reason: None }],
            channel,
            note: String::new(),
            reason: None,
            expected_self_pay_fen: None,
        }
    }
}

/// The street. Prices are 12.00, 6.00 and 5.00 yuan, portions 100 of each dish unless said otherwise.
#[derive(Debug, Clone)]
pub struct Street {
    /// The street's code, 990101001; every person lives in its first community.
    pub place: PlaceCode,
    /// 暖阳食堂, at 31.0 N 121.0 E; delivers within 3 km.
    pub canteen: CanteenId,
    /// Another canteen of the same community.
    pub neighbour: CanteenId,
    /// A canteen in another city.
    pub elsewhere: CanteenId,
    /// 红烧肉 (not halal, salty), 清炒时蔬, 花生豆腐 (peanut and soy).
    pub dishes: Vec<DishId>,
    /// Today's lunch at the canteen; may be ordered until nine, which is in an hour.
    pub lunch: Lunch,
    /// Tomorrow's.
    pub tomorrow: Lunch,
    /// Tomorrow's lunch in the other city.
    pub lunch_elsewhere: Lunch,
    /// 张伟, 75, registered and living in the street: 4.00 yuan by the policy. Signs in on his own phone; can be delivered to.
    pub senior: Person,
    /// 李秀英, 82 and on the minimum living allowance: 9.00 yuan. No phone of her own; her daughter is bound to her.
    pub poor_senior: Person,
    /// 王芳, 66, allergic to peanut: 3.00 yuan.
    pub allergic_senior: Person,
    /// 赵强, 70, who lives in the other city.
    pub stranger: Person,
    /// 李秀英's daughter, with every scope; her token.
    pub family: String,
    /// One member of staff for each role: canteen staff at the canteen, workers at the street, the others at the district,
    /// the administrator at the province.
    pub staff: Vec<Staff>,
}

impl Street {
    pub(crate) async fn build(world: &World) -> Self {
        let place = code("990101001");
        let (canteen, neighbour, elsewhere, dishes) = world.write(rows::catalogue).await;
        let today = world.today();
        let lunch = world.add_lunch(canteen, today, &dishes, &[100; 3]).await;
        let tomorrow = world.add_lunch(canteen, today.plus_days(1), &dishes, &[100; 3]).await;
        let lunch_elsewhere = world.add_lunch(elsewhere, today.plus_days(1), &dishes, &[100; 3]).await;
        let home = Self::home();
        let senior = world.add_senior("张伟", &home, (1951, 3, 1)).await;
        let poor_senior = world.add_senior("李秀英", &home, (1944, 1, 1)).await;
        let allergic_senior = world.add_senior("王芳", &home, (1960, 5, 1)).await;
        let stranger = world.add_senior("赵强", &code("990201001001"), (1956, 1, 1)).await;
        world.add_fact(poor_senior.id, "economic_class", "dibao").await;
        world.add_allergy(allergic_senior.id, "peanut").await;
        let family = world.add_family(poor_senior.id, &[FamilyScope::Order, FamilyScope::Pay, FamilyScope::See]).await;
        let mut staff = Vec::new();
        for (role, place, at) in people::posts(canteen) {
            staff.push(world.add_staff(role, &place, at).await);
        }
        app::policies::publish::publish_for_setup(&world.app, POLICY).await.expect("the demo policy");
        Self {
            place,
            canteen,
            neighbour,
            elsewhere,
            dishes,
            lunch,
            tomorrow,
            lunch_elsewhere,
            senior,
            poor_senior,
            allergic_senior,
            stranger,
            family,
            staff,
        }
    }

    /// The session of whoever has the role.
    #[must_use]
    pub fn token(&self, role: Role) -> &str {
        &self.staff.iter().find(|staff| staff.role == role).expect("one of each role").token
    }

    /// Where the seniors live.
    #[must_use]
    pub fn home() -> PlaceCode {
        code("990101001001")
    }

    /// The body of an order of one portion of one dish, to be eaten in.
    #[must_use]
    pub fn order(lunch: &Lunch, dish: usize, senior: Option<SeniorId>) -> Value {
        json!({"sitting": lunch.sitting, "senior": senior, "channel": "dine_in", "lines": [{"menu_item": lunch.items[dish], "quantity": 1}]})
    }
}

/// The policy of the demo street: by age and economic class, shared by city, district and street, once a meal.
pub const POLICY: &str = include_str!("../../../policies/demo-street.yaml");

impl World {
    /// A lunch with the usual hours, and so many portions of each dish at its own price.
    pub async fn add_lunch(&self, canteen: CanteenId, date: ServiceDate, dishes: &[DishId], portions: &[i64]) -> Lunch {
        let (dishes, portions) = (dishes.to_vec(), portions.to_vec());
        self.write(move |tx| {
            let sitting = tx.new_id();
            let row = sitting_row(sitting, canteen, date, MealPeriod::Lunch, MealHours::usual(MealPeriod::Lunch));
            let menu: Vec<_> = dishes
                .iter()
                .zip(&portions)
                .zip(1..)
                .map(|((dish, n), rank)| rows::item_row(tx, sitting, *dish, *n, rank))
                .collect();
            fixture::sitting(tx.change(), &row, &menu)?;
            Ok(Lunch { sitting, date, items: menu.iter().map(|item| item.id.0).collect() })
        })
        .await
    }

    /// A canteen of a community, open, that delivers within 3 km.
    pub async fn add_canteen(&self, place: &PlaceCode, name: &'static str) -> CanteenId {
        let place = place.clone();
        self.write(move |tx| {
            let id = tx.new_id();
            fixture::canteen(tx.change(), &canteen_row(id, name, &place))?;
            Ok(id)
        })
        .await
    }

    /// A canteen of a community that a kitchen supplies.
    pub async fn add_site(&self, kitchen: CanteenId, place: &PlaceCode, name: &'static str) -> CanteenId {
        let place = place.clone();
        self.write(move |tx| {
            let id = tx.new_id();
            let (central_kitchen_id, kind) = (Some(Col(kitchen)), Word(CanteenKind::Satellite));
            let row = CanteenRow { central_kitchen_id, kind, ..canteen_row(id, name, &place) };
            fixture::canteen(tx.change(), &row)?;
            Ok(id)
        })
        .await
    }

    /// A dish without a recipe.
    pub async fn add_dish(&self, name: &'static str, price: Fen) -> DishId {
        self.write(move |tx| {
            let id = tx.new_id();
            fixture::dish(tx.change(), &dish_row(id, name, price, ""), &[])?;
            Ok(id)
        })
        .await
    }
}

pub(crate) fn code(text: &str) -> PlaceCode {
    PlaceCode::parse(text).expect("a place code")
}
