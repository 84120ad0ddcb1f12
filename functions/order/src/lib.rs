//! Reads an order from a message and answers it.
