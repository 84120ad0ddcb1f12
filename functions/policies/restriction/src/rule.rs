//! PRODUCT.md, section 1, row "no activation": whoever sends an order may use the service; an operator restricts a
//! number or an address for abuse.

/// What the interface `restriction` of `wit/policy.wit` says of a sender and an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Milliseconds since the epoch, as are all instants here.
    pub now_ms: i64,
    /// A pseudonym: the same for the same sender.
    pub sender: String,
    pub channel: Channel,
    /// A number of another country.
    pub abroad: bool,
    pub language: Language,
    /// None: a request for an operator.
    pub order: Option<Order>,
    /// By an operator.
    pub restricted: Option<Restricted>,
    /// Of this sender, this message among them.
    pub messages_hour: u32,
    pub messages_day: u32,
    /// Conferences of this sender, this order not among them.
    pub booked_hour: u32,
    pub booked_day: u32,
    pub booked_ahead: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Sms,
    Mail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Cs,
    En,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub starts_ms: i64,
    pub minutes: u32,
    pub seats: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restricted {
    pub reason: String,
    pub until_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    Refuse {
        /// Letters, digits and dashes: for the log.
        rule: &'static str,
        until_ms: Option<i64>,
    },
    AskOperator,
}

/// Everybody whom no operator has restricted; who sends how much makes no difference.
pub fn decide(facts: &Facts) -> Verdict {
    match &facts.restricted {
        Some(restricted) => {
            Verdict::Refuse { rule: "restricted-by-operator", until_ms: restricted.until_ms }
        }
        None => Verdict::Accept,
    }
}

#[cfg(test)]
mod tests;
