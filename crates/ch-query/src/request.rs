//! A query as an HTTP request: its parameters, its headers and its body.

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use kch_cli::{Failure, Result};
use kch_http::{Body, Client, body};

use crate::args::Compression;
use crate::cap::ROWS_AS_LINES;
use crate::quoting::{composite_parameters, escape};
use crate::session::{Pairs, Query, Session};
use crate::sql::{Kind, names_a_format};
use crate::tail::is_json_lines;

/// Settings of ours. In JSON, integers and decimals are exact numbers; NaN and infinities are kept, as strings.
const FOR_JSON: &[(&str, &str)] =
    &[("output_format_json_quote_64bit_integers", "0"), ("output_format_json_quote_denormals", "1")];
/// In JSON lines, times are RFC 3339, with their zone: as avro-produce takes them.
const FOR_LINES: (&str, &str) = ("date_time_output_format", "iso");
/// A query whose reader has gone shall not go on.
const FOR_ROWS: &[(&str, &str)] = &[("cancel_http_readonly_queries_on_client_close", "1")];
/// A misspelt field is an error, a null in a column that has none is not a zero, and RFC 3339 times are times.
pub(crate) const FOR_DATA: &[(&str, &str)] =
    &[(IGNORE_UNKNOWN[0], "0"), (IGNORE_UNKNOWN[1], "0"), ("input_format_null_as_default", "0"), FOR_TIMES];
const FOR_TIMES: (&str, &str) = ("date_time_input_format", "best_effort");
/// Whether fields that the table lacks are passed over, and those that a tuple of it lacks.
pub(crate) const IGNORE_UNKNOWN: [&str; 2] =
    ["input_format_skip_unknown_fields", "input_format_json_ignore_unknown_keys_in_named_tuple"];
/// Who asks, for `system.query_log`.
const WHO: (&str, &str) = ("log_comment", "ch-query");
/// The whole answer before its head.
const HELD_BACK: (&str, &str) = ("wait_end_of_query", "1");
/// 2 still lets a query have settings.
const READ_ONLY: (&str, &str) = ("readonly", "2");
/// Packed answers are asked for twice: in the header, and with this.
const PACKED: (&str, &str) = ("enable_http_compression", "1");

impl Session {
    /// The request. Takes the upload out of the query.
    pub(crate) fn request(
        &self,
        client: &Client,
        query: &mut Query<'_>,
        query_id: &str,
    ) -> Result<http::Request<Body>> {
        let parameters = self.parameters(query, query_id);
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
        let mut request = client.request(Method::POST, &[], &parameters);
        let packed = self.compression.encoding();
        if let Some(encoding) = packed {
            request = request.header(ACCEPT_ENCODING, encoding);
        }
        let unpackable = |error| Failure::refused(format!("cannot pack the data: {error}"));
        let mut sql = query.sql.to_vec();
        if query.kind == Kind::WantsFormatAndData {
            sql.extend_from_slice(b" FORMAT JSONEachRow");
        }
        let body = match (query.upload.take(), &query.table) {
            (Some(upload), Some(table)) => {
                request = request.header(CONTENT_TYPE, table.content_type());
                let (head, tail) = table.frame(&sql);
                upload.into_body(head, tail, Compression::None)
            }
            (Some(upload), None) => {
                if let Some(encoding) = packed {
                    request = request.header(CONTENT_ENCODING, encoding);
                }
                sql.push(b'\n');
                upload.into_body(sql.into(), Bytes::new(), self.compression)
            }
            (None, _) => Ok(body::full(Bytes::from(sql))),
        };
        request.body(body.map_err(unpackable)?).map_err(|error| broken_request(&error))
    }

    /// The URL's parameters. Not the SQL: proxies log URLs, and cut long ones off.
    fn parameters(&self, query: &Query<'_>, query_id: &str) -> Pairs {
        let mut all: Pairs =
            [("database", &*self.database), ("default_format", &self.format), ("query_id", query_id)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        all.extend(query.table.iter().flat_map(|table| table.parameters()));
        all.extend(self.settings.iter().cloned());
        let own = self.own_settings(query);
        let own = own.into_iter().filter(|(name, _)| !self.settings.iter().any(|(known, _)| known == name));
        all.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let composite = if self.params.is_empty() { Vec::new() } else { composite_parameters(query.sql) };
        let typed = self.params.iter().map(|(name, value)| {
            (name, if composite.contains(name) { value.clone() } else { escape(value) })
        });
        let params = typed.chain(query.params.iter().map(|(name, value)| (name, value.clone())));
        all.extend(params.map(|(name, value)| (format!("param_{name}"), value)));
        all
    }

    /// Our settings for this query, unless the user may have none.
    pub(crate) fn own_settings(&self, query: &Query<'_>) -> Vec<(&'static str, &'static str)> {
        if self.may_not_set {
            return Vec::new();
        }
        let insert = query.kind.is_insert();
        let for_json: &[_] = if self.foreign_format || insert { &[] } else { FOR_JSON };
        let for_table: &[_] = if query.table.is_some() { &[FOR_TIMES] } else { &[] };
        let mut own = [for_json, for_table, if insert { FOR_DATA } else { FOR_ROWS }].concat();
        own.push(WHO);
        own.extend(self.prints_our_lines(query).then_some(FOR_LINES));
        own.extend(self.atomic.then_some(HELD_BACK));
        own.extend(self.cap.as_ref().filter(|cap| cap.counts_rows()).map(|_| ROWS_AS_LINES));
        own.extend(self.read_only.then_some(READ_ONLY));
        own.extend(self.compression.encoding().map(|_| PACKED));
        own
    }

    /// Whether the answer is JSON lines because we say so.
    pub(crate) fn prints_our_lines(&self, query: &Query<'_>) -> bool {
        let ours = !self.foreign_format && is_json_lines(Some(&self.format));
        ours && !query.kind.is_insert() && !names_a_format(query.sql)
    }
}

pub(crate) fn broken_request(error: &http::Error) -> Failure {
    Failure::usage(format!("the request cannot be made: {error}"))
}
