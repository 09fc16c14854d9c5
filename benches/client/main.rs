//! What a POST costs: CPU of the SDK's client beside a bare hyper connection, over clear text, TLS and HTTP/2.
//!
//! `cargo run --release -p nuncio-benches --bin client [-- --short]`

mod bare;
#[path = "../boundary/cpu.rs"]
mod cpu;
mod sdk;
mod sink;
mod table;

use anyhow::Result;

/// Requests under way at a time, each on a connection or a stream of its own.
const TOGETHER: usize = 64;
/// Bytes of a body.
const BODY: usize = 1024;
/// Requests of a measurement, of those that open a connection each, and how often each is measured.
const POSTS: usize = 20_000;
const CONNECTIONS: usize = 2_000;
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|one| one == sink::FLAG) {
        return sink::serve();
    }
    let (divisor, rounds) = if arguments.iter().any(|one| one == "--short") { (10, 3) } else { (1, ROUNDS) };
    let sink = sink::Sink::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut table = table::Table::default();
    for _ in 0..rounds {
        runtime.block_on(round(&sink, divisor, &mut table))?;
    }
    table.print();
    println!(
        "\n{TOGETHER} in flight, bodies of {BODY} bytes; medians of {rounds} rounds, beside `bare` of the same round."
    );
    Ok(())
}

/// Measures every subject once.
async fn round(sink: &sink::Sink, divisor: usize, table: &mut table::Table) -> Result<()> {
    let (posts, connections) = (POSTS / divisor, CONNECTIONS / divisor);
    table.group("HTTP/1.1");
    table.add("bare hyper connections", bare::clear(sink, posts).await?);
    table.add("the SDK's client", sdk::posts(sink, &sink.clear(), posts, true).await?);
    table.group("HTTP/1.1 over TLS");
    table.add("bare hyper connections", bare::tls(sink, posts).await?);
    table.add("the SDK's client", sdk::posts(sink, &sink.tls(), posts, true).await?);
    table.group("HTTP/2 over TLS");
    table.add("one bare hyper connection", bare::http2(sink, posts).await?);
    table.add("the SDK's client", sdk::posts(sink, &sink.http2(), posts, true).await?);
    table.group("TLS, a connection for each POST");
    table.add("bare, full handshakes", bare::handshakes(sink, connections, false).await?);
    table.add("bare, resumed", bare::handshakes(sink, connections, true).await?);
    table.add("the SDK's client", sdk::posts(sink, &sink.closing(), connections, false).await?);
    Ok(())
}
