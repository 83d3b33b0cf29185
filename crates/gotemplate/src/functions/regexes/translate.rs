//! Go's patterns (RE2 syntax) in the syntax of the `regex` crate, refused where Go refuses them.

use super::problem;

type Result<T> = std::result::Result<T, String>;

/// The pattern for the `regex` crate, and the name of each group by number.
pub(super) fn translate(source: &[u8]) -> Result<(String, Vec<Vec<u8>>)> {
    let text = std::str::from_utf8(source).map_err(|_| problem("invalid UTF-8", source))?;
    let mut translator = Translator {
        whole: text,
        rest: text,
        out: String::with_capacity(text.len() + 16),
        names: vec![Vec::new()],
        levels: vec![Level::default()],
    };
    translator.run()?;
    Ok((translator.out, translator.names))
}

struct Translator<'a> {
    whole: &'a str,
    rest: &'a str,
    out: String,
    names: Vec<Vec<u8>>,
    levels: Vec<Level>,
}

/// An open group.
#[derive(Clone, Copy, Default)]
struct Level {
    /// What stands before and can be repeated: how often counts have it repeated, multiplied.
    atom: Option<i64>,
    /// The largest one before that.
    most: i64,
}

/// The names between `[:` and `:]`.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];
/// Go's limit of nesting.
const MAX_HEIGHT: usize = 1_000;
/// Go's limit of a repetition.
const MAX_REPEAT: i64 = 1_000;

impl<'a> Translator<'a> {
    fn error<T>(&self, code: &str, place: &str) -> Result<T> {
        Err(problem(code, place.as_bytes()))
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn set_atom(&mut self, atom: Option<i64>) {
        if let Some(level) = self.levels.last_mut() {
            level.most = level.most.max(level.atom.unwrap_or(1));
            level.atom = atom;
        }
    }

    fn run(&mut self) -> Result<()> {
        let mut last_repeat = "";
        while let Some(char) = self.rest.chars().next() {
            let mut repeat = "";
            match char {
                '(' => self.group()?,
                ')' => {
                    if self.levels.len() == 1 {
                        return self.error("unexpected )", self.whole);
                    }
                    let most = self.levels.pop().map_or(1, |level| level.most.max(level.atom.unwrap_or(1)));
                    self.plain(1);
                    self.set_atom(Some(most));
                }
                '|' => {
                    self.plain(1);
                    self.set_atom(None);
                }
                '^' | '$' | '.' => self.plain(1),
                '[' => self.class()?,
                '*' | '+' | '?' => repeat = self.repeat(1, 1, last_repeat)?,
                '{' => match self.counted()? {
                    Some((length, times)) => repeat = self.repeat(length, times, last_repeat)?,
                    None => self.literal(1, '{'),
                },
                '\\' => self.escape()?,
                char => self.literal(char.len_utf8(), char),
            }
            last_repeat = repeat;
        }
        if self.levels.len() > 1 { self.error("missing closing )", self.whole) } else { Ok(()) }
    }

    fn plain(&mut self, length: usize) {
        let text = self.take(length);
        self.out.push_str(text);
        self.set_atom(Some(1));
    }

    fn literal(&mut self, length: usize, char: char) {
        self.take(length);
        self.push_char(char);
        self.set_atom(Some(1));
    }

    fn push_char(&mut self, char: char) {
        self.out.push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
    }

    fn open(&mut self, text: &str) -> Result<()> {
        if self.levels.len() > MAX_HEIGHT {
            return self.error("expression nests too deeply", self.whole);
        }
        self.out.push_str(text);
        self.levels.push(Level::default());
        Ok(())
    }

    fn group(&mut self) -> Result<()> {
        let text = self.rest;
        if !text.starts_with("(?") {
            self.take(1);
            self.names.push(Vec::new());
            return self.open("(");
        }
        let prefix = if text.len() > 4 && text.starts_with("(?P<") {
            4
        } else if text.len() > 3 && text.starts_with("(?<") {
            3
        } else {
            return self.flags();
        };
        let Some(end) = text.find('>') else { return self.error("invalid named capture", text) };
        let name = &text[prefix..end];
        let is_valid =
            !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        if !is_valid {
            return self.error("invalid named capture", &text[..=end]);
        }
        // Names are kept apart, as Go allows one name for several groups.
        self.take(end + 1);
        self.names.push(name.as_bytes().to_vec());
        self.open("(")
    }

    fn flags(&mut self) -> Result<()> {
        let text = self.rest;
        let (mut is_negative, mut saw_flag) = (false, false);
        for (at, char) in text.char_indices().skip(2) {
            let so_far = &text[..at + char.len_utf8()];
            match char {
                'i' | 'm' | 's' | 'U' => saw_flag = true,
                '-' if !is_negative => {
                    is_negative = true;
                    saw_flag = false;
                }
                ':' | ')' if !is_negative || saw_flag => {
                    self.take(so_far.len());
                    if char == ':' {
                        return self.open(so_far);
                    }
                    // The crate refuses a group of flags without flags.
                    if so_far != "(?)" {
                        self.out.push_str(so_far);
                    }
                    return Ok(());
                }
                _ => return self.error("invalid or unsupported Perl syntax", so_far),
            }
        }
        self.error("invalid or unsupported Perl syntax", text)
    }

    /// `*`, `+`, `?` or a count, and a `?` that makes it lazy; gives what stood from the operator on.
    fn repeat(&mut self, length: usize, times: i64, last_repeat: &str) -> Result<&'a str> {
        let before = self.rest;
        let lazy = usize::from(before[length..].starts_with('?'));
        let after = &before[length + lazy..];
        if !last_repeat.is_empty() {
            let place = &last_repeat[..last_repeat.len() - after.len()];
            return self.error("invalid nested repetition operator", place);
        }
        let Some(atom) = self.levels.last_mut().and_then(|level| level.atom.as_mut()) else {
            return self.error("missing argument to repetition operator", &before[..length + lazy]);
        };
        // Counts within counts are multiplied.
        *atom = (*atom * times).max(1);
        if times > 1 && *atom > MAX_REPEAT {
            return self.error("invalid repeat count", &before[..length + lazy]);
        }
        let text = self.take(length + lazy);
        self.out.push_str(text);
        Ok(before)
    }

