//! Who may not order, and why.

use konf_ledger::{RestrictionLine, masked};
use sha2::{Digest, Sha256};

use super::markup::{Form, Tongue, minute, table, text};

/// Names a restriction on a page without saying whose it is.
pub(super) fn mark(line: &RestrictionLine) -> String {
    let digest = Sha256::new().chain_update(b"restriction\0").chain_update(line.sender.key());
    digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `form` is none for those who only look.
pub(super) fn body(tongue: Tongue, lines: &[RestrictionLine], form: Option<&Form>) -> String {
    let heads = [
        tongue.say("Kdo", "Sender"),
        tongue.say("Důvod", "Reason"),
        tongue.say("Od", "Since"),
        tongue.say("Do", "Until"),
        tongue.say("Omezil", "By"),
        "",
    ];
    let rows = lines.iter().map(|line| {
        let until = line.until.map_or(tongue.say("zrušení", "lifted").to_owned(), |at| minute(tongue, at));
        let who = masked(&line.sender);
        let lift = form.map_or(String::new(), |form| {
            format!(
                "{}<input type=hidden name=mark value={}><button class=quiet aria-label=\"{lift} {}\">{lift}</button></form>",
                form.open("/desk/restrictions/lift"),
                mark(line),
                text(&who),
                lift = tongue.say("Zrušit", "Lift"),
            )
        });
        [text(&who), text(&line.reason), minute(tongue, line.since), until, text(&line.by), lift]
    });
    let list = table(tongue.say("Omezení", "Restrictions"), "restrictions", &heads, rows, tongue);
    let Some(form) = form else { return list };
    list + &format!(
        "<section><h2>{title}</h2><p class=soft>{help}</p>{open}\
        <p><label for=sender>{sender}</label><input id=sender name=sender autocomplete=off required></p>\
        <p><label for=reason>{reason}</label><input id=reason name=reason maxlength=1000 required></p>\
        <p><label for=days>{days}</label><input id=days name=days type=number min=1 max=3660></p>\
        <p><button>{title}</button></p></form></section>",
        title = tongue.say("Omezit", "Restrict"),
        help = tongue.say(
            "Kdo je omezen, neobjedná nic; důvod se mu neříká.",
            "Who is restricted orders nothing, and is not told the reason."
        ),
        open = form.open("/desk/restrictions"),
        sender = tongue.say("Telefonní číslo nebo e-mail", "Telephone number or e-mail address"),
        reason = tongue.say("Důvod", "Reason"),
        days = tongue.say("Počet dnů (prázdné: do zrušení)", "Days (empty: until it is lifted)"),
    )
}
