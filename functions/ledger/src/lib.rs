//! The only owner of data: bookings, capacity, outbox, records.
