//! Says what would keep control from running, before it runs.

use std::path::Path;

use anyhow::{Result, bail};

use super::table::say;
use crate::config::Config;
use crate::{app, link};

pub(super) async fn run(config: Config, path: &Path) -> Result<()> {
    let mut faults = 0;
    let mut check = |what: &str, outcome: Result<String>| match outcome {
        Ok(found) => say(&format!("ok    {what}: {found}")),
        Err(error) => {
            faults += 1;
            say(&format!("FAULT {what}: {error:#}"));
        }
    };
    check("configuration", Ok(path.display().to_string()));
    check(
        "link keys",
        link::check_keys(&config.link).map(|()| "certificates and key fit".to_owned()),
    );
    let functions = app::functions(&config).await;
    check(
        "functions",
        functions.map(|host| {
            let names: Vec<_> =
                host.components().into_iter().map(|component| component.name).collect();
            names.join(", ")
        }),
    );
    check(
        "ledger",
        app::ledger(&config)
            .await
            .map(|_| config.state_dir.join(app::LEDGER_FILE).display().to_string()),
    );
    check(
        "SMS gateway",
        Ok(config.sms.as_ref().map_or("none: no SMS is sent".into(), |sms| sms.url.clone())),
    );
    check(
        "mail server",
        Ok(config.mail.as_ref().map_or("none: no e-mail is sent".into(), |mail| mail.host.clone())),
    );
    if faults > 0 {
        bail!("{faults} faults; each line above says what to mend")
    }
    Ok(())
}
