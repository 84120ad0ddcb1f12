//! Who sits at a browser: proven by a code or a link that is sent, kept as a session. Only digests are stored.

use konf_api::ledger::OutboxMessage;
use konf_api::portal::{
    ConfirmOutcome, Confirmation, Proof, SessionEnded, SessionFacts, SessionQuestion,
    SignInOutcome, SignInProposal,
};
use konf_contract::{UnixMs, WebToken};
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use subtle::ConstantTimeEq;

use crate::error::{LedgerError, Result};
use crate::store::new_id;
use crate::words::{Columns, to_json};
use crate::{Ledger, budget, outbox};

/// An SMS arrives within seconds, mostly; an e-mail may be looked for a while.
const CODE_MS: i64 = 10 * UnixMs::MINUTE;
const LINK_MS: i64 = 30 * UnixMs::MINUTE;

/// Two slips of the finger and one more: with [`PER_CONTACT_MAX`] a stranger's code is guessed in an hour with a chance of
/// 15 in a million.
const WRONG_MAX: u32 = 3;

/// Asked for within an hour: for one contact, and in all. A whole hour of guessing at everybody's codes finds one with a
/// chance of 9 in 10,000, and has sent 300 messages by then.
const PER_CONTACT_MAX: i64 = 5;
/// For a whole office behind one address; without it one stranger keeps everybody out.
const PER_CLIENT_MAX: i64 = 20;
const TOTAL_MAX: i64 = 300;

/// A session ends after so long without a request, and at the latest so long after it began.
const IDLE_MS: i64 = 12 * crate::HOUR;
const SESSION_MS: i64 = 7 * crate::DAY;

/// How exactly a session knows when it was seen last: not every request writes.
const SEEN_MS: i64 = 5 * UnixMs::MINUTE;

/// What is remembered until a sign-in is confirmed: an e-mail has up to 4,000 characters, each of up to 6 bytes in JSON.
const PENDING_BYTES_MAX: usize = 32 << 10;

