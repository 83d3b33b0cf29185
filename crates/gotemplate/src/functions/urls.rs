//! sprig's functions of URLs, as Go's `net/url` parses and writes them.

use std::net::Ipv6Addr;

use super::arguments::*;
use crate::print::quote;
use crate::value::Kind;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "urlParse", params: &[STRING], call: |_, a| url_parse(text(a, 0)) },
    Function { name: "urlJoin", params: &[MAP], call: url_join },
];

/// What is being escaped; sets of bytes that stand as they are differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Path,
    Host,
    Zone,
    UserPassword,
    Fragment,
}

fn is_plain(byte: u8, mode: Mode) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return true;
    }
    match mode {
        Mode::Host | Mode::Zone => b"!$&'()*+,;=:[]<>\"".contains(&byte),
        Mode::Path => b"$&+,/:;=@".contains(&byte),
        Mode::UserPassword => b"$&+,;=".contains(&byte),
        Mode::Fragment => b"$&+,/:;=?@!()*".contains(&byte),
    }
}

fn escape(text: &[u8], mode: Mode) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if is_plain(*byte, mode) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

fn unescape(text: &[u8], mode: Mode) -> Result<Vec<u8>, String> {
    let bad_escape = |place: &[u8]| format!("invalid URL escape {}", quote(place));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        if byte != b'%' {
            if matches!(mode, Mode::Host | Mode::Zone) && byte < 0x80 && !is_plain(byte, mode) {
                return Err(format!("invalid character {} in host name", quote(&[byte])));
            }
            out.push(byte);
            at += 1;
            continue;
        }
        let escape = &text[at..text.len().min(at + 3)];
        let value = std::str::from_utf8(&escape[1..])
            .ok()
            .filter(|digits| digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or_else(|| bad_escape(escape))?;
        let is_percent = escape == b"%25";
        let is_bad = match mode {
            Mode::Host => value < 0x80 && !is_percent,
            Mode::Zone => !is_percent && value != b' ' && !is_plain(value, Mode::Host),
            _ => false,
        };
        if is_bad {
            return Err(bad_escape(escape));
        }
        out.push(value);
        at += 3;
    }
    Ok(out)
}

#[derive(Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl User {
    fn print(&self) -> Vec<u8> {
        let mut out = escape(&self.name, Mode::UserPassword);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend(escape(password, Mode::UserPassword));
        }
        out
    }
}

fn cut(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(separator, text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

impl Url {
    fn parse(text: &[u8]) -> Result<Self, String> {
        let (whole, fragment) = cut(text, b'#');
        let wrapped = |url: &[u8], problem: String| format!("parse {}: {problem}", quote(url));
        let mut url = Self::parse_without_fragment(whole).map_err(|problem| wrapped(whole, problem))?;
        if let Some(fragment) = fragment {
            url.fragment = unescape(fragment, Mode::Fragment).map_err(|problem| wrapped(text, problem))?;
        }
        Ok(url)
    }

    fn parse_without_fragment(text: &[u8]) -> Result<Self, String> {
        if text.iter().any(|byte| *byte < b' ' || *byte == 0x7F) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Self::default();
        if text == b"*" {
            url.path = b"*".to_vec();
            return Ok(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (rest, query) = cut(rest, b'?');
        url.query = query.unwrap_or_default().to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let has_authority = rest.starts_with(b"//") && (!url.scheme.is_empty() || !rest.starts_with(b"///"));
        let path = if has_authority {
            let rest = &rest[2..];
            let end = memchr::memchr(b'/', rest).unwrap_or(rest.len());
            (url.user, url.host) = authority(&url.scheme, &rest[..end])?;
            &rest[end..]
        } else {
            rest
        };
        url.path = unescape(path, Mode::Path)?;
        Ok(url)
    }

    /// `URL.String` of the fields that sprig fills.
    fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.print_hierarchy(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Mode::Fragment));
        }
        out
    }

    fn print_hierarchy(&self, out: &mut Vec<u8>) {
        let has_host = !self.host.is_empty() || self.user.is_some();
        if has_host || (!self.scheme.is_empty() && !self.path.is_empty()) {
            out.extend_from_slice(b"//");
            if let Some(user) = &self.user {
                out.extend(user.print());
                out.push(b'@');
            }
            out.extend(escape(&self.host, Mode::Host));
        }
        let path = if self.path == b"*" { b"*".to_vec() } else { escape(&self.path, Mode::Path) };
        if !path.is_empty() && !path.starts_with(b"/") && !self.host.is_empty() {
            out.push(b'/');
        }
        if out.is_empty() && cut(&path, b'/').0.contains(&b':') {
            out.extend_from_slice(b"./");
        }
        out.extend(path);
    }
}

fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok((b"", text))
}

