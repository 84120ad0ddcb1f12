//! The default admission: who may enter a conference.
