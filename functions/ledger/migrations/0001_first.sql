-- The first schema. Instants are milliseconds since 1970-01-01T00:00:00Z, minutes are whole minutes since then.
-- Portable SQL, except where a line is marked "SQLite only".

-- ── capacity ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE edge (
    name     TEXT PRIMARY KEY NOT NULL,
    capacity BIGINT NOT NULL CHECK (capacity >= 0),
    -- Whether the settings still name it: takes new bookings.
    active   BIGINT NOT NULL CHECK (active IN (0, 1))
);

-- The seats taken of each edge in each minute, by bookings with their extensions and by held offers. No row: none.
-- The CHECK is what never overbooks, whatever races.
CREATE TABLE seat_minute (
    edge     TEXT NOT NULL REFERENCES edge (name),
    minute   BIGINT NOT NULL,
    taken    BIGINT NOT NULL,
    capacity BIGINT NOT NULL,
    PRIMARY KEY (edge, minute),
    CONSTRAINT seats_fit CHECK (taken >= 0 AND taken <= capacity)
) WITHOUT ROWID; -- SQLite only: the key is the table.

-- ── messages in ─────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE inbound (
    id          TEXT PRIMARY KEY NOT NULL,
    gateway     TEXT NOT NULL,
    -- The gateway's id, or one made from the message.
    gateway_key TEXT NOT NULL,
    -- The message as JSON; NULL once erased.
    message     TEXT,
    received_ms BIGINT NOT NULL,
    answered_ms BIGINT,
    UNIQUE (gateway, gateway_key)
);
-- Finds those without an answer and those to erase.
CREATE INDEX inbound_kept ON inbound (answered_ms) WHERE message IS NOT NULL;

-- ── bookings and offers ─────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE booking (
    id            TEXT PRIMARY KEY NOT NULL,
    number        TEXT NOT NULL,
    -- Key of the sender and the sender as JSON.
    sender_key    TEXT NOT NULL,
    sender        TEXT NOT NULL,
    edge          TEXT NOT NULL REFERENCES edge (name),
    start_ms      BIGINT NOT NULL,
    -- As it stands, with extensions, and as it was booked.
    end_ms        BIGINT NOT NULL,
    booked_end_ms BIGINT NOT NULL,
    wall          TEXT NOT NULL,
    zone          TEXT NOT NULL,
    seats         BIGINT NOT NULL,
    -- Seats granted or held now.
    seats_taken   BIGINT NOT NULL DEFAULT 0,
    language      TEXT NOT NULL CHECK (language IN ('cs', 'en')),
    state         TEXT NOT NULL CHECK (state IN ('booked', 'cancelled', 'ended')),
    -- NULL once erased.
    pin           TEXT,
    password      TEXT,
    -- Policies that were called for the order, as the host stamped them.
    policies      TEXT NOT NULL,
    created_ms    BIGINT NOT NULL,
    closed_ms     BIGINT,
    -- Set while the room is empty after people had been in it.
    emptied_ms    BIGINT,
    CHECK (start_ms < end_ms AND booked_end_ms <= end_ms),
    -- At most the booked number of people, whatever races.
    CONSTRAINT seats_granted CHECK (seats_taken >= 0 AND seats_taken <= seats)
);
CREATE INDEX booking_end ON booking (end_ms);
CREATE INDEX booking_open ON booking (end_ms) WHERE state = 'booked';
CREATE INDEX booking_secret ON booking (closed_ms) WHERE pin IS NOT NULL;

-- A conference number has one use at a time, and rests after it.
CREATE TABLE number_use (
    number  TEXT PRIMARY KEY NOT NULL,
    -- The latest booking of this number.
    booking TEXT NOT NULL REFERENCES booking (id),
    -- From then on it may be used again.
    free_ms BIGINT NOT NULL
);

-- The alternatives that a sender may choose from. They exclude each other: together they hold, in each minute, the seats
-- of the largest.
CREATE TABLE offer_set (
    id         TEXT PRIMARY KEY NOT NULL,
    sender_key TEXT NOT NULL UNIQUE,
    until_ms   BIGINT NOT NULL
);
CREATE INDEX offer_set_until ON offer_set (until_ms);