fn authority(scheme: &[u8], text: &[u8]) -> Result<(Option<User>, Vec<u8>), String> {
    let Some(at) = memchr::memrchr(b'@', text) else { return Ok((None, host(scheme, text)?)) };
    let host = host(scheme, &text[at + 1..])?;
    let user = &text[..at];
    let is_valid =
        user.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte));
    if !is_valid {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = cut(user, b':');
    let name = unescape(name, Mode::UserPassword)?;
    let password = password.map(|password| unescape(password, Mode::UserPassword)).transpose()?;
    Ok((Some(User { name, password }), host))
}

fn check_port(port: &[u8]) -> Result<(), String> {
    let is_valid = port.is_empty() || (port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit));
    if is_valid { Ok(()) } else { Err(format!("invalid port {} after host", quote(port))) }
}

fn host(scheme: &[u8], text: &[u8]) -> Result<Vec<u8>, String> {
    match memchr::memrchr(b'[', text) {
        Some(0) => return ip_literal(text),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    if let Some(first) = memchr::memchr(b':', text) {
        let is_strict = matches!(scheme, b"http" | b"https");
        let at = if is_strict { first } else { memchr::memrchr(b':', text).unwrap_or(first) };
        check_port(&text[at..])?;
    }
    unescape(text, Mode::Host)
}

fn ip_literal(text: &[u8]) -> Result<Vec<u8>, String> {
    let close = memchr::memrchr(b']', text).ok_or("missing ']' in host")?;
    let port = &text[close + 1..];
    check_port(port)?;
    let name = &text[1..close];
    let zone_at = memchr::memmem::find(name, b"%25");
    let (address, zone) = name.split_at(zone_at.unwrap_or(name.len()));
    let mut unescaped = unescape(address, Mode::Host)?;
    unescaped.extend(unescape(zone, Mode::Zone)?);
    let shown = String::from_utf8_lossy(&unescaped).into_owned();
    let (address, _) = shown.split_once('%').unwrap_or((&shown, ""));
    if address.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err("invalid IP-literal".to_owned());
    }
    if address.parse::<Ipv6Addr>().is_err() {
        return Err(format!("invalid host: ParseAddr({}): unable to parse IP", quote(&unescaped)));
    }
    Ok([b"[", unescaped.as_slice(), b"]", port].concat())
}

fn hostname(host: &[u8]) -> &[u8] {
    let end = memchr::memrchr(b':', host).filter(|at| check_port(&host[*at..]).is_ok());
    let host = &host[..end.unwrap_or(host.len())];
    host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
}

fn url_parse(text: &[u8]) -> Outcome {
    let url =
        Url::parse(text).map_err(|problem| Failure::message(format!("unable to parse url: {problem}")))?;
    let user = url.user.as_ref().map(User::print).unwrap_or_default();
    Ok(Value::map_of([
        ("hostname", Value::from(hostname(&url.host).to_vec())),
        ("scheme", url.scheme.into()),
        ("host", url.host.into()),
        ("path", url.path.into()),
        ("query", url.query.into()),
        ("opaque", url.opaque.into()),
        ("fragment", url.fragment.into()),
        ("userinfo", user.into()),
    ]))
}

fn url_join(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    let part = |key: &str| -> Result<Vec<u8>, Failure> {
        match map(a, 0).and_then(|map| map.get(key)) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(text.to_vec()),
            Some(Value::Nil) => fail(NIL_DEREFERENCE),
            Some(other) => {
                let kind: Kind = other.kind();
                fail(format!("unable to parse {key} key, must be of type string, but {} found", kind.name()))
            }
        }
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        user: None,
    };
    let user = part("userinfo")?;
    if !user.is_empty() {
        let text = [b"proto://", user.as_slice(), b"@host"].concat();
        let parsed = Url::parse(&text)
            .map_err(|problem| Failure::message(format!("unable to parse userinfo in dict: {problem}")))?;
        url.user = parsed.user;
    }
    Ok(url.print().into())
}
