//! The page: files that never change under a name of their own, and one document for all its addresses.

use std::io::Read as _;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::compression::accepts_gzip;

/// No file of a page is nearly as large when it is unpacked.
const MAX_UNPACKED: u64 = 64 * 1024 * 1024;

/// Where the files of the page are.
pub trait Page: Send + Sync {
    /// The file at a path such as `/assets/index-4f2a.js`.
    fn find(&self, path: &str) -> Option<Asset>;

    /// The document.
    fn index(&self) -> Asset;
}

/// A file of the page.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The media type, with its character set.
    pub content_type: &'static str,
    /// A text that is another one when the content is.
    pub etag: String,
    /// Whether its path changes with its content, so that it never has to be asked for again.
    pub is_immutable: bool,
    /// The content.
    pub body: Bytes,
    /// Whether the content is packed with gzip.
    pub is_gzipped: bool,
}

/// The answer to a request that no route is for: a file, or the document where a browser opens an address of the
/// page. `None` where it is neither.
pub(crate) fn answer(page: &Arc<dyn Page>, parts: &Parts) -> Option<Response> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return None;
    }
    let path = parts.uri.path();
    let asset = match page.find(path) {
        Some(asset) => asset,
        None if is_address(path) && (path == "/" || wants_document(&parts.headers)) => page.index(),
        None => return None,
    };
    Some(file(asset, &parts.headers))
}

/// What belongs to programs is never answered with the document, so that their errors are not pages.
fn is_address(path: &str) -> bool {
    !["/api/", "/auth/", "/assets/"].iter().any(|prefix| path.starts_with(prefix))
}

fn wants_document(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn file(asset: Asset, headers: &HeaderMap) -> Response {
    // The content is the same packed or not.
    let tag = format!("W/\"{}\"", asset.etag);
    let known = headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').map(str::trim).any(|known| known == "*" || known == tag);
    let may_be_packed = accepts_gzip(headers);
    let mut response = match (is_known, asset.is_gzipped) {
        (true, _) => with_status(StatusCode::NOT_MODIFIED),
        (false, true) if may_be_packed => {
            let mut response = Response::new(Body::from(asset.body));
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        (false, true) => match unpacked(&asset.body) {
            Ok(body) => Response::new(Body::from(body)),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a file of the page is damaged");
                return with_status(StatusCode::INTERNAL_SERVER_ERROR);
            }
        },
        (false, false) => Response::new(Body::from(asset.body)),
    };
    let cache = if asset.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    fields.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(ETAG, tag);
    }
    response
}

fn unpacked(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    GzDecoder::new(body).take(MAX_UNPACKED).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

fn with_status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
