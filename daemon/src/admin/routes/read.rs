//! Reads: the last thing others published. None of them enters the desk's loop.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::super::convert::{self, Names};
use super::super::problem::Problem;
use super::super::{convert_recovery, events, schema, streams, truth};
use super::Context;
use crate::clock;

type QueryOf<T> = Result<Query<T>, QueryRejection>;

pub(super) async fn healthz(State(context): State<Context>) -> (StatusCode, Json<schema::Readiness>) {
    judged(convert::health_of(clock::now(), &context.sources))
}

pub(super) async fn readyz(State(context): State<Context>) -> (StatusCode, Json<schema::Readiness>) {
    judged(convert::readiness_of(clock::now(), &context.sources))
}

fn judged(readiness: schema::Readiness) -> (StatusCode, Json<schema::Readiness>) {
    let status = match readiness.ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(readiness))
}

pub(super) async fn version(State(context): State<Context>) -> Json<schema::Version> {
    Json(schema::Version {
        version: context.sources.version.to_owned(),
        api: "v1".to_owned(),
    })
}

pub(super) async fn status(State(context): State<Context>) -> Json<schema::Status> {
    Json(convert::status(clock::now(), &context.sources))
}

pub(super) async fn session(State(context): State<Context>) -> Json<schema::Session> {
    let snapshot = context.sources.snapshot.borrow().clone();
    let session = context.sources.session.borrow().clone();
    let mut session = convert::session(clock::now(), session, Names::of(&snapshot));
    session.detail = convert_recovery::detail(&context.sources.recovery.borrow());
    Json(session)
}

pub(super) async fn recovery(State(context): State<Context>) -> Json<schema::Recovery> {
    let status = context.sources.recovery.borrow().clone();
    Json(convert_recovery::recovery(status))
}

pub(super) async fn maintenance(State(context): State<Context>) -> Json<schema::Maintenance> {
    let status = context.sources.recovery.borrow().clone();
    Json(convert_recovery::maintenance(clock::now(), status))
}

pub(super) async fn streams(State(context): State<Context>) -> Json<Vec<schema::Subscription>> {
    let now = clock::now();
    let snapshot = context.sources.snapshot.borrow().clone();
    let session = context.sources.session.borrow().clone();
    let names = Names::of(&snapshot);
    let rows = session.subscriptions.iter();
    Json(rows.map(|row| streams::row(now, row, names)).collect())
}

pub(super) async fn plugins(State(context): State<Context>) -> Json<Vec<schema::Plugin>> {
    let plugins = context.sources.plugins.borrow().clone();
    Json(plugins.into_iter().map(schema::Plugin::from).collect())
}

pub(super) async fn instruments(State(context): State<Context>) -> Json<Vec<schema::Instrument>> {
    let now = clock::now();
    let snapshot = context.sources.snapshot.borrow().clone();
    let rows = snapshot.instruments.iter();
    Json(
        rows.map(|(instrument, quote)| convert::instrument(now, instrument, quote))
            .collect(),
    )
}

/// `?state=live` (the default) or `all`; `?plugin=NAME`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrdersQuery {
    #[serde(default)]
    state: OrdersState,
    plugin: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OrdersState {
    #[default]
    Live,
    All,
}

pub(super) async fn orders(
    State(context): State<Context>,
    query: QueryOf<OrdersQuery>,
) -> Result<Json<Vec<schema::Order>>, Problem> {
    let Query(query) = query.map_err(|error| bad_query(&error, "?state=live, ?state=all, ?plugin=NAME"))?;
    let snapshot = context.sources.snapshot.borrow().clone();
    let names = Names::of(&snapshot);
    let rows = snapshot.orders.iter().map(|row| convert::order(row, names));
    let rows = rows.chain(
        snapshot
            .external
            .iter()
            .map(|row| truth::external_order(row, names)),
    );
    let wanted = |order: &schema::Order| {
        (query.state == OrdersState::All || order.live)
            && query.plugin.as_ref().is_none_or(|plugin| *plugin == order.plugin)
    };
    Ok(Json(rows.filter(wanted).collect()))
}

pub(super) async fn discrepancies(State(context): State<Context>) -> Json<Vec<schema::Discrepancy>> {
    let now = clock::now();
    let snapshot = context.sources.snapshot.borrow().clone();
    let names = Names::of(&snapshot);
    let rows = snapshot.discrepancies.iter();
    Json(rows.map(|row| truth::discrepancy(now, row, names)).collect())
}

pub(super) async fn fills(State(context): State<Context>) -> Json<Vec<schema::Fill>> {
    let snapshot = context.sources.snapshot.borrow().clone();
    let names = Names::of(&snapshot);
    Json(
        snapshot
            .fills
            .iter()
            .map(|row| convert::fill(row, names))
            .collect(),
    )
}

pub(super) async fn positions(State(context): State<Context>) -> Json<schema::Positions> {
    let snapshot = context.sources.snapshot.borrow().clone();
    let names = Names::of(&snapshot);
    let plugins = snapshot
        .positions
        .iter()
        .map(|row| convert::plugin_position(row, names));
    let broker = snapshot
        .broker_positions
        .iter()
        .map(|row| convert::broker_position(row, names));
    Json(schema::Positions {
        plugins: plugins.collect(),
        broker: broker.collect(),
    })
}

pub(super) async fn account(State(context): State<Context>) -> Json<Vec<schema::AccountValue>> {
    let snapshot = context.sources.snapshot.borrow().clone();
    Json(snapshot.account.iter().map(schema::AccountValue::from).collect())
}

/// `?limit=N`: the latest N; all that are kept by default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    limit: Option<usize>,
}

pub(super) async fn events(
    State(context): State<Context>,
    query: QueryOf<EventsQuery>,
) -> Result<Json<Vec<schema::LogEvent>>, Problem> {
    let Query(query) = query.map_err(|error| bad_query(&error, "?limit=N"))?;
    let latest = context.sources.events.latest(query.limit.unwrap_or(events::KEPT));
    Ok(Json(latest.into_iter().map(schema::LogEvent::from).collect()))
}

fn bad_query(error: &QueryRejection, takes: &str) -> Problem {
    Problem::bad_request(error.body_text(), format!("this path takes {takes}"))
}
