//! Answers are sent packed to those who can unpack them.

use std::io::Write as _;

use axum::body::{Body, HttpBody as _};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};

/// Packing fewer bytes than these is not worth it.
const MIN: u64 = 1024;

/// Whether a client unpacks gzip.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let given = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    let weights = given.flat_map(|text| text.split(',')).map(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        (name.to_ascii_lowercase(), weight.unwrap_or(1.0))
    });
    let of = |wanted: &str, weights: &[(String, f32)]| {
        weights.iter().find(|(name, _)| name == wanted).map(|(_, weight)| *weight)
    };
    let weights: Vec<(String, f32)> = weights.collect();
    of("gzip", &weights).or_else(|| of("*", &weights)).is_some_and(|weight| weight > 0.0)
}

/// Packs a text whose length is known; streams stay as they are, so that nothing of them is held back.
pub(crate) async fn pack(response: Response) -> Response {
    let is_text =
        response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
            ["application/json", "text/", "image/svg+xml", "application/manifest+json"]
                .iter()
                .any(|text| kind.starts_with(text))
        });
    let is_long = response.body().size_hint().exact().is_some_and(|length| length >= MIN);
    if !is_text || !is_long || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        // A body of known length is in memory and cannot fail.
        return Response::from_parts(parts, Body::empty());
    };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(&bytes).and_then(|()| encoder.finish()) {
        Ok(packed) => {
            parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts.headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(packed))
        }
        Err(_) => Response::from_parts(parts, Body::from(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_unpacks_gzip() {
        for (text, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("*", true),
            ("*;q=0, gzip", true),
            ("identity", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, text.parse().expect(text));
            assert_eq!(accepts_gzip(&headers), expected, "{text}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
