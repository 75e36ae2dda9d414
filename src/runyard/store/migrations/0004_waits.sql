-- An attempt whose process waits for its turn says since when; it gives its place to others meanwhile.

ALTER TABLE attempt ADD COLUMN waits_since BIGINT
  CONSTRAINT attempt_waits CHECK (waits_since IS NULL OR state IN ('starting', 'running', 'stopping'));
CREATE INDEX attempt_waiting ON attempt (owner) WHERE waits_since IS NOT NULL;
