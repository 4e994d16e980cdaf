//! For tests only (feature `fixtures`): rows set down outright where users import them, and scratch databases.

use crate::column::{Col, Word};
use crate::conn::{AnyConnection, Target};
use crate::error::StoreError;
use crate::on_each;
use crate::query::catalogue::{CanteenRow, DishRow, MenuItemRow, SittingRow};
use crate::query::people::SessionRow;
use crate::query::rows::JobState;
use crate::schema::{canteen, canteen_log, dish, ingredient, job, menu_item, place, recipe_line, session, sitting};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use domain::PlaceCode;
use domain::id::{DishId, IngredientId, SessionId};
use domain::text_enum::TextEnum;

/// Adds a place.
pub fn place(conn: &mut AnyConnection, code: &PlaceCode, name: &str) -> Result<(), StoreError> {
    let row = (place::code.eq(code.as_str()), place::name.eq(name), place::level.eq(code.level().as_str()));
    diesel::insert_into(place::table).values(row).execute(conn)?;
    Ok(())
}

/// Adds a canteen with its log.
pub fn canteen(conn: &mut AnyConnection, row: &CanteenRow) -> Result<(), StoreError> {
    diesel::insert_into(canteen::table).values(row).execute(conn)?;
    let log = (canteen_log::canteen_id.eq(row.id), canteen_log::next_seq.eq(1));
    diesel::insert_into(canteen_log::table).values(log).execute(conn)?;
    Ok(())
}

/// Adds an ingredient with its allergen classes, separated by commas.
pub fn ingredient(conn: &mut AnyConnection, id: IngredientId, name: &str, allergens: &str) -> Result<(), StoreError> {
    let row = (
        ingredient::id.eq(Col(id)),
        ingredient::name.eq(name),
        ingredient::allergens.eq(allergens),
        ingredient::untraced.eq(false),
    );
    diesel::insert_into(ingredient::table).values(row).execute(conn)?;
    Ok(())
}

/// Adds a dish with its recipe.
pub fn dish(conn: &mut AnyConnection, row: &DishRow, recipe: &[(IngredientId, i64)]) -> Result<(), StoreError> {
    diesel::insert_into(dish::table).values(row).execute(conn)?;
    for (part, amount_mg) in recipe {
        recipe_part(conn, row.id.0, *part, *amount_mg)?;
    }
    Ok(())
}

fn recipe_part(conn: &mut AnyConnection, of: DishId, part: IngredientId, amount_mg: i64) -> Result<(), StoreError> {
    let row = (recipe_line::dish_id.eq(Col(of)), recipe_line::ingredient_id.eq(Col(part)), recipe_line::amount_mg.eq(amount_mg));
    diesel::insert_into(recipe_line::table).values(row).execute(conn)?;
    Ok(())
}

/// Adds a sitting with its menu.
pub fn sitting(conn: &mut AnyConnection, row: &SittingRow, menu: &[MenuItemRow]) -> Result<(), StoreError> {
    diesel::insert_into(sitting::table).values(row).execute(conn)?;
    on_each!(conn, c => diesel::insert_into(menu_item::table).values(menu).execute(c))?;
    Ok(())
}

/// Another session of whoever holds one, in force or ended: a test may end it and keep the first.
pub fn session_again(conn: &mut AnyConnection, token_hash: &[u8], id: SessionId, new_hash: &[u8]) -> Result<(), StoreError> {
    let found = session::table.filter(session::token_hash.eq(token_hash)).select(SessionRow::as_select());
    let row = SessionRow { id: Col(id), token_hash: new_hash.to_vec(), revoked_at: None, ..found.get_result(conn)? };
    diesel::insert_into(session::table).values(&row).execute(conn)?;
    Ok(())
}

/// Jobs that are neither done nor given up, by kind, with how many of each.
pub fn jobs_left_over(conn: &mut AnyConnection) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(job::table
        .filter(job::state.eq(Word(JobState::Queued)))
        .group_by(job::kind)
        .select((job::kind, diesel::dsl::count_star()))
        .order(job::kind)
        .load(conn)?)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The single number `n` that a statement of a test selects; for facts that no query of the program asks for.
