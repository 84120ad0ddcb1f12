//! As much of SMTP (RFC 5321) as a client needs to hand over a message.

use std::time::Duration;

use anyhow::{Result, bail};
use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Kept, Mailbox};

/// RFC 5321, 4.5.3.1.6, with room for long headers.
const LINE_MAX: u64 = 4096;
/// Konf's own messages have a few kilobytes.
const MESSAGE_MAX: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn serve(listener: TcpListener, mailbox: Mailbox) {
    // A development tool for one client: sessions are served as they come, each bounded in time and size.
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let mailbox = mailbox.clone();
                tokio::spawn(async move {
                    if let Ok(Err(error)) =
                        tokio::time::timeout(PATIENCE, session(stream, &mailbox)).await
                    {
                        tracing::debug!(%error, "mailbox session ended");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "mailbox cannot accept");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn session(stream: TcpStream, mailbox: &Mailbox) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut to = Vec::new();
    reply(&mut stream, "220 konf development mailbox").await?;
    loop {
        let line = read_line(&mut stream).await?;
        let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => reply(&mut stream, "250-konf\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
            "RCPT" => {
                let address = line
                    .split_once('<')
                    .and_then(|(_, rest)| rest.split_once('>'))
                    .map(|(address, _)| address);
                to.extend(address.map(str::to_owned));
                reply(&mut stream, "250 ok").await?;
            }
            "DATA" => {
                reply(&mut stream, "354 go on").await?;
                let data = read_data(&mut stream).await?;
                mailbox.keep(kept(&data, &to.join(", ")));
                to.clear();
                reply(&mut stream, "250 taken").await?;
            }
            "HELO" | "MAIL" | "RSET" | "NOOP" => reply(&mut stream, "250 ok").await?,
            "QUIT" => return reply(&mut stream, "221 bye").await,
            _ => {
                reply(
                    &mut stream,
                    "500 this mailbox knows EHLO, MAIL, RCPT, DATA, RSET, NOOP and QUIT",
                )
                .await?
            }
        }
    }
}

fn kept(data: &[u8], to: &str) -> Kept {
    let message = MessageParser::default().parse(data);
    let subject = message.as_ref().and_then(|m| m.subject()).unwrap_or_default().to_owned();
    let text = message.as_ref().and_then(|m| m.body_text(0)).unwrap_or_default().into_owned();
    Kept { at: crate::clock::now(), kind: "e-mail", to: to.to_owned(), subject, text }
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = Vec::new();
    if (&mut *stream).take(LINE_MAX).read_until(b'\n', &mut line).await? == 0 {
        bail!("the client has gone");
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// Until the line with a single dot; dots that were stuffed are taken away (RFC 5321, 4.5.2).
async fn read_data(stream: &mut BufReader<TcpStream>) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let mut line = Vec::new();
        if (&mut *stream).take(LINE_MAX).read_until(b'\n', &mut line).await? == 0 {
            bail!("the client has gone within a message");
        }
        if line == b".\r\n" {
            return Ok(data);
        }
        data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if data.len() > MESSAGE_MAX {
            bail!("a message of more than {MESSAGE_MAX} bytes");
        }
    }
}

async fn reply(stream: &mut BufReader<TcpStream>, text: &str) -> Result<()> {
    stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await?;
    Ok(())
}
