-- Who may sign in, as what, and with which tokens. The administrator is there from the beginning; its keys lie in the home.

CREATE TABLE known_user (
  id /* id_type */ PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  roles TEXT NOT NULL,
  is_enabled BIGINT NOT NULL,
  proof TEXT,
  sessions_since BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT known_user_flag CHECK (is_enabled IN (0, 1)),
  CONSTRAINT known_user_version CHECK (version > 0),
  CONSTRAINT known_user_id CHECK (id > 0 AND id < 9007199254740992)
);

CREATE TABLE token (
  id /* id_type */ PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES known_user (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  workspace TEXT NOT NULL,
  role TEXT,
  digest TEXT NOT NULL UNIQUE,
  access_key TEXT NOT NULL UNIQUE,
  proof TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  last_used_at BIGINT,
  CONSTRAINT token_role CHECK (role IS NULL OR role IN ('viewer', 'operator', 'admin')),
  CONSTRAINT token_id CHECK (id > 0 AND id < 9007199254740992)
);
CREATE INDEX token_of_user ON token (user_id, id);

INSERT INTO known_user (id, name, roles, is_enabled, proof, sessions_since, version, created_at, updated_at)
VALUES (1, 'admin', '{"*":"admin"}', 1, NULL, 0, 1, 0, 0);
