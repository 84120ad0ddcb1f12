//! What is shown: markup made of values, nothing else.

pub mod conference;
pub mod conferences;
pub mod live;
pub mod note;
pub mod order;
pub mod shell;
pub mod sign_in;
pub mod statement;
