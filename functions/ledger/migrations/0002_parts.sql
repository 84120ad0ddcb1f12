-- Each part of an SMS is a row of its own; it leaves after the part that it follows is finished.
ALTER TABLE outbox ADD COLUMN follows TEXT REFERENCES outbox (id);

-- What the budget of messages out counts.
CREATE INDEX outbox_created ON outbox (created_ms);
CREATE INDEX outbox_recipient ON outbox (recipient, created_ms);