pub fn number(conn: &mut AnyConnection, sql: &str) -> Result<i64, StoreError> {
    Ok(on_each!(conn, c => diesel::sql_query(sql).get_result::<Number>(c))?.n)
}

/// Runs statements of a test: to damage what a check must then find, or to ask whether a rule of the schema holds.
pub fn execute(conn: &mut AnyConnection, sql: &str) -> Result<(), StoreError> {
    Ok(conn.batch_execute(sql)?)
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    t: String,
}

/// The texts `t` that a statement of a test selects.
pub fn texts(conn: &mut AnyConnection, sql: &str) -> Result<Vec<String>, StoreError> {
    let rows: Vec<Words> = on_each!(conn, c => diesel::sql_query(sql).load::<Words>(c))?;
    Ok(rows.into_iter().map(|row| row.t).collect())
}

/// Fails when the database's own files are damaged. PostgreSQL refuses to recover from damage by itself.
pub fn assert_whole(conn: &mut AnyConnection) -> Result<(), StoreError> {
    if let AnyConnection::Sqlite(_) = conn {
        let told = texts(conn, "SELECT integrity_check AS t FROM pragma_integrity_check")?;
        if told != ["ok"] {
            return Err(StoreError::Database(told.join("; ")));
        }
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Exists {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Key of the advisory lock under which a template database is made; the same for every test process.
const TEMPLATE_LOCK: i64 = 0x6e75_616e_6661_6e00;

/// Makes a database from a template, which is migrated once and then copied. `admin` is the URL of a database of the server
/// that may make others; the template's name must change with the migrations.
pub fn create_database(admin: &str, template: &str, name: &str) -> Result<(), StoreError> {
    let mut conn = Target::parse(admin).connect()?;
    let AnyConnection::Postgres(c) = &mut conn else {
        return Err(StoreError::Database("databases are made on PostgreSQL only".into()));
    };
    // Tests wait here for the one that makes the template.
    c.batch_execute("SET lock_timeout = '300s'; SET statement_timeout = '300s'")?;
    diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(TEMPLATE_LOCK).execute(c)?;
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1) AS yes";
    let there = diesel::sql_query(sql).bind::<Text, _>(template).get_result::<Exists>(c)?.yes;
    if !there {
        let making = format!("{template}_making");
        c.batch_execute(&format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)"))?;
        c.batch_execute(&format!("CREATE DATABASE {making}"))?;
        crate::migrate::run(&Target::Postgres(with_database(admin, &making)))?;
        // Renamed when whole: a process that dies on the way leaves nothing that looks like a template.
        c.batch_execute(&format!("ALTER DATABASE {making} RENAME TO {template}"))?;
    }
    diesel::sql_query("SELECT pg_advisory_unlock($1)").bind::<BigInt, _>(TEMPLATE_LOCK).execute(c)?;
    c.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))?;
    Ok(())
}

/// Makes a database with nothing in it.
pub fn create_empty_database(admin: &str, name: &str) -> Result<(), StoreError> {
    let mut conn = Target::parse(admin).connect()?;
    Ok(conn.batch_execute(&format!("CREATE DATABASE {name}"))?)
}

/// Drops a database, ending whoever is connected to it.
pub fn drop_database(admin: &str, name: &str) -> Result<(), StoreError> {
    let mut conn = Target::parse(admin).connect()?;
    Ok(conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?)
}

/// The URL of another database of the same server.
#[must_use]
pub fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let scheme_end = base.find("://").map_or(0, |at| at + 3);
    let host_end = base.get(scheme_end..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| scheme_end + at);
    let host = base.get(..host_end).unwrap_or(base);
    match query {
        Some(query) => format!("{host}/{name}?{query}"),
        None => format!("{host}/{name}"),
    }
}
