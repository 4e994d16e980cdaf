//! Files on their way in: judged whole, then applied whole.
//!
//! [`stage`] reads a file once, in bounded memory, judges every row against the database, and keeps the rows sealed in slices;
//! that is the dry run. [`apply`] takes the slices in, a few rows per unit of work, under a mark that hides them from every
//! reader; the last unit makes the changes of rows that were there before and takes the mark away, so that a reader sees all
//! of the import or none of it. Nothing about a killed import is in memory: applying again judges the slices again, finds
//! what is in already, and goes on. See ADR "Imports become visible with one row".

pub mod apply;
mod food;
pub mod job;
mod menus;
mod payload;
mod people;
mod places;
mod seniors;
pub mod stage;
pub mod view;

use domain::access::{Action, Actor, Scope};
use domain::audit::AuditAction;
use domain::canteen::DishHome;
use domain::fault::Faults;
use domain::id::{CanteenId, Id, ImportId, Kind, SeniorId};
use domain::text_enum::TextEnum;
use domain::{Instant, PlaceCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::conn::AnyConnection;
use store::query::audit::AuditEntry;
use store::query::bulk::{Altered, Fresh};
use store::query::catalogue;
use store::query::imports::{ImportRow, ImportState};
use store::seal::Sealer;
use store::{StoreError, Tx};
use tabular::{Row, TableKind};

/// Faults that are kept of one import; more are only counted.
pub const FAULTS_MAX: usize = 10_000;
/// Rows that were there before and that one import may change: they change in the last unit of work, which must be short.
pub const CHANGES_MAX: usize = 1_000;

/// Tells how far an import is: what it does, rows done, rows in all.
pub type Progress = Arc<dyn Fn(Stage, u64, u64) + Send + Sync>;

/// What an import is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading and judging.
    Judging,
    /// Taking rows in.
    Applying,
}

/// Why an import is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportRefusal {
    /// It is not in a state in which this can be done.
    State(ImportState),
    /// Another process works on it, or on another import: one at a time.
    Busy,
    /// A row changed under it; judged again, it may go in. Given up after some tries.
    Moved,
    /// What could be applied when it was judged no longer can.
    Faults(Faults),
    /// The file could not be read.
    File(String),
}

/// Where the rows of an import may lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// Anywhere: the administrator of the machine, who holds the data folder and its keys.
    Everywhere,
    /// In these places and canteens.
    Within {
        /// With all below.
        places: Vec<PlaceCode>,
        /// By themselves.
        canteens: Vec<CanteenId>,
    },
}

impl Reach {
    /// Of an actor for a kind of table; `None` when they may import no such thing anywhere.
    #[must_use]
    pub fn of(actor: &Actor, kind: TableKind) -> Option<Self> {
        let scope: Scope = actor.scope(action_for(kind));
        // Only those who may import at all; every role that may edit may, and this keeps it so.
        let may = !scope.is_empty() && actor.may_somewhere(Action::Import);
        may.then(|| Self::Within { places: scope.places().to_vec(), canteens: scope.canteens().to_vec() })
    }

    /// Whether a row there is in reach.
    #[must_use]
    pub fn covers(&self, place: &PlaceCode, canteen: Option<CanteenId>) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Within { places, canteens } => {
                places.iter().any(|p| p.contains(place)) || canteen.is_some_and(|c| canteens.contains(&c))
            }
        }
    }

    /// Whose a new dish is when nobody says: of the one place or canteen that whoever brings it answers for, everyone's when it is the
    /// machine's administrator. `None` when they answer for several and have to say.
    #[must_use]
    pub fn dish_home(&self) -> Option<DishHome> {
        match self {
            Self::Everywhere => Some(DishHome::Everyone),
            Self::Within { places, canteens } => match (places.as_slice(), canteens.as_slice()) {
                ([place], []) => Some(DishHome::Place(place.clone())),
                ([], [canteen]) => Some(DishHome::Canteen(*canteen)),
                _ => None,
            },
        }
    }

    /// Whether dishes of a home are in reach: everyone's are for who answers for every canteen.
    pub(crate) fn covers_home(&self, conn: &mut AnyConnection, home: &DishHome) -> Result<bool, StoreError> {
        Ok(match (self, home) {
            (Self::Everywhere, _) => true,
            (Self::Within { places, .. }, DishHome::Everyone) => !catalogue::any_canteen_outside(conn, places)?,
            (_, DishHome::Place(place)) => self.covers(place, None),
            (_, DishHome::Canteen(id)) => {
                catalogue::canteen(conn, *id)?.is_some_and(|canteen| self.covers(&canteen.place_code.0, Some(*id)))
            }
        })
    }

    /// Whether all of another reach lies in this one.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everywhere, _) => true,
            (Self::Within { .. }, Self::Everywhere) => false,
            (Self::Within { canteens: mine, .. }, Self::Within { places, canteens }) => {
                places.iter().all(|p| self.covers(p, None)) && canteens.iter().all(|c| mine.contains(c))
            }
        }
    }
}