    /// The length of `{n}`, `{n,}` or `{n,m}` and the times that count for the limit; `None` where it is none, and
    /// the brace is itself.
    fn counted(&mut self) -> Result<Option<(usize, i64)>> {
        let text = self.rest;
        let Some(end) = text.find('}') else { return Ok(None) };
        let inner = &text[1..end];
        let (low, high) = match inner.split_once(',') {
            Some((low, "")) => (count(low), Some(-1)),
            Some((low, high)) => (count(low), count(high)),
            None => (count(inner), count(inner)),
        };
        let (Some(low), Some(high)) = (low, high) else { return Ok(None) };
        if low > MAX_REPEAT || high > MAX_REPEAT || (high >= 0 && low > high) {
            return self.error("invalid repeat count", &text[..=end]);
        }
        // Without an upper limit, the lower one counts; a zero there leaves what is inside as it is.
        Ok(Some((end + 1, if high < 0 { low.max(1) } else { high })))
    }

    fn escape(&mut self) -> Result<()> {
        let text = self.rest;
        let Some(char) = text[1..].chars().next() else {
            return self.error("trailing backslash at end of expression", "");
        };
        match char {
            'A' | 'z' => self.plain(2),
            'b' => self.replaced(2, r"(?-u:\b)"),
            // The second part is true between characters, and never within one.
            'B' => self.replaced(2, r"(?:(?-u:\B)(?u:\b|\B))"),
            'C' => return self.error("invalid escape sequence", &text[..2]),
            'Q' => {
                let inner = &text[2..];
                let (literal, length) = match inner.find(r"\E") {
                    Some(end) => (&inner[..end], end + 4),
                    None => (inner, text.len()),
                };
                self.take(length);
                for char in literal.chars() {
                    self.push_char(char);
                    self.set_atom(Some(1));
                }
            }
            'p' | 'P' => {
                let class = self.unicode_class()?;
                self.out.push_str(&class);
                self.set_atom(Some(1));
            }
            _ => match perl_class(char) {
                Some(class) => self.replaced(2, class),
                None => {
                    let char = self.escaped_char()?;
                    self.push_char(char);
                    self.set_atom(Some(1));
                }
            },
        }
        Ok(())
    }

    fn replaced(&mut self, length: usize, text: &str) {
        self.take(length);
        self.out.push_str(text);
        self.set_atom(Some(1));
    }

    /// `\pN`, `\p{Greek}`, `\p{^Greek}` and their negations.
    fn unicode_class(&mut self) -> Result<String> {
        let text = self.rest;
        let Some(first) = text[2..].chars().next() else {
            return self.error("invalid character class range", text);
        };
        let (name, length) = if first == '{' {
            match text.find('}') {
                Some(end) => (&text[3..end], end + 1),
                None => return self.error("invalid character class range", text),
            }
        } else {
            (&text[2..2 + first.len_utf8()], 2 + first.len_utf8())
        };
        let (name, is_inverted) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let is_negative = (text.as_bytes()[1] == b'P') != is_inverted;
        let class = format!(r"\{}{{{name}}}", if is_negative { 'P' } else { 'p' });
        if name.contains(['=', ':', '!']) || regex_syntax::parse(&class).is_err() {
            return self.error("invalid character class range", &text[..length]);
        }
        self.take(length);
        Ok(class)
    }

