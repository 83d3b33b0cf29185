//! Keys and values from literals, files and env files.

use std::collections::BTreeMap;

use super::GenerateError;
use crate::kustomization::GeneratorArguments;
use crate::load::Loader;
use crate::remote::redacted;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// All pairs of a generator.
///
/// # Errors
/// A source is not right, or a key occurs twice.
pub(super) fn collect(
    loader: &Loader<'_>,
    arguments: &GeneratorArguments,
) -> Result<BTreeMap<String, Vec<u8>>, GenerateError> {
    let mut pairs = Vec::new();
    for file in &arguments.envs {
        env_file(file, &loader.read(file)?, &mut pairs)?;
    }
    for (at, literal) in arguments.literals.iter().enumerate() {
        pairs.push(parse_literal(literal).ok_or(GenerateError::Literal(at))?);
    }
    for source in &arguments.files {
        let (key, path) = parse_file(source)?;
        pairs.push((key, loader.read(&path)?.to_vec()));
    }
    let mut data = BTreeMap::new();
    for (key, bytes) in pairs {
        if data.contains_key(&key) {
            return Err(GenerateError::Repeated { name: arguments.name.clone(), key });
        }
        data.insert(key, bytes);
    }
    Ok(data)
}

type Pair = (String, Vec<u8>);

/// Splits at the first equals sign, and takes quotes off that surround the value.
fn parse_literal(source: &str) -> Option<Pair> {
    let (key, text) = source.split_once('=').filter(|(key, _)| !key.is_empty())?;
    Some((key.to_owned(), without_quotes(text).as_bytes().to_vec()))
}

fn without_quotes(text: &str) -> &str {
    for quote in ['"', '\''] {
        if text.len() >= 2
            && let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote))
        {
            return inner;
        }
    }
    text
}

/// `path`, or `key=path`.
fn parse_file(source: &str) -> Result<(String, String), GenerateError> {
    let source_text = || redacted(source);
    match source.split('=').collect::<Vec<_>>().as_slice() {
        [path] => Ok((base_name(path).to_owned(), (*path).to_owned())),
        ["", path] => Err(GenerateError::NoKey { path: redacted(path), source_text: source_text() }),
        [key, ""] => Err(GenerateError::NoPath { key: (*key).to_owned(), source_text: source_text() }),
        [key, path] => Ok(((*key).to_owned(), (*path).to_owned())),
        _ => Err(GenerateError::TooManySigns(source_text())),
    }
}

/// Go's `path.Base`.
fn base_name(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or(trimmed) }
}

/// One pair a line; empty lines and lines that start with `#` are left out. A key alone has an empty value.
fn env_file(file: &str, content: &[u8], pairs: &mut Vec<Pair>) -> Result<(), GenerateError> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    if content.is_empty() {
        return Ok(());
    }
    for (at, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line)
            .map_err(|_| GenerateError::Encoding { file: file.to_owned(), line: at + 1 })?;
        let line = if at == 0 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, text) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() {
            pairs.push((key.to_owned(), text.as_bytes().to_vec()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_lose_the_quotes_around_them() {
        let text =
            |source| parse_literal(source).map(|(key, text)| (key, String::from_utf8(text).expect("text")));
        assert_eq!(text("a='b'"), Some(("a".into(), "b".into())));
        assert_eq!(text("a=\"b=c"), Some(("a".into(), "\"b=c".into())));
        assert_eq!(text("=b"), None);
        assert_eq!(text("b"), None);
    }

    #[test]
    fn files_have_their_name_as_key() {
        assert_eq!(parse_file("a/b.txt"), Ok(("b.txt".into(), "a/b.txt".into())));
        assert_eq!(parse_file("k=a/b.txt"), Ok(("k".into(), "a/b.txt".into())));
        assert!(parse_file("k=a=b").is_err());
    }
}
