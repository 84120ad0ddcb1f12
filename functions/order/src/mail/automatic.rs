//! What robots send: answering it could go on for ever (RFC 3834, sections 2 and 5).

use konf_api::mail::MailMessage;
use mail_parser::{Message, MimeHeaders};

use super::{Unwanted, raw_fields};

/// What stands before the @ of addresses behind which nobody sits.
const ROBOTS: [&str; 8] = [
    "mailer-daemon",
    "postmaster",
    "noreply",
    "no-reply",
    "donotreply",
    "do-not-reply",
    "bounce",
    "bounces",
];

pub(super) fn check(mail: &MailMessage, message: &Message<'_>) -> Result<(), Unwanted> {
    match why(mail, message) {
        Some(why) => Err(Unwanted::Automatic(why)),
        None => Ok(()),
    }
}

fn why(mail: &MailMessage, message: &Message<'_>) -> Option<&'static str> {
    if mail.from.is_empty() {
        return Some("it has an empty return path");
    }
    let user = mail.from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    if ROBOTS.contains(&user.as_str()) {
        return Some("its return path is a robot's");
    }
    for (name, value) in raw_fields(message) {
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_ascii_lowercase());
        match name.as_str() {
            "auto-submitted" if !value.starts_with("no") => return Some("it is Auto-Submitted"),
            "precedence" if BULK.iter().any(|bulk| value.starts_with(bulk)) => {
                return Some("its Precedence is that of bulk mail");
            }
            // Our own messages carry one (control's `delivery/mail.rs`), and so do those of lists.
            "x-loop" => return Some("it has been here before"),
            name if name.starts_with("list-") => return Some("it comes from a list"),
            _ => {}
        }
    }
    is_report(message).then_some("it is a report or an answer to an invitation")
}

const BULK: [&str; 4] = ["bulk", "list", "junk", "auto_reply"];

/// A delivery report (RFC 3462), or what a calendar answers (RFC 5546, section 3.2.3).
fn is_report(message: &Message<'_>) -> bool {
    message.parts.iter().filter_map(|part| part.content_type()).any(|kind| {
        let (main, sub) = (kind.ctype(), kind.subtype().unwrap_or_default());
        main.eq_ignore_ascii_case("multipart") && sub.eq_ignore_ascii_case("report")
            || main.eq_ignore_ascii_case("text")
                && sub.eq_ignore_ascii_case("calendar")
                && kind.attribute("method").is_some_and(|method| {
                    ["reply", "counter", "refresh"].iter().any(|it| method.eq_ignore_ascii_case(it))
                })
    })
}
