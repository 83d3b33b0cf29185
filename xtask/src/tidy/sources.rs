//! Rules for source files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use syn::spanned::Spanned as _;
use syn::visit::Visit;

/// Lines outside of tests; a longer file needs a reason (`// tidy: long, because …`).
const LONG: usize = 700;
const LONG_BECAUSE: &str = "// tidy: long, because ";
const VAGUE: [&str; 6] = ["util", "utils", "helpers", "common", "misc", "helper"];

/// Paths that a pure crate does not name: files, environment, processes, network, clocks, randomness.
const IMPURE: [&[&str]; 12] = [
    &["std", "fs"],
    &["std", "env"],
    &["TcpStream"],
    &["TcpListener"],
    &["UdpSocket"],
    &["std", "process"],
    &["std", "thread"],
    &["SystemTime", "now"],
    &["Instant", "now"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
    &["RandomState"],
];

/// What is wrong with the sources.
///
/// # Errors
/// A file cannot be read or parsed.
pub(crate) fn check(root: &Path, pure: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for package in packages(root)? {
        let name = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut reached = BTreeSet::new();
        for entry in entry_points(&package)? {
            reach(&entry, &mut reached)?;
        }
        for file in rust_files(&package)? {
            let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            if !reached.contains(&file) {
                problems.push(format!("{shown} is reached by no `mod`"));
            }
            let is_test =
                file.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "benches")));
            let is_pure = pure.contains(&name) && !is_test;
            check_file(&file, &shown, is_pure, &mut problems)?;
        }
    }
    Ok(problems)
}

fn packages(root: &Path) -> Result<Vec<PathBuf>> {
    let mut packages = vec![root.join("xtask")];
    for entry in fs::read_dir(root.join("crates"))? {
        packages.push(entry?.path());
    }
    packages.sort();
    Ok(packages)
}

fn entry_points(package: &Path) -> Result<Vec<PathBuf>> {
    let mut entries: Vec<PathBuf> = ["src/lib.rs", "src/main.rs", "build.rs"]
        .iter()
        .map(|name| package.join(name))
        .filter(|path| path.exists())
        .collect();
    for folder in ["tests", "benches", "examples", "src/bin"] {
        let folder = package.join(folder);
        if folder.is_dir() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.join("main.rs").exists() {
                    entries.push(path.join("main.rs"));
                }
                if path.extension().is_some_and(|extension| extension == "rs") {
                    entries.push(path);
                }
            }
        }
    }
    Ok(entries)
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn parse(file: &Path) -> Result<(String, syn::File)> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let parsed = syn::parse_file(&text).with_context(|| file.display().to_string())?;
    Ok((text, parsed))
}

/// Follows `mod name;` from a file.
fn reach(file: &Path, reached: &mut BTreeSet<PathBuf>) -> Result<()> {
    if !reached.insert(file.to_owned()) {
        return Ok(());
    }
    let (_, parsed) = parse(file)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let is_root = matches!(stem.as_str(), "lib" | "main") || is_target(file);
    let inside = if is_root { folder.to_owned() } else { folder.join(&stem) };
    reach_items(&parsed.items, &inside, folder, reached)
}

/// A file directly in `tests`, `benches` or `bin` is a crate root of its own.
fn is_target(file: &Path) -> bool {
    let folder = file.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let package = file.parent().and_then(Path::parent);
    matches!(folder, Some("tests" | "benches" | "examples" | "bin"))
        && package.is_some_and(|package| package.join("Cargo.toml").exists() || package.ends_with("src"))
}

fn reach_items(
    items: &[syn::Item],
    inside: &Path,
    folder: &Path,
    reached: &mut BTreeSet<PathBuf>,
) -> Result<()> {
    for item in items {
        let syn::Item::Mod(module) = item else { continue };
        let name = module.ident.to_string();
        match &module.content {
            Some((_, items)) => reach_items(items, &inside.join(&name), folder, reached)?,
            None => {
                let file = match path_attribute(&module.attrs) {
                    Some(path) => folder.join(path),
                    None => inside.join(format!("{name}.rs")),
                };
                if file.exists() {
                    reach(&file, reached)?;
                } else {
                    reach(&inside.join(&name).join("mod.rs"), reached)?;
                }
            }
        }
    }
    Ok(())
}

fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find(|attribute| attribute.path().is_ident("path")).and_then(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
        let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return None };
        Some(text.value())
    })
}

fn check_file(file: &Path, shown: &str, is_pure: bool, problems: &mut Vec<String>) -> Result<()> {
    let (text, parsed) = parse(file)?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    if stem == "mod" {
        problems.push(format!("{shown}: name the file after the module, not mod.rs"));
    }
    if VAGUE.contains(&&*stem) {
        problems.push(format!("{shown}: {stem} says nothing about what is in it"));
    }
    if !text.starts_with("//!") {
        problems.push(format!("{shown}: does not begin with //!"));
    }
    let mut scan = Scan { shown, is_pure, problems, test_lines: 0 };
    scan.visit_file(&parsed);
    let lines = text.lines().count() - scan.test_lines;
    if lines > LONG && !text.contains(LONG_BECAUSE) && !shown.contains("/tests/") {
        problems.push(format!("{shown}: {lines} lines; split it, or say why not: {LONG_BECAUSE}…"));
    }
    Ok(())
}

struct Scan<'a> {
    shown: &'a str,
    is_pure: bool,
    problems: &'a mut Vec<String>,
    test_lines: usize,
}

impl Scan<'_> {
    fn path(&mut self, segments: &[String], line: usize) {
        let is_impure = IMPURE.iter().any(|banned| {
            segments.windows(banned.len()).any(|window| window.iter().zip(*banned).all(|(a, b)| a == b))
        });
        if self.is_pure && is_impure {
            self.problems.push(format!("{}:{line}: {} in a pure crate", self.shown, segments.join("::")));
        }
    }

    fn use_tree(&mut self, tree: &syn::UseTree, prefix: &mut Vec<String>) {
        let line = tree.span().start().line;
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.use_tree(&path.tree, prefix);
                prefix.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(tree, prefix)),
            syn::UseTree::Name(name) => self.used(prefix, name.ident.to_string(), line),
            syn::UseTree::Rename(rename) => self.used(prefix, rename.ident.to_string(), line),
            syn::UseTree::Glob(_) => self.path(&prefix.clone(), line),
        }
    }

    fn used(&mut self, prefix: &[String], name: String, line: usize) {
        let mut segments = prefix.to_vec();
        segments.push(name);
        self.path(&segments, line);
    }
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = module.attrs.iter().any(|attribute| {
            matches!(&attribute.meta, syn::Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string().contains("test"))
        });
        if is_test {
            let span = module.span();
            self.test_lines += span.end().line - span.start().line + 1;
            return;
        }
        syn::visit::visit_item_mod(self, module);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("allow") {
            let line = attribute.span().start().line;
            self.problems.push(format!("{}:{line}: use #[expect(…, reason = \"…\")]", self.shown));
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.path(&segments, path.span().start().line);
        syn::visit::visit_path(self, path);
    }
}
