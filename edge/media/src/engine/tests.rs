//! Phones that sing on a virtual clock over a seeded network, and what each of them hears.

mod codecs;
mod commands;
mod copies;
mod hall;
mod hostile;
mod keys;
mod moving;
mod network;
mod prompts;
mod rates;
mod reports;
mod rooms;
mod secure;
mod voices;
