-- Who asked to sign in, and whether it was confirmed. Digests alone: neither a code nor a token can be read here.
CREATE TABLE sign_in (
    id         TEXT PRIMARY KEY NOT NULL,
    contact    TEXT NOT NULL,
    -- Of the cookie of the browser that asked.
    browser    TEXT NOT NULL,
    -- Keyed, of code and id or of the link's token.
    proof      TEXT NOT NULL,
    -- A code counts at its browser alone.
    by_code    BIGINT NOT NULL CHECK (by_code IN (0, 1)),
    wrong      BIGINT NOT NULL DEFAULT 0,
    -- What is done once it is confirmed; NULL when it is over.
    pending    TEXT,
    created_ms BIGINT NOT NULL,
    until_ms   BIGINT NOT NULL,
    -- Confirmed, or replaced by a later one.
    closed_ms  BIGINT
);
CREATE INDEX sign_in_contact ON sign_in (contact, created_ms);
CREATE INDEX sign_in_created ON sign_in (created_ms);
CREATE INDEX sign_in_browser ON sign_in (browser) WHERE closed_ms IS NULL;
CREATE INDEX sign_in_proof ON sign_in (proof) WHERE closed_ms IS NULL;

CREATE TABLE web_session (
    -- Of the cookie.
    digest     TEXT PRIMARY KEY NOT NULL,
    contact    TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    seen_ms    BIGINT NOT NULL
);
CREATE INDEX web_session_seen ON web_session (seen_ms);
