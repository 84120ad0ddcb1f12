-- Standing conferences of customers: one number and PIN for all occurrences, each of which is a booking.
CREATE TABLE dedicated (
    id           TEXT PRIMARY KEY NOT NULL,
    number       TEXT NOT NULL,
    -- What the desk calls the customer.
    customer     TEXT NOT NULL,
    -- Who got the credentials, as JSON.
    sender       TEXT NOT NULL,
    edge         TEXT NOT NULL REFERENCES edge (name),
    seats        BIGINT NOT NULL,
    language     TEXT NOT NULL CHECK (language IN ('cs', 'en')),
    -- From the first occurrence's start to the last one's end.
    start_ms     BIGINT NOT NULL,
    end_ms       BIGINT NOT NULL,
    -- On which days of the week, when and how long, as JSON; NULL: at any time.
    weekly       TEXT,
    by_whom      TEXT NOT NULL,
    created_ms   BIGINT NOT NULL,
    cancelled_ms BIGINT
);

ALTER TABLE booking ADD COLUMN dedicated TEXT REFERENCES dedicated (id);
CREATE INDEX booking_dedicated ON booking (dedicated, start_ms) WHERE dedicated IS NOT NULL;
