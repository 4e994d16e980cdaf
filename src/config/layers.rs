//! Putting the layers of the configuration together.

use super::Config;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use toml::{Table, Value};

/// Prefix of variables that set a key: `NUANFAN_HTTP__WORKERS` sets `http.workers`.
pub const ENVIRONMENT: &str = "NUANFAN_";

/// Variables under the prefix that are no keys: the file's name, which clap reads, and those that only tests read.
const NOT_KEYS: [&str; 2] = ["CONFIG", "TEST_"];

/// Layers laid one over the other; each is checked by itself, so that an error names the layer that is wrong.
#[derive(Debug, Default)]
pub struct Layers(Table);

impl Layers {
    /// Lays a TOML file over what is there.
    pub fn file(&mut self, text: &str) -> Result<()> {
        let table: Table = toml::from_str(text)?;
        // The whole file as a configuration of its own: its unknown keys and wrong types are found here, with their lines.
        toml::from_str::<Config>(text)?;
        lay_over(&mut self.0, table);
        Ok(())
    }

    /// Lays variables over what is there; those without the prefix are not ours, except `DATABASE_URL`.
    pub fn environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<()> {
        let mut ours: Vec<(String, String, String)> = Vec::new();
        for (name, value) in variables {
            if name == "DATABASE_URL" {
                ours.push((name, "database_url".to_owned(), value));
            } else if let Some(rest) = name.strip_prefix(ENVIRONMENT)
                && !NOT_KEYS.iter().any(|not| rest == *not || (not.ends_with('_') && rest.starts_with(not)))
            {
                let key = rest.to_ascii_lowercase().replace("__", ".");
                ours.push((name, key, value));
            }
        }
        // In the order of their names, so that two names of one key (DATABASE_URL and ours) always end the same way: ours wins.
        ours.sort();
        for (name, key, value) in ours {
            self.set(&key, &value).with_context(|| format!("in the environment variable {name}"))?;
        }
        Ok(())
    }

    /// Lays one value over what is there. The text is taken as it is where the key holds text, else read as a TOML value.
    pub fn set(&mut self, key: &str, text: &str) -> Result<()> {
        let parsed = toml::from_str::<Table>(&format!("v = {text}")).ok().and_then(|mut table| table.remove("v"));
        let as_text = nested(key, Value::String(text.to_owned()));
        let mut first_error = None;
        for candidate in [Some(as_text), parsed.map(|value| nested(key, value))].into_iter().flatten() {
            // Judged alone, so that an error is about this key. A section may lack keys that other variables bring; what is
            // lacking in the end is told by `finish`.
            match Config::deserialize(Value::Table(candidate.clone())) {
                Ok(_) => {}
                Err(error) if error.to_string().contains("missing field") => {}
                Err(error) => {
                    first_error = first_error.or(Some(error));
                    continue;
                }
            }
            lay_over(&mut self.0, candidate);
            return Ok(());
        }
        bail!("{key}: {}", first_error.map(|e| e.to_string()).unwrap_or_default().trim());
    }

    /// The configuration.
    pub fn finish(self) -> Result<Config> {
        Config::deserialize(Value::Table(self.0)).map_err(|e| anyhow::anyhow!("configuration: {}", e.to_string().trim()))
    }
}

/// `a.b` with a value, as a table within a table.
fn nested(key: &str, value: Value) -> Table {
    let (head, value) = match key.split_once('.') {
        Some((head, rest)) => (head, Value::Table(nested(rest, value))),
        None => (key, value),
    };
    Table::from_iter([(head.to_owned(), value)])
}

fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(lower)), Value::Table(upper)) => lay_over(lower, upper),
            (_, value) => drop(below.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config> {
        let mut layers = Layers::default();
        layers.file(file)?;
        layers.environment(variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))?;
        for (key, value) in flags {
            layers.set(key, value)?;
        }
        layers.finish()
    }

    #[test]
    fn a_flag_outranks_the_environment_which_outranks_the_file_which_outranks_the_default() {
        let file = "listen = \"127.0.0.1:1\"\n[http]\nworkers = 1\nstop_seconds = 7\n";
        let (env, flag) = ([("NUANFAN_HTTP__WORKERS", "2")], [("http.workers", "3")]);
        assert_eq!(with("", &[], &[]).unwrap(), Config::default());
        assert_eq!(with(file, &[], &[]).unwrap().http.workers, 1);
        assert_eq!(with(file, &env, &[]).unwrap().http.workers, 2);
        let all = with(file, &env, &flag).unwrap();
        assert_eq!((all.http.workers, all.http.stop_seconds, all.listen.port()), (3, 7, 1));
    }

    #[test]
    fn an_unknown_key_is_an_error_in_every_layer_and_names_itself() {
        for broken in [
            with("lissten = \"127.0.0.1:1\"", &[], &[]),
            with("[http]\nworker = 1", &[], &[]),
            with("", &[("NUANFAN_LISSTEN", "127.0.0.1:1")], &[]),
            with("", &[("NUANFAN_HTTP__WORKER", "1")], &[]),
            with("", &[], &[("http.worker", "1")]),
        ] {
            let error = format!("{:#}", broken.unwrap_err());
            assert!(error.contains("worker") || error.to_lowercase().contains("lissten"), "{error}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error_and_digits_are_a_password_where_text_belongs() {
        assert!(with("", &[("NUANFAN_HTTP__WORKERS", "many")], &[]).is_err());
        let mail = [
            ("NUANFAN_MAIL__HOST", "mail.example"),
            ("NUANFAN_MAIL__PORT", "465"),
            ("NUANFAN_MAIL__FROM", "a@example.org"),
            ("NUANFAN_MAIL__PASSWORD", "123456"),
        ];
        let config = with("", &mail, &[]).unwrap();
        assert_eq!(config.mail.unwrap().password.unwrap().reveal(), "123456");
        // A section that lacks a required key is told when all layers are there.
        assert!(with("", &mail[..1], &[]).unwrap_err().to_string().contains("port"));
    }

    #[test]
    fn secrets_are_masked_when_the_configuration_is_shown() {
        let config = with("", &[("DATABASE_URL", "postgres://u:hunter2@h/d")], &[("field_key", "abcd")]).unwrap();
        let shown = toml::to_string(&config).unwrap();
        assert!(!shown.contains("hunter2") && !shown.contains("abcd") && shown.contains("***"), "{shown}");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn variables_of_tests_and_of_others_are_not_keys() {
        let others = [("NUANFAN_TEST_PG", "x"), ("NUANFAN_CONFIG", "x"), ("PATH", "x")];
        assert_eq!(with("", &others, &[]).unwrap(), Config::default());
    }
}