CREATE TABLE offer (
    id        TEXT PRIMARY KEY NOT NULL,
    offer_set TEXT NOT NULL REFERENCES offer_set (id) ON DELETE CASCADE,
    position  BIGINT NOT NULL,
    edge      TEXT NOT NULL REFERENCES edge (name),
    start_ms  BIGINT NOT NULL,
    end_ms    BIGINT NOT NULL,
    seats     BIGINT NOT NULL,
    language  TEXT NOT NULL CHECK (language IN ('cs', 'en')),
    UNIQUE (offer_set, position)
);

-- What a set holds in seat_minute: spans that do not overlap.
CREATE TABLE offer_hold (
    offer_set   TEXT NOT NULL REFERENCES offer_set (id) ON DELETE CASCADE,
    edge        TEXT NOT NULL REFERENCES edge (name),
    from_minute BIGINT NOT NULL,
    to_minute   BIGINT NOT NULL,
    seats       BIGINT NOT NULL,
    PRIMARY KEY (offer_set, edge, from_minute)
);

-- ── messages out, requests for people ───────────────────────────────────────────────────────────────────────────────

CREATE TABLE outbox (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT, -- SQLite only: elsewhere BIGINT GENERATED ALWAYS AS IDENTITY.
    id            TEXT NOT NULL UNIQUE,
    inbound       TEXT REFERENCES inbound (id),
    booking       TEXT REFERENCES booking (id),
    recipient     TEXT NOT NULL,
    kind          TEXT NOT NULL,
    -- NULL once erased.
    body          TEXT,
    -- waiting: for next_ms; sending: claimed until next_ms; sent; dead: given up; dropped: no longer true.
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'dead', 'dropped')),
    attempts      BIGINT NOT NULL DEFAULT 0,
    created_ms    BIGINT NOT NULL,
    next_ms       BIGINT NOT NULL,
    finished_ms   BIGINT,
    gateway_id    TEXT,
    last_error    TEXT
);
CREATE INDEX outbox_due ON outbox (next_ms) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_body ON outbox (finished_ms) WHERE body IS NOT NULL AND booking IS NULL;
CREATE INDEX outbox_booking ON outbox (booking) WHERE booking IS NOT NULL;

CREATE TABLE request (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- SQLite only, as above.
    id          TEXT NOT NULL UNIQUE,
    inbound     TEXT REFERENCES inbound (id),
    sender      TEXT NOT NULL,
    text        TEXT NOT NULL,
    language    TEXT NOT NULL CHECK (language IN ('cs', 'en')),
    received_ms BIGINT NOT NULL,
    due_ms      BIGINT NOT NULL,
    closed_ms   BIGINT,
    note        TEXT
);
CREATE INDEX request_open ON request (due_ms) WHERE closed_ms IS NULL;

-- ── restrictions ────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE restriction (
    sender_key TEXT PRIMARY KEY NOT NULL,
    sender     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    until_ms   BIGINT,
    since_ms   BIGINT NOT NULL,
    by_whom    TEXT NOT NULL
);

-- Who restricted or freed whom, when and why: only grows.
CREATE TABLE restriction_audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT, -- SQLite only, as above.
    at_ms      BIGINT NOT NULL,
    sender_key TEXT NOT NULL,
    change     TEXT NOT NULL CHECK (change IN ('restricted', 'freed')),
    reason     TEXT NOT NULL,
    until_ms   BIGINT,
    by_whom    TEXT NOT NULL
);

-- ── edges, seats in rooms ───────────────────────────────────────────────────────────────────────────────────────────

-- A start of an edge process: what of its journal is committed, and whether a later one has taken its place.
CREATE TABLE boot (
    edge     TEXT NOT NULL,
    boot     TEXT NOT NULL,
    through  BIGINT NOT NULL DEFAULT 0,
    hello_ms BIGINT,
    version  TEXT,
    capacity BIGINT,
    former   BIGINT NOT NULL DEFAULT 0 CHECK (former IN (0, 1)),
    PRIMARY KEY (edge, boot)
);

