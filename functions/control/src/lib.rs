//! Control: joins the functions host, the ledger, the link, deliveries and the command line.
//!
//! [`app`] is what runs under `konf up`; [`cli`] is everything that a person types.

pub mod accounts;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod dkim;
pub mod dns;
pub mod edge_service;
pub mod functions;
pub mod https;
pub mod keys;
pub mod ledger_service;
pub mod link;
pub mod mailbox;
pub mod metrics;
pub mod operator;
pub mod pages;
pub mod policies;
pub mod proxy;
pub mod rest;
pub mod rooms;
pub mod server;
pub mod ses;
pub mod smpp;
pub mod smtp;
pub mod tasks;
pub mod webhooks;
