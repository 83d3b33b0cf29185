//! The built page, packed into the binary: its files by path, compressed when the binary was built.
//!
//! Invariant: nothing is read from a disk at run time, and nothing here knows HTTP.

/// A file of the page, as it goes over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// What is sent: in `encoding`, where there is one.
    pub bytes: &'static [u8],
    /// The value of `Content-Encoding`.
    pub encoding: Option<&'static str>,
    /// A text that is another one when the content is.
    pub etag: &'static str,
    /// Whether the name changes with the content, so that it can be kept for ever.
    pub is_immutable: bool,
}

/// By path, in the order of the paths.
static FILES: &[(&str, Asset)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Without the built page: what to do about that.
static UNBUILT: Asset = Asset {
    content_type: "text/html; charset=utf-8",
    bytes: include_bytes!("unbuilt.html"),
    encoding: None,
    etag: concat!("unbuilt-", env!("CARGO_PKG_VERSION")),
    is_immutable: false,
};

/// The file at a path of a URL, without its leading slash: `favicon.svg`, `assets/index-….js`.
#[must_use]
pub fn find(path: &str) -> Option<Asset> {
    let at = FILES.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    FILES.get(at).map(|(_, asset)| *asset)
}

/// The document that all views of the page begin with; where the page was not built, one that says how to build it.
#[must_use]
pub fn index() -> Asset {
    find("index.html").unwrap_or(UNBUILT)
}

/// Whether the page was there when this was built.
#[must_use]
pub fn is_built() -> bool {
    !FILES.is_empty()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{FILES, find, index, is_built};

    fn text(asset: super::Asset) -> String {
        let mut text = String::new();
        match asset.encoding {
            Some("gzip") => flate2::read::GzDecoder::new(asset.bytes).read_to_string(&mut text),
            None => { asset.bytes }.read_to_string(&mut text),
            Some(other) => panic!("encoding {other}"),
        }
        .expect("the bytes are in the encoding that is named");
        text
    }

    #[test]
    fn paths_are_in_order_so_that_each_is_found() {
        assert!(FILES.is_sorted_by_key(|(path, _)| *path));
        for (path, asset) in FILES {
            assert_eq!(find(path).map(|found| found.bytes.len()), Some(asset.bytes.len()), "{path}");
        }
        assert!(find("../Cargo.toml").is_none());
    }

    #[test]
    fn the_document_names_files_that_are_there_or_says_how_to_build_them() {
        let document = text(index());
        if !is_built() {
            assert!(document.contains("cargo xtask page"), "{document}");
            return;
        }
        let named: Vec<&str> = document
            .split(['"', '\''])
            .filter_map(|part| part.strip_prefix('/'))
            .filter(|part| part.contains('.'))
            .collect();
        assert!(named.iter().any(|path| path.starts_with("assets/")), "{document}");
        for path in named {
            let asset = find(path).unwrap_or_else(|| panic!("{path} is named and missing"));
            assert_eq!(asset.is_immutable, path.starts_with("assets/"), "{path}");
            assert!(!text(asset).is_empty(), "{path}");
        }
    }

    #[test]
    fn the_document_has_no_inline_script_or_style() {
        let document = text(index());
        assert!(!document.contains("<style") && !document.contains("style="), "{document}");
        assert!(document.split("<script").skip(1).all(|script| script.contains("src=")), "{document}");
    }
}
