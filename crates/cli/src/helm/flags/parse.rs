//! Command lines as Go's pflag and cobra read them, with their errors.

use helm::Log;

use super::values::{self, Taken};
use super::{Flag, Flags, Takes};
use crate::helm::failure::Failure;

/// Why the flags of a command line are not acted on.
pub(crate) enum Stopped {
    /// Help is asked for.
    Help,
    /// They are wrong.
    Failed(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<String> for Stopped {
    fn from(text: String) -> Self {
        Self::Failed(Failure::new(text))
    }
}

const HELP: Flag = Flag {
    name: "help",
    short: Some('h'),
    takes: Takes::Switch,
    effect: super::Effect::Done,
    help: "print this",
};

/// Reads a command line. Beside what comes of it is what helm says on standard error about it.
pub(super) fn parse(arguments: &[String], table: &'static [Flag]) -> (Result<Flags, Stopped>, Vec<String>) {
    let flags = Flags { table, given: Vec::new(), arguments: Vec::new() };
    let mut line = Line { rest: arguments.iter(), flags, log: Log::default(), deprecated: Vec::new() };
    let parsed = line.read();
    let Line { flags, log, deprecated, .. } = line;
    let mut said = log.take();
    if parsed.is_ok() {
        said.extend(deprecated);
    }
    let is_help = flags.is_on(HELP.name);
    let parsed = parsed.and(if is_help { Err(Stopped::Help) } else { Ok(flags) });
    (parsed, said)
}

struct Line<'a> {
    rest: std::slice::Iter<'a, String>,
    flags: Flags,
    log: Log,
    /// Said at the end, where nothing is wrong.
    deprecated: Vec<String>,
}

impl Line<'_> {
    fn read(&mut self) -> Result<(), Stopped> {
        while let Some(word) = self.rest.next() {
            match word.strip_prefix("--") {
                Some("") => self.flags.arguments.extend(self.rest.by_ref().cloned()),
                Some(long) => self.long(long)?,
                None => match word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                    Some(letters) => self.short(letters)?,
                    None => self.flags.arguments.push(word.clone()),
                },
            }
        }
        Ok(())
    }

    fn long(&mut self, text: &str) -> Result<(), Stopped> {
        if text.starts_with(['-', '=']) {
            return Err(format!("bad flag syntax: --{text}").into());
        }
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let flag = self.find(|flag| flag.name == name);
        let flag = flag.ok_or_else(|| format!("unknown flag: --{name}"))?;
        let value = match (value, alone(flag)) {
            (Some(value), _) | (None, Some(value)) => value,
            (None, None) => self.rest.next().ok_or_else(|| format!("flag needs an argument: --{name}"))?,
        };
        self.set(flag, value)
    }

    fn short(&mut self, all: &str) -> Result<(), Stopped> {
        let mut letters = all;
        while let Some(letter) = letters.chars().next() {
            let after = &letters[letter.len_utf8()..];
            let shown = || values::quoted_letter(letter);
            let flag = self.find(|flag| flag.short == Some(letter));
            let flag = flag.ok_or_else(|| format!("unknown shorthand flag: {} in -{letters}", shown()))?;
            let (value, left) = match (after.strip_prefix('=').filter(|value| !value.is_empty()), alone(flag))
            {
                (Some(value), _) => (value, ""),
                (None, Some(value)) => (value, after),
                (None, None) if !after.is_empty() => (after, ""),
                (None, None) => {
                    let next = self.rest.next();
                    (
                        next.ok_or_else(|| format!("flag needs an argument: {} in -{letters}", shown()))?
                            .as_str(),
                        "",
                    )
                }
            };
            self.set(flag, value)?;
            letters = left;
        }
        Ok(())
    }

    fn find(&self, is_meant: impl Fn(&Flag) -> bool) -> Option<&'static Flag> {
        self.flags.table.iter().chain([&HELP]).find(|flag| is_meant(flag))
    }

    fn set(&mut self, flag: &'static Flag, text: &str) -> Result<(), Stopped> {
        if flag.takes == Takes::Color && !["never", "auto", "always"].contains(&text) {
            let text = values::quote(text);
            return Err(format!("invalid color mode {text}: must be one of: never, auto, always").into());
        }
        let Taken { texts, warning } = values::take(flag.takes, text).map_err(|reason| {
            let short = flag.short.map(|short| format!("-{short}, ")).unwrap_or_default();
            format!("invalid argument {} for \"{short}--{}\" flag: {reason}", values::quote(text), flag.name)
        })?;
        if let Some(warning) = warning {
            self.log.warn(&warning, &[]);
        }
        if let Some(advice) = deprecation(flag.name) {
            self.deprecated.push(format!("Flag --{} has been deprecated, {advice}", flag.name));
        }
        self.flags.given.push((flag.name, texts));
        Ok(())
    }
}

/// What a flag says where it stands alone; nothing for flags that need a text.
fn alone(flag: &Flag) -> Option<&'static str> {
    match flag.takes {
        Takes::Switch => Some("true"),
        Takes::OptionalText => Some("unset"),
        Takes::Wait => Some("watcher"),
        _ => None,
    }
}

/// What is to be used instead of a flag that helm still knows.
fn deprecation(name: &str) -> Option<&'static str> {
    match name {
        "validate" => Some("use '--dry-run=server' instead"),
        "force" => Some("use --force-replace instead"),
        "atomic" => Some("use --rollback-on-failure instead"),
        "hide-notes" | "render-subchart-notes" => {
            Some("this flag has no effect for 'helm template' and will be removed in Helm 5")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::flags::TEMPLATE;

    fn read(line: &str) -> Result<Flags, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match parse(&words, TEMPLATE.flags).0 {
            Ok(flags) => Ok(flags),
            Err(Stopped::Help) => Err("help".to_owned()),
            Err(Stopped::Failed(failure)) => Err(failure.message),
        }
    }

    #[test]
    fn letters_stand_together_and_texts_follow_them() {
        let flags = read("a -gnx -a=v1,v2 b -s t --set -1=2 -- -c").expect("flags");
        assert!(flags.is_on("generate-name"));
        assert_eq!(flags.text("namespace").as_deref(), Some("x"));
        assert_eq!(flags.texts("api-versions"), ["v1", "v2"]);
        assert_eq!(flags.texts("show-only"), ["t"]);
        assert_eq!(flags.texts("set"), ["-1=2"]);
        assert_eq!(flags.arguments, ["a", "b", "-c"]);
    }

    #[test]
    fn what_is_wrong_is_said_as_pflag_says_it() {
        let error = |line: &str| read(line).expect_err("an error");
        assert_eq!(error("a -gx"), "unknown shorthand flag: 'x' in -x");
        assert_eq!(error("a -gn"), "flag needs an argument: 'n' in -n");
        assert_eq!(error("a --set"), "flag needs an argument: --set");
        assert_eq!(error("a --=b"), "bad flag syntax: --=b");
        assert_eq!(error("a --debug -h"), "help");
        assert_eq!(
            error("a -n x --debug=no"),
            "invalid argument \"no\" for \"--debug\" flag: strconv.ParseBool: parsing \"no\": invalid syntax"
        );
    }
}
