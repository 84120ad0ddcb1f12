-- What a request asks for, where its text said it as an order does.
ALTER TABLE request ADD COLUMN start_ms BIGINT;
ALTER TABLE request ADD COLUMN end_ms BIGINT;
ALTER TABLE request ADD COLUMN seats BIGINT;
-- Of a sender: the key, for how many are open.
ALTER TABLE request ADD COLUMN sender_key TEXT;
-- How it was closed (approved, answered, declined, closed), by whom, and what was booked.
ALTER TABLE request ADD COLUMN result TEXT;
ALTER TABLE request ADD COLUMN closed_by TEXT;
ALTER TABLE request ADD COLUMN booking TEXT REFERENCES booking (id);
CREATE INDEX request_sender ON request (sender_key) WHERE closed_ms IS NULL;
-- What Prometheus asks for again and again.
CREATE INDEX outbox_dead ON outbox (finished_ms) WHERE state = 'dead';
CREATE INDEX request_closed ON request (closed_ms) WHERE closed_ms IS NOT NULL;
