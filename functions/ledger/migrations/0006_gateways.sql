-- Parts of long SMS that wait for the others; those of a whole message stay for a while, so that a repeat is known.
CREATE TABLE inbound_part (
    gateway     TEXT NOT NULL,
    -- The gateway's id of the part.
    gateway_key TEXT NOT NULL,
    sender_key  TEXT NOT NULL,
    -- As the sender's telephone counts, how many there are, and which one this is.
    reference   BIGINT NOT NULL,
    total       BIGINT NOT NULL,
    part        BIGINT NOT NULL,
    -- Empty once the message is whole.
    text        TEXT NOT NULL,
    received_ms BIGINT NOT NULL,
    -- The whole message.
    inbound     TEXT REFERENCES inbound (id),
    PRIMARY KEY (gateway, gateway_key)
);
CREATE INDEX inbound_part_of ON inbound_part (sender_key, reference) WHERE inbound IS NULL;
CREATE INDEX inbound_part_received ON inbound_part (received_ms);

-- When the telephone had it, as the gateway reports.
ALTER TABLE outbox ADD COLUMN delivered_ms BIGINT;
CREATE INDEX outbox_gateway ON outbox (gateway_id) WHERE gateway_id IS NOT NULL;
