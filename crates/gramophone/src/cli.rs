//! The command line: what there is, in the words that `--help` prints.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Send a reel in a DM, get back the video and what it says.
#[derive(Debug, Parser)]
#[command(
    name = "gramophone",
    version,
    after_help = "First steps:\n  gramophone demo      try everything here, without Meta\n  gramophone init      start a set-up of your own\n  gramophone doctor    see what is still missing"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes; each is also a setting and an environment variable.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Settings file [default: gramophone.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where everything that is kept lives [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Port of the server (with `simulate`: of the simulator), 0 for any free one [default: 8080]
    #[arg(long, global = true)]
    pub(crate) port: Option<u16>,
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, global = true, value_name = "IP")]
    pub(crate) listen: Option<String>,
    /// Port of the simulator, 0 for any free one [default: 8090]
    #[arg(long, global = true, value_name = "PORT")]
    pub(crate) simulator_port: Option<u16>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try everything on this machine: a simulated Instagram and Telegram with their phones, and the bot
    Demo {
        /// Account, posts and numbers from this file, in the shape of the simulator's /_sim/seed
        #[arg(long, value_name = "FILE")]
        seed: Option<PathBuf>,
    },
    /// Run the server and the worker in one process
    Up,
    /// Run the server alone: take in webhooks
    Serve,
    /// Run the worker alone: do the jobs
    Work,
    /// Run the simulated Instagram and Telegram alone, for any client
    Simulate {
        /// Where the simulator delivers its webhooks
        #[arg(long, value_name = "URL")]
        webhook: Option<String>,
        /// Account, posts and numbers from this file, in the shape of its own /_sim/seed
        #[arg(long, value_name = "FILE")]
        seed: Option<PathBuf>,
    },
    /// Write gramophone.toml and .env to start from
    Init {
        /// Print every setting with its default instead
        #[arg(long)]
        print: bool,
    },
    /// Check settings, token, database and tools, and say the next step for each
    Doctor,
    /// Bring the database's schema up to date
    Migrate,
    /// Run stored deliveries again; what was answered is not answered twice
    Replay(Replay),
    /// See accounts and whether they can be answered for
    Accounts {
        #[command(subcommand)]
        command: Option<Accounts>,
    },
    /// Make, list and revoke keys of the API
    Keys {
        #[command(subcommand)]
        command: Option<Keys>,
    },
    /// Change the keys that stored tokens are sealed with
    Secrets {
        #[command(subcommand)]
        command: Secrets,
    },
    /// See, fetch and check models of the embedded speech engine
    Models {
        #[command(subcommand)]
        command: Option<Models>,
    },
    /// The child process in which the embedded speech engine runs
    #[command(hide = true, name = "stt-worker", disable_help_flag = true)]
    SttWorker {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Ids of deliveries, as the log names them
    #[arg(value_name = "DELIVERY")]
    pub(crate) ids: Vec<String>,
    /// From when on: 90m, 24h or 7d ago, or a time like 2026-11-22T06:00:00Z
    #[arg(long, conflicts_with = "ids", required_unless_present = "ids")]
    pub(crate) since: Option<String>,
    /// Until when, in the same way [default: now]
    #[arg(long, conflicts_with = "ids")]
    pub(crate) until: Option<String>,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Accounts {
    /// List accounts and their state
    List,
    /// Use an account again after a new token was set
    Activate {
        /// The account's id, 17841...
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List keys: what they may do, and whether they are used
    List,
    /// Make a key; it is shown once
    New {
        /// What people call it
        #[arg(default_value = "first")]
        name: String,
        /// What it may do: read, send, manage, publish, admin
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "read,send,manage,publish,admin"
        )]
        scopes: Vec<String>,
        /// Only for these accounts, 17841...
        #[arg(long = "account", value_delimiter = ',')]
        accounts: Vec<String>,
    },
    /// End a key at once
    Revoke {
        /// Its id, as the list shows it
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Secrets {
    /// Seal every stored token with a new key, while everything runs
    Rotate,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Models {
    /// List the catalogue and what is installed
    List,
    /// Fetch a model; goes on where it broke off
    Fetch {
        /// Name in the catalogue
        name: String,
        /// Another address than the catalogue's
        #[arg(long)]
        url: Option<String>,
        /// Another checksum than the catalogue's
        #[arg(long)]
        sha256: Option<String>,
    },
    /// Compare an installed model with its checksum
    Verify {
        /// Name in the catalogue
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_lists_every_command_but_the_hidden_one() {
        let help = Cli::command().render_long_help().to_string();
        for command in [
            "demo", "up", "serve", "work", "simulate", "init", "doctor", "migrate", "replay",
            "accounts", "models",
        ] {
            assert!(
                help.contains(&format!("\n  {command} ")),
                "{command} in\n{help}"
            );
        }
        assert!(!help.contains("stt-worker"));
    }
}
