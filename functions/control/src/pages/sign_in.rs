//! Where an operator signs in.

use super::markup::{Tongue, text};
use crate::accounts::Denied;

/// `denied` of the try before; `name` is given back so that it need not be typed again; `oidc`: there is a provider.
pub(super) fn body(tongue: Tongue, name: &str, denied: Option<Denied>, oidc: bool) -> String {
    let fault = match denied {
        None => String::new(),
        Some(Denied::Wrong) => {
            let said = tongue
                .say("Jméno nebo heslo nesouhlasí.", "The name or the password is not right.");
            format!("<p class=bad role=alert>{said}</p>")
        }
        Some(Denied::TooManyTries { minutes }) => {
            let said = match tongue {
                Tongue::Cs => format!("Příliš mnoho pokusů. Zkuste to znovu za {minutes} min."),
                Tongue::En => format!("Too many tries. Try again in {minutes} min."),
            };
            format!("<p class=bad role=alert>{said}</p>")
        }
    };
    let (name_label, password) = (tongue.say("Jméno", "Name"), tongue.say("Heslo", "Password"));
    let (enter, name) = (tongue.say("Přihlásit", "Sign in"), text(name));
    let help = tongue.say(
        "Účet zřídí správce příkazem konf operator add.",
        "An administrator makes accounts by konf operator add.",
    );
    let company = match oidc {
        true => format!(
            "<p><a class=button href=/desk/oidc>{}</a></p><h2>{}</h2>",
            tongue.say("Přihlásit firemním účtem", "Sign in with the company's account"),
            tongue.say("Nebo místním účtem", "Or with a local account")
        ),
        false => String::new(),
    };
    format!(
        "<section class=narrow>{fault}{company}<form method=post action=/desk/sign-in>\
        <p><label for=name>{name_label}</label><input id=name name=name value=\"{name}\" autocomplete=username \
        autocapitalize=none required autofocus></p>\
        <p><label for=password>{password}</label><input id=password name=password type=password \
        autocomplete=current-password required></p>\
        <p><button>{enter}</button></p></form><p class=soft>{help}</p></section>"
    )
}

/// Somebody comes back from the provider: `said` is why not, or nothing. The link is followed by itself: a page of ours
/// leads on, since a session's cookie is not given back to whoever comes from another site.
pub(super) fn returned(tongue: Tongue, said: Option<&str>) -> String {
    match said {
        None => format!(
            "<section class=narrow><p role=status>{}</p><p><a class=button href=/desk>{}</a></p></section>",
            tongue.say("Jste přihlášeni.", "You are signed in."),
            tongue.say("Pokračovat", "Go on")
        ),
        Some(said) => format!(
            "<section class=narrow><p class=bad role=alert>{}</p><p><a class=button href=/desk>{}</a></p></section>",
            text(said),
            tongue.say("Zkusit znovu", "Try again")
        ),
    }
}
