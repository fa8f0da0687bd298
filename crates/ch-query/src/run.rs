//! The job: a verb, or statement by statement until the first failure.

use kch_cli::{Exit, Failure, Io, Render, Result, Settings, vars};
use kch_http::CLICKHOUSE;

use crate::args::{Args, Output, QueryArgs, Verb};
use crate::external::External;
use crate::plan::{self, Plan, Text};
use crate::session::{Query, Session};
use crate::sql::{Kind, Statement};
use crate::upload::Upload;
use crate::watch::Watch;
use crate::{catalog, check, each, insert, latest, ping, stdin, until};

/// Runs the tool.
///
/// # Errors
/// Whatever went wrong, with its exit code.
pub fn run(args: &Args, mut settings: Settings, io: &mut Io) -> Result<Exit> {
    args.override_settings(&mut settings);
    if args.common.show_config {
        let mut all = CLICKHOUSE.all().to_vec();
        all.extend([&vars::CLICKHOUSE_DATABASE, &vars::TABLE, &vars::LIMIT]);
        if matches!(args.verb, Some(Verb::Check(_))) {
            all.extend(kch_registry::registry_settings());
        }
        Render::new(render_format(args), &io.output).rows(&settings.show(&all)?, &mut io.output)?;
        return Ok(Exit::Done);
    }
    let mut session = Session::new(args, &settings, io)?;
    let plan = plan::decide(args, &settings, io)?;
    if let Some(exit) = io.signals.received() {
        return Ok(exit);
    }
    let format = render_format(args);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        match plan {
            Plan::Ping => {
                let watch = Watch::new(io.signals.clone(), session.timeout);
                ping::ping(session.nodes.find_live().await, &watch, format, io).await
            }
            Plan::Latest => {
                let table = settings.require(&vars::TABLE)?;
                let limit = settings.number(&vars::LIMIT)?.unwrap_or(10);
                latest::show(&mut session, &table, limit, io).await
            }
            Plan::Run(text) => run_text(&args.query, &mut session, &text, io).await,
            Plan::Insert(insert) => insert::run(insert, &mut session, io).await,
            Plan::Tables(tables) => catalog::tables(tables, format, &mut session, io).await,
            Plan::Describe(describe) => catalog::describe(describe, format, &mut session, io).await,
            Plan::Check(check, wanted) => check::run(check, &wanted, format, &mut session, io).await,
        }
    });
    // A lookup of a name that takes long must not keep a finished tool.
    runtime.shutdown_background();
    outcome
}

async fn run_text(args: &QueryArgs, session: &mut Session, text: &Text, io: &mut Io) -> Result<Exit> {
    if args.each {
        return each::run(text, session, io).await;
    }
    let statements = text.statements(args.allow_empty)?;
    let reads_stdin = text.origin == plan::Origin::Stdin
        || args.table.is_some()
        || statements.iter().any(|statement| statement.kind.wants_stdin());
    if !reads_stdin {
        stdin::ensure_unused()?;
    }
    let exit = match &args.until {
        Some(condition) => until::run(condition, text, session, io).await?,
        None => run_statements(args, session, text, &statements, io).await?,
    };
    // Whoever writes there may have begun only now.
    if !reads_stdin && exit == Exit::Done {
        stdin::ensure_unused()?;
    }
    Ok(exit)
}

async fn run_statements(
    args: &QueryArgs,
    session: &mut Session,
    text: &Text,
    statements: &[Statement<'_>],
    io: &mut Io,
) -> Result<Exit> {
    if args.table.is_some() && (statements.len() > 1 || statements[0].kind.is_insert()) {
        return Err(Failure::usage("--table: stdin is a table for one statement, and none that takes data"));
    }
    for (index, statement) in statements.iter().enumerate() {
        let place = text.place((statements.len() > 1).then_some((index, statement)));
        let located = |failure: Failure| match place.strip_suffix(": ") {
            Some(place) if !failure.is_closed_pipe() => failure.context(place),
            _ => failure,
        };
        let mut query = Query { kind: statement.kind, ..Query::whole(statement.text) };
        let fed = feed(&mut query, args, session, io).await;
        // A signal ends stdin as well: what is wrong with it then is no failure of its own.
        if let Some(exit) = io.signals.received() {
            return Ok(exit);
        }
        if let Some(exit) = fed.map_err(located)? {
            return Ok(exit);
        }
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

/// Gives the query its data from stdin, or stdin as its table; an exit code when that ended early.
async fn feed(
    query: &mut Query<'_>,
    args: &QueryArgs,
    session: &mut Session,
    io: &mut Io,
) -> Result<Option<Exit>> {
    if query.kind.wants_stdin() {
        query.upload = Some(data(args, io).await?);
    } else if let Some(name) = &args.table {
        match table(name, args, session, io).await? {
            Ok((table, upload)) => (query.table, query.upload) = (Some(table), Some(upload)),
            Err(exit) => return Ok(Some(exit)),
        }
    }
    Ok(None)
}

/// Stdin, when it has something in it.
async fn data(args: &QueryArgs, io: &mut Io) -> Result<Upload> {
    let upload = upload(io, "the INSERT").await?;
    if upload.is_empty() && !args.allow_empty {
        return Err(Failure::refused("the INSERT got no data on stdin: nothing was inserted")
            .hint("--allow-empty takes that for done"));
    }
    Ok(upload)
}

/// Stdin as a table.
async fn table(
    name: &str,
    args: &QueryArgs,
    session: &mut Session,
    io: &mut Io,
) -> Result<std::result::Result<(External, Upload), Exit>> {
    let mut upload = upload(io, "--table").await?;
    let table = match &args.structure {
        Some(structure) => Ok(External::new(name, structure.clone())?),
        None => External::infer(name, &mut upload, session, io).await?,
    };
    Ok(table.map(|table| (table, upload)))
}

async fn upload(io: &mut Io, reader: &str) -> Result<Upload> {
    let input = plan::take_stdin(io, reader)?;
    let upload = Upload::start(input, io.signals.clone()).await;
    upload.map_err(|error| Failure::refused(format!("cannot read stdin: {error}")))
}

fn render_format(args: &Args) -> Option<kch_cli::Format> {
    args.server.output.map(|output| match output {
        Output::Json => kch_cli::Format::Json,
        Output::Table => kch_cli::Format::Table,
        Output::Raw => kch_cli::Format::Raw,
    })
}
