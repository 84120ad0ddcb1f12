-- How many times a message without an answer was handed out again: each wait is twice as long as the one before.
ALTER TABLE inbound ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