impl Ledger {
    /// Notes that somebody asks to sign in, and has the proof sent. An earlier one of the same browser is over.
    pub async fn sign_in(&self, proposal: &SignInProposal) -> Result<SignInOutcome> {
        check(proposal)?;
        let mut tx = self.store().write().await?;
        let now = self.now();
        let contact = to_json(&proposal.contact)?;
        let client = proposal.client.as_deref().map(|client| self.client_digest(client));
        if asked_for(&mut tx, &contact, client.as_deref(), now).await? {
            return Ok(SignInOutcome::TooMany);
        }
        let budget = self.settings().budget;
        if let Some(spent) = budget::spent(&mut tx, budget, &proposal.messages, now).await? {
            self.inner.alarm.ring(spent, budget, now);
            return Ok(SignInOutcome::OverBudget);
        }
        let browser = digest(&proposal.browser);
        sqlx::query(
            "UPDATE sign_in SET closed_ms = $1, pending = NULL
             WHERE browser = $2 AND closed_ms IS NULL",
        )
        .bind(now.0)
        .bind(&browser)
        .execute(&mut *tx)
        .await?;
        let id = new_id("sign-in")?;
        let by_code = matches!(proposal.proof, Proof::Code(_));
        let until = now.plus_ms(if by_code { CODE_MS } else { LINK_MS });
        sqlx::query(
            "INSERT INTO sign_in (id, contact, browser, proof, by_code, pending, created_ms, until_ms,
                 client)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&id)
        .bind(&contact)
        .bind(&browser)
        .bind(self.proof_digest(&proposal.proof, &id))
        .bind(i64::from(by_code))
        .bind(proposal.pending.as_deref())
        .bind(now.0)
        .bind(until.0)
        .bind(client)
        .execute(&mut *tx)
        .await?;
        for message in &proposal.messages {
            let about = outbox::About { inbound: None, booking: None };
            outbox::insert(&mut tx, now, about, message).await?;
        }
        tx.commit().await?;
        Ok(SignInOutcome::Sent { until })
    }

    /// Begins a session when the proof is right. It counts once.
    pub async fn confirm_sign_in(&self, confirmation: &Confirmation) -> Result<ConfirmOutcome> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let row = match &confirmation.proof {
            Proof::Code(_) => open_at_browser(&mut tx, &confirmation.browser, now).await?,
            Proof::Link(_) => {
                let proof = self.proof_digest(&confirmation.proof, "");
                open_by_link(&mut tx, &proof, now).await?
            }
        };
        let Some(row) = row else { return Ok(ConfirmOutcome::Gone) };
        let id = row.text("id")?;
        let given = self.proof_digest(&confirmation.proof, &id);
        if !bool::from(given.as_bytes().ct_eq(row.text("proof")?.as_bytes())) {
            let wrong = row.count("wrong")?.saturating_add(1);
            note_wrong(&mut tx, &id, wrong, now).await?;
            tx.commit().await?;
            return Ok(match WRONG_MAX.saturating_sub(wrong) {
                0 => ConfirmOutcome::Gone,
                tries => ConfirmOutcome::Wrong { tries },
            });
        }
        sqlx::query("UPDATE sign_in SET closed_ms = $1, pending = NULL WHERE id = $2")
            .bind(now.0)
            .bind(&id)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO web_session (digest, contact, created_ms, seen_ms) VALUES ($1, $2, $3, $3)",
        )
        .bind(digest(&confirmation.session))
        .bind(row.text("contact")?)
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(ConfirmOutcome::SignedIn {
            sign_in: id,
            contact: row.json("contact")?,
            pending: row.value("pending")?,
        })
    }

    /// Whose session it is. Seeing it keeps it alive.
    pub async fn session(&self, question: &SessionQuestion) -> Result<SessionFacts> {
        let now = self.now();
        let digest = digest(&question.session);
        let mut tx = self.store().read().await?;
        let row = sqlx::query(
            "SELECT contact, seen_ms FROM web_session
             WHERE digest = $1 AND created_ms > $2 AND seen_ms > $3",
        )
        .bind(&digest)
        .bind(now.0.saturating_sub(SESSION_MS))
        .bind(now.0.saturating_sub(IDLE_MS))
        .fetch_optional(&mut *tx)
        .await?;
        drop(tx);
        let Some(row) = row else { return Ok(SessionFacts { now, contact: None }) };
        if row.instant("seen_ms")?.plus_ms(SEEN_MS) <= now {
            let mut tx = self.store().write().await?;
            sqlx::query("UPDATE web_session SET seen_ms = $1 WHERE digest = $2")
                .bind(now.0)
                .bind(&digest)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        }
        Ok(SessionFacts { now, contact: Some(row.json("contact")?) })
    }

    pub async fn end_session(&self, question: &SessionQuestion) -> Result<SessionEnded> {
        let mut tx = self.store().write().await?;
        sqlx::query("DELETE FROM web_session WHERE digest = $1")
            .bind(digest(&question.session))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(SessionEnded {})
    }

    /// An address has few bits as well.
    fn client_digest(&self, client: &str) -> String {
        let token = Sha256::digest(self.settings().token.as_bytes());
        format!("{:x}", Sha256::new().chain_update(token).chain_update(client).finalize())
    }

    /// A code has 20 bits: without the ledger's token nobody finds it out from its digest. Two sign-ins with the same code
    /// have different digests; a link's is found by it.
    fn proof_digest(&self, proof: &Proof, id: &str) -> String {
        let token = Sha256::digest(self.settings().token.as_bytes());
        let digest = Sha256::new().chain_update(token);
        let digest = match proof {
            Proof::Code(code) => digest.chain_update(id).chain_update(code.expose()),
            Proof::Link(token) => digest.chain_update(token.expose()),
        };
        format!("{:x}", digest.finalize())
    }
}

