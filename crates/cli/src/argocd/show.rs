//! What is printed of Applications.

use value::Value;

use crate::arguments::argocd::Output;

/// A list in the wanted form.
///
/// # Errors
/// It cannot be written as YAML.
pub(super) fn list(items: &[Value], output: Output) -> Result<String, yaml::EmitError> {
    Ok(match output {
        Output::Json => value::to_json_pretty(&Value::from(items.to_vec()), 2) + "\n",
        Output::Yaml => yaml::to_yaml(&Value::from(items.to_vec()))?,
        Output::Name => items.iter().map(|item| format!("{}\n", name(item))).collect(),
        Output::Table => table(&TABLE, items),
        Output::Wide => table(&WIDE, items),
    })
}

/// One Application in the wanted form: by default what it is, what is wrong with it, and its resources.
///
/// # Errors
/// It cannot be written as YAML.
pub(super) fn one(item: &Value, output: Output) -> Result<String, yaml::EmitError> {
    Ok(match output {
        Output::Json => value::to_json_pretty(item, 2) + "\n",
        Output::Yaml => yaml::to_yaml(item)?,
        Output::Name => format!("{}\n", name(item)),
        Output::Table | Output::Wide => described(item),
    })
}

/// A title, and what stands below it.
pub(super) type Column = (&'static str, fn(&Value) -> String);

const TABLE: [Column; 6] = [
    ("NAME", |item| name(item).to_owned()),
    ("PROJECT", |item| text(item, &["spec", "project"])),
    ("SYNC", |item| text(item, &["status", "sync", "status"])),
    ("HEALTH", |item| text(item, &["status", "health", "status"])),
    ("REVISION", |item| text(item, &["status", "sync", "revision"])),
    ("CONDITIONS", conditions),
];

const WIDE: [Column; 11] = [
    TABLE[0],
    ("SERVER", |item| text(item, &["spec", "destination", "server"])),
    ("NAMESPACE", |item| text(item, &["spec", "destination", "namespace"])),
    TABLE[1],
    TABLE[2],
    TABLE[3],
    TABLE[4],
    TABLE[5],
    ("REPO", |item| text(item, &["spec", "source", "repoURL"])),
    ("PATH", |item| text(item, &["spec", "source", "path"])),
    ("TARGET", |item| text(item, &["spec", "source", "targetRevision"])),
];

const RESOURCES: [Column; 6] = [
    ("GROUP", |item| text(item, &["group"])),
    ("KIND", |item| text(item, &["kind"])),
    ("NAMESPACE", |item| text(item, &["namespace"])),
    ("NAME", |item| text(item, &["name"])),
    ("STATUS", |item| text(item, &["status"])),
    ("HEALTH", |item| text(item, &["health", "status"])),
];

fn described(item: &Value) -> String {
    let status = |path: &[&str]| item.str_at(&[&["status"], path].concat()).unwrap_or("Unknown").to_owned();
    let mut out = String::new();
    let mut line = |label: &str, content: String| {
        if !content.is_empty() {
            out += &format!("{:<12}{content}\n", format!("{label}:"));
        }
    };
    let spec = |path: &[&str]| text(item, &[&["spec"], path].concat());
    line("Name", name(item).to_owned());
    line("Project", spec(&["project"]));
    line("Source", format!("{} {}", spec(&["source", "repoURL"]), spec(&["source", "path"])));
    line("Target", spec(&["source", "targetRevision"]));
    line(
        "Deploys to",
        format!("{} {}", spec(&["destination", "server"]), spec(&["destination", "namespace"])),
    );
    line("Sync", format!("{} {}", status(&["sync", "status"]), text(item, &["status", "sync", "revision"])));
    line("Health", status(&["health", "status"]));
    line("Because", text(item, &["status", "health", "message"]));
    let operation = item.at(&["status", "operationState"]);
    let of_operation = |field| operation.and_then(|state| state.str_at(&[field])).unwrap_or_default();
    line("Last sync", format!("{} {}", of_operation("phase"), of_operation("message")).trim().to_owned());
    let conditions = item.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    for condition in conditions {
        out += &format!("\n{}\n  {}\n", text(condition, &["type"]), text(condition, &["message"]));
    }
    let resources = item.at(&["status", "resources"]).and_then(Value::as_list).unwrap_or_default();
    if !resources.is_empty() {
        out += "\n";
        out += &table(&RESOURCES, resources);
    }
    out
}

fn conditions(item: &Value) -> String {
    let conditions = item.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    let types: Vec<String> = conditions.iter().map(|condition| text(condition, &["type"])).collect();
    if types.is_empty() { "<none>".to_owned() } else { types.join(",") }
}

pub(super) fn name(item: &Value) -> &str {
    item.str_at(&["metadata", "name"]).unwrap_or_default()
}

pub(super) fn text(item: &Value, path: &[&str]) -> String {
    item.str_at(path).unwrap_or_default().to_owned()
}

/// Columns as wide as their widest cell, three spaces apart; the last one ends where its text does.
pub(super) fn table(columns: &[Column], items: &[Value]) -> String {
    let header = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
    let cells = |item| columns.iter().map(|(_, cell)| cell(item)).collect::<Vec<String>>();
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(items.iter().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("   ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Value {
        let text = r#"{"metadata":{"name":"web"},"spec":{"project":"default","source":{"repoURL":"https://example.com/x","path":"app","targetRevision":"main"},"destination":{"server":"https://kubernetes.default.svc","namespace":"ns"}},"status":{"sync":{"status":"Synced","revision":"abc"},"health":{"status":"Degraded","message":"Caused by apps/Deployment:ns/web"},"conditions":[{"type":"SyncError","message":"no. What to do: yes"}],"resources":[{"kind":"GitRepository","name":"web","status":"Synced","health":{"status":"Healthy"}}]}}"#;
        value::from_json(text.as_bytes()).expect("JSON")
    }

    #[test]
    fn tables_are_aligned() {
        let found = list(&[application()], Output::Table).expect("text");
        let expected = "NAME   PROJECT   SYNC     HEALTH     REVISION   CONDITIONS\n\
                        web    default   Synced   Degraded   abc        SyncError\n";
        assert_eq!(found, expected);
        assert_eq!(list(&[application()], Output::Name).expect("text"), "web\n");
    }

    #[test]
    fn one_application_says_what_is_wrong() {
        let found = one(&application(), Output::Table).expect("text");
        for part in [
            "Health:     Degraded",
            "Because:    Caused by apps/Deployment:ns/web",
            "SyncError\n  no. What to do: yes",
            "GROUP   KIND",
        ] {
            assert!(found.contains(part), "{part} is missing from\n{found}");
        }
    }
}
