//! Phones that sing on a virtual clock over a seeded network, and what each of them hears.

mod commands;
mod hall;
mod hostile;
mod keys;
mod network;
mod prompts;
mod rooms;
