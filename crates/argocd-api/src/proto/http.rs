//! How REST calls a method: `google.api.http`.

use apimachinery::path_segment;

/// A verb and the template of a path.
#[derive(Debug)]
pub struct Binding {
    pub(super) verb: &'static str,
    pub(super) template: String,
}

/// What the body of a REST request is.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing: what the path does not name is in the query.
    Nothing,
    /// The request, but for what the path names.
    Request,
    /// The field of the request with this name; what neither it nor the path names is in the query.
    Field(String),
}

impl Binding {
    /// The verb (`GET`).
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    /// The path, with the path of a field in braces where a request has its value.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The fields that a path names and their values, where the path fits the template.
    pub fn variables(&self, path: &str) -> Option<Vec<(&str, String)>> {
        let (mut variables, mut segments) = (Vec::new(), path.split('/'));
        for expected in self.template.split('/') {
            let variable = expected.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            if let Some(name) = variable.and_then(|name| name.strip_suffix("=**")) {
                let rest: Vec<&str> = segments.by_ref().collect();
                variables.push((name, path_segment::decode(&rest.join("/"))?));
                continue;
            }
            let segment = segments.next()?;
            match variable {
                Some(_) if segment.is_empty() => return None,
                Some(name) => variables.push((name, path_segment::decode(segment)?)),
                None if segment == expected => {}
                None => return None,
            }
        }
        segments.next().is_none().then_some(variables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_paths() {
        let rows = [
            ("/a/{name}/b", "/a/x%2Fy/b", Some("name=x/y")),
            ("/a/{name}/b", "/a//b", None),
            ("/a/{name}/b", "/a/x", None),
            ("/a/{name}", "/a/x/b", None),
            ("/a/{x.y}", "/a/b", Some("x.y=b")),
            ("/a/{x}/{rest=**}", "/a/b/c/d", Some("x=b,rest=c/d")),
        ];
        for (template, path, expected) in rows {
            let binding = Binding { verb: "GET", template: template.to_owned() };
            let pair = |(name, value): &(&str, String)| format!("{name}={value}");
            let variables = binding.variables(path);
            let variables = variables.map(|all| all.iter().map(pair).collect::<Vec<_>>().join(","));
            assert_eq!(variables.as_deref(), expected, "{template} {path}");
        }
    }
}
