//! Who may sign in, and what was done by whom.

use konf_ledger::{AuditLine, OperatorLine, OperatorRole};

use super::markup::{Form, Tongue, second, table, text};
use crate::accounts::PASSWORD_CHARACTERS_MIN;

pub(super) fn operators(tongue: Tongue, lines: &[OperatorLine], form: &Form) -> String {
    let heads = [
        tongue.say("Jméno", "Name"),
        tongue.say("Role", "Role"),
        tongue.say("Od", "Since"),
        tongue.say("Změna", "Changed"),
        "",
    ];
    let rows = lines.iter().map(|line| {
        let open = form.open("/desk/operators/remove");
        let name = text(&line.name);
        let button = format!(
            "{open}<input type=hidden name=name value=\"{name}\"><button class=quiet aria-label=\"{remove} {name}\">{remove}</button></form>",
            remove = tongue.say("Odebrat", "Remove"),
        );
        let role = role(tongue, line.role).to_owned();
        [name, role, second(tongue, line.created), second(tongue, line.changed), button]
    });
    let list =
        table(tongue.say("Kdo se přihlašuje", "Who signs in"), "people", &heads, rows, tongue);
    let roles = [OperatorRole::Viewer, OperatorRole::Operator, OperatorRole::Admin];
    let options: String = roles
        .into_iter()
        .map(|this| format!("<option value={}>{}</option>", this.name(), role(tongue, this)))
        .collect();
    list + &format!(
        "<section><h2>{title}</h2>{open}\
        <p><label for=name>{name}</label><input id=name name=name pattern=\"[a-z][a-z0-9._\\-]+\" maxlength=32 autocapitalize=none autocomplete=off required></p>\
        <p><label for=role>{role}</label><select id=role name=role>{options}</select></p>\
        <p><label for=password>{password}</label><input id=password name=password type=password minlength={PASSWORD_CHARACTERS_MIN} autocomplete=new-password required></p>\
        <p><button>{save}</button></p></form></section>",
        title = tongue.say("Přidat nebo změnit", "Add or change"),
        open = form.open("/desk/operators"),
        name = tongue.say("Jméno", "Name"),
        role = tongue.say("Role", "Role"),
        password = tongue.say("Heslo (aspoň 12 znaků)", "Password (12 characters at least)"),
        save = tongue.say("Uložit", "Save"),
    )
}

pub(super) fn role(tongue: Tongue, role: OperatorRole) -> &'static str {
    match role {
        OperatorRole::Viewer => tongue.say("jen čte", "viewer"),
        OperatorRole::Operator => tongue.say("operátor", "operator"),
        OperatorRole::Admin => tongue.say("správce", "admin"),
    }
}

pub(super) fn audit(tongue: Tongue, lines: &[AuditLine]) -> String {
    let heads = [
        tongue.say("Kdy", "When"),
        tongue.say("Kdo", "Who"),
        tongue.say("Co", "What"),
        tongue.say("O čem", "About"),
        tongue.say("Podrobnosti", "Details"),
    ];
    let rows = lines.iter().map(|line| {
        [
            second(tongue, line.at),
            text(&line.by),
            text(&line.action),
            text(&line.subject),
            text(&line.detail),
        ]
    });
    table(tongue.say("Záznam činností", "Audit log"), "audit", &heads, rows, tongue)
}
