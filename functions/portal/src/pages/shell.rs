//! What all pages have in common: the frame, the style, the script, the language, who is signed in.

use konf_api::ledger::Sender;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::answer::Answer;
use crate::contact::masked;
use crate::tongue::Tongue;

/// A phone's width first; contrasts are at least 4.5 for text and 3 for edges (WCAG 2.2, 1.4.3 and 1.4.11), targets at
/// least 44 pixels high.
const STYLE: &str = include_str!("style.css");

/// What makes the pages livelier; all of them do without.
const SCRIPT: &str = include_str!("script.js");

/// Of one answer.
pub struct Shell<'a> {
    pub tongue: Tongue,
    /// Without its query: what the link to the other language leads to.
    pub path: &'a str,
    /// Drawn for this answer: what carries it counts as ours.
    pub nonce: String,
    pub csrf: String,
    pub contact: Option<&'a Sender>,
}

/// Which page it is, in the row of links above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Order,
    Conferences,
    SignIn,
    Elsewhere,
}

impl Shell<'_> {
    pub fn page(&self, status: u16, place: Place, title: &str, body: Markup) -> Answer {
        Answer::page(status, &self.nonce, self.markup(place, title, body))
    }

    fn markup(&self, place: Place, title: &str, body: Markup) -> Markup {
        let tongue = self.tongue;
        html! {
            (DOCTYPE)
            html lang=(tongue.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " – Konf" }
                    style nonce=(self.nonce) { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href="#main" { (tongue.say("Na obsah", "Skip to content")) }
                    header {
                        span.brand { "Konf" }
                        nav aria-label=(tongue.say("Stránky", "Pages")) { (self.links(place)) }
                        (self.aside())
                    }
                    main #main { h1 { (title) } (body) }
                    script nonce=(self.nonce) { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }

    fn links(&self, place: Place) -> Markup {
        let tongue = self.tongue;
        let here = |at: Place| (at == place).then_some("page");
        html! {
            a href="/" aria-current=[here(Place::Order)] { (tongue.say("Objednat", "Order")) }
            @if self.contact.is_some() {
                a href="/conferences" aria-current=[here(Place::Conferences)] {
                    (tongue.say("Moje konference", "My conferences"))
                }
            } @else {
                a href="/sign-in" aria-current=[here(Place::SignIn)] { (tongue.say("Přihlásit", "Sign in")) }
            }
        }
    }

    /// The other language, and the way out.
    fn aside(&self) -> Markup {
        let tongue = self.tongue;
        let other = tongue.say("en", "cs");
        html! {
            div.aside {
                @if let Some(contact) = self.contact {
                    form method="post" action="/sign-out" {
                        (self.guard())
                        span.soft { (masked(contact)) }
                        button.plain { (tongue.say("Odhlásit", "Sign out")) }
                    }
                }
                a href={ (self.path) "?lang=" (other) } hreflang=(other) lang=(other) {
                    (tongue.say("English", "Česky"))
                }
            }
        }
    }

    /// What every form carries.
    pub fn guard(&self) -> Markup {
        html! { input type="hidden" name="csrf" value=(self.csrf); }
    }
}

/// A sentence that stands out, read out by a screen reader at once.
pub fn alert(text: &str) -> Markup {
    html! { p.alert role="alert" { (text) } }
}

/// The same about something that went well.
pub fn good(text: &str) -> Markup {
    html! { p.good role="status" { (text) } }
}