fn check(proposal: &SignInProposal) -> Result<()> {
    if proposal.pending.as_ref().is_some_and(|pending| pending.len() > PENDING_BYTES_MAX) {
        return Err(LedgerError::Invalid("what is pending has at most 32 kB"));
    }
    let to_contact = |message: &OutboxMessage| message.recipient == proposal.contact;
    match &proposal.messages[..] {
        [message] if to_contact(message) => Ok(()),
        _ => Err(LedgerError::Invalid("a sign-in is told to its contact, by one message")),
    }
}

/// Whether too many were asked for.
async fn asked_for(
    tx: &mut SqliteConnection,
    contact: &str,
    client: Option<&str>,
    now: UnixMs,
) -> Result<bool> {
    let since = now.0.saturating_sub(crate::HOUR);
    let (of_contact, of_client, total): (i64, i64, i64) = sqlx::query_as(
        "SELECT
             (SELECT count(*) FROM sign_in WHERE contact = $1 AND created_ms > $2),
             (SELECT count(*) FROM sign_in WHERE client = $3 AND created_ms > $2),
             (SELECT count(*) FROM sign_in WHERE created_ms > $2)",
    )
    .bind(contact)
    .bind(since)
    .bind(client)
    .fetch_one(tx)
    .await?;
    Ok(of_contact >= PER_CONTACT_MAX || of_client >= PER_CLIENT_MAX || total >= TOTAL_MAX)
}

async fn open_at_browser(
    tx: &mut SqliteConnection,
    browser: &WebToken,
    now: UnixMs,
) -> Result<Option<SqliteRow>> {
    Ok(sqlx::query(
        "SELECT id, contact, proof, wrong, pending FROM sign_in
         WHERE browser = $1 AND by_code = 1 AND closed_ms IS NULL AND until_ms > $2",
    )
    .bind(digest(browser))
    .bind(now.0)
    .fetch_optional(tx)
    .await?)
}

async fn open_by_link(
    tx: &mut SqliteConnection,
    proof: &str,
    now: UnixMs,
) -> Result<Option<SqliteRow>> {
    Ok(sqlx::query(
        "SELECT id, contact, proof, wrong, pending FROM sign_in
         WHERE proof = $1 AND by_code = 0 AND closed_ms IS NULL AND until_ms > $2",
    )
    .bind(proof)
    .bind(now.0)
    .fetch_optional(tx)
    .await?)
}

async fn note_wrong(tx: &mut SqliteConnection, id: &str, wrong: u32, now: UnixMs) -> Result<()> {
    let over = wrong >= WRONG_MAX;
    sqlx::query(
        "UPDATE sign_in SET wrong = $1, closed_ms = CASE WHEN $2 = 1 THEN $3 END,
             pending = CASE WHEN $2 = 1 THEN NULL ELSE pending END
         WHERE id = $4",
    )
    .bind(i64::from(wrong))
    .bind(i64::from(over))
    .bind(now.0)
    .bind(id)
    .execute(tx)
    .await?;
    Ok(())
}

/// Of 256 random bits: nobody finds them out from it.
fn digest(token: &WebToken) -> String {
    format!("{:x}", Sha256::digest(token.expose()))
}

/// Sign-ins that no longer count for a limit, sessions that are over.
pub(crate) async fn sweep(tx: &mut SqliteConnection, now: UnixMs, rows: i64) -> Result<()> {
    sqlx::query(
        "DELETE FROM sign_in WHERE id IN
             (SELECT id FROM sign_in WHERE created_ms <= $1 ORDER BY created_ms LIMIT $2)",
    )
    .bind(now.0.saturating_sub(crate::HOUR))
    .bind(rows)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM web_session WHERE digest IN
             (SELECT digest FROM web_session WHERE seen_ms <= $1 OR created_ms <= $2 LIMIT $3)",
    )
    .bind(now.0.saturating_sub(IDLE_MS))
    .bind(now.0.saturating_sub(SESSION_MS))
    .bind(rows)
    .execute(tx)
    .await?;
    Ok(())
}
