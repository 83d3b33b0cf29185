//! Whether a text is a mail address or a URL, as asaskevich/govalidator decides.

use std::sync::LazyLock;

use regex::Regex;

/// One character of the letters beyond ASCII that addresses may have.
const BEYOND: &str = r"\u{A0}-\u{D7FF}\u{F900}-\u{FDCF}\u{FDF0}-\u{FFEF}";

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    let atom = format!(r"[a-zA-Z0-9!#$%&'*+\-/=?^_`{{|}}~{BEYOND}]+");
    let quoted =
        format!(r#""(?:[\x01-\x08\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f \t{BEYOND}]|\\[\x01-\x7f{BEYOND}])*""#);
    let edge = format!(r"[a-zA-Z0-9{BEYOND}]");
    let letter = format!(r"[a-zA-Z{BEYOND}]");
    let label = format!(r"(?:{edge}(?:[a-zA-Z0-9\-._~{BEYOND}]*{edge})?)");
    let top = format!(r"(?:{letter}(?:[a-zA-Z0-9\-_~{BEYOND}]*{letter})?)");
    compiled(&format!(r"^(?:{atom}(?:\.{atom})*|{quoted})@(?:{label}\.)+{top}\.?$"))
});

static URL: LazyLock<Regex> = LazyLock::new(|| {
    let ip = r"(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3]|24\d|25[0-5])(?:\.(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-5])){2}\.(?:[0-9]\d?|1\d\d|2[0-4]\d|25[0-5])";
    let sub = r"(?:www\.|[a-zA-Z0-9]+(?:[-_.]?[a-zA-Z0-9])*[a-zA-Z0-9]\.[a-zA-Z0-9]+)";
    let first = format!(r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9\-_]+)?[a-zA-Z0-9](?:[-.][a-zA-Z0-9]+)*|{sub}?)");
    let host =
        r"(?:[a-zA-Z\u{a1}-\u{ffff}0-9]+-?-?)*[a-zA-Z\u{a1}-\u{ffff}0-9]+(?:\.[a-zA-Z\u{a1}-\u{ffff}]+)?";
    compiled(&format!(
        r"^(?:(?:ftp|tcp|udp|wss?|https?)://)?(?:\S+(?::\S*)?@)?(?:{ip}|\[[0-9a-fA-F:.%]+\]|{first}?{host})\.?(?::\d{{1,5}})?(?:[/?#]\S*)?$"
    ))
});

/// Both patterns are fixed, and the tests compile them.
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|error| unreachable!("{pattern}: {error}"))
}

/// Whether it is a mail address.
pub(super) fn is_email(text: &str) -> bool {
    EMAIL.is_match(text)
}

/// Whether it is a URL, the scheme of which may be missing.
pub(super) fn is_url(text: &str) -> bool {
    let length = text.chars().count();
    if length >= 2083 || text.len() <= 3 || text.starts_with('.') {
        return false;
    }
    URL.is_match(text)
}

/// Whether Go's `url.ParseRequestURI` takes it and finds a scheme.
pub(super) fn is_request_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|char: char| char.is_ascii_alphabetic())
        && scheme.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.'));
    if !is_scheme || text.chars().any(|char| char.is_ascii_control()) {
        return false;
    }
    // Without a slash, what follows the scheme is opaque, which a request cannot have but Go takes.
    let Some(authority) = rest.strip_prefix("//") else { return rest.starts_with('/') || !rest.is_empty() };
    let host = authority.split(['/', '?']).next().unwrap_or_default();
    !host.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        assert!(is_email("a.b@example.com") && !is_email("a b@example.com") && !is_email("example.com"));
        assert!(is_url("https://example.com/x") && is_url("example.com") && !is_url("https://exa mple.com"));
        assert!(is_request_url("https://example.com") && !is_request_url("example.com"));
    }
}
