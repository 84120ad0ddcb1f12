//! Rates legs through the tariff policy and writes statements.
