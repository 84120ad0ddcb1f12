//! What becomes of a message that was sent to the order address.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use konf_api::mail::{MailMessage, MailOutcome};
use konf_host::Host;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::session::{Envelope, Verdict};
use crate::config::Front;
use crate::dkim::verify;
use crate::functions::ask;
use crate::{clock, dns};

/// All questions to the DNS about one message; then its sender is asked instead.
const LOOK: Duration = Duration::from_secs(8);

/// Takes a message over for good.
pub trait Inbox: Send + Sync + 'static {
    fn take(&self, envelope: Envelope, peer: IpAddr) -> impl Future<Output = Verdict> + Send;
}

/// Has it read by `order`.
pub struct OrderInbox {
    pub host: Arc<Host>,
    pub outbox: Arc<Notify>,
    /// Whose word on senders counts.
    pub front: Option<Front>,
    /// Where the keys of signatures are asked for.
    pub resolver: Option<SocketAddr>,
}

impl Inbox for OrderInbox {
    async fn take(&self, envelope: Envelope, peer: IpAddr) -> Verdict {
        // A stranger can write any header that the server in front would.
        let front = self.front.as_ref().filter(|front| front.addresses.contains(&peer));
        let message = MailMessage {
            from: envelope.from,
            to: envelope.to,
            raw: BASE64_STANDARD.encode(&envelope.data),
            authserv_id: front.map(|front| front.authserv_id.clone()),
            // Whose server in front has looked needs no second look.
            proven: match (front, self.resolver) {
                (None, Some(resolver)) => {
                    timeout(LOOK, signers(&envelope.data, resolver)).await.unwrap_or_default()
                }
                _ => Vec::new(),
            },
        };
        self.hand_on(&message).await
    }
}

impl OrderInbox {
    /// What `order` makes of it.
    pub async fn hand_on(&self, message: &MailMessage) -> Verdict {
        let outcome = ask::<MailOutcome>(&self.host, "order", "/message", message).await;
        self.outbox.notify_one();
        match outcome {
            Ok(MailOutcome::Taken) => {
                tracing::info!("an e-mail is taken");
                Verdict::Taken
            }
            Ok(MailOutcome::Asked) => {
                tracing::info!("an e-mail waits for its sender to confirm it");
                Verdict::Taken
            }
            Ok(MailOutcome::Dropped { why }) => {
                tracing::info!(why, "an e-mail is dropped");
                Verdict::Taken
            }
            Ok(MailOutcome::Refused { why }) => {
                tracing::info!(why, "an e-mail is refused");
                Verdict::Refused(why)
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "an e-mail cannot be taken now");
                Verdict::Later
            }
        }
    }
}

/// The domains that have signed a message. A key that cannot be had proves nothing: then its sender is asked.
async fn signers(message: &[u8], resolver: SocketAddr) -> Vec<String> {
    let mut signers = Vec::new();
    for signature in verify::signatures(message, clock::now()) {
        match dns::txt(resolver, &signature.key_name).await {
            Ok(Some(record)) if signature.is_right(&record) => signers.push(signature.domain),
            Ok(_) => {}
            Err(error) => {
                tracing::info!(error = format!("{error:#}"), "no key for a signature of an e-mail");
            }
        }
    }
    signers
}
