//! Patterns of paths as Go's `path/filepath` has them.

/// A malformed pattern of [`matches`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

/// `filepath.Match` on Unix: `*` and `?` stop at slashes, classes are ranges, `\` escapes.
///
/// # Errors
/// A class that does not end, or an escape of nothing, whether or not the answer needs it.
pub fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let mut rest: &[char] = &pattern;
    let mut name: &[char] = &name;
    while !rest.is_empty() {
        let (star, chunk, after) = scan_chunk(rest);
        rest = after;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&'/'));
        }
        if let Some(left) = match_chunk(chunk, name)?
            && (left.is_empty() || !rest.is_empty())
        {
            name = left;
            continue;
        }
        let next = if star { skip_to(chunk, name, rest.is_empty())? } else { None };
        match next {
            Some(left) => name = left,
            None => {
                check_rest(rest)?;
                return Ok(false);
            }
        }
    }
    Ok(name.is_empty())
}

/// The first place, further on within this path element, where the chunk after a star matches.
fn skip_to<'a>(chunk: &[char], name: &'a [char], is_last: bool) -> Result<Option<&'a [char]>, BadPattern> {
    for at in 0..name.len() {
        if name[at] == '/' {
            break;
        }
        if let Some(left) = match_chunk(chunk, &name[at + 1..])? {
            if is_last && !left.is_empty() {
                continue;
            }
            return Ok(Some(left));
        }
    }
    Ok(None)
}

/// What was not needed for the answer must still be well formed.
fn check_rest(mut rest: &[char]) -> Result<(), BadPattern> {
    while !rest.is_empty() {
        let (_, chunk, after) = scan_chunk(rest);
        rest = after;
        match_chunk(chunk, &[])?;
    }
    Ok(())
}

fn scan_chunk(pattern: &[char]) -> (bool, &[char], &[char]) {
    let stars = pattern.iter().take_while(|char| **char == '*').count();
    let pattern = &pattern[stars..];
    let mut in_range = false;
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            '\\' if at + 1 < pattern.len() => at += 1,
            '[' => in_range = true,
            ']' => in_range = false,
            '*' if !in_range => break,
            _ => {}
        }
        at += 1;
    }
    (stars > 0, &pattern[..at.min(pattern.len())], &pattern[at.min(pattern.len())..])
}

/// What is left of `name` after the chunk; a chunk is read to its end even where it cannot match any
/// more, so that malformed ones are found.
fn match_chunk<'a>(mut chunk: &[char], mut name: &'a [char]) -> Result<Option<&'a [char]>, BadPattern> {
    let mut failed = false;
    while let Some((&first, after)) = chunk.split_first() {
        failed |= name.is_empty();
        match first {
            '[' => {
                let char = if failed { None } else { name.first().copied() };
                let (matched, left) = match_class(after, char)?;
                failed |= !matched;
                chunk = left;
                name = if failed { name } else { &name[1..] };
            }
            '?' => {
                failed |= name.first() == Some(&'/');
                name = if failed { name } else { &name[1..] };
                chunk = after;
            }
            _ => {
                let (wanted, left) = match first {
                    '\\' => after.split_first().map(|(char, left)| (*char, left)).ok_or(BadPattern)?,
                    other => (other, after),
                };
                failed |= name.first() != Some(&wanted);
                name = if failed { name } else { &name[1..] };
                chunk = left;
            }
        }
    }
    Ok((!failed).then_some(name))
}

fn match_class(mut class: &[char], char: Option<char>) -> Result<(bool, &[char]), BadPattern> {
    let negated = class.first() == Some(&'^');
    if negated {
        class = &class[1..];
    }
    let mut matched = false;
    let mut ranges = 0;
    loop {
        if class.first() == Some(&']') && ranges > 0 {
            class = &class[1..];
            break;
        }
        let (low, left) = class_char(class)?;
        class = left;
        let mut high = low;
        if class.first() == Some(&'-') {
            (high, class) = class_char(&class[1..])?;
        }
        matched |= char.is_some_and(|char| low <= char && char <= high);
        ranges += 1;
    }
    Ok((char.is_some() && matched != negated, class))
}

fn class_char(class: &[char]) -> Result<(char, &[char]), BadPattern> {
    let (&first, mut left) = class.split_first().ok_or(BadPattern)?;
    let char = match first {
        '-' | ']' => return Err(BadPattern),
        '\\' => {
            let (&escaped, after) = left.split_first().ok_or(BadPattern)?;
            left = after;
            escaped
        }
        other => other,
    };
    // A class that ends here has no closing bracket.
    if left.is_empty() { Err(BadPattern) } else { Ok((char, left)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_filepath_match_does() {
        for (pattern, name, wanted) in [
            ("abc", "abc", Ok(true)),
            ("*", "abc", Ok(true)),
            ("*c", "abc", Ok(true)),
            ("a*", "a/b", Ok(false)),
            ("a*/b", "abc/b", Ok(true)),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", Ok(true)),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", Ok(false)),
            ("a*b?c*x", "abxbbxdbxebxczzx", Ok(true)),
            ("ab[b-d]", "abc", Ok(true)),
            ("ab[^c]", "abc", Ok(false)),
            ("a\\*b", "a*b", Ok(true)),
            ("a?b", "a/b", Ok(false)),
            ("[\\-x]", "-", Ok(true)),
            ("[]a]", "]", Err(BadPattern)),
            ("[-]", "-", Err(BadPattern)),
            ("[a-b-c]", "a", Err(BadPattern)),
            ("[", "a", Err(BadPattern)),
            ("a[", "ab", Err(BadPattern)),
            ("a[", "x", Err(BadPattern)),
            ("*x", "xxx", Ok(true)),
            (".?*", ".a", Ok(true)),
            (".?*", ".", Ok(false)),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
