//! PRODUCT.md, section 4, row "in the room"; `*6` for mute is the habit of most services (FIELD.md, section 3).

/// What the interface `keys` of `wit/policy.wit` says of somebody who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub language: Language,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Cs,
    En,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Participant,
    Organiser,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Mute,
    Help,
    People,
    Names,
    Volume,
    Hand,
    Lock,
    MuteAll,
    Mode,
    DropLast,
    FindNoise,
    Extend,
    EndForAll,
}

const EVERYBODY: &[(&str, Action)] = &[
    ("*6", Action::Mute),
    ("*1", Action::Help),
    ("*2", Action::People),
    ("*3", Action::Names),
    ("*8", Action::Volume),
    // Begins the organiser's `*92` and others: the hand alone may wait for another key.
    ("*9", Action::Hand),
    // Of organisers; participants hear that they are.
    ("*5", Action::Lock),
    ("##", Action::MuteAll),
    ("*7", Action::Mode),
    ("*92", Action::DropLast),
    ("*93", Action::FindNoise),
    ("*98", Action::Extend),
    ("*99", Action::EndForAll),
];

/// The same for everybody, so that people can tell each other which key to press.
pub fn table(facts: &Facts) -> &'static [(&'static str, Action)] {
    match facts.role {
        Role::Participant | Role::Organiser => EVERYBODY,
    }
}

#[cfg(test)]
mod tests;
