//! A bare client: one connection, a window, and no more work for an SMS than its octets.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::{
    WINDOW,
    wire::{ANSWER, BIND, SUBMIT, take, write},
};

/// The octets of the SMS that the driver sends too.
const BODY: &[u8] = b"\0\x05\0Nuncio\0\x01\x0115551230101\0\0\0\0\0\0\x01\0\0\0\x15The pump stands still";

/// SMS a second.
pub(crate) async fn rate(centre: SocketAddr, sms: usize) -> Result<f64> {
    let mut stream = TcpStream::connect(centre).await?;
    stream.set_nodelay(true)?;
    let (mut out, mut octets) = (Vec::new(), Vec::new());
    write(&mut out, BIND, 1, b"nuncio\0hunter2\0\0\x34\0\0\0");
    stream.write_all(&out).await?;
    let mut bound = false;
    while !bound {
        ensure!(stream.read_buf(&mut octets).await? > 0, "the centre hung up");
        take(&mut octets, |command, _| bound = command == BIND | ANSWER);
    }
    let begun = Instant::now();
    let (mut sent, mut answered) = (0, 0);
    while answered < sms {
        out.clear();
        while sent < sms && sent < answered + WINDOW {
            sent += 1;
            write(&mut out, SUBMIT, u32::try_from(sent + 1)?, BODY);
        }
        stream.write_all(&out).await?;
        ensure!(stream.read_buf(&mut octets).await? > 0, "the centre hung up");
        take(&mut octets, |_, _| answered += 1);
    }
    Ok(sms as f64 / begun.elapsed().as_secs_f64())
}
