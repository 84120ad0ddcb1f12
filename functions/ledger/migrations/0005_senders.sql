-- Whose message it was, as a key: how often somebody writes. NULL once erased, and of messages from before.
ALTER TABLE inbound ADD COLUMN sender_key TEXT;
CREATE INDEX inbound_sender ON inbound (sender_key, received_ms) WHERE sender_key IS NOT NULL;
CREATE INDEX booking_sender ON booking (sender_key, created_ms);
