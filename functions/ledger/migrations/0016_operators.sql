-- Who may sign in at the desk.
CREATE TABLE operator (
    name       TEXT PRIMARY KEY NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    -- Argon2, in its own text form with salt and parameters.
    password   TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL
);

-- What operators did, written before it is done: only grows. No number and no address of anybody in full.
CREATE TABLE operator_audit (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT, -- SQLite only, as in the first schema.
    at_ms   BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
);
CREATE INDEX operator_audit_at ON operator_audit (at_ms);
CREATE TRIGGER operator_audit_stays BEFORE UPDATE ON operator_audit
BEGIN SELECT RAISE(ABORT, 'the audit is not rewritten'); END;
CREATE TRIGGER operator_audit_is_kept BEFORE DELETE ON operator_audit
BEGIN SELECT RAISE(ABORT, 'the audit is not rewritten'); END;