/// Where the rows of a stored import may lie.
pub(crate) fn reach_of(row: &ImportRow) -> Result<Reach, StoreError> {
    row.scope.as_deref().map_or(Ok(Reach::Everywhere), |text| {
        serde_json::from_str(text).map_err(|e| StoreError::Database(format!("scope of {}: {e}", row.id.0)))
    })
}

/// The right that a kind of table needs beside the right to import.
#[must_use]
pub const fn action_for(kind: TableKind) -> Action {
    match kind {
        TableKind::Places | TableKind::Canteens | TableKind::Dishes | TableKind::Recipes | TableKind::Menus => {
            Action::EditCatalogue
        }
        TableKind::Seniors | TableKind::Facts | TableKind::StandingOrders => Action::EditSeniors,
        // A row of family is a consent, and is recorded by whoever may record one by hand.
        TableKind::Families => Action::RecordConsent,
    }
}

/// What judging needs to know.
pub(crate) struct Judge<'a> {
    /// A reader.
    pub conn: &'a mut AnyConnection,
    /// Blind indexes, and what is sealed.
    pub sealer: &'a Sealer,
    /// Where rows may lie.
    pub reach: &'a Reach,
    /// Whose the dishes are to be, where somebody says so; a file does not, see [`Reach::dish_home`].
    pub dish_home: Option<&'a DishHome>,
    /// Whose rows these are.
    pub import: ImportId,
    /// Now.
    pub now: Instant,
}

/// What earlier slices of the file said that later ones must agree with.
pub(crate) type Memo = BTreeMap<String, String>;

/// What the last unit of work records of one senior, besides the import as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// What was done.
    pub action: AuditAction,
    /// To whom.
    pub senior: SeniorId,
    /// Where they lived.
    pub place: PlaceCode,
    /// Without personal data.
    pub detail: Value,
}

/// What judging some rows found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// What is wrong.
    pub faults: Faults,
    /// What is to be added.
    pub fresh: Vec<Fresh>,
    /// What is to be changed in the last unit of work.
    pub altered: Vec<Altered>,
    /// What is recorded together with the changes.
    pub notes: Vec<Note>,
    /// Rows of the file that add something, or have added it already in this import.
    pub added: u64,
    /// Rows that change something.
    pub changed: u64,
    /// Rows that say what is there.
    pub unchanged: u64,
}

impl Verdict {
    /// Something wrong with a cell: cause and cure in both languages.
    pub fn fault<T: Row>(&mut self, row: u32, column: &str, code: &str, zh: &str, en: &str) {
        let head = T::SCHEMA.columns.iter().find(|c| c.en == column).map_or(column, |c| c.zh);
        self.faults.push(
            format!("row {row}, column {column}"),
            code,
            format!("第 {row} 行“{head}”：{zh}"),
            format!("row {row}, {column}: {en}"),
        );
    }

    /// The row names something that is not there.
    pub fn unknown<T: Row>(&mut self, row: u32, column: &str, zh: &str, en: &str) {
        let (zh, en) =
            (format!("系统中没有这个{zh}。请更正，或先导入它"), format!("there is no such {en}; correct it, or import it first"));
        self.fault::<T>(row, column, "unknown", &zh, &en);
    }

