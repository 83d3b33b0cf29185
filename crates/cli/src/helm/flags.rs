//! The flags of helm's commands: one declaration makes the parser, the documentation and the test.

use std::io;

use clap::{Arg, ArgAction, ArgMatches};

mod parse;
mod tables;
mod values;

use super::failure::Failure;
use super::world::World;

use parse::Stopped;
pub use tables::{LINT, SHOW, TEMPLATE};
pub use values::boolean;

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
    /// One text.
    Text,
    /// One text after `=`, or nothing.
    OptionalText,
    /// One text each time.
    Texts,
    /// Texts separated by commas, several times.
    List,
    /// `KEY=VALUE` pairs separated by commas, several times.
    Pairs,
    /// A length of time, as Go writes it.
    Duration,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// How objects are waited for.
    Wait,
    /// When colours are used.
    Color,
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

/// A command of helm's.
#[derive(Debug)]
pub struct Command {
    /// Its name, after that of the program.
    pub name: &'static str,
    /// What stands between its name and its flags.
    pub arguments: &'static str,
    /// How many arguments it needs, and whether it takes no more.
    pub needs: Needs,
    /// Its flags.
    pub flags: &'static [Flag],
}

/// How many arguments a command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// One.
    One,
    /// One or more.
    Some,
}

/// The flags of one invocation.
#[derive(Clone, Debug)]
pub struct Flags {
    table: &'static [Flag],
    /// Each time that a flag was given, with what was made of its text.
    given: Vec<(&'static str, Vec<String>)>,
    /// The arguments that are no flags.
    pub(crate) arguments: Vec<String>,
}

impl Flags {
    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| boolean(&text) == Some(true))
    }

    /// The text of a flag that was given.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let last = self.given.iter().rev().find(|(given, _)| *given == name)?;
        last.1.first().cloned()
    }

    /// The text of a flag; an empty one, as of a variable that is not set, is none.
    pub(crate) fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// The texts of a flag, of all times together.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let times = self.given.iter().filter(|(given, _)| *given == name);
        times.flat_map(|(_, texts)| texts).cloned().collect()
    }

    /// Whether a flag was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// Refuses what is not supported, by name. A switch that is off, and a text that says nothing, are none.
    pub(crate) fn check_refused(&self) -> Result<(), Failure> {
        let asks = |flag: &Flag| match flag.takes {
            Takes::Switch => self.is_on(flag.name),
            _ => self.texts(flag.name).iter().any(|text| !text.is_empty()),
        };
        for flag in self.table {
            if let Effect::Refused(reason) = flag.effect
                && asks(flag)
            {
                return Err(Failure::new(format!("--{} is refused: {reason}", flag.name)));
            }
        }
        Ok(())
    }
}

impl Command {
    /// Reads the arguments of the command and carries it out. The exit code is 1 where they are wrong.
    pub(crate) fn run(
        &self,
        arguments: &[String],
        world: &mut World<'_>,
        act: &dyn Fn(&Flags, &mut World<'_>) -> io::Result<u8>,
    ) -> io::Result<u8> {
        let (parsed, said) = parse::parse(arguments, self.flags);
        said.iter().try_for_each(|text| world.warn(text))?;
        let checked = parsed.and_then(|flags| {
            self.check_count(&flags)?;
            Ok(flags)
        });
        match checked {
            Ok(flags) => act(&flags, world),
            Err(Stopped::Help) => {
                world.out.write_all(self.help().as_bytes())?;
                world.out.flush()?;
                Ok(0)
            }
            Err(Stopped::Failed(failure)) => {
                world.err.write_all(failure.text().as_bytes())?;
                Ok(1)
            }
        }
    }

    /// The flags in arguments that a program put together.
    ///
    /// # Errors
    /// They are none of the command's.
    pub(crate) fn flags_of(&self, arguments: &[String]) -> Result<Flags, Failure> {
        match parse::parse(arguments, self.flags).0 {
            Ok(flags) => Ok(flags),
            Err(Stopped::Failed(failure)) => Err(failure),
            Err(Stopped::Help) => Err(Failure::new("--help is no flag of a chart")),
        }
    }

    fn check_count(&self, flags: &Flags) -> Result<(), Failure> {
        let count = flags.arguments.len();
        let least = match self.needs {
            Needs::One if count != 1 => "",
            Needs::Some if count == 0 => "at least ",
            _ => return Ok(()),
        };
        let Self { name, arguments, .. } = self;
        Err(Failure::new(format!("\"helm {name}\" requires {least}1 argument"))
            .with(format!("\nUsage:  flamingo {name} {arguments} [flags]")))
    }

    /// What `--help` prints.
    fn help(&self) -> String {
        let mut text = format!("Usage: flamingo {} {} [flags]\n\nFlags:\n", self.name, self.arguments);
        for flag in self.flags {
            let short = flag.short.map_or("    ".to_owned(), |short| format!("-{short}, "));
            let end = match flag.effect {
                Effect::Refused(reason) => format!(" (refused: {reason})"),
                Effect::NotForRendering => " (no effect on rendering)".to_owned(),
                Effect::Done | Effect::Ours => String::new(),
            };
            text.push_str(&format!("  {short}--{:<28} {}{end}\n", flag.name, flag.help));
        }
        text
    }
}

/// The arguments of a command, as they were typed.
macro_rules! command {
    ($(#[$doc:meta])* $name:ident, $command:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Vec<String>);

        impl clap::FromArgMatches for $name {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                Ok(Self(typed(matches)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                self.0 = typed(matches);
                Ok(())
            }
        }

        impl clap::Args for $name {
            fn augment_args(command: clap::Command) -> clap::Command {
                augment(command, &$command)
            }

            fn augment_args_for_update(command: clap::Command) -> clap::Command {
                augment(command, &$command)
            }
        }
    };
}

command!(
    /// Arguments of `template`.
    TemplateArguments, TEMPLATE);
command!(
    /// Arguments of `lint`.
    LintArguments, LINT);
command!(
    /// Arguments of the commands under `show`.
    ShowArguments, SHOW);

const TYPED: &str = "ARGUMENTS";

fn typed(matches: &ArgMatches) -> Vec<String> {
    matches.get_many::<String>(TYPED).into_iter().flatten().cloned().collect()
}

/// Helm's flags are read in the order and with the words of helm, so everything goes there as it is typed.
fn augment(command: clap::Command, of: &Command) -> clap::Command {
    let typed = Arg::new(TYPED).action(ArgAction::Append).num_args(0..);
    let typed = typed.trailing_var_arg(true).allow_hyphen_values(true);
    // Helm's --version is about charts.
    command.disable_version_flag(true).disable_help_flag(true).override_help(of.help()).arg(typed)
}
