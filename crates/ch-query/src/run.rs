//! The job: statement by statement, until the first failure.

use kch_cli::{Exit, Failure, Io, Render, Result, Settings, vars};
use kch_http::{CLICKHOUSE, Endpoint};

use crate::plan::{self, Plan, Text};
use crate::session::{Query, Session};
use crate::sql::Kind;
use crate::upload::Upload;
use crate::watch::Watch;
use crate::{Args, Output, latest, ping};

/// Runs the tool.
///
/// # Errors
/// Whatever went wrong, with its exit code.
pub fn run(args: &Args, mut settings: Settings, io: &mut Io) -> Result<Exit> {
    args.override_settings(&mut settings);
    if args.common.show_config {
        let mut all = CLICKHOUSE.all().to_vec();
        all.extend([&vars::CLICKHOUSE_DATABASE, &vars::TABLE, &vars::LIMIT]);
        Render::new(render_format(args.output), &io.output).rows(&settings.show(&all)?, &mut io.output)?;
        return Ok(Exit::Done);
    }
    let endpoint = Endpoint::from_settings(&settings, &CLICKHOUSE)?;
    let plan = plan::decide(args, io)?;
    if let Some(exit) = io.signals.received() {
        return Ok(exit);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut session = Session::new(args, &settings, endpoint, io.output.is_terminal())?;
    let outcome = runtime.block_on(async {
        match plan {
            Plan::Ping => {
                let watch = Watch::new(io.signals.clone(), session.timeout());
                ping::ping(session.client(), &watch, render_format(args.output), io).await
            }
            Plan::Latest => {
                let table = settings.require(&vars::TABLE)?;
                let limit = settings.number(&vars::LIMIT)?.unwrap_or(10);
                latest::show(&mut session, &table, limit, io).await
            }
            Plan::Run(text) => run_text(args, &mut session, &text, io).await,
        }
    });
    // A lookup of a name that takes long must not keep a finished tool.
    runtime.shutdown_background();
    outcome
}

async fn run_text(args: &Args, session: &mut Session, text: &Text, io: &mut Io) -> Result<Exit> {
    let statements = text.statements(args.allow_empty)?;
    for (index, statement) in statements.iter().enumerate() {
        let place = text.place((statements.len() > 1).then_some((index, statement)));
        let located = |failure: Failure| match place.strip_suffix(": ") {
            Some(place) if !failure.is_closed_pipe() => failure.context(place),
            _ => failure,
        };
        let upload = match statement.kind.wants_stdin() {
            true => Some(data(args, io).await),
            false => None,
        };
        if let Some(exit) = io.signals.received() {
            return Ok(exit);
        }
        let upload = upload.transpose().map_err(located)?;
        let query = Query { sql: statement.text, kind: statement.kind, upload, params: Vec::new() };
        let exit = session.run(query, io).await.map_err(located)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
        match statement.kind {
            Kind::Use(database) => session.use_database(database),
            Kind::Set(assignments) => session.set(assignments).map_err(located)?,
            _ => {}
        }
    }
    Ok(Exit::Done)
}

/// Stdin, when it has something in it.
async fn data(args: &Args, io: &mut Io) -> Result<Upload> {
    let input = plan::take_stdin(io)?;
    let upload = Upload::start(input, io.signals.clone()).await;
    let upload = upload.map_err(|error| Failure::refused(format!("cannot read stdin: {error}")))?;
    if upload.is_empty() && !args.allow_empty {
        return Err(Failure::refused("the INSERT got no data on stdin: nothing was inserted")
            .hint("--allow-empty takes that for done"));
    }
    Ok(upload)
}

fn render_format(output: Option<Output>) -> Option<kch_cli::Format> {
    output.map(|output| match output {
        Output::Json => kch_cli::Format::Json,
        Output::Table => kch_cli::Format::Table,
        Output::Raw => kch_cli::Format::Raw,
    })
}
