//! The flags of helm's commands: one declaration makes the parser, the documentation and the test.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches};

mod tables;

use super::failure::Failure;

pub use tables::{LINT, SHOW, TEMPLATE};

/// A flag of a command.
#[derive(Debug)]
pub struct Flag {
    /// Its name, without dashes.
    pub name: &'static str,
    /// Its letter.
    pub short: Option<char>,
    /// What it takes.
    pub takes: Takes,
    /// What comes of it.
    pub effect: Effect,
    /// What it does, in a few words.
    pub help: &'static str,
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing, or `=true` or `=false`.
    Switch,
    /// A switch that is on where nothing is said.
    OnSwitch,
    /// One text.
    Text,
    /// One text after `=`, or nothing.
    OptionalText,
    /// One text each time.
    Texts,
    /// Texts separated by commas, several times.
    List,
}

/// What comes of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What helm does with it.
    Done,
    /// Accepted: it is about installing, and helm's rendering does not depend on it either.
    NotForRendering,
    /// Refused by name, for this reason.
    Refused(&'static str),
    /// Ours: helm does not have it.
    Ours,
}

/// The flags of one invocation.
#[derive(Clone, Debug)]
pub struct Flags {
    matches: ArgMatches,
    table: &'static [Flag],
    /// The arguments that are no flags.
    pub arguments: Vec<String>,
}

impl Flags {
    /// Those of `template` in arguments that a program put together.
    ///
    /// # Errors
    /// They are none of its flags.
    pub(crate) fn of_template(arguments: &[String]) -> Result<Self, Failure> {
        let command = augment(clap::Command::new("template"), TEMPLATE, "[NAME] CHART").no_binary_name(true);
        let matches = command.try_get_matches_from(arguments);
        let matches = matches.map_err(|error| Failure::new(error.to_string().trim_end()))?;
        Ok(flags(&matches, TEMPLATE))
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.matches.get_one::<bool>(name).copied().unwrap_or(false)
    }

    /// The text of a flag that was given.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.matches.get_one::<String>(name).cloned()
    }

    /// The text of a flag; an empty one, as of a variable that is not set, is none.
    pub(crate) fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// The texts of a flag, one for each time.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
    }

    /// The texts of a flag, split at commas; quotes keep commas in, as in CSV.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        self.texts(name).iter().flat_map(|text| split_csv(text)).collect()
    }

    /// Refuses what is not supported, by name.
    pub(crate) fn check_refused(&self) -> Result<(), Failure> {
        let refused = self.table.iter().find_map(|flag| match flag.effect {
            Effect::Refused(reason) if self.is_given(flag) && !self.is_empty(flag) => {
                Some((flag.name, reason))
            }
            _ => None,
        });
        match refused {
            Some((flag, reason)) => Err(Failure::new(format!("--{flag} is refused: {reason}"))),
            None => Ok(()),
        }
    }

    /// Whether a flag was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.table.iter().any(|flag| flag.name == name && self.is_given(flag))
    }

    /// Whether a text was given that says nothing.
    fn is_empty(&self, flag: &Flag) -> bool {
        match flag.takes {
            Takes::Switch | Takes::OnSwitch => false,
            _ => self.texts(flag.name).iter().all(String::is_empty),
        }
    }

    fn is_given(&self, flag: &Flag) -> bool {
        let source = self.matches.value_source(flag.name);
        let is_said = source.is_some_and(|source| source == clap::parser::ValueSource::CommandLine);
        is_said && (flag.takes != Takes::Switch || self.is_on(flag.name))
    }
}

/// `encoding/csv`, as far as pflag's string slices need it.
fn split_csv(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut fields = vec![String::new()];
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(char) = chars.next() {
        let at_start = fields.last().is_some_and(String::is_empty);
        match char {
            '"' if !quoted && at_start => quoted = true,
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                if let Some(field) = fields.last_mut() {
                    field.push('"');
                }
            }
            '"' if quoted => quoted = false,
            ',' if !quoted => fields.push(String::new()),
            other => {
                if let Some(field) = fields.last_mut() {
                    field.push(other);
                }
            }
        }
    }
    fields
}

/// The arguments of a command that takes the flags of a table.
macro_rules! command {
    ($(#[$doc:meta])* $name:ident, $table:expr, $value:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Flags);

        impl clap::FromArgMatches for $name {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                Ok(Self(flags(matches, $table)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                self.0 = flags(matches, $table);
                Ok(())
            }
        }

        impl clap::Args for $name {
            fn augment_args(command: clap::Command) -> clap::Command {
                augment(command, $table, $value)
            }

            fn augment_args_for_update(command: clap::Command) -> clap::Command {
                augment(command, $table, $value)
            }
        }
    };
}

command!(
    /// Arguments of `template`.
    TemplateArguments, TEMPLATE, "[NAME] CHART");
command!(
    /// Arguments of `lint`.
    LintArguments, LINT, "PATH");
command!(
    /// Arguments of the commands under `show`.
    ShowArguments, SHOW, "CHART");

const POSITIONAL: &str = "ARGUMENTS";

fn flags(matches: &ArgMatches, table: &'static [Flag]) -> Flags {
    let arguments = matches.get_many::<String>(POSITIONAL).into_iter().flatten().cloned().collect();
    Flags { matches: matches.clone(), table, arguments }
}

fn augment(command: clap::Command, table: &'static [Flag], value: &'static str) -> clap::Command {
    let positional = Arg::new(POSITIONAL).value_name(value).num_args(1..).required(true);
    // Helm's --version is about charts.
    command.disable_version_flag(true).args(table.iter().map(argument)).arg(positional)
}

fn argument(flag: &Flag) -> Arg {
    let mut arg = Arg::new(flag.name).long(flag.name);
    if let Some(short) = flag.short {
        arg = arg.short(short);
    }
    arg = match flag.effect {
        Effect::Refused(reason) => arg.help(format!("{} (refused: {reason})", flag.help)),
        Effect::NotForRendering => arg.help(format!("{} (no effect on rendering)", flag.help)),
        Effect::Done | Effect::Ours => arg.help(flag.help),
    };
    match flag.takes {
        Takes::Switch => switch(arg).default_value("false").overrides_with(flag.name),
        Takes::OnSwitch => switch(arg).default_value("true").overrides_with(flag.name),
        Takes::Text => arg.action(ArgAction::Set).overrides_with(flag.name).allow_hyphen_values(true),
        Takes::OptionalText => {
            let arg = arg.action(ArgAction::Set).overrides_with(flag.name);
            arg.num_args(0..=1).require_equals(true).default_missing_value("unset")
        }
        Takes::Texts | Takes::List => arg.action(ArgAction::Append).allow_hyphen_values(true),
    }
}

fn switch(arg: Arg) -> Arg {
    arg.action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_parser(boolean)
}

/// `strconv.ParseBool`.
fn boolean(text: &str) -> Result<bool, clap::Error> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(clap::Error::raw(ErrorKind::InvalidValue, "must be true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_as_csv() {
        assert_eq!(split_csv("a,b"), ["a", "b"]);
        assert_eq!(split_csv("\"a,b\",c"), ["a,b", "c"]);
        assert_eq!(split_csv(""), [""; 0]);
    }
}
