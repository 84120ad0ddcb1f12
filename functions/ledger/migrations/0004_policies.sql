-- ── policies ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Components by what they are: those pushed, and the defaults that this Konf was installed with, so that whatever once
-- decided can be asked again.
CREATE TABLE policy_component (
    -- `sha256:` and 64 digits.
    digest  TEXT PRIMARY KEY NOT NULL,
    bytes   BLOB NOT NULL,
    kept_ms BIGINT NOT NULL
);

-- pushed: checked and stored; shadow: asked beside the active one; canary: decides for a share of conferences; active;
-- retired: was active, another took its place; rejected: was rolled back.
CREATE TABLE policy (
    world           TEXT NOT NULL,
    version         BIGINT NOT NULL CHECK (version > 0),
    digest          TEXT NOT NULL REFERENCES policy_component (digest),
    -- As it was signed, with its golden cases.
    manifest        TEXT NOT NULL,
    -- Base64, and the name of the key in the settings; NULL where unsigned policies are taken.
    signature       TEXT,
    signer          TEXT,
    state           TEXT NOT NULL
        CHECK (state IN ('pushed', 'shadow', 'canary', 'active', 'retired', 'rejected')),
    -- Of a canary: conferences in a hundred; and decisions in a hundred that may differ before it is rolled back.
    percent         BIGINT NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    differences_max BIGINT CHECK (differences_max BETWEEN 0 AND 100),
    pushed_ms       BIGINT NOT NULL,
    pushed_by       TEXT NOT NULL,
    changed_ms      BIGINT NOT NULL,
    activated_ms    BIGINT,
    note            TEXT NOT NULL,
    PRIMARY KEY (world, version),
    UNIQUE (world, digest)
);
-- One of each at a time.
CREATE UNIQUE INDEX policy_active ON policy (world) WHERE state = 'active';
CREATE UNIQUE INDEX policy_canary ON policy (world) WHERE state = 'canary';
CREATE UNIQUE INDEX policy_shadow ON policy (world) WHERE state = 'shadow';

-- Who changed what, when and why: only grows.
CREATE TABLE policy_audit (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT, -- SQLite only, as in the first schema.
    at_ms   BIGINT NOT NULL,
    world   TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest  TEXT NOT NULL,
    change  TEXT NOT NULL,
    note    TEXT NOT NULL,
    by_whom TEXT NOT NULL
);
CREATE TRIGGER policy_audit_stays BEFORE UPDATE ON policy_audit
BEGIN SELECT RAISE(ABORT, 'the audit is not rewritten'); END;

-- A conference ends on the policies that its first caller was admitted under.
CREATE TABLE policy_pin (
    booking TEXT NOT NULL REFERENCES booking (id),
    world   TEXT NOT NULL,
    digest  TEXT NOT NULL,
    PRIMARY KEY (booking, world)
);

-- Each call of a policy: what it was asked and what it answered; no numbers of people, no secrets. Rows are added and,
-- when old, removed.
CREATE TABLE policy_call (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT, -- SQLite only, as above.
    at_ms      BIGINT NOT NULL,
    world      TEXT NOT NULL,
    digest     TEXT NOT NULL,
    -- Why this one was asked: active, canary, pinned, or fallback after another had failed.
    part       TEXT NOT NULL,
    booking    TEXT,
    conference TEXT,
    -- Of a leg that was rated: edge/boot/sequence.
    record     TEXT,
    input      TEXT NOT NULL,
    -- One of the two.
    output     TEXT,
    fault      TEXT,
    micros     BIGINT NOT NULL
);
CREATE INDEX policy_call_at ON policy_call (at_ms);
CREATE INDEX policy_call_world ON policy_call (world, at_ms);
CREATE INDEX policy_call_conference ON policy_call (conference) WHERE conference IS NOT NULL;
CREATE INDEX policy_call_record ON policy_call (record) WHERE record IS NOT NULL;
CREATE TRIGGER policy_call_stays BEFORE UPDATE ON policy_call
BEGIN SELECT RAISE(ABORT, 'decisions are not rewritten'); END;
