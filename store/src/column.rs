//! How the domain's types stand in a column.
//!
//! The domain may not know diesel and Rust's orphan rule forbids teaching its types from here, so rows hold them inside
//! [`Col`]. Identifiers are native `uuid` in PostgreSQL and 16 bytes in SQLite, under one SQL type of our own, [`Uid`].

use crate::conn::MultiBackend;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Date, HasSqlType, SqlType, Text};
use diesel::sqlite::Sqlite;
use domain::food_safety::DeciCelsius;
use domain::id::Kind;
use domain::text_enum::{TextEnum, UnknownWord};
use domain::{Fen, Id, Instant, PlaceCode, ServiceDate};
use std::io::Write;

/// The SQL type of an identifier.
#[derive(Debug, Clone, Copy, Default, SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Uid;

impl HasSqlType<Uid> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        MultiBackend::lookup_sql_type::<Uid>(lookup)
    }
}

/// A domain value in a column; `.0` is the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromSqlRow, AsExpression)]
#[diesel(sql_type = Uid)]
#[diesel(sql_type = Text)]
#[diesel(sql_type = BigInt)]
#[diesel(sql_type = Date)]
pub struct Col<T: Send + Sync + 'static>(pub T);

impl<T: Send + Sync + 'static> From<T> for Col<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

/// Passes a `Col` to whichever database is behind the enum; both single databases are taught below.
macro_rules! through_the_enum {
    ($sql:ident, $value:ty $(, $generic:ident : $bound:path)?) => {
        impl$(<$generic: $bound>)? ToSql<$sql, MultiBackend> for Col<$value> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql, self));
                Ok(IsNull::No)
            }
        }
        impl$(<$generic: $bound>)? FromSql<$sql, MultiBackend> for Col<$value> {
            fn from_sql(bytes: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                bytes.from_sql::<Self, $sql>()
            }
        }
    };
}

through_the_enum!(Uid, Id<K>, K: Kind);

impl<K: Kind> ToSql<Uid, Pg> for Col<Id<K>> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.uuid().as_bytes())?;
        Ok(IsNull::No)
    }
}
impl<K: Kind> ToSql<Uid, Sqlite> for Col<Id<K>> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.uuid().as_bytes().to_vec());
        Ok(IsNull::No)
    }
}
impl<K: Kind> FromSql<Uid, Pg> for Col<Id<K>> {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Id::from_uuid(uuid::Uuid::from_slice(value.as_bytes())?)))
    }
}
impl<K: Kind> FromSql<Uid, Sqlite> for Col<Id<K>> {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<diesel::sql_types::Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(Id::from_uuid(uuid::Uuid::from_slice(&bytes)?)))
    }
}

/// A newtype over a value that diesel knows: write the inner value, read it and wrap it.
macro_rules! as_inner {
    ($sql:ident, $value:ty, $inner:ty, $to:expr, $from:expr) => {
        through_the_enum!($sql, $value);
        impl ToSql<$sql, Pg> for Col<$value> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                let to: fn(&$value) -> $inner = $to;
                <$inner as ToSql<$sql, Pg>>::to_sql(&to(&self.0), &mut out.reborrow())
            }
        }
        impl ToSql<$sql, Sqlite> for Col<$value> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                let to: fn(&$value) -> $inner = $to;
                out.set_value(sqlite_value(to(&self.0)));
                Ok(IsNull::No)
            }
        }
        impl FromSql<$sql, Pg> for Col<$value> {
            fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                let from: fn($inner) -> deserialize::Result<$value> = $from;
                from(<$inner as FromSql<$sql, Pg>>::from_sql(value)?).map(Self)
            }
        }
        impl FromSql<$sql, Sqlite> for Col<$value> {
            fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                let from: fn($inner) -> deserialize::Result<$value> = $from;
                from(<$inner as FromSql<$sql, Sqlite>>::from_sql(value)?).map(Self)
            }
        }
    };
}

/// What SQLite is handed: an integer as it is, a date as the text that diesel reads back.
trait SqliteValue {
    type Out;
    fn out(self) -> Self::Out;
}
impl SqliteValue for i64 {
    type Out = i64;
    fn out(self) -> i64 {
        self
    }
}
impl SqliteValue for chrono::NaiveDate {
    type Out = String;
    fn out(self) -> String {
        self.format("%Y-%m-%d").to_string()
    }
}
fn sqlite_value<V: SqliteValue>(value: V) -> V::Out {
    value.out()
}

as_inner!(BigInt, Fen, i64, |fen| fen.0, |fen| Ok(Fen(fen)));
as_inner!(BigInt, Instant, i64, |at| at.micros(), |micros| Ok(Instant::from_micros(micros)));
as_inner!(BigInt, DeciCelsius, i64, |t| t.0, |tenths| Ok(DeciCelsius(tenths)));
as_inner!(Date, ServiceDate, chrono::NaiveDate, |date| date.0, |date| Ok(ServiceDate(date)));

through_the_enum!(Text, PlaceCode);
impl ToSql<Text, Pg> for Col<PlaceCode> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.0.as_str(), out)
    }
}
impl ToSql<Text, Sqlite> for Col<PlaceCode> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        <str as ToSql<Text, Sqlite>>::to_sql(self.0.as_str(), out)
    }
}
impl<DB: Backend> FromSql<Text, DB> for ColText
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(value).map(Self)
    }
}
/// Text read from either single database.
struct ColText(String);

impl FromSql<Text, Pg> for Col<PlaceCode> {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let ColText(text) = <ColText as FromSql<Text, Pg>>::from_sql(value)?;
        Ok(Self(PlaceCode::parse(&text)?))
    }
}
impl FromSql<Text, Sqlite> for Col<PlaceCode> {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let ColText(text) = <ColText as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(PlaceCode::parse(&text)?))
    }
}

/// A [`TextEnum`] in a TEXT column. Apart from [`Col`] because `TextEnum` is open: the compiler could not rule out that an
/// identifier becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromSqlRow, AsExpression)]
#[diesel(sql_type = Text)]
pub struct Word<E: TextEnum>(pub E);

impl<E: TextEnum> From<E> for Word<E> {
    fn from(value: E) -> Self {
        Self(value)
    }
}
impl<E: TextEnum> ToSql<Text, MultiBackend> for Word<E> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Text, self.0.as_str()));
        Ok(IsNull::No)
    }
}
impl<E: TextEnum> FromSql<Text, MultiBackend> for Word<E> {
    fn from_sql(bytes: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        bytes.from_sql::<Self, Text>()
    }
}
impl<E: TextEnum> ToSql<Text, Pg> for Word<E> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.0.as_str(), out)
    }
}
impl<E: TextEnum> ToSql<Text, Sqlite> for Word<E> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        <str as ToSql<Text, Sqlite>>::to_sql(self.0.as_str(), out)
    }
}
impl<E: TextEnum> FromSql<Text, Pg> for Word<E> {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let ColText(text) = <ColText as FromSql<Text, Pg>>::from_sql(value)?;
        Ok(Self(E::parse(&text).ok_or_else(|| UnknownWord::of::<E>(&text))?))
    }
}
impl<E: TextEnum> FromSql<Text, Sqlite> for Word<E> {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let ColText(text) = <ColText as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(E::parse(&text).ok_or_else(|| UnknownWord::of::<E>(&text))?))
    }
}
