-- Who may use the REST API. Of a token there is a digest alone: 256 random bits need no salt.
CREATE TABLE api_token (
    id         TEXT PRIMARY KEY NOT NULL,
    digest     TEXT NOT NULL UNIQUE,
    label      TEXT NOT NULL,
    -- Words with spaces between them, such as `conferences:read`.
    scopes     TEXT NOT NULL,
    -- As JSON: of a customer's token, which sees the own conferences only; NULL: of the operator's.
    owner      TEXT,
    by_whom    TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    -- NULL: does not expire.
    expires_ms BIGINT,
    used_ms    BIGINT,
    revoked_ms BIGINT
);

-- What was answered under an Idempotency-Key, for a day. Only the token itself opens the answer.
CREATE TABLE api_answer (
    token      TEXT NOT NULL REFERENCES api_token (id),
    key        TEXT NOT NULL,
    -- Digest of method, path and body: the same key with another request is a mistake.
    request    TEXT NOT NULL,
    -- What makes the request one order, also when it is worked on again after a crash.
    once       TEXT NOT NULL,
    running    BIGINT NOT NULL CHECK (running IN (0, 1)),
    -- NULL until it is answered.
    answer     BLOB,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (token, key)
);
CREATE INDEX api_answer_created ON api_answer (created_ms);

-- Finds the request that a message became.
CREATE INDEX request_inbound ON request (inbound) WHERE inbound IS NOT NULL;
CREATE INDEX booking_start ON booking (start_ms, id);
