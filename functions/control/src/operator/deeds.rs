//! What operators change besides requests. Each is noted in the audit before it is done.

use anyhow::{Result, ensure};
use konf_ledger::{OperatorRole, masked};

use super::{DAY_MS, DAYS_MAX, Desk, Refusal, sender, text};
use crate::clock;
use crate::config::Secret;

/// A name or an id before it is known to be one.
const NOTED_CHARACTERS_MAX: usize = 64;

/// Errors of each: a refusal, which the operator can mend, or that the ledger does not answer.
impl Desk {
    pub async fn restrict(
        &self,
        whom: &str,
        reason: &str,
        days: Option<u32>,
        by: &str,
    ) -> Result<()> {
        let (whom, reason) = (sender(whom)?, text("reason", reason)?);
        ensure!(days.is_none_or(|days| (1..=DAYS_MAX).contains(&days)), Refusal::Days);
        self.ledger.note(by, "restrict", &masked(&whom), reason).await?;
        let until = days.map(|days| clock::now().plus_ms(i64::from(days) * DAY_MS));
        Ok(self.ledger.restrict(&whom, reason, until, by).await?)
    }

    pub async fn lift(&self, whom: &str, by: &str) -> Result<()> {
        let whom = sender(whom)?;
        self.ledger.note(by, "lift restriction", &masked(&whom), "").await?;
        ensure!(self.ledger.unrestrict(&whom, by).await?, Refusal::NotRestricted);
        Ok(())
    }

    pub async fn retry(&self, id: &str, by: &str) -> Result<()> {
        self.ledger.note(by, "try message again", &short(id), "").await?;
        ensure!(self.ledger.outbox_retry(id).await?, Refusal::NoDeadLetter(short(id)));
        self.outbox.notify_one();
        Ok(())
    }

    pub async fn drop_message(&self, id: &str, by: &str) -> Result<()> {
        self.ledger.note(by, "drop message", &short(id), "").await?;
        ensure!(self.ledger.outbox_drop(id).await?, Refusal::NothingToDrop(short(id)));
        Ok(())
    }

    pub async fn put_account(
        &self,
        name: &str,
        role: OperatorRole,
        password: &Secret,
        by: &str,
    ) -> Result<()> {
        self.ledger.note(by, "save account", &short(name), role.name()).await?;
        self.accounts.put(name, role, password).await
    }

    pub async fn remove_account(&self, name: &str, by: &str) -> Result<()> {
        self.ledger.note(by, "remove account", &short(name), "").await?;
        ensure!(self.accounts.remove(name).await?, Refusal::NoAccount);
        Ok(())
    }
}

pub(super) fn short(text: &str) -> String {
    text.chars().take(NOTED_CHARACTERS_MAX).collect()
}