    /// A single character behind a backslash.
    fn escaped_char(&mut self) -> Result<char> {
        let text = self.rest;
        let Some(char) = text[1..].chars().next() else {
            return self.error("trailing backslash at end of expression", "");
        };
        let mut length = 1 + char.len_utf8();
        let found = match char {
            'a' => Some('\x07'),
            'f' => Some('\x0c'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\x0b'),
            '0'..='7' => {
                let digits: String =
                    text[1..].chars().take(3).take_while(|char| ('0'..='7').contains(char)).collect();
                length = 1 + digits.len();
                // One digit other than zero would be a reference to a group.
                let is_octal = char == '0' || digits.len() > 1;
                is_octal.then(|| u32::from_str_radix(&digits, 8).ok().and_then(char::from_u32)).flatten()
            }
            'x' => {
                let (found, used) = hex_escape(&text[2..]);
                length = 2 + used;
                found
            }
            char if char.is_ascii() && !char.is_ascii_alphanumeric() => Some(char),
            _ => None,
        };
        match found {
            Some(char) => {
                self.take(length);
                Ok(char)
            }
            None => self.error("invalid escape sequence", &text[..length.min(text.len())]),
        }
    }

    fn class(&mut self) -> Result<()> {
        let whole = self.rest;
        self.take(1);
        self.out.push('[');
        if self.rest.starts_with('^') {
            self.take(1);
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            if self.rest.is_empty() {
                return self.error("missing closing ]", whole);
            }
            if self.rest.starts_with(']') && !is_first {
                self.take(1);
                self.out.push(']');
                self.set_atom(Some(1));
                return Ok(());
            }
            is_first = false;
            self.class_item(whole)?;
        }
    }

    fn class_item(&mut self, whole: &str) -> Result<()> {
        let text = self.rest;
        if text.len() > 2
            && text.starts_with("[:")
            && let Some(end) = text[2..].find(":]")
        {
            let name = &text[..end + 4];
            if !POSIX.contains(&name[2..name.len() - 2].trim_start_matches('^')) {
                return self.error("invalid character class range", name);
            }
            self.take(name.len());
            self.out.push_str(name);
            return Ok(());
        }
        if text.starts_with(r"\p") || text.starts_with(r"\P") {
            let class = self.unicode_class()?;
            self.out.push_str(&class);
            return Ok(());
        }
        if let Some(class) = text.strip_prefix('\\').and_then(|text| text.chars().next()).and_then(perl_class)
        {
            self.take(2);
            self.out.push_str(class);
            return Ok(());
        }
        let low = self.class_char(whole)?;
        self.push_class_char(low);
        let is_range = self.rest.len() >= 2 && self.rest.starts_with('-') && !self.rest.starts_with("-]");
        if is_range {
            self.take(1);
            let high = self.class_char(whole)?;
            if high < low {
                return self.error("invalid character class range", &text[..text.len() - self.rest.len()]);
            }
            self.out.push('-');
            self.push_class_char(high);
        }
        Ok(())
    }

    fn push_class_char(&mut self, char: char) {
        if char.is_ascii_punctuation() {
            self.out.push('\\');
        }
        self.out.push(char);
    }

    fn class_char(&mut self, whole: &str) -> Result<char> {
        match self.rest.chars().next() {
            None => self.error("missing closing ]", whole),
            Some('\\') => self.escaped_char(),
            Some(char) => {
                self.take(char.len_utf8());
                Ok(char)
            }
        }
    }
}

/// ASCII, unlike the crate's own.
fn perl_class(char: char) -> Option<&'static str> {
    Some(match char {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\f\r ]",
        'S' => r"[^\t\n\f\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

/// A number without a leading zero; one that is too large is one above the limit.
fn count(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    Some(text.parse().unwrap_or(MAX_REPEAT + 1))
}

/// What follows `\x`: the character, and how much of the text belongs to it.
fn hex_escape(text: &str) -> (Option<char>, usize) {
    if let Some(inner) = text.strip_prefix('{') {
        let digits = inner.chars().take_while(char::is_ascii_hexdigit).count();
        let is_closed = inner[digits..].starts_with('}');
        let char = u32::from_str_radix(&inner[..digits], 16).ok().and_then(char::from_u32);
        let used = 1 + digits + inner[digits..].chars().next().map_or(0, char::len_utf8);
        return (char.filter(|_| is_closed), used);
    }
    let used: usize = text.chars().take(2).map(char::len_utf8).sum();
    let digits = &text[..used];
    let is_hex = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex.then(|| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)).flatten(), used)
}
