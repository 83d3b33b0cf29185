//! Where one has logged in: a file in the format of `argocd`'s own.

use std::path::{Path, PathBuf};

use thiserror::Error;
use value::{Map, Value};
use yaml::Rules;

use super::client::{Client, ClientError};

/// Why the file cannot be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// It cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not YAML.
    #[error("{} is not readable as YAML; correct it, or remove it and log in again", path.display())]
    Yaml {
        /// The file.
        path: PathBuf,
        /// Why.
        source: yaml::Error,
    },
    /// It cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody has logged in.
    #[error("nobody has logged in yet: run `flamingo login SERVER` first (`flamingo up` prints the address)")]
    NoContext,
    /// The address in it is none.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The file, read.
#[derive(Debug)]
pub struct Settings {
    path: PathBuf,
    content: Value,
}

impl Settings {
    /// Reads the file; one that does not exist is empty.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let path = path.to_owned();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(SettingsError::Read { path, source }),
        };
        let content = yaml::parse(&text, Rules::V2);
        let content = content.map_err(|source| SettingsError::Yaml { path: path.clone(), source })?;
        Ok(Self { path, content })
    }

    /// A client of the API that was logged in to last.
    ///
    /// # Errors
    /// Nobody has logged in.
    pub fn client(&self) -> Result<Client, SettingsError> {
        let current = self.content.str_at(&["current-context"]).ok_or(SettingsError::NoContext)?;
        let context = self.entry("contexts", "name", current).ok_or(SettingsError::NoContext)?;
        let server = context.str_at(&["server"]).ok_or(SettingsError::NoContext)?;
        let user = context.str_at(&["user"]).unwrap_or_default();
        let token = self.entry("users", "name", user).and_then(|user| user.str_at(&["auth-token"]));
        let is_plain = self
            .entry("servers", "server", server)
            .and_then(|server| server.get("plain-text"))
            .and_then(Value::as_bool);
        let scheme = if is_plain == Some(true) { "http" } else { "https" };
        Ok(Client::new(&format!("{scheme}://{server}"), token.map(str::to_owned))?)
    }

    /// Notes a login and makes it the current one. Only the owner of the file can read it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn log_in(mut self, client: &Client, token: &str) -> Result<(), SettingsError> {
        let url = client.server();
        let host = url.host_str().unwrap_or_default();
        let server = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let plain = url.scheme() == "http";
        let context = [("name", server.as_str()), ("server", &server), ("user", &server)];
        self.put("contexts", "name", Value::map_of(context));
        let entry = [("server", Value::from(server.as_str())), ("plain-text", plain.into())];
        self.put("servers", "server", Value::map_of(entry));
        self.put("users", "name", Value::map_of([("name", server.as_str()), ("auth-token", token)]));
        self.content.set_at(&["current-context"], server.as_str());
        self.write()
    }

    fn entry(&self, list: &str, key: &str, name: &str) -> Option<&Value> {
        let entries = self.content.get(list)?.as_list()?;
        entries.iter().find(|entry| entry.str_at(&[key]) == Some(name))
    }

    /// Puts an entry in the place of the one with the same name.
    fn put(&mut self, list: &str, key: &str, entry: Value) {
        let mut entries = self.content.get(list).and_then(Value::as_list).unwrap_or_default().to_vec();
        entries.retain(|known| known.str_at(&[key]) != entry.str_at(&[key]));
        entries.push(entry);
        if self.content.as_map().is_none() {
            self.content = Map::new().into();
        }
        self.content.set_at(&[list], entries);
    }

    fn write(&self) -> Result<(), SettingsError> {
        let failed = |source| SettingsError::Write { path: self.path.clone(), source };
        let text = yaml::to_yaml(&self.content).map_err(|error| failed(std::io::Error::other(error)))?;
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        // Written beside it and renamed, so that a crash leaves the old file or the new one.
        let beside = self.path.with_extension("new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside).map_err(failed)?;
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&beside, &self.path).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_kept_and_others_stay() {
        crate::argocd::client::tests::install_tls();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/config");
        assert!(matches!(Settings::read(&path).expect("empty").client(), Err(SettingsError::NoContext)));
        for (server, token) in
            [("http://127.0.0.1:1", "a"), ("https://example.com", "b"), ("http://127.0.0.1:1", "c")]
        {
            let client = Client::new(server, None).expect(server);
            Settings::read(&path).expect("readable").log_in(&client, token).expect("written");
        }
        let settings = Settings::read(&path).expect("readable");
        assert_eq!(settings.client().expect("a login").server().as_str(), "http://127.0.0.1:1/");
        assert_eq!(
            settings.entry("users", "name", "127.0.0.1:1").and_then(|user| user.str_at(&["auth-token"])),
            Some("c")
        );
        assert!(settings.entry("users", "name", "example.com").is_some());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_broken_file_is_named_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        std::fs::write(&path, "a: [").expect("a file");
        let error = Settings::read(&path).expect_err("not YAML").to_string();
        assert!(error.contains("config is not readable as YAML"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "a: [");
    }
}
