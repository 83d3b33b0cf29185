//! The methods of `time.Time` that are about locations and rounding, and those that templates cannot call.

use super::time::{Time, Zone};
use crate::functions::arguments::*;
use crate::value::{Kind, Method, Object};

/// `*time.Location`
pub(super) struct Location(pub(super) Zone);

impl Location {
    fn name(&self) -> &str {
        match &self.0 {
            Zone::Utc => "UTC",
            Zone::Local(_) => "Local",
            // A zone of the database has its name.
            Zone::Named(zone) => zone.iana_name().unwrap_or("UTC"),
            Zone::Fixed { name, .. } => name,
        }
    }
}

static STRING_METHOD: Method = Method { name: "String", params: &[] };

impl Object for Location {
    fn type_name(&self) -> &str {
        "*time.Location"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn method(&self, name: &[u8]) -> Option<&'static Method> {
        (name == b"String").then_some(&STRING_METHOD)
    }

    fn call(&self, _: &'static Method, _: &[Value], _: &mut Run<'_>) -> Outcome {
        Ok(self.name().into())
    }

    fn string(&self) -> Option<Str> {
        Some(self.name().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.name() == other.name())
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Nanoseconds from the first of January of the year 1 to 1970.
const EPOCH: i128 = 62_135_596_800_000_000_000;

impl Time {
    /// How far it is past the last multiple of a duration since the year 1; nothing where that is no duration.
    fn past(&self, duration: i64) -> Option<i64> {
        let whole = i128::from(duration);
        let past = (duration > 0).then(|| (self.at.as_nanosecond() + EPOCH).rem_euclid(whole))?;
        i64::try_from(past).ok()
    }

    /// `Time.Truncate`
    pub(super) fn truncate(&self, duration: i64) -> Self {
        self.past(duration).map_or_else(|| self.clone(), |past| self.add(-past))
    }

    /// `Time.Round`: half a duration is rounded up.
    pub(super) fn round(&self, duration: i64) -> Self {
        match self.past(duration) {
            None => self.clone(),
            Some(past) if past < duration - past => self.add(-past),
            Some(past) => self.add(duration - past),
        }
    }

    /// `Time.IsDST`
    pub(super) fn is_summer(&self) -> bool {
        match &self.zone {
            Zone::Utc | Zone::Fixed { .. } => false,
            Zone::Local(zone) | Zone::Named(zone) => zone.to_offset_info(self.at).dst().is_dst(),
        }
    }
}

/// What Go's templates say of a method with so many results.
pub(super) fn uncallable(name: &str) -> Option<String> {
    let second =
        |is| format!("invalid function signature for {name}: second return value should be error; is {is}");
    Some(match name {
        "ISOWeek" | "Zone" => second("int"),
        "ZoneBounds" => second("time.Time"),
        "Date" | "Clock" => format!("function {name} has 3 return values; should be 1 or 2"),
        _ => return None,
    })
}
