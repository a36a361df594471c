-- A channel's newest videos that everybody finds, past whatever else its account has.
CREATE INDEX search_documents_channels_newest
    ON search_documents (owner_id, created_at DESC, video_id DESC) WHERE is_listed;
