//! Messages whose JSON is not an object of their fields.

use apimachinery::protobuf::Error as WireError;
use apimachinery::protobuf::special;
use jiff::Timestamp;
use value::Value;

use super::error::EncodeError;
use super::place::Place;
use super::writing;

/// The second of Go's zero time (the first of January in year 1), which is written as nothing.
const ZERO_SECOND: i64 = -62_135_596_800;

/// What has a form of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    /// RFC 3339 with whole seconds.
    Time,
    /// RFC 3339 with six digits of a second.
    MicroTime,
    /// A number or a text.
    IntOrString,
    /// Whatever JSON it holds.
    Raw,
}

impl Special {
    pub(super) fn of(message: &str) -> Option<Self> {
        Some(match message.strip_prefix("k8s.io.apimachinery.pkg.")? {
            "apis.meta.v1.Time" => Self::Time,
            "apis.meta.v1.MicroTime" => Self::MicroTime,
            "util.intstr.IntOrString" => Self::IntOrString,
            "apis.meta.v1.FieldsV1" | "runtime.RawExtension" => Self::Raw,
            _ => return None,
        })
    }

    /// The definition by which Kubernetes' own kinds know the message.
    fn definition(self) -> &'static str {
        match self {
            Self::Time => "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
            Self::MicroTime => "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
            Self::IntOrString => "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
            Self::Raw => "io.k8s.apimachinery.pkg.runtime.RawExtension",
        }
    }

    /// The JSON of a message.
    pub(super) fn read(self, bytes: &[u8], place: Place<'_>) -> Result<Value, WireError> {
        let path = place.to_string();
        let content = || WireError::Content { path: path.clone() };
        let reader = special::reader(self.definition()).ok_or_else(content)?;
        let value = reader(bytes, &path)?;
        match (self, &value) {
            (Self::Time | Self::MicroTime, Value::String(text)) => {
                // A year before the first one is no time of RFC 3339.
                let time: Timestamp = text.parse().map_err(|_| content())?;
                match time.as_second() {
                    ..ZERO_SECOND => Err(content()),
                    ZERO_SECOND if time.subsec_nanosecond() == 0 => Ok(Value::Null),
                    _ => Ok(value),
                }
            }
            (Self::IntOrString, Value::Int(number)) => Ok(i64::from(*number as i32).into()),
            _ => Ok(value),
        }
    }

    /// The message of JSON, which is null where there is nothing.
    pub(super) fn write(self, place: Place<'_>, json: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Time | Self::MicroTime => self.write_time(place, json, out),
            Self::Raw if json.is_null() => Ok(()),
            Self::Raw => {
                writing::bytes(out, 1, value::to_json(json).as_bytes());
                Ok(())
            }
            Self::IntOrString => write_int_or_string(place, json, out),
        }
    }

    fn write_time(self, place: Place<'_>, json: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if json.is_null() {
            return Ok(());
        }
        let expected = "a time such as 2006-01-02T15:04:05Z";
        let text = json.as_str().ok_or_else(|| mismatch(place, expected, json))?;
        let time: Timestamp = text.parse().map_err(|_| EncodeError::Content {
            path: place.to_string(),
            expected,
            found: json.kind(),
        })?;
        let nanoseconds = match self {
            Self::MicroTime => time.subsec_nanosecond() / 1_000 * 1_000,
            _ => 0,
        };
        if (time.as_second(), nanoseconds) == (ZERO_SECOND, 0) {
            return Ok(());
        }
        writing::number(out, 1, time.as_second());
        writing::number(out, 2, nanoseconds.into());
        Ok(())
    }
}

/// All three fields are always written.
fn write_int_or_string(place: Place<'_>, json: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let (is_text, number, text) = match json {
        Value::Null => (0, 0, ""),
        Value::String(text) => (1, 0, &**text),
        Value::Int(number) if i32::try_from(*number).is_ok() => (0, *number, ""),
        other => return Err(mismatch(place, "a whole number of 32 bits or a text", other)),
    };
    writing::number(out, 1, is_text);
    writing::number(out, 2, number);
    writing::bytes(out, 3, text.as_bytes());
    Ok(())
}

pub(super) fn mismatch(place: Place<'_>, expected: &'static str, found: &Value) -> EncodeError {
    EncodeError::Type { path: place.to_string(), expected, found: found.kind() }
}
