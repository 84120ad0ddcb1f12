//! The organiser's pages in a real browser, with a real caller in the room.

use std::process::Command;

use anyhow::{Context, Result, bail};
use konf_harness::gateway::number_of;
use konf_harness::konf::{Konf, TRUNK_ADDRESS, unix_seconds};
use konf_harness::process::Process;
use konf_harness::sipp;

use crate::support::in_a_browser;

const ORGANISER: &str = "+420606111222";
const GUEST: &str = "+420606777888";
/// The minute that the first order is for: the keyboard has to be quicker.
const SOON_S: u64 = 60;

#[test]
fn an_organiser_orders_leads_and_cancels_in_a_browser() -> Result<()> {
    // Room for one conference of ten people at a time.
    let konf = Konf::start(14)?;
    let mut asked = Questions { konf: &konf, callers: Vec::new(), secrets: Vec::new() };
    let (base, day) = (format!("http://{}", konf.http), prague("+%F", SOON_S)?);
    let arguments = [base.as_str(), &day, &prague("+%H:%M", SOON_S)?];
    in_a_browser("portal.mjs", &arguments, |question| asked.answer(question))?;
    let logs = konf.logs();
    for secret in
        asked.secrets.iter().map(String::as_str).chain([ORGANISER, GUEST, "jana@example.com"])
    {
        assert!(!logs.contains(secret), "a secret is in the logs");
    }
    drop(asked);
    konf.passed()
}

/// What the browser's part cannot know.
struct Questions<'a> {
    konf: &'a Konf,
    callers: Vec<Process>,
    secrets: Vec<String>,
}

impl Questions<'_> {
    fn answer(&mut self, question: &str) -> Result<String> {
        let words: Vec<&str> = question.split(' ').collect();
        Ok(match words[..] {
            ["code"] => {
                let sms = self.konf.gateway.wait(ORGANISER, "sign in")?;
                let code = number_of(&sms.text, 6).first().context("no code")?.clone();
                self.secrets.push(code.clone());
                code
            }
            ["guest"] => {
                let sms = self.konf.gateway.wait(GUEST, "PIN")?;
                number_of(&sms.text, 6).get(1).context("no PIN")?.clone()
            }
            ["link"] => self.link()?,
            ["tomorrow"] => prague("+%F", 86_400)?,
            ["caller", number, pin] => {
                self.secrets.push(pin.to_owned());
                self.call(number, pin)?;
                "calls".to_owned()
            }
            _ => bail!("the browser's part asks {question:?}"),
        })
    }

    fn call(&mut self, number: &str, pin: &str) -> Result<()> {
        let call = sipp::Call {
            name: "guest",
            from: TRUNK_ADDRESS,
            number: GUEST,
            // The last key ends the name.
            keys: &format!("{number}#{pin}##"),
            hertz: 700.0,
            seconds: 0,
            hangs_up: false,
        };
        self.callers.push(sipp::call(&self.konf.dir, self.konf.sip_port, &call)?);
        Ok(())
    }

    /// A mail folds its long lines with `=` at the end.
    fn link(&mut self) -> Result<String> {
        let mail = self.konf.smtp.wait()?.replace("=\r\n", "").replace("=\n", "");
        let link = mail
            .split(['"', ' ', '\r', '\n', '<', '>'])
            .find(|part| part.contains("/sign-in/link/"));
        let link = link.context("no link in the mail")?.to_owned();
        let token = link.rsplit('/').next().unwrap_or_default().to_owned();
        self.secrets.push(token);
        Ok(link)
    }
}

/// Prague's clock, so many seconds from now, as `date` writes it.
fn prague(format: &str, seconds: u64) -> Result<String> {
    let at = format!("@{}", unix_seconds() + seconds);
    let output =
        Command::new("date").args(["-d", &at, format]).env("TZ", "Europe/Prague").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
