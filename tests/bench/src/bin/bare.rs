//! What anybody would write first: a program on `ibapi` that answers each change of the bid with a limit
//! order, and does nothing else. No gate, no memory, no plugin, no recovery. The daemon is measured beside
//! it.
//!
//! Usage: `bare ADDRESS OFFSET SYMBOL [SYMBOL…]`; it trades the first symbol and only listens to the others.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::StreamExt;
use ibapi::Client;
use ibapi::contracts::tick_types::TickType;
use ibapi::market_data::realtime::TickTypes;
use ibapi::orders::{Action, Order, TimeInForce};
use ibapi::prelude::Contract;
use ibapi::subscriptions::SubscriptionItem;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, offset, symbol, others @ ..] = arguments.as_slice() else {
        eprintln!("usage: bare ADDRESS OFFSET SYMBOL [SYMBOL…]");
        return ExitCode::FAILURE;
    };
    // One thread: an order leaves sooner than where a tick first wakes another one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(Box::from).and_then(|runtime| {
        let offset = offset.parse()?;
        runtime.block_on(run(address.clone(), offset, symbol.clone(), others.to_vec()))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bare: {error}");
            ExitCode::FAILURE
        }
    }
}

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

async fn run(address: String, offset: f64, symbol: String, others: Vec<String>) -> Outcome {
    let client = Client::builder().address(address).client_id(7).tcp_no_delay(true);
    let client = Arc::new(client.connect().await?);
    let mut orders = client.order_update_stream().await?;
    // A program that trades hears of its orders; this one forgets what it heard.
    tokio::spawn(async move { while orders.next().await.is_some() {} });
    for other in others {
        let client = Arc::clone(&client);
        tokio::spawn(async move {
            let contract = Contract::stock(other).build();
            let mut ticks = client.market_data(&contract).subscribe().await?;
            while ticks.next().await.is_some() {}
            Outcome::Ok(())
        });
    }
    // In a task: the future of `block_on` is woken through the event loop, a task is not.
    tokio::spawn(trade(client, symbol, offset)).await?
}

async fn trade(client: Arc<Client>, symbol: String, offset: f64) -> Outcome {
    let contract = Contract::stock(symbol).build();
    let account = client
        .handshake_managed_accounts()
        .first()
        .cloned()
        .unwrap_or_default();
    let mut ticks = client.market_data(&contract).subscribe().await?;
    let mut order_id = client.next_order_id();
    let mut last = 0.0;
    while let Some(tick) = ticks.next().await {
        let bid = match tick? {
            SubscriptionItem::Data(TickTypes::PriceSize(tick)) if tick.price_tick_type == TickType::Bid => {
                tick.price
            }
            SubscriptionItem::Data(TickTypes::Price(tick)) if tick.tick_type == TickType::Bid => tick.price,
            _ => continue,
        };
        if bid == last || bid <= 0.0 {
            continue;
        }
        last = bid;
        let order = Order {
            order_id,
            action: Action::Buy,
            total_quantity: 1.0,
            order_type: "LMT".to_owned(),
            limit_price: Some(((bid + offset) * 100.0).round() / 100.0),
            tif: TimeInForce::ImmediateOrCancel,
            account: account.clone(),
            transmit: true,
            ..Order::default()
        };
        client.submit_order(order_id, &contract, &order).await?;
        order_id += 1;
    }
    Ok(())
}