-- granted: the leg may be in the room; joined: it is or was seen there; held: kept for the caller after a leg limit until
-- held_until_ms; released: the seat went back or on to another grant.
CREATE TABLE seat_grant (
    id            TEXT PRIMARY KEY NOT NULL,
    booking       TEXT NOT NULL REFERENCES booking (id),
    edge          TEXT NOT NULL,
    boot          TEXT NOT NULL,
    leg           BIGINT NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('participant', 'organiser')),
    -- The caller's number and network; number NULL when withheld or erased.
    caller        TEXT,
    network       TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('granted', 'joined', 'held', 'released')),
    -- Came back to a held seat, perhaps of a leg of the same boot.
    came_back     BIGINT NOT NULL CHECK (came_back IN (0, 1)),
    former_leg    BIGINT,
    policy        TEXT NOT NULL,
    granted_ms    BIGINT NOT NULL,
    joined_ms     BIGINT,
    held_until_ms BIGINT,
    released_ms   BIGINT,
    UNIQUE (edge, boot, leg)
);
CREATE INDEX seat_grant_inside ON seat_grant (edge, boot) WHERE state IN ('granted', 'joined');
CREATE INDEX seat_grant_held ON seat_grant (caller) WHERE state = 'held';
CREATE INDEX seat_grant_known ON seat_grant (booking, caller);

CREATE TABLE wrong_try (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT, -- SQLite only, as above.
    at_ms      BIGINT NOT NULL,
    caller     TEXT,
    trunk      TEXT NOT NULL,
    conference TEXT
);
CREATE INDEX wrong_try_at ON wrong_try (at_ms);
CREATE INDEX wrong_try_caller ON wrong_try (caller, at_ms);
CREATE INDEX wrong_try_trunk ON wrong_try (trunk, at_ms);
CREATE INDEX wrong_try_conference ON wrong_try (conference, at_ms);

-- ── records and ratings ─────────────────────────────────────────────────────────────────────────────────────────────

-- Whatever an edge reported, once.
CREATE TABLE record (
    edge         TEXT NOT NULL,
    boot         TEXT NOT NULL,
    sequence     BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('leg-joined', 'leg-left', 'room-empty')),
    -- The event as JSON, whole.
    body         TEXT NOT NULL,
    booking      TEXT,
    conference   TEXT,
    leg          BIGINT,
    -- Of a leg that left.
    network      TEXT,
    answered_ms  BIGINT,
    ended_ms     BIGINT,
    duration_ms  BIGINT,
    reason       TEXT,
    -- 1 for a leg that left and has a price to get; with how many times it was handed out for it.
    unrated      BIGINT NOT NULL DEFAULT 0 CHECK (unrated IN (0, 1)),
    rating_tries BIGINT NOT NULL DEFAULT 0,
    applied_ms   BIGINT NOT NULL,
    PRIMARY KEY (edge, boot, sequence)
);
-- A leg leaves once: its seconds are billed once.
CREATE UNIQUE INDEX record_leg_left ON record (edge, boot, leg) WHERE kind = 'leg-left';
CREATE INDEX record_booking ON record (booking, answered_ms) WHERE kind = 'leg-left';
CREATE INDEX record_unrated ON record (rating_tries, applied_ms) WHERE unrated = 1;

CREATE TABLE rating (
    edge     TEXT NOT NULL,
    boot     TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    -- Sixtieths of a thousandth of a heller.
    amount   BIGINT NOT NULL CHECK (amount >= 0),
    billed_s BIGINT NOT NULL,
    rule     TEXT NOT NULL,
    policy   TEXT NOT NULL,
    rated_ms BIGINT NOT NULL,
    PRIMARY KEY (edge, boot, sequence),
    FOREIGN KEY (edge, boot, sequence) REFERENCES record (edge, boot, sequence)
);

-- ── decisions ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- What was decided on what, by which policies; no numbers of people, no secrets. Rows are added and, when old, removed.
CREATE TABLE decision (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT, -- SQLite only, as above.
    at_ms    BIGINT NOT NULL,
    kind     TEXT NOT NULL,
    -- Booking, record or message that it is about.
    subject  TEXT NOT NULL,
    policies TEXT NOT NULL,
    input    TEXT NOT NULL,
    output   TEXT NOT NULL,
    -- What the policy took, where the host says so.
    micros   BIGINT
);
CREATE INDEX decision_at ON decision (at_ms);

-- SQLite only: a decision is never rewritten, nor is the audit.
CREATE TRIGGER decision_stays BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are not rewritten'); END;
CREATE TRIGGER restriction_audit_stays BEFORE UPDATE ON restriction_audit
BEGIN SELECT RAISE(ABORT, 'the audit is not rewritten'); END;
