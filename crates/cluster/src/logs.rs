//! What the containers of a Pod say.

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use http_body_util::{BodyExt as _, BodyStream};

use crate::{Error, Session, Status, Target};

/// Parts of lines, as they come.
pub type Logs = BoxStream<'static, std::io::Result<Bytes>>;

impl Session {
    /// The log of the container that `parameters` (`container`, `follow`, `tailLines`, …) choose. Only the beginning
    /// of the answer is awaited until the deadline; a log that is followed goes on for as long as it is read.
    ///
    /// # Errors
    /// Any refusal.
    pub async fn logs(&self, pod: &Target, parameters: &[(&str, &str)]) -> Result<Logs, Error> {
        let path = format!("{}/log", pod.path());
        let answer = self.begin(&path, parameters).await?;
        let code = answer.status().as_u16();
        if code >= 300 {
            let body = self.deadline().run(answer.into_body().collect()).await;
            let body = match body {
                Some(Ok(body)) => body.to_bytes(),
                _ => Bytes::new(),
            };
            return Err(Error::Refused(Box::new(Status::from_answer(code, &body))));
        }
        let parts = BodyStream::new(answer.into_body()).filter_map(async |frame| match frame {
            Ok(frame) => frame.into_data().ok().map(Ok),
            Err(error) => Some(Err(std::io::Error::other(error))),
        });
        Ok(parts.boxed())
    }
}
