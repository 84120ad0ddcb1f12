//! Words as they are stored, and reading them back.

use konf_api::ledger::{BookingState, Sender};
use konf_contract::{ConferenceNumber, Language, LegId, Pin, Role, UnixMs, Window};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::{LedgerError, Result};

/// A column by its name, in the type that it means. A value that does not fit names the column and not itself.
pub(crate) trait Columns {
    fn value<'r, T>(&'r self, column: &'static str) -> Result<T>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>;

    fn text(&self, column: &'static str) -> Result<String> {
        self.value(column)
    }

    fn count(&self, column: &'static str) -> Result<u32> {
        small(self.value(column)?, column)
    }

    fn instant(&self, column: &'static str) -> Result<UnixMs> {
        self.value(column).map(UnixMs)
    }

    fn instant_or_none(&self, column: &'static str) -> Result<Option<UnixMs>> {
        Ok(self.value::<Option<i64>>(column)?.map(UnixMs))
    }

    fn window(&self) -> Result<Window> {
        Ok(Window { start: self.instant("start_ms")?, end: self.instant("end_ms")? })
    }

    fn number(&self, column: &'static str) -> Result<ConferenceNumber> {
        ConferenceNumber::new(self.text(column)?).map_err(|_| LedgerError::Stored(column))
    }

    fn leg(&self, column: &'static str) -> Result<LegId> {
        Ok(LegId(self.value::<i64>(column)?.cast_unsigned()))
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        from_json(&self.text(column)?, column)
    }

    /// None once it is erased.
    fn pin_or_none(&self, column: &'static str) -> Result<Option<Pin>> {
        let text: Option<String> = self.value(column)?;
        text.map(|text| Pin::new(text).map_err(|_| LedgerError::Stored(column))).transpose()
    }

    fn word<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        serde_json::from_value(serde_json::Value::String(self.text(column)?))
            .map_err(|_| LedgerError::Stored(column))
    }
}

impl Columns for SqliteRow {
    fn value<'r, T>(&'r self, column: &'static str) -> Result<T>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.try_get(column).map_err(|_| LedgerError::Stored(column))
    }
}

pub(crate) fn small(value: i64, column: &'static str) -> Result<u32> {
    u32::try_from(value).map_err(|_| LedgerError::Stored(column))
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str, column: &'static str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| LedgerError::Stored(column))
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| LedgerError::Stored("a value to write"))
}

pub(crate) fn language(language: Language) -> &'static str {
    match language {
        Language::Cs => "cs",
        Language::En => "en",
    }
}

pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Participant => "participant",
        Role::Organiser => "organiser",
    }
}

pub(crate) fn booking_state(state: BookingState) -> &'static str {
    match state {
        BookingState::Booked => "booked",
        BookingState::Cancelled => "cancelled",
        BookingState::Ended => "ended",
    }
}

/// The state as it is: a booking whose end has passed has ended, whether or not a reconciler has come by.
pub(crate) fn state_at(state: BookingState, end: UnixMs, now: UnixMs) -> BookingState {
    if state == BookingState::Booked && end <= now { BookingState::Ended } else { state }
}

/// Minutes since the epoch, from just before to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Minutes {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Minutes {
    pub(crate) fn count(&self) -> u64 {
        self.to.saturating_sub(self.from).max(0).cast_unsigned()
    }

    pub(crate) fn both(&self, other: Minutes) -> Minutes {
        let from = self.from.max(other.from);
        Minutes { from, to: self.to.min(other.to).max(from) }
    }
}

/// The longest window: an operator's own arrangement may last a day and a half (PRODUCT.md section 1 sends anything
/// beyond 120 minutes to an operator), and [`konf_api::ledger::OrderQuestion::span`] is at most as long.
const WINDOW_MINUTES_MAX: u64 = 48 * 60;

/// The last minute that an instant may name: the year 9999, so that sums cannot overflow.
const MINUTE_MAX: i64 = 253_402_300_800_000 / UnixMs::MINUTE;

/// A window on whole minutes, as minutes.
pub(crate) fn minutes(window: Window) -> Result<Minutes> {
    let span = Minutes { from: window.start.minutes(), to: window.end.minutes() };
    let whole = window.start.0 % UnixMs::MINUTE == 0 && window.end.0 % UnixMs::MINUTE == 0;
    if !whole || span.from < 0 || span.to > MINUTE_MAX {
        return Err(LedgerError::Invalid("a window lies on whole minutes between 1970 and 9999"));
    }
    if span.count() == 0 || span.count() > WINDOW_MINUTES_MAX {
        return Err(LedgerError::Invalid("a window lasts from one minute to 48 hours"));
    }
    Ok(span)
}

/// The first whole minute that is not before `at`.
pub(crate) fn minute_after(at: UnixMs) -> i64 {
    at.plus_ms(UnixMs::MINUTE - 1).minutes()
}

/// What others may see of a sender.
pub fn masked(sender: &Sender) -> String {
    match sender {
        Sender::Sms(number) => number.masked(),
        Sender::Email(address) => match address.trim().split_once('@') {
            Some((name, domain)) => {
                format!("{}…@{domain}", name.chars().next().map(String::from).unwrap_or_default())
            }
            None => "…".to_owned(),
        },
    }
}
