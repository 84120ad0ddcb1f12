//! Asks a resolver for a TXT record (RFC 1035), which is all that is needed of the DNS here.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// A resolver that has not answered by then does not know: whoever sends mail waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(3);
const TRIES: u32 = 2;
/// Without EDNS (RFC 1035, section 4.2.1); what is longer comes by TCP.
const DATAGRAM_MAX: usize = 512;
const ANSWERS_MAX: u16 = 32;

const TXT: u16 = 16;
const IN: u16 = 1;

/// The first TXT record at `name`, its pieces joined.
pub async fn txt(resolver: SocketAddr, name: &str) -> Result<Option<String>> {
    let mut last = None;
    for _ in 0..TRIES {
        match timeout(PATIENCE, ask(resolver, name)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => last = Some(error),
            Err(_) => {}
        }
    }
    Err(last.unwrap_or_else(|| anyhow::anyhow!("no answer in time")))
}

async fn ask(resolver: SocketAddr, name: &str) -> Result<Option<String>> {
    let id: u16 = rand::rng().random();
    let question = question(id, name)?;
    let any: SocketAddr = match resolver {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // From then on nothing comes in but from the resolver.
    socket.connect(resolver).await?;
    socket.send(&question).await?;
    let mut buffer = [0; DATAGRAM_MAX];
    loop {
        let length = socket.recv(&mut buffer).await?;
        match read(&buffer[..length], &question) {
            Ok(Answer::Text(text)) => return Ok(Some(text)),
            Ok(Answer::Nothing) => return Ok(None),
            Ok(Answer::Cut) => return by_tcp(resolver, &question).await,
            // Somebody else's, or forged: the true one may still come.
            Err(_) => {}
        }
    }
}

async fn by_tcp(resolver: SocketAddr, question: &[u8]) -> Result<Option<String>> {
    let mut stream = TcpStream::connect(resolver).await?;
    let length = u16::try_from(question.len())?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    match read(&answer, question)? {
        Answer::Text(text) => Ok(Some(text)),
        Answer::Nothing => Ok(None),
        Answer::Cut => bail!("an answer is cut off even by TCP"),
    }
}

fn question(id: u16, name: &str) -> Result<Vec<u8>> {
    // Recursion desired, one question.
    let mut out = [&id.to_be_bytes()[..], &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    ensure!(name.len() <= 253, "a name of more than 253 octets");
    for label in name.split('.') {
        ensure!((1..=63).contains(&label.len()), "a label that is empty or too long");
        out.push(u8::try_from(label.len())?);
        out.extend(label.bytes());
    }
    out.push(0);
    out.extend(TXT.to_be_bytes());
    out.extend(IN.to_be_bytes());
    Ok(out)
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Text(String),
    Nothing,
    /// There is more than fits.
    Cut,
}

fn read(answer: &[u8], question: &[u8]) -> Result<Answer> {
    let u16_at = |at: usize| {
        let octets = answer.get(at..at + 2).context("an answer that breaks off")?;
        Ok::<_, anyhow::Error>(u16::from_be_bytes([octets[0], octets[1]]))
    };
    let flags = u16_at(2)?;
    ensure!(answer.get(..2) == question.get(..2) && flags & 0x8000 != 0, "no answer of ours");
    let asked = answer.get(12..question.len()).context("an answer without its question")?;
    ensure!(asked.eq_ignore_ascii_case(&question[12..]), "an answer to another question");
    if flags & 0x0200 != 0 {
        return Ok(Answer::Cut);
    }
    match flags & 0x000f {
        0 => {}
        // There is no such name.
        3 => return Ok(Answer::Nothing),
        code => bail!("the resolver answers code {code}"),
    }
    let mut at = question.len();
    for _ in 0..u16_at(6)?.min(ANSWERS_MAX) {
        at = after_name(answer, at)?;
        let (kind, class, length) = (u16_at(at)?, u16_at(at + 2)?, usize::from(u16_at(at + 8)?));
        let data = answer.get(at + 10..at + 10 + length).context("a record that breaks off")?;
        if (kind, class) == (TXT, IN) {
            return Ok(Answer::Text(text(data)?));
        }
        at += 10 + length;
    }
    Ok(Answer::Nothing)
}

/// A name ends with an empty label or with a pointer to the rest of it (section 4.1.4).
fn after_name(answer: &[u8], mut at: usize) -> Result<usize> {
    loop {
        match answer.get(at).context("a name that breaks off")? {
            0 => return Ok(at + 1),
            pointer if pointer & 0xc0 == 0xc0 => return Ok(at + 2),
            length => at += 1 + usize::from(*length),
        }
    }
}

/// Strings of up to 255 octets, each behind its length.
fn text(mut data: &[u8]) -> Result<String> {
    let mut text = Vec::new();
    while let Some((length, rest)) = data.split_first() {
        let length = usize::from(*length);
        text.extend(rest.get(..length).context("a text that breaks off")?);
        data = &rest[length..];
    }
    Ok(String::from_utf8(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(question: &[u8], flags: u16, records: &[u8], count: u8) -> Vec<u8> {
        let mut out = question.to_vec();
        out[2..4].copy_from_slice(&flags.to_be_bytes());
        out[7] = count;
        out.extend(records);
        out
    }

    /// With a pointer to the question's name.
    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        [&[0xc0, 12][..], &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 60], &length, data].concat()
    }

    #[test]
    fn the_record_is_found_behind_an_alias_and_joined() {
        let question = question(7, "k1._domainkey.konf.example").unwrap();
        let alias = record(5, &[1, b'a', 0]);
        let both = [alias, record(TXT, b"\x03v=D\x04KIM1")].concat();
        let found = read(&answer(&question, 0x8180, &both, 2), &question).unwrap();
        assert_eq!(found, Answer::Text("v=DKIM1".into()));
        let none = read(&answer(&question, 0x8183, &[], 0), &question).unwrap();
        assert_eq!(none, Answer::Nothing);
        assert_eq!(read(&answer(&question, 0x8380, &[], 0), &question).unwrap(), Answer::Cut);
        assert!(read(&answer(&question, 0x8182, &[], 0), &question).is_err());
    }

    #[test]
    fn another_answer_and_one_that_breaks_off_are_none() {
        let asked = question(7, "a.example").unwrap();
        let whole = answer(&asked, 0x8180, &record(TXT, b"\x01x"), 1);
        for other in [question(8, "a.example").unwrap(), question(7, "b.example").unwrap()] {
            assert!(read(&whole, &other).is_err());
        }
        for end in 0..whole.len() {
            assert!(read(&whole[..end], &asked).is_err(), "{end}");
        }
        assert!(question(7, "a..example").is_err() && question(7, &"a".repeat(64)).is_err());
    }

    #[tokio::test]
    async fn a_forged_answer_is_passed_over_and_the_true_one_taken() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let answers = async {
            let mut buffer = [0; 512];
            let (length, peer) = server.recv_from(&mut buffer).await.unwrap();
            let asked = buffer[..length].to_vec();
            let mut forged = answer(&asked, 0x8180, &record(TXT, b"\x04evil"), 1);
            forged[0] ^= 1;
            server.send_to(&forged, peer).await.unwrap();
            let true_one = answer(&asked, 0x8180, &record(TXT, b"\x04true"), 1);
            server.send_to(&true_one, peer).await.unwrap();
        };
        let (found, ()) = tokio::join!(txt(address, "k1._domainkey.a.example"), answers);
        assert_eq!(found.unwrap().as_deref(), Some("true"));
    }
}