    /// The row lies where the importer has no say.
    pub fn out_of_reach<T: Row>(&mut self, row: u32, column: &str) {
        let zh = "不在您的管辖范围内。请删除该行，或请有权限的人导入";
        self.fault::<T>(row, column, "out_of_scope", zh, "is outside your places; remove the row, or ask who is responsible there");
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.faults.0.extend(other.faults.0);
        self.fresh.extend(other.fresh);
        self.altered.extend(other.altered);
        self.notes.extend(other.notes);
        self.added += other.added;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
    }
}

/// A table whose rows can be imported.
pub(crate) trait Importable: Row + Clone + Send + Sync + 'static {
    /// How many rows are judged and staged together. A table that is small, or whose rows refer to each other, is taken whole:
    /// then this is also the most a file may have, and everything goes in with the one last unit of work.
    const SLICE: usize;
    /// Whether the table is taken whole.
    const WHOLE: bool;
    /// Judges rows against the database.
    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], memo: &mut Memo) -> Result<Verdict, StoreError>;
}

/// Runs the same expression for whichever table a kind names.
macro_rules! for_kind {
    ($kind:expr, $T:ident => $body:expr) => {
        match $kind {
            tabular::TableKind::Places => {
                type $T = tabular::PlaceRow;
                $body
            }
            tabular::TableKind::Canteens => {
                type $T = tabular::CanteenRow;
                $body
            }
            tabular::TableKind::Dishes => {
                type $T = tabular::DishRow;
                $body
            }
            tabular::TableKind::Recipes => {
                type $T = tabular::RecipeRow;
                $body
            }
            tabular::TableKind::Menus => {
                type $T = tabular::MenuRow;
                $body
            }
            tabular::TableKind::Seniors => {
                type $T = tabular::SeniorRow;
                $body
            }
            tabular::TableKind::Facts => {
                type $T = tabular::FactRow;
                $body
            }
            tabular::TableKind::Families => {
                type $T = tabular::FamilyRow;
                $body
            }
            tabular::TableKind::StandingOrders => {
                type $T = tabular::StandingRow;
                $body
            }
        }
    };
}
pub(crate) use for_kind;

/// The kind of a stored import.
pub(crate) fn kind_of(word: &str) -> Result<TableKind, StoreError> {
    TableKind::parse(word).ok_or_else(|| StoreError::Database(format!("an import of {word}, which is no table")))
}

/// A new identifier, made outside a unit of work.
pub(crate) fn fresh_id<K: Kind>() -> Id<K> {
    Id::from_uuid(uuid::Uuid::now_v7())
}

/// Words of a set, joined as a column keeps them.
pub(crate) fn joined<E: TextEnum>(words: &[E]) -> String {
    words.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(",")
}

/// Records something that an import does, in the name of whoever brought it.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    import: &ImportRow,
    action: AuditAction,
    subject: String,
    place: Option<PlaceCode>,
    detail: &Value,
) {
    let actor = import.made_by.map_or_else(|| "system".to_owned(), |user| user.0.to_string());
    tx.audit(AuditEntry { at: tx.now(), actor, action, subject, place, detail: detail.to_string() });
}

/// Records an import's end.
pub(crate) fn audit(tx: &mut Tx<'_>, row: &ImportRow, action: AuditAction) -> Result<(), StoreError> {
    let detail = json!({ "kind": row.kind, "added": row.added, "changed": row.changed, "unchanged": row.unchanged });
    let place = place_of(tx.look(), &reach_of(row)?)?;
    record(tx, row, action, row.id.0.to_string(), place, &detail);
    Ok(())
}

/// The place that all of a reach lies in; none for what reaches everywhere, or into places of which none holds the others.
fn place_of(conn: &mut AnyConnection, reach: &Reach) -> Result<Option<PlaceCode>, StoreError> {
    let Reach::Within { places, canteens } = reach else { return Ok(None) };
    let mut all = places.clone();
    for id in canteens {
        all.extend(catalogue::canteen(conn, *id)?.map(|canteen| canteen.place_code.0));
    }
    Ok(all.iter().find(|one| all.iter().all(|other| one.contains(other))).cloned())
}
