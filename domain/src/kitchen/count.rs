//! How many of what, for whom, with what exception: the one count of a sitting.

use super::Stage;
use super::board::{Board, Portion, Ticket};
use crate::diet::{PortionSize, Texture};
use crate::id::DishId;
use crate::order::OrderState;
use std::collections::BTreeMap;

/// The count of a sitting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Count {
    /// Orders that are in the demand set: all but the cancelled.
    pub orders: usize,
    /// Portions of all dishes.
    pub portions: u64,
    /// Each dish, in the order of the dishes' identifiers.
    pub dishes: Vec<DishCount>,
}

/// The count of one dish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DishCount {
    /// Which.
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Portions in all.
    pub portions: u64,
    /// Portions of them that are made.
    pub done: u64,
    /// Ran out, by the kitchen's word.
    pub stopped: bool,
    /// By texture and size.
    pub textures: Vec<TextureCount>,
}

/// The count of one dish in one texture and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextureCount {
    /// How prepared.
    pub texture: Texture,
    /// How large.
    pub size: PortionSize,
    /// Portions in all.
    pub portions: u64,
    /// Portions without any exception.
    pub plain: u64,
    /// The rest, by combination of exceptions; the largest group first.
    pub groups: Vec<ExceptionGroup>,
}

/// Portions with the same combination of exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionGroup {
    /// The combination, sorted.
    pub exceptions: Vec<String>,
    /// Portions.
    pub portions: u64,
    /// For whom, by order number.
    pub people: Vec<ForWhom>,
}

/// One order in an exception list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForWhom {
    /// The order's number.
    pub no: i64,
    /// `张*`
    pub name: String,
    /// Portions.
    pub quantity: u32,
}

impl std::fmt::Display for ForWhom {
    /// `037 张*`, and ` x2` when there are several portions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:03} {}", self.no, self.name)?;
        if self.quantity > 1 { write!(f, " x{}", self.quantity) } else { Ok(()) }
    }
}

#[derive(Default)]
struct OfTexture {
    plain: u64,
    groups: BTreeMap<Vec<String>, Vec<ForWhom>>,
}

#[derive(Default)]
struct OfDish {
    name: String,
    done: u64,
    textures: BTreeMap<(Texture, PortionSize), OfTexture>,
}

/// Counts a board.
#[must_use]
pub fn count(board: &Board) -> Count {
    let mut dishes: BTreeMap<DishId, OfDish> = BTreeMap::new();
    let mut orders = 0;
    for ticket in board.by_number().into_iter().filter(|ticket| ticket.state != OrderState::Cancelled) {
        orders += 1;
        for line in &ticket.lines {
            add(dishes.entry(line.dish).or_default(), ticket, line);
        }
    }
    let dishes: Vec<DishCount> = dishes.into_iter().map(|(dish, of)| dish_count(dish, of, board)).collect();
    Count { orders, portions: dishes.iter().map(|d| d.portions).sum(), dishes }
}

fn add(of: &mut OfDish, ticket: &Ticket, line: &Portion) {
    let quantity = u64::from(line.quantity);
    of.name.clone_from(&line.name);
    if ticket.stage(line) == Stage::Done {
        of.done += quantity;
    }
    let texture = of.textures.entry((line.texture, line.size)).or_default();
    if line.exceptions.is_empty() {
        texture.plain += quantity;
        return;
    }
    let mut combination = line.exceptions.clone();
    combination.sort_unstable();
    combination.dedup();
    texture.groups.entry(combination).or_default().push(ForWhom {
        no: ticket.no,
        name: ticket.name.clone(),
        quantity: line.quantity,
    });
}

fn dish_count(dish: DishId, of: OfDish, board: &Board) -> DishCount {
    let textures: Vec<TextureCount> = of.textures.into_iter().map(|(key, of)| texture_count(key, of)).collect();
    DishCount {
        dish,
        name: of.name,
        portions: textures.iter().map(|t| t.portions).sum(),
        done: of.done,
        stopped: board.stopped.contains(&dish),
        textures,
    }
}

fn texture_count((texture, size): (Texture, PortionSize), of: OfTexture) -> TextureCount {
    let mut groups: Vec<ExceptionGroup> = of
        .groups
        .into_iter()
        .map(|(exceptions, people)| ExceptionGroup {
            exceptions,
            portions: people.iter().map(|p| u64::from(p.quantity)).sum(),
            people,
        })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.portions));
    let portions = of.plain + groups.iter().map(|g| g.portions).sum::<u64>();
    TextureCount { texture, size, portions, plain: of.plain, groups }
}
