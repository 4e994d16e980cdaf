//! The command line: one file per subcommand, one line per subcommand below.
//!
//! A subcommand is a `clap::Args` struct named `Args` with `fn run(self, config: &Config) -> anyhow::Result<ExitCode>`; its
//! documentation is its help text.

use anyhow::Result;
use clap::Parser;
use nuanfan::config::Config;
use std::path::PathBuf;
use std::process::ExitCode;

/// Declares the modules, the subcommands and the dispatch from one list.
macro_rules! commands {
    ($($(#[doc = $help:literal])+ $module:ident $(as $name:literal)? => $variant:ident,)+) => {
        $(mod $module;)+

        /// What to do.
        #[derive(Debug, clap::Subcommand)]
        enum Command { $($(#[doc = $help])+ $(#[command(name = $name)])? $variant($module::Args),)+ }

        impl Command {
            fn run(self, config: &Config) -> Result<ExitCode> {
                match self { $(Self::$variant(args) => args.run(config),)+ }
            }
        }
    };
}

commands! {
    /// Serve the API, the kitchen displays and the worker; in one process, or one role each.
    serve => Serve,
    /// Serve a demo street: made up, imported, with sign-ins for every role.
    demo => Demo,
    /// Bring the database to this version's schema.
    migrate => Migrate,
    /// Import files: places, canteens, dishes, recipes, menus, seniors, facts, families, standing orders.
    import => Import,
    /// Print the OpenAPI document.
    openapi => Openapi,
    /// Look at the configuration.
    config => Config,
    /// Write files from the database: every table that is imported, orders, claims.
    export => Export,
    /// Settle a month or quarter: freeze, review, approve, publish, pay, match the bank's answer, close.
    settlement => Settlement,
    /// Check a subsidy policy document, replay its cases, or try it on past meals.
    policy => Policy,
    /// Search finished days for served meals that do not fit.
    anomalies => Anomalies,
    /// Plan delivery routes from a file.
    route => Route,
    /// Measure this program beside the limits of the machine, and its routes beside what is known.
    bench => Bench,
    /// Check the invariants: ledger, portions, evidence, limits, settlements, event and audit log.
    verify => Verify,
    /// Copy the embedded database into one file, while it is in use.
    backup => Backup,
    /// Put such a copy into an empty data folder.
    restore => Restore,
}

/// 暖饭: senior meal assistance (老年助餐). Orders, kitchen, subsidies and delivery in one binary.
#[derive(Debug, Parser)]
#[command(name = "nuanfan", version, propagate_version = true)]
struct Line {
    /// Configuration file (TOML).
    #[arg(long, global = true, env = "NUANFAN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the embedded database and the field key [default: ./data].
    #[arg(long, global = true, value_name = "FOLDER")]
    data_folder: Option<String>,
    /// postgres://... ; without it the embedded database is used. Better given as DATABASE_URL or by file: flags are seen by others.
    #[arg(long, global = true, value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Set any key of the configuration, as in `--set http.workers=2`; may be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    settings: Vec<(String, String)>,
    #[command(subcommand)]
    command: Command,
}

/// Reads the command line and does what it says.
pub fn run() -> Result<ExitCode> {
    let line = Line::parse();
    let mut flags = line.settings;
    for (key, value) in [("data_folder", line.data_folder), ("database_url", line.database_url)] {
        flags.extend(value.map(|value| (key.to_owned(), value)));
    }
    let config = Config::load(line.config.as_deref(), &flags)?;
    line.command.run(&config)
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
