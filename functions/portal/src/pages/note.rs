//! Pages of one sentence.

use maud::html;

use crate::answer::Answer;
use crate::pages::shell::{Place, Shell, alert};

/// `sentence` about what went wrong, and the way back to the order.
pub fn fault(shell: &Shell<'_>, status: u16, sentence: &str) -> Answer {
    let tongue = shell.tongue;
    let body = html! {
        (alert(sentence))
        p { a.button href="/" { (tongue.say("Na objednávku", "To the order")) } }
    };
    shell.page(status, Place::Elsewhere, tongue.say("Nepovedlo se", "That did not work"), body)
}

pub fn not_found(shell: &Shell<'_>) -> Answer {
    let sentence = shell.tongue.say(
        "Taková stránka tu není. Možná je odkaz starý nebo neúplný.",
        "There is no such page. The link may be old or incomplete.",
    );
    fault(shell, 404, sentence)
}

pub fn unavailable(shell: &Shell<'_>) -> Answer {
    let sentence = shell.tongue.say(
        "Teď to nejde. Zkuste to prosím za chvíli znovu.",
        "It does not work just now. Please try again in a moment.",
    );
    fault(shell, 503, sentence)
}

/// A form that does not belong to this browser: an old page, or another site's.
pub fn stale(shell: &Shell<'_>) -> Answer {
    let sentence = shell.tongue.say(
        "Stránka mezitím zastarala a nic se nestalo. Otevřete ji prosím znovu.",
        "The page has become too old and nothing was done. Please open it again.",
    );
    fault(shell, 403, sentence)
}

/// Without cookies nobody can be told from others.
pub fn without_tls(shell: &Shell<'_>) -> Answer {
    let sentence = shell.tongue.say(
        "Objednat a přihlásit se tu nejde: stránky musí mít adresu https://. Objednejte prosím SMS.",
        "Nobody can order or sign in here: these pages need an address with https://. Please order by SMS.",
    );
    fault(shell, 503, sentence)
}
