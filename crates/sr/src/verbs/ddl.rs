//! `sr ddl`: the ClickHouse table that fits a schema.

use kch_avro::names::short;
use kch_cli::{Exit, Failure, Result};
use kch_schema::{
    Columns, Mapping, NoColumns, OrderError, Route, Schema, Table, columns, quote_text, sentences, table_name,
};
use serde_json::{Value, json};

use crate::Desk;
use crate::source::{Source, SourceArgs};

const EXAMPLES: &str = "\
The statement goes to stdout, and what the table cannot keep, or who refuses the records, to stderr. -o json prints the \
columns instead. The table is called after the subject: kafka-events-value is for kafka_events.

Examples:
  sr ddl kafka-events-value
  sr ddl kafka-events-value --via json --table events_copy
  sr ddl kafka-events-value --via json --table events_once --deduplicate | ch-query
  sr ddl kafka-events-value --via sink --table events_sink
  sr ddl configs/schemas/kafka-events-value.avsc --table events_copy --order-by ts,id | ch-query
  sr ddl kafka-events-value --on-cluster clickhouse_cluster --low-cardinality source
  sr ddl kafka-events-value -o json | jq -r .type";

/// For what, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Ddl {
    /// The schema
    #[command(flatten)]
    pub source: SourceArgs,
    /// The table's name; DATABASE.TABLE is one too
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,
    /// The engine with its arguments. Otherwise MergeTree, or with --on-cluster ReplicatedMergeTree
    #[arg(long)]
    pub engine: Option<String>,
    /// What it is sorted by: columns, or an expression. Otherwise the first column that can be
    #[arg(long, value_name = "COLUMNS")]
    pub order_by: Option<String>,
    /// Create it on all nodes of this cluster
    #[arg(long, visible_alias = "cluster", value_name = "NAME")]
    pub on_cluster: Option<String>,
    /// How records get in: avro (ClickHouse's AvroConfluent), sink (Kafka Connect) or json (avro-consume | ch-query)
    #[arg(long, value_name = "ROUTE", default_value = "avro")]
    pub via: Via,
    /// Make this column LowCardinality; repeat for more
    #[arg(long, value_name = "COLUMN")]
    pub low_cardinality: Vec<String>,
    /// Enum columns for enums. Otherwise String: a new symbol then needs no ALTER TABLE
    #[arg(long)]
    pub enums: bool,
    /// Let it know blocks that it has again, as ch-query insert --state needs; also the same rows sent twice are then taken once
    #[arg(long)]
    pub deduplicate: bool,
}

/// How records get into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Via {
    /// ClickHouse reads Avro
    Avro,
    /// The ClickHouse sink of Kafka Connect
    Sink,
    /// JSON lines
    Json,
}

impl Ddl {
    pub(crate) fn run(&self, desk: &mut Desk<'_>) -> Result<Exit> {
        let source = desk.source(&self.source)?;
        let schema = source.schema()?;
        let Columns { columns, notes } =
            columns(&schema, &self.mapping()).map_err(|error| no_columns(&source, &error))?;
        let table = self.table_name(&source, &schema);
        for text in sentences(&notes) {
            desk.io.messages.say(&text);
        }
        if desk.wants_rows() {
            let row = |column: &kch_schema::Column| {
                json!({"column": column.name, "type": column.column_type.to_string(), "avro": column.avro,
                    "default": column.default})
            };
            let rows: Vec<Value> = columns.iter().map(row).collect();
            return desk.rows(&rows);
        }
        let engine = self.engine.clone().unwrap_or_else(|| self.default_engine(&table));
        let order_by = self.order_by.clone();
        let table = Table {
            name: table,
            columns,
            cluster: self.on_cluster.clone(),
            engine,
            order_by,
            deduplicate: self.deduplicate,
        };
        let statement = table.create().map_err(|error| order_failure(&error))?;
        desk.io.output.line(statement.trim_end().as_bytes())?;
        Ok(Exit::Done)
    }

    fn mapping(&self) -> Mapping {
        let route = match self.via {
            Via::Avro => Route::Avro,
            Via::Sink => Route::Sink,
            Via::Json => Route::Json,
        };
        Mapping {
            route,
            enums: self.enums,
            low_cardinality: self.low_cardinality.clone(),
            ..Mapping::default()
        }
    }

    fn table_name(&self, source: &Source, schema: &Schema) -> String {
        let short = || schema.name().map(short).unwrap_or_default().to_owned();
        self.table.clone().unwrap_or_else(|| table_name(&source.stem.clone().unwrap_or_else(short)))
    }

    /// The path in Keeper is the one of `sql/ddl`.
    fn default_engine(&self, table: &str) -> String {
        let name = table.rsplit('.').next().unwrap_or(table);
        match self.on_cluster {
            Some(_) => {
                let path = quote_text(&format!("/clickhouse/tables/{{shard}}/{{database}}/{name}"));
                format!("ReplicatedMergeTree({path}, '{{replica}}')")
            }
            None => "MergeTree".to_owned(),
        }
    }
}

fn no_columns(source: &Source, error: &NoColumns) -> Failure {
    let text = format!("{}: {error}", source.name);
    match error {
        NoColumns::Unknown { .. } | NoColumns::NotText { .. } => Failure::usage(text),
        _ => Failure::refused(text),
    }
}

fn order_failure(error: &OrderError) -> Failure {
    match error {
        OrderError::Unknown { name, nearest } => {
            let failure = Failure::usage(format!("--order-by {name}: there is no such column"));
            match nearest {
                Some(nearest) => failure.hint(format!("did you mean {nearest}?")),
                None => failure.hint("-o table lists the columns"),
            }
        }
        OrderError::NotAKey { name, column_type } => {
            Failure::usage(format!("--order-by {name}: a table cannot be sorted by {column_type}"))
                .hint(format!("an expression can be: --order-by 'assumeNotNull({name})'"))
        }
    }
}
