//! Writes the messages that Konf sends: SMS, e-mail, invitation.
