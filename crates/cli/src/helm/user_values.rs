//! The user's values: `--values` and the `--set` family, in helm's order.

use std::{fs, io};

use helm::{chain, strvals, values};
use thiserror::Error;
use value::Value;

use super::failure::Failure;
use super::flags::Flags;
use super::folder::reason;
use super::world::World;

/// The user's values, and where they come from.
pub(crate) struct UserValues {
    /// Everything together.
    pub(crate) all: Value,
    /// Each source with what it says alone, in the order in which they were applied.
    pub(crate) layers: Vec<Layer>,
}

/// One source of values.
pub(crate) struct Layer {
    /// How it was named, such as the path of a file or `--set`.
    pub(crate) name: String,
    /// What it says.
    pub(crate) values: Value,
    /// Its text, for a file.
    pub(crate) text: Option<String>,
}

/// Reads all of them.
pub(crate) fn read(flags: &Flags, world: &mut World<'_>) -> Result<UserValues, Failure> {
    let mut user = UserValues { all: Value::map(), layers: Vec::new() };
    for path in flags.texts("values") {
        let text = read_file(&path, world).map_err(|error| Failure::of(&error))?;
        user.add_file(path, &text)?;
    }
    for text in flags.texts("set-json") {
        let trimmed = text.trim();
        if trimmed.starts_with('{') {
            let read: Value =
                serde_json::from_str(trimmed).map_err(|error| broken_json(" JSON:", &text, &error))?;
            let read = values::as_json_numbers(&read);
            values::merge(&mut user.all, &read);
            user.layers.push(Layer { name: "--set-json".to_owned(), values: read, text: None });
        } else {
            user.set("--set-json", &text, strvals::parse_json)
                .map_err(|error| broken_json("", &text, &error))?;
        }
    }
    for (flag, parse) in [
        ("set", strvals::parse as fn(&str, &mut Value) -> Result<(), strvals::StrvalsError>),
        ("set-string", strvals::parse_string),
    ] {
        for text in flags.texts(flag) {
            user.set(&format!("--{flag}"), &text, parse)
                .map_err(|error| Failure::new(format!("failed parsing --{flag} data: {error}")))?;
        }
    }
    for text in flags.texts("set-file") {
        let parse = |text: &str, values: &mut Value| {
            strvals::parse_file(text, values, &mut |path| {
                let text = read_file(path, world)?;
                String::from_utf8(text).map_err(|_| InputError::NoText(path.to_owned()))
            })
        };
        user.set("--set-file", &text, parse)
            .map_err(|error| Failure::new(format!("failed parsing --set-file data: {error}")))?;
    }
    for text in flags.texts("set-literal") {
        user.set("--set-literal", &text, strvals::parse_literal)
            .map_err(|error| Failure::new(format!("failed parsing --set-literal data: {error}")))?;
    }
    Ok(user)
}

/// What helm says, which does not name the cause.
fn broken_json(what: &str, text: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(format!("failed parsing --set-json data{what} {text}")).with(format!("  {error}"))
}

/// The files that values come from, as they are named; of a broken `--set-file`, those before the place where
/// it breaks.
pub(crate) fn files(flags: &Flags) -> Vec<String> {
    let mut files = flags.texts("values");
    for text in flags.texts("set-file") {
        let mut named = Vec::new();
        let parsed = strvals::parse_file(&text, &mut Value::map(), &mut |path| {
            named.push(path.to_owned());
            Ok::<_, InputError>(String::new())
        });
        files.extend(named);
        if parsed.is_err() {
            break;
        }
    }
    files
}

/// The values of files that were read already, in their order.
pub(crate) fn of_files(files: &[(&str, &[u8])]) -> Result<UserValues, Failure> {
    let mut user = UserValues { all: Value::map(), layers: Vec::new() };
    files.iter().try_for_each(|(name, text)| user.add_file((*name).to_owned(), text))?;
    Ok(user)
}

impl UserValues {
    fn add_file(&mut self, path: String, text: &[u8]) -> Result<(), Failure> {
        let read = values::from_yaml(text).map_err(|error| {
            let failure = Failure::new(format!("failed to parse {path}: {}", chain(&error)));
            let problem = yaml::parse_documents(&String::from_utf8_lossy(text), yaml::Rules::V2).err();
            failure.with(match problem {
                Some(problem) => format!("  --> {path}:{}", problem.mark()),
                None => format!("  --> {path}: a file of values is a map of names to values"),
            })
        })?;
        values::merge(&mut self.all, &read);
        let text = Some(String::from_utf8_lossy(text).into_owned());
        self.layers.push(Layer { name: path, values: read, text });
        Ok(())
    }

    fn set(
        &mut self,
        flag: &str,
        text: &str,
        mut parse: impl FnMut(&str, &mut Value) -> Result<(), strvals::StrvalsError>,
    ) -> Result<(), strvals::StrvalsError> {
        let before = self.all.clone();
        parse(text, &mut self.all)?;
        let values = difference(&before, &self.all);
        // What follows the flag may be a password.
        self.layers.push(Layer { name: flag.to_owned(), values, text: None });
        Ok(())
    }
}

/// What is new or different: the part of `after` that a flag set.
fn difference(before: &Value, after: &Value) -> Value {
    let (Some(before), Some(after)) = (before.as_map(), after.as_map()) else { return after.clone() };
    let changed = after.iter().filter_map(|(key, item)| match before.get(key) {
        Some(known) if known == item => None,
        Some(known) => Some((key.clone(), difference(known, item))),
        None => Some((key.clone(), item.clone())),
    });
    Value::map_of(changed)
}

/// Why a file of values cannot be read.
#[derive(Debug, Error)]
enum InputError {
    #[error("open {path}: {}", reason(.error))]
    File { path: String, error: io::Error },
    #[error("standard input cannot be read")]
    Input(#[source] io::Error),
    #[error("{0} is refused: it is not UTF-8, and values hold text only; give its content as base64")]
    NoText(String),
    #[error("{0} is refused: values are not downloaded by this version of flamingo; save them to a file")]
    Remote(String),
}

/// A file, or standard input for `-`.
fn read_file(path: &str, world: &mut World<'_>) -> Result<Vec<u8>, InputError> {
    if is_input(path) {
        let mut text = Vec::new();
        world.input.read_to_end(&mut text).map_err(InputError::Input)?;
        return Ok(text);
    }
    if let Some((scheme, _)) = path.split_once("://")
        && matches!(scheme, "http" | "https" | "oci")
    {
        return Err(InputError::Remote(path.to_owned()));
    }
    // Joined to a folder, nothing is the folder.
    let found = if path.is_empty() {
        Err(io::ErrorKind::NotFound.into())
    } else {
        fs::read(world.directory.join(path))
    };
    found.map_err(|error| InputError::File { path: path.to_owned(), error })
}

/// Whether values come from standard input.
pub(crate) fn is_input(path: &str) -> bool {
    path.trim() == "-"
}
