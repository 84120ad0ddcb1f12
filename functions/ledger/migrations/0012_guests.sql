-- Who was invited to a conference, each with a PIN of their own that its organiser may take back.
CREATE TABLE guest (
    id         TEXT PRIMARY KEY NOT NULL,
    booking    TEXT NOT NULL REFERENCES booking (id),
    contact    TEXT NOT NULL,
    -- NULL once erased.
    pin        TEXT,
    created_ms BIGINT NOT NULL,
    revoked_ms BIGINT,
    UNIQUE (booking, contact)
);
