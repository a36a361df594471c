-- A channel's most watched videos, past whatever else its account has.
CREATE INDEX search_documents_channels_popular
    ON search_documents (owner_id, popularity DESC, created_at DESC, video_id DESC) WHERE is_listed;
