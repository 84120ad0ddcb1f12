//! The default tariff: what a leg costs.
