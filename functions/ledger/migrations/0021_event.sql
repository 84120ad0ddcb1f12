-- How calendars know a booking: by the start that it was booked with first, NULL while it has not moved; each change makes
-- what they were told before older.
ALTER TABLE booking ADD COLUMN first_start_ms BIGINT;
ALTER TABLE booking ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
