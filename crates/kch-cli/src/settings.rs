//! Settings with their provenance. A flag beats the process environment, which beats `.env`, which beats the default.
//!
//! The `.env` file is an overlay: it is read, never written into the process environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::secret::{mask_address, mask_url};
use crate::{Failure, Result, Secret, Var};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A command-line flag.
    Flag,
    /// The process environment.
    Environment,
    /// The `.env` file at this path.
    EnvFile(PathBuf),
    /// The built-in default.
    Default,
    /// Nowhere: the setting has no value.
    Unset,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Flag => f.write_str("flag"),
            Source::Environment => f.write_str("environment"),
            Source::EnvFile(path) => write!(f, "{}", path.display()),
            Source::Default => f.write_str("default"),
            Source::Unset => f.write_str("unset"),
        }
    }
}

/// One resolved setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value, if there is one.
    pub value: Option<String>,
    /// Where it came from.
    pub source: Source,
}

/// All sources of settings, read once at the door.
pub struct Settings {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<OsString, OsString>,
    env_file: BTreeMap<String, String>,
    env_file_path: Option<PathBuf>,
}

/// Values stay out: any of them may be a secret.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("env_file_path", &self.env_file_path).finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads the process environment and the `.env` file: `env_file`, else `KCH_ENV_FILE`, else the nearest `.env`
    /// upwards from the working directory. A file that was named must exist; a default one may be missing.
    ///
    /// # Errors
    /// A usage failure when a named file is missing, or a line of the file cannot be parsed (named by number only,
    /// since the line could hold a password).
    pub fn load(env_file: Option<&Path>) -> Result<Settings> {
        let environment: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        let named = env_file
            .map(Path::to_path_buf)
            .or_else(|| environment.get(std::ffi::OsStr::new("KCH_ENV_FILE")).map(PathBuf::from));
        let env_file_path = match named {
            Some(path) => Some(path),
            None => std::env::current_dir().ok().and_then(|dir| find_upwards(&dir)),
        };
        let env_file = env_file_path.as_deref().map(read_env_file).transpose()?.unwrap_or_default();
        Ok(Settings { flags: BTreeMap::new(), environment, env_file, env_file_path })
    }

    /// Settings from these pairs only, as if they stood in the environment. For tests.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Settings {
        Settings {
            flags: BTreeMap::new(),
            environment: pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect(),
            env_file: BTreeMap::new(),
            env_file_path: None,
        }
    }

    /// Puts a flag's value, if it was given, above all other sources of `var`.
    pub fn set_flag(&mut self, var: &Var, value: Option<&str>) {
        if let Some(value) = value {
            self.flags.insert(var.name, value.to_owned());
        }
    }

    /// The value of `var` and its source. An empty value counts as none, as it does in Compose's `${VAR:-…}`.
    ///
    /// # Errors
    /// A usage failure when the environment's value is not UTF-8.
    pub fn get(&self, var: &Var) -> Result<Setting> {
        let (value, source) = if let Some(value) = self.flags.get(var.name) {
            (Some(value.clone()), Source::Flag)
        } else if let Some((value, source)) = self.lookup_var(var)? {
            (Some(value), source)
        } else if let Some(default) = var.default {
            (Some(default.to_owned()), Source::Default)
        } else {
            (None, Source::Unset)
        };
        Ok(Setting { value, source })
    }

    /// Any variable by name, from the environment or the `.env` file: for `${VAR}` in a connector's configuration.
    ///
    /// # Errors
    /// A usage failure when the environment's value is not UTF-8.
    pub fn lookup(&self, name: &str) -> Result<Option<(String, Source)>> {
        if let Some(value) = self.environment.get(std::ffi::OsStr::new(name)).filter(|v| !v.is_empty()) {
            let text = value
                .to_str()
                .ok_or_else(|| Failure::usage(format!("{name}: the environment's value is not UTF-8")))?;
            return Ok(Some((text.to_owned(), Source::Environment)));
        }
        Ok(self
            .env_file
            .get(name)
            .filter(|value| !value.is_empty())
            .map(|value| (value.clone(), Source::EnvFile(self.env_file_path.clone().unwrap_or_default()))))
    }

    fn lookup_var(&self, var: &Var) -> Result<Option<(String, Source)>> {
        for name in std::iter::once(var.name).chain(var.other_name) {
            if let Some(found) = self.lookup(name)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The value of `var`, if it has one.
    ///
    /// # Errors
    /// As [`Settings::get`].
    pub fn text(&self, var: &Var) -> Result<Option<String>> {
        Ok(self.get(var)?.value)
    }

    /// The value of a secret, if it has one.
    ///
    /// # Errors
    /// As [`Settings::get`].
    pub fn secret(&self, var: &Var) -> Result<Option<Secret>> {
        Ok(self.text(var)?.map(Secret::new))
    }

    /// The value of `var`, or a usage failure that says where to put it.
    ///
    /// # Errors
    /// When there is no value.
    pub fn require(&self, var: &Var) -> Result<String> {
        self.text(var)?.ok_or_else(|| {
            Failure::usage(format!("{} is not set ({})", var.name, var.about))
                .hint(format!("put {}=… into .env or the environment; .env.example has them all", var.name))
        })
    }

    /// The value of `var` as a number, if it has one.
    ///
    /// # Errors
    /// When the value is not a number of that type.
    pub fn number<T: std::str::FromStr>(&self, var: &Var) -> Result<Option<T>> {
        self.text(var)?
            .map(|text| {
                text.parse().map_err(|_| Failure::usage(format!("{}: not a valid number: {text}", var.name)))
            })
            .transpose()
    }

    /// For `--show-config`: name, value (masked) and source of each of `vars`, as rows for [`crate::Render`]. One that two
    /// services share is shown once.
    ///
    /// # Errors
    /// As [`Settings::get`].
    pub fn show(&self, vars: &[&Var]) -> Result<Vec<serde_json::Value>> {
        let row = |(_, var): (usize, &&Var)| {
            let setting = self.get(var)?;
            let value = setting.value.map(|value| match var {
                var if var.secret => "********".into(),
                var if var.is_address() => mask_address(&value),
                // A user's name or a file's may have an @ as well.
                _ => mask_url(&value),
            });
            Ok(serde_json::json!({"name": var.name, "value": value, "source": setting.source.to_string()}))
        };
        let first = |&(at, var): &(usize, &&Var)| vars[..at].iter().all(|before| before.name != var.name);
        vars.iter().enumerate().filter(first).map(row).collect()
    }
}

fn find_upwards(start: &Path) -> Option<PathBuf> {
    start.ancestors().map(|dir| dir.join(".env")).find(|path| path.is_file())
}

fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read the settings file {}: {error}", path.display()))
    })?;
    let bad_line = |number: usize| {
        Failure::usage(format!("{}:{number}: not a NAME=value line", path.display()))
            .hint("quote values that have spaces: NAME='a value'")
    };
    dotenvy::from_read_iter(text.as_bytes())
        .map(|pair| {
            pair.map_err(|error| match error {
                // The error holds the line, which may hold a password: only its number is said.
                dotenvy::Error::LineParse(line, _) => {
                    bad_line(text.lines().position(|l| l.trim() == line.trim()).map_or(0, |at| at + 1))
                }
                _ => bad_line(0),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::vars;

    fn file(content: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
        let env = file("TABLE=from_file\nLIMIT=5\nCONNECT_URL=http://file\n");
        let mut settings = Settings::load(Some(env.path())).unwrap();
        // Not that of whoever runs the tests.
        settings.environment.clear();
        settings.environment.insert("TABLE".into(), "from_environment".into());
        settings.environment.insert("CONNECT_URL".into(), "http://environment".into());
        settings.set_flag(&vars::CONNECT_URL, Some("http://flag"));
        let source = |var| settings.get(var).unwrap();
        assert_eq!(source(&vars::CONNECT_URL).source, Source::Flag);
        assert_eq!(source(&vars::TABLE).source, Source::Environment);
        assert_eq!(source(&vars::LIMIT).source, Source::EnvFile(env.path().into()));
        assert_eq!(
            source(&vars::CLICKHOUSE_USER),
            Setting { value: Some("admin".into()), source: Source::Default }
        );
        assert_eq!(source(&vars::GROUP_ID), Setting { value: None, source: Source::Unset });
    }

    #[test]
    fn a_second_name_counts_when_the_first_has_no_value() {
        let proxy = |pairs: &[(&str, &str)]| {
            Settings::from_pairs(pairs.iter().copied()).text(&vars::HTTPS_PROXY).unwrap()
        };
        assert_eq!(proxy(&[("HTTPS_PROXY", "http://a")]).as_deref(), Some("http://a"));
        assert_eq!(
            proxy(&[("HTTPS_PROXY", "http://a"), ("https_proxy", "http://b")]).as_deref(),
            Some("http://b")
        );
        assert_eq!(proxy(&[("https_proxy", "")]), None);
    }

    #[test]
    fn a_bad_line_is_named_by_number_and_never_shown() {
        let env = file("A=1\n\nCLICKHOUSE_PASSWORD=\"hunter2\n");
        let failure = Settings::load(Some(env.path())).unwrap_err();
        assert!(failure.text().ends_with(":3: not a NAME=value line"), "{}", failure.text());
        assert!(!format!("{failure:?}").contains("hunter2"));
    }

    #[test]
    fn a_named_file_that_is_missing_is_an_error() {
        let failure = Settings::load(Some(Path::new("no/such/.env"))).unwrap_err();
        assert_eq!(failure.exit(), crate::Exit::Usage);
        assert!(failure.text().contains("no/such/.env"), "{}", failure.text());
    }

    #[test]
    fn shown_settings_mask_secrets_and_passwords_in_urls() {
        let settings =
            Settings::from_pairs([("CLICKHOUSE_PASSWORD", "hunter2"), ("CONNECT_URL", "http://u:hunter2@h")]);
        let rows =
            settings.show(&[&vars::CLICKHOUSE_PASSWORD, &vars::CONNECT_URL, &vars::CONNECT_URL]).unwrap();
        assert_eq!(rows.len(), 2);
        let text = serde_json::Value::from(rows).to_string();
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains(r#""source":"environment""#), "{text}");
    }

    #[test]
    fn shown_addresses_lose_a_token_and_the_name_of_a_user_is_kept() {
        let shown = |var: &Var, value: &str| {
            let rows = Settings::from_pairs([(var.name, value)]).show(&[var]).unwrap();
            rows[0]["value"].as_str().unwrap().to_owned()
        };
        for value in ["http://hunter2@h:9", "hunter2@h:9", "hunter2@h"] {
            assert!(shown(&vars::HTTP_PROXY, value).starts_with(value.split_once("hunter2").unwrap().0));
            assert!(!shown(&vars::HTTP_PROXY, value).contains("hunter2"), "{value}");
            assert!(!shown(&vars::CONNECT_URL, value).contains("hunter2"), "{value}");
        }
        assert_eq!(shown(&vars::CONNECT_USERNAME, "me@example.com"), "me@example.com");
        assert_eq!(shown(&vars::CONNECT_CA, "/home/me@work/ca.pem"), "/home/me@work/ca.pem");
    }
}
