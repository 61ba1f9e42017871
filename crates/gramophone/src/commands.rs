//! One function for each command that prints and ends.

use std::process::ExitCode;

use anyhow::Context as _;
use server::{
    Roles,
    operate::{
        self,
        doctor::State,
        init::{Answers, Written},
        models::Source,
        replay::Which,
    },
    settings::{DEFAULTS, Settings, Sources},
};

use crate::{
    access,
    cli::{Cli, Command, Common, Models, Replay},
    console::{ask, is_interactive, say, say_over},
    demo, process, simulate,
};

/// Does what was asked.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Command::Init { print } = cli.command {
        return init(print).map(|()| ExitCode::SUCCESS);
    }
    let mut sources = sources(&cli.common)?;
    if let (Command::Simulate { .. }, Some(port), None) =
        (&cli.command, cli.common.port, cli.common.simulator_port)
    {
        // There is no server beside it that the flag could mean.
        sources.flag("simulator.port", port.to_string());
    }
    if let Command::Demo { seed } = cli.command {
        return Box::pin(demo::run(sources, seed))
            .await
            .map(|()| ExitCode::SUCCESS);
    }
    let settings = Settings::load(&sources)?;
    match cli.command {
        Command::Up => Box::pin(process::run(settings, Roles::BOTH)).await?,
        Command::Serve => Box::pin(process::run(settings, Roles::SERVE)).await?,
        Command::Work => Box::pin(process::run(settings, Roles::WORK)).await?,
        Command::Simulate { webhook, seed } => {
            simulate::run(&settings, webhook.as_deref(), seed).await?;
        }
        Command::Doctor => return Ok(doctor(&settings).await),
        Command::Migrate => {
            operate::migrate(&settings).await?;
            say("the database is up to date");
        }
        Command::Replay(replay) => self::replay(&settings, replay).await?,
        Command::Accounts { command } => access::accounts(&settings, command).await?,
        Command::Keys { command } => access::keys(&settings, command).await?,
        Command::Secrets { command } => access::secrets(&settings, &command).await?,
        Command::Models { command } => models(&settings, command).await?,
        Command::Demo { .. } | Command::Init { .. } | Command::SttWorker { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Settings sources of this process, with the flags on top.
fn sources(common: &Common) -> anyhow::Result<Sources> {
    let mut sources = Sources::of_this_process(common.config.as_deref())?;
    if let Some(data) = &common.data {
        sources.flag("data_dir", data.display().to_string());
    }
    if let Some(port) = common.port {
        sources.flag("listen.port", port.to_string());
    }
    if let Some(listen) = &common.listen {
        sources.flag("listen.address", listen);
    }
    if let Some(port) = common.simulator_port {
        sources.flag("simulator.port", port.to_string());
    }
    Ok(sources)
}

fn init(print: bool) -> anyhow::Result<()> {
    if print {
        say(DEFAULTS.trim_end());
        return Ok(());
    }
    let mut answers = Answers::default();
    if is_interactive() {
        say("Five questions; leave an answer empty to fill it in later.");
        answers = Answers {
            public_url: ask("Address the world reaches this server at, https://…")?,
            account_id: ask("Instagram professional account id, 17841…")?,
            page_id: ask("Facebook Page id (empty with Instagram Login)")?,
            app_secret: ask("App secret (Meta's dashboard, App settings > Basic)")?,
            page_access_token: ask("Access token")?,
        };
    }
    let folder = std::env::current_dir()?;
    for (name, written) in
        operate::init::write(&folder, &answers).context("the files cannot be written here")?
    {
        say(match written {
            Written::New => format!("wrote {name}"),
            Written::Kept => format!("{name} is here already and stays as it is"),
        });
    }
    say("next: fill in what is empty, then run: gramophone doctor");
    Ok(())
}

async fn doctor(settings: &Settings) -> ExitCode {
    let lines = operate::doctor::examine(settings).await;
    for line in &lines {
        let mark = match line.state {
            State::Good => "ok  ",
            State::Note => "note",
            State::Bad => "FAIL",
        };
        say(format!("{mark}  {}: {}", line.name, line.found));
        if let Some(next) = &line.next {
            say(format!("      -> {next}"));
        }
    }
    let bad = lines.iter().filter(|line| line.state == State::Bad).count();
    if bad == 0 {
        say("\nready; start with: gramophone up");
        ExitCode::SUCCESS
    } else {
        say(format!("\n{bad} to repair; start with the first"));
        ExitCode::FAILURE
    }
}

async fn replay(settings: &Settings, replay: Replay) -> anyhow::Result<()> {
    let which = match &replay.since {
        Some(since) => {
            let until = match &replay.until {
                Some(until) => operate::replay::moment_ms(until)?,
                None => i64::MAX,
            };
            Which::Between(operate::replay::moment_ms(since)?, until)
        }
        None => Which::Ids(operate::replay::ids(&replay.ids)?),
    };
    let done = operate::replay::run(settings, which, replay.dry_run).await?;
    let verb = if replay.dry_run {
        "would be enqueued (dry run)"
    } else {
        "enqueued"
    };
    say(format!(
        "{} deliveries with {} events: {} jobs {verb}, {} already answered or under way, {} unreadable, {} past retention",
        done.deliveries, done.events, done.jobs, done.answered, done.unreadable, done.forgotten
    ));
    Ok(())
}

async fn models(settings: &Settings, command: Option<Models>) -> anyhow::Result<()> {
    match command.unwrap_or(Models::List) {
        Models::List => {
            for model in operate::models::list(settings)? {
                say(format!(
                    "{}  {} MB  {}",
                    model.name,
                    model.bytes / 1_000_000,
                    model.state
                ));
                say(format!("    {}", model.about));
            }
            say("fetch one with: gramophone models fetch NAME");
        }
        Models::Fetch { name, url, sha256 } => {
            let interactive = is_interactive();
            let progress = |here: u64, all: u64| {
                if interactive {
                    say_over(bar(here, all));
                }
            };
            let path =
                operate::models::fetch(settings, &name, &Source { url, sha256 }, progress).await?;
            if interactive {
                say("");
            }
            say(format!(
                "{} is installed; it is used when speech.engine is auto or embedded",
                path.display()
            ));
        }
        Models::Verify { name } => {
            let path = operate::models::verify(settings, &name)?;
            say(format!("{} is whole and the right file", path.display()));
        }
    }
    Ok(())
}

/// A bar of twenty steps where the size is known, megabytes where not.
fn bar(here: u64, all: u64) -> String {
    let megabytes = here / 1_000_000;
    match (here * 20).checked_div(all) {
        None => format!("{megabytes} MB"),
        Some(steps) => {
            let steps = usize::try_from(steps.min(20)).unwrap_or(20);
            format!(
                "[{:<20}] {megabytes} of {} MB",
                "#".repeat(steps),
                all / 1_000_000
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_grows_and_never_breaks() {
        assert_eq!(bar(5_000_000, 0), "5 MB");
        assert_eq!(bar(0, 10_000_000), "[                    ] 0 of 10 MB");
        assert_eq!(
            bar(10_000_000, 10_000_000),
            "[####################] 10 of 10 MB"
        );
        assert_eq!(
            bar(20_000_000, 10_000_000),
            "[####################] 20 of 10 MB"
        );
    }
}
