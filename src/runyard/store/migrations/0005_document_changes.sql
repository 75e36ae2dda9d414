-- How often the documents of a workspace have changed, so that what was made of them is made again only then.

ALTER TABLE workspace ADD COLUMN document_changes BIGINT NOT NULL DEFAULT 0;
