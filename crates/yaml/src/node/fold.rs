//! What becomes of a folded block that go-yaml writes and reads again.

/// The text of a folded block after it was written and read again. go-yaml looks at the start of the text
/// where it should look behind a line break, so that lines with more indentation get an empty line in front.
///
/// Source: go-yaml v3 `yaml_emitter_write_folded_scalar` and `yaml_emitter_process_scalar`.
pub(super) fn refolded(text: &str) -> String {
    if !can_be_block(text) {
        return text.to_owned();
    }
    let written = format!("a: >{}\n{}\n", hints(text), body(text));
    let read = super::parse_first_node(&written).ok().flatten();
    let value = read.and_then(|(node, _)| node.get("a").cloned());
    value.map_or_else(|| text.to_owned(), |node| node.raw_text().to_owned())
}

/// Other texts are written in quotes.
fn can_be_block(text: &str) -> bool {
    let is_special = |char: char| char.is_control() && !matches!(char, '\n' | '\t');
    text.contains('\n') && !text.contains(" \n") && !text.ends_with(' ') && !text.contains(is_special)
}

fn hints(text: &str) -> String {
    let indent = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let chomp = match (text.ends_with('\n'), text.ends_with("\n\n") || text == "\n") {
        (false, _) => "-",
        (true, false) => "",
        (true, true) => "+",
    };
    format!("{indent}{chomp}")
}

fn body(text: &str) -> String {
    let first = text.trim_start_matches('\n').chars().next();
    let starts_blank = first.is_none_or(|char| matches!(char, ' ' | '\t'));
    let (mut out, mut breaks, mut leading_spaces) = (String::new(), true, true);
    for char in text.chars() {
        if char == '\n' {
            if !breaks && !leading_spaces && !starts_blank {
                out.push('\n');
            }
            out.push('\n');
            breaks = true;
        } else {
            if breaks {
                out.push_str("  ");
                leading_spaces = matches!(char, ' ' | '\t');
            }
            out.push(char);
            breaks = false;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::refolded;

    #[test]
    fn an_empty_line_comes_before_lines_with_more_indentation() {
        assert_eq!(refolded("a:\n  b"), "a:\n\n  b");
        assert_eq!(refolded("a\nb\n"), "a\nb\n");
        assert_eq!(refolded("a\n  b\nc\n\nd"), "a\n\n  b\nc\n\nd");
        assert_eq!(refolded("one line"), "one line");
    }
}
