-- What gateways reported of messages before it was noted that they had taken them; by the id of either, for an hour.
CREATE TABLE early_report (
    id      TEXT PRIMARY KEY,
    -- Why it was not delivered; NULL when it was.
    reason  TEXT,
    came_ms BIGINT NOT NULL
);
CREATE INDEX early_report_came ON early_report (came_ms);
