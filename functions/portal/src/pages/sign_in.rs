//! Signing in: a code by SMS, a link by e-mail.

use konf_api::ledger::Sender;
use maud::{Markup, html};

use crate::answer::Answer;
use crate::contact::masked;
use crate::pages::shell::{Place, Shell, alert};

fn title(shell: &Shell<'_>) -> &'static str {
    shell.tongue.say("Přihlásit", "Sign in")
}

/// Asks who it is.
pub fn ask(shell: &Shell<'_>, status: u16, typed: &str, next: &str, fault: Option<&str>) -> Answer {
    let tongue = shell.tongue;
    let body = html! {
        p { (tongue.say(
            "Bez hesla: na telefon Vám pošleme kód, na e-mail odkaz.",
            "Without a password: we send a code to your telephone, or a link to your e-mail.",
        )) }
        form.card method="post" action="/sign-in" novalidate {
            (shell.guard())
            @if !next.is_empty() { input type="hidden" name="next" value=(next); }
            div.field {
                label for="contact" { (tongue.say("Telefon nebo e-mail", "Telephone or e-mail")) }
                input #contact name="contact" type="text" autocomplete="username" autocapitalize="none" spellcheck="false"
                    value=(typed) aria-invalid=[fault.map(|_| "true")] aria-describedby=[fault.map(|_| "contact-error")]
                    autofocus[fault.is_some()];
                @if let Some(fault) = fault { p.error #contact-error role="alert" { (fault) } }
            }
            div.row { button { (tongue.say("Poslat", "Send")) } }
        }
    };
    shell.page(status, Place::SignIn, title(shell), body)
}

/// Asks for the code that was sent.
pub fn code(shell: &Shell<'_>, status: u16, fault: Option<&str>) -> Answer {
    let tongue = shell.tongue;
    let body = html! {
        p { (tongue.say(
            "Poslali jsme Vám SMS s kódem o 6 číslicích. Platí 10 minut.",
            "We have sent you an SMS with a code of 6 digits. It works for 10 minutes.",
        )) }
        form.card method="post" action="/sign-in/code" novalidate {
            (shell.guard())
            div.field {
                label for="code" { (tongue.say("Kód", "Code")) }
                input.code #code name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="12"
                    aria-invalid=[fault.map(|_| "true")] aria-describedby=[fault.map(|_| "code-error")] autofocus;
                @if let Some(fault) = fault { p.error #code-error role="alert" { (fault) } }
            }
            div.row { button { (tongue.say("Pokračovat", "Continue")) } }
        }
        p { a href="/sign-in" { (tongue.say("SMS nepřišla, poslat znovu", "No SMS came: send another")) } }
    };
    shell.page(status, Place::SignIn, tongue.say("Kód ze SMS", "The code from the SMS"), body)
}

/// Says where to look.
pub fn sent(shell: &Shell<'_>) -> Answer {
    let tongue = shell.tongue;
    let body = html! {
        p { (tongue.say(
            "Poslali jsme Vám e-mail s odkazem, který Vás přihlásí. Platí 30 minut.",
            "We have sent you an e-mail with a link that signs you in. It works for 30 minutes.",
        )) }
        p.hint { (tongue.say(
            "Objednávku, kterou jste vyplnili, potom dokončíme.",
            "If you have filled in an order, it is completed then.",
        )) }
        p { a href="/sign-in" { (tongue.say("Nepřišel, poslat znovu", "None came: send another")) } }
    };
    shell.page(
        200,
        Place::SignIn,
        tongue.say("Podívejte se do e-mailu", "Look into your e-mail"),
        body,
    )
}

/// A mail program that looks at links in advance must not use this one up: a person presses the button.
pub fn link(shell: &Shell<'_>, token: &str) -> Answer {
    let tongue = shell.tongue;
    let body = html! {
        p { (tongue.say("Ještě jeden krok a jste přihlášeni.", "One more step and you are signed in.")) }
        form.card method="post" action={ "/sign-in/link/" (token) } {
            (shell.guard())
            button { (title(shell)) }
        }
    };
    shell.page(200, Place::SignIn, title(shell), body)
}

/// The same for an e-mail that names its reader as the sender: nothing is done before the button is pressed.
pub fn confirm_mail(shell: &Shell<'_>, token: &str) -> Answer {
    let tongue = shell.tongue;
    let body = html! {
        p { (tongue.say(
            "Potvrďte prosím, že e-mail, který jsme z Vaší adresy dostali, je od Vás.",
            "Please confirm that the e-mail which we have received from your address is yours.",
        )) }
        form.card method="post" action={ "/confirm/" (token) } {
            (shell.guard())
            button { (tongue.say("Potvrdit", "Confirm")) }
        }
        p.hint { (tongue.say(
            "Pokud jste nám nic neposlali, zavřete tuto stránku. Nic se nestane.",
            "If you have sent us nothing, close this page. Nothing is done.",
        )) }
    };
    shell.page(200, Place::SignIn, tongue.say("Potvrdit e-mail", "Confirm an e-mail"), body)
}

/// Used, too old, or never sent: they are not told apart.
pub fn gone(shell: &Shell<'_>) -> Answer {
    let tongue = shell.tongue;
    let body: Markup = html! {
        (alert(tongue.say(
            "Tento kód nebo odkaz už neplatí. Nechte si prosím poslat nový.",
            "This code or link no longer works. Please have another one sent.",
        )))
        p { a.button href="/sign-in" { (tongue.say("Poslat nový", "Send another")) } }
    };
    shell.page(410, Place::SignIn, title(shell), body)
}

/// Of one who is signed in already.
pub fn signed_in(shell: &Shell<'_>, contact: &Sender) -> Answer {
    let tongue = shell.tongue;
    let body = html! {
        p { (tongue.say("Jste přihlášeni jako ", "You are signed in as ")) strong { (masked(contact)) } "." }
        p { a.button href="/conferences" { (tongue.say("Moje konference", "My conferences")) } }
    };
    shell.page(200, Place::SignIn, title(shell), body)
}
