-- Things of a workspace that are no jobs, as a vendor's clients keep them: catalogs, queues. Each goes with its parent.

CREATE TABLE document (
  id /* id_type */ PRIMARY KEY,
  workspace_id BIGINT NOT NULL REFERENCES workspace (id),
  shelf TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  parent_id BIGINT REFERENCES document (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  content TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT document_version CHECK (version > 0),
  CONSTRAINT document_id CHECK (id > 0 AND id < 9007199254740992)
);
CREATE UNIQUE INDEX document_name ON document (workspace_id, shelf, name);
CREATE INDEX document_in_parent ON document (parent_id, id);
CREATE INDEX document_on_shelf ON document (workspace_id, shelf, id);
