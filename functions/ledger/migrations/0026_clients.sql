-- From where a sign-in was asked for, as a digest; NULL where nobody knows.
ALTER TABLE sign_in ADD COLUMN client TEXT;

-- Messages out of late, whose replies some gateways keep until they are asked.
CREATE INDEX outbox_answerable ON outbox (finished_ms) WHERE state = 'sent' AND gateway_id IS NOT NULL;
