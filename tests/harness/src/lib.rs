//! Phones that sing, gateways, mailboxes: what the end-to-end tests play with.
