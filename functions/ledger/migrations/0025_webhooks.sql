-- Who is told of events, and what they are told: rows of deliveries are written with the fact that they tell.
CREATE TABLE webhook (
    id         TEXT PRIMARY KEY NOT NULL,
    url        TEXT NOT NULL,
    -- Kinds of events, each with a space before and behind it.
    events     TEXT NOT NULL,
    label      TEXT NOT NULL,
    -- Signs what is sent, so that it has to be known; the file is its owner's alone, as for PINs.
    secret     TEXT NOT NULL,
    -- Of a customer's: JSON and key; NULL: told of everything.
    owner      TEXT,
    owner_key  TEXT,
    by_whom    TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    -- Removed, or its address said that it is gone.
    closed_ms  BIGINT,
    why        TEXT
);

CREATE TABLE webhook_delivery (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- SQLite only, as in the first schema.
    webhook     TEXT NOT NULL REFERENCES webhook (id),
    event       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    -- waiting: for next_ms; sending: claimed until next_ms; delivered; dead: given up.
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'dead')),
    attempts    BIGINT NOT NULL DEFAULT 0,
    created_ms  BIGINT NOT NULL,
    next_ms     BIGINT NOT NULL,
    finished_ms BIGINT,
    -- The last answer's status and what went wrong.
    status      BIGINT,
    error       TEXT,
    UNIQUE (webhook, event)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_ms) WHERE state IN ('waiting', 'sending');
CREATE INDEX webhook_delivery_open ON webhook_delivery (webhook) WHERE state IN ('waiting', 'sending');
CREATE INDEX webhook_delivery_of ON webhook_delivery (webhook, seq);
CREATE INDEX webhook_delivery_done ON webhook_delivery (finished_ms) WHERE finished_ms IS NOT NULL;

-- When the first one was in the room.
ALTER TABLE booking ADD COLUMN started_ms BIGINT;
