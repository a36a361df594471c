CREATE TABLE public.account_exports (
    user_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    include_files boolean NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    percent smallint DEFAULT 0 NOT NULL,
    size bigint,
    ready_at timestamp with time zone,
    failed_at timestamp with time zone,
    archives integer DEFAULT 1 NOT NULL,
    CONSTRAINT account_exports_percent CHECK (((percent >= 0) AND (percent <= 100))),
    CONSTRAINT account_exports_ready_whole CHECK (((size IS NULL) = (ready_at IS NULL)))
);
CREATE TABLE public.account_tokens (
    hash bytea NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    email text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT account_tokens_purpose_known CHECK ((purpose = ANY (ARRAY['email'::text, 'password'::text])))
);
CREATE TABLE public.added_sounds (
    video_id uuid NOT NULL,
    name text NOT NULL,
    state text DEFAULT 'UPLOADING'::text NOT NULL,
    language text NOT NULL,
    title text NOT NULL,
    is_default boolean NOT NULL,
    filename text NOT NULL,
    filesize bigint NOT NULL,
    part_size bigint NOT NULL,
    upload_id text,
    failure_code text,
    failure_detail text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    sha256 bytea,
    CONSTRAINT added_sounds_failed_says_why CHECK (((state = 'FAILED'::text) = (failure_code IS NOT NULL))),
    CONSTRAINT added_sounds_filesize_positive CHECK ((filesize > 0)),
    CONSTRAINT added_sounds_sha256_whole CHECK ((octet_length(sha256) = 32)),
    CONSTRAINT added_sounds_state_known CHECK ((state = ANY (ARRAY['UPLOADING'::text, 'PROCESSING'::text, 'READY'::text, 'FAILED'::text])))
);
CREATE TABLE public.api_keys (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    hash bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone
);
CREATE TABLE public.audit_events (
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    what text NOT NULL,
    actor text NOT NULL,
    actor_id uuid,
    key_id uuid,
    target uuid,
    account_id uuid,
    ip inet,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT audit_events_actor_known CHECK ((actor = ANY (ARRAY['account'::text, 'api_key'::text, 'anyone'::text, 'command_line'::text, 'server'::text])))
);
CREATE TABLE public.cell_hashes (
    video_id uuid NOT NULL,
    name text NOT NULL,
    page integer NOT NULL,
    md5s bytea NOT NULL,
    CONSTRAINT cell_hashes_whole CHECK ((length(md5s) = 512))
)
WITH (fillfactor='70');
CREATE TABLE public.channel_count_changes (
    id bigint NOT NULL,
    channel_id uuid NOT NULL,
    subscribers integer DEFAULT 0 NOT NULL,
    videos integer DEFAULT 0 NOT NULL
);
ALTER TABLE public.channel_count_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.channel_count_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.channel_counts (
    channel_id uuid NOT NULL,
    subscribers bigint DEFAULT 0 NOT NULL,
    videos bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.channel_pictures (
    account_id uuid NOT NULL,
    kind text NOT NULL,
    version text NOT NULL,
    jpeg bytea NOT NULL,
    CONSTRAINT channel_pictures_kind_known CHECK ((kind = ANY (ARRAY['avatar'::text, 'banner'::text]))),
    CONSTRAINT channel_pictures_small CHECK ((octet_length(jpeg) <= 1048576))
);
ALTER TABLE ONLY public.channel_pictures ALTER COLUMN jpeg SET STORAGE EXTERNAL;
CREATE TABLE public.channels (
    account_id uuid NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    links jsonb DEFAULT '[]'::jsonb NOT NULL
);
CREATE TABLE public.chapters (
    video_id uuid NOT NULL,
    items jsonb NOT NULL,
    whole jsonb,
    whole_start double precision,
    CONSTRAINT chapters_whole_from_somewhere CHECK (((whole IS NULL) = (whole_start IS NULL)))
);
CREATE TABLE public.comment_likes (
    comment_id uuid NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.comment_reports (
    comment_id uuid NOT NULL,
    reporter_id uuid NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    settled_at timestamp with time zone
);
CREATE TABLE public.comments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    video_id uuid NOT NULL,
    author_id uuid,
    root_id uuid,
    parent_id uuid,
    state text NOT NULL,
    text text NOT NULL,
    mentions uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    replies integer DEFAULT 0 NOT NULL,
    likes integer DEFAULT 0 NOT NULL,
    score integer GENERATED ALWAYS AS ((replies + likes)) STORED NOT NULL,
    reports integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    edited_at timestamp with time zone,
    taken_down boolean DEFAULT false NOT NULL,
    CONSTRAINT comments_counts_positive CHECK (((replies >= 0) AND (likes >= 0) AND (reports >= 0))),
    CONSTRAINT comments_mentions_few CHECK ((cardinality(mentions) <= 10)),
    CONSTRAINT comments_reply_whole CHECK (((root_id IS NULL) OR (replies = 0))),
    CONSTRAINT comments_state_known CHECK ((state = ANY (ARRAY['shown'::text, 'held'::text, 'hidden'::text, 'deleted'::text]))),
    CONSTRAINT comments_taken_down_hidden CHECK (((NOT taken_down) OR (state = ANY (ARRAY['hidden'::text, 'deleted'::text]))))
);
CREATE TABLE public.count_changes (
    id bigint NOT NULL,
    video_id uuid NOT NULL,
    comments integer DEFAULT 0 NOT NULL,
    likes integer DEFAULT 0 NOT NULL,
    dislikes integer DEFAULT 0 NOT NULL,
    views integer DEFAULT 0 NOT NULL
);
ALTER TABLE public.count_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.count_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.downloads (
    video_id uuid NOT NULL,
    name text NOT NULL,
    offered_at timestamp with time zone DEFAULT now() NOT NULL,
    size bigint,
    ready_at timestamp with time zone,
    failure text,
    CONSTRAINT downloads_ready_with_size CHECK (((size IS NULL) = (ready_at IS NULL)))
);
CREATE TABLE public.encode_speeds (
    labels text[] NOT NULL,
    encoder text NOT NULL,
    side integer NOT NULL,
    rate integer NOT NULL,
    source_side integer NOT NULL,
    alone boolean NOT NULL,
    film double precision NOT NULL,
    seconds double precision NOT NULL,
    slow boolean NOT NULL,
    measured_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.file_hashes (
    video_id uuid NOT NULL,
    revision integer NOT NULL,
    sha256 bytea NOT NULL,
    bytes bigint NOT NULL,
    hashed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT file_hashes_sha256_whole CHECK ((octet_length(sha256) = 32))
);
CREATE TABLE public.former_media (
    video_id uuid NOT NULL,
    recipe text NOT NULL,
    sounds text[] NOT NULL,
    source_revision integer NOT NULL,
    owns_source boolean NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    edition integer NOT NULL
);
CREATE UNLOGGED TABLE public.guesses (
    bucket text NOT NULL,
    made integer NOT NULL,
    wait_until timestamp with time zone NOT NULL,
    forget_at timestamp with time zone NOT NULL
);
CREATE TABLE public.handles (
    handle text NOT NULL,
    account_id uuid NOT NULL,
    kept_until timestamp with time zone,
    CONSTRAINT handles_lower CHECK ((handle = lower(handle)))
);
CREATE TABLE public.heard_windows (
    track_id uuid NOT NULL,
    number integer NOT NULL,
    words jsonb NOT NULL
);
CREATE TABLE public.hearings (
    track_id uuid NOT NULL,
    sound text NOT NULL,
    declared text,
    probability real,
    windows integer,
    heard integer DEFAULT 0 NOT NULL,
    failure text
);
CREATE TABLE public.history_clearings (
    user_id uuid NOT NULL,
    until timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE public.idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    body bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.imports (
    video_id uuid NOT NULL,
    url text NOT NULL,
    validator text,
    length bigint,
    received bigint DEFAULT 0 NOT NULL,
    trouble text,
    began_at timestamp with time zone
);
CREATE UNLOGGED TABLE public.interests (
    video_id uuid NOT NULL,
    rendition text NOT NULL,
    cell integer NOT NULL,
    waits boolean NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    ends_at timestamp with time zone NOT NULL
);
CREATE TABLE public.job_errors (
    job_id bigint NOT NULL,
    failed_at timestamp with time zone DEFAULT now() NOT NULL,
    attempt integer NOT NULL,
    sentence text NOT NULL,
    evidence text NOT NULL,
    worker text
);
CREATE TABLE public.job_workers (
    id bigint NOT NULL,
    lane text NOT NULL,
    slots integer NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    labels text[] NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.linked_sign_ins (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    label text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone
);
CREATE TABLE public.object_hashes (
    video_id uuid NOT NULL,
    name text NOT NULL,
    md5 bytea NOT NULL
);
CREATE TABLE public.passkey_challenges (
    challenge bytea NOT NULL,
    purpose text NOT NULL,
    user_id uuid,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT passkey_challenges_purpose_known CHECK ((purpose = ANY (ARRAY['register'::text, 'sign_in'::text])))
);
CREATE TABLE public.passkeys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone
);
CREATE TABLE public.playlist_items (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    playlist_id uuid NOT NULL,
    video_id uuid NOT NULL,
    place bigint NOT NULL,
    added_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.playlists (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    owner_id uuid NOT NULL,
    kind text DEFAULT 'list'::text NOT NULL,
    title text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    visibility text NOT NULL,
    items integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT playlists_items_positive CHECK ((items >= 0)),
    CONSTRAINT playlists_kind_known CHECK ((kind = ANY (ARRAY['list'::text, 'watch_later'::text]))),
    CONSTRAINT playlists_visibility_known CHECK ((visibility = ANY (ARRAY['public'::text, 'unlisted'::text, 'private'::text]))),
    CONSTRAINT playlists_watch_later_private CHECK (((kind = 'list'::text) OR (visibility = 'private'::text)))
)
WITH (fillfactor='80');
CREATE UNLOGGED TABLE public.rate_limits (
    bucket text NOT NULL,
    window_end timestamp with time zone NOT NULL,
    hits integer NOT NULL
);
CREATE TABLE public.reactions (
    video_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT reactions_kind_known CHECK ((kind = ANY (ARRAY['like'::text, 'dislike'::text])))
);
CREATE TABLE public.receptions (
    video_id uuid NOT NULL,
    received bigint DEFAULT 0 NOT NULL,
    etags text[] DEFAULT '{}'::text[] NOT NULL,
    pieces jsonb DEFAULT '[]'::jsonb NOT NULL,
    writer uuid,
    metadata text,
    fragments uuid[] DEFAULT '{}'::uuid[] NOT NULL
);
CREATE TABLE public.recovery_codes (
    user_id uuid NOT NULL,
    hash bytea NOT NULL,
    used_at timestamp with time zone
);
CREATE TABLE public.refresh_tokens (
    hash bytea NOT NULL,
    session_id uuid NOT NULL,
    issued_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE TABLE public.registration_invitations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    hash bytea NOT NULL,
    email text NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.renditions (
    video_id uuid NOT NULL,
    name text NOT NULL,
    recipe text NOT NULL,
    "position" smallint NOT NULL,
    cells integer NOT NULL,
    stored int4multirange DEFAULT '{}'::int4multirange NOT NULL,
    bytes bigint DEFAULT 0 NOT NULL,
    init_hash bytea,
    keyframe_bytes integer[] DEFAULT '{}'::integer[] NOT NULL,
    first_cell_at timestamp with time zone,
    evictions integer DEFAULT 0 NOT NULL,
    evicting boolean DEFAULT false NOT NULL,
    kind text DEFAULT 'video'::text NOT NULL,
    CONSTRAINT renditions_cells_positive CHECK ((cells > 0)),
    CONSTRAINT renditions_kind_known CHECK ((kind = ANY (ARRAY['video'::text, 'audio'::text]))),
    CONSTRAINT renditions_stored_on_grid CHECK ((stored <@ int4multirange(int4range(0, cells))))
);
CREATE TABLE public.search_account_changes (
    id bigint NOT NULL,
    account_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    video_id uuid DEFAULT 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid NOT NULL
);
ALTER TABLE public.search_account_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.search_account_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.search_changes (
    id bigint NOT NULL,
    video_id uuid NOT NULL
);
ALTER TABLE public.search_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.search_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.search_documents (
    video_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    is_listed boolean NOT NULL,
    popularity integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    duration double precision,
    language text NOT NULL,
    captions text[] NOT NULL,
    head tsvector NOT NULL,
    body tsvector NOT NULL,
    whole tsvector NOT NULL
);
CREATE TABLE public.search_passages (
    video_id uuid NOT NULL,
    track_id uuid NOT NULL,
    number integer NOT NULL,
    lines text NOT NULL,
    words tsvector NOT NULL
);
CREATE TABLE public.search_state (
    id boolean DEFAULT true NOT NULL,
    rules integer NOT NULL,
    rebuilt_to uuid,
    CONSTRAINT search_state_id_check CHECK (id)
);
CREATE TABLE public.search_words (
    word text NOT NULL COLLATE pg_catalog."C",
    documents integer NOT NULL,
    listed integer NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE public.sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    device_name text DEFAULT ''::text NOT NULL,
    ip inet,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    revoked_why text,
    CONSTRAINT sessions_revoked_why_known CHECK ((revoked_why = ANY (ARRAY['logout'::text, 'logout_all'::text, 'replay'::text, 'revoked'::text, 'password_changed'::text, 'password_reset'::text, 'administrator'::text, 'suspended'::text, 'role_changed'::text, 'closed'::text, 'too_many'::text])))
);
CREATE TABLE public.sign_in_challenges (
    hash bytea NOT NULL,
    user_id uuid NOT NULL,
    device_name text NOT NULL,
    wrong integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    spent_at timestamp with time zone,
    new_password_hash text
);
CREATE TABLE public.signing_keys (
    id uuid NOT NULL,
    owner_id uuid,
    name text NOT NULL,
    algorithm text NOT NULL,
    public_key bytea NOT NULL,
    private_key bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone,
    made_by uuid,
    CONSTRAINT signing_keys_algorithm_known CHECK ((algorithm = ANY (ARRAY['EdDSA'::text, 'RS256'::text]))),
    CONSTRAINT signing_keys_private_ours CHECK (((owner_id IS NULL) = (private_key IS NOT NULL)))
);
CREATE TABLE public.subscriptions (
    subscriber_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT subscriptions_to_others CHECK ((subscriber_id <> channel_id))
);
CREATE TABLE public.team_changes (
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.team_invitations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    team_id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    invited_by uuid,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT team_invitations_role_known CHECK ((role = ANY (ARRAY['owner'::text, 'editor'::text, 'viewer'::text])))
);
CREATE TABLE public.team_members (
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT team_members_role_known CHECK ((role = ANY (ARRAY['owner'::text, 'editor'::text, 'viewer'::text])))
);
CREATE TABLE public.text_tracks (
    id uuid NOT NULL,
    video_id uuid NOT NULL,
    kind text NOT NULL,
    language text NOT NULL,
    name text NOT NULL,
    is_default boolean NOT NULL,
    is_forced boolean NOT NULL,
    source_stream integer,
    format text NOT NULL,
    encoding text NOT NULL,
    cues integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    menu text GENERATED ALWAYS AS (
CASE
    WHEN (kind = 'captions'::text) THEN 'subtitles'::text
    ELSE kind
END) STORED NOT NULL,
    state text DEFAULT 'ready'::text NOT NULL,
    machine_made boolean DEFAULT false NOT NULL,
    of_sound boolean DEFAULT false NOT NULL,
    whole uuid,
    whole_start integer,
    CONSTRAINT text_tracks_forced_are_subtitles CHECK (((NOT is_forced) OR (kind = 'subtitles'::text))),
    CONSTRAINT text_tracks_kind_known CHECK ((kind = ANY (ARRAY['subtitles'::text, 'captions'::text, 'descriptions'::text, 'chapters'::text, 'metadata'::text]))),
    CONSTRAINT text_tracks_machines_hear CHECK ((of_sound OR (NOT machine_made))),
    CONSTRAINT text_tracks_machines_work CHECK (((state = 'ready'::text) OR machine_made)),
    CONSTRAINT text_tracks_state_known CHECK ((state = ANY (ARRAY['making'::text, 'ready'::text, 'failed'::text]))),
    CONSTRAINT text_tracks_whole_from_somewhere CHECK (((whole IS NULL) = (whole_start IS NULL)))
);
CREATE TABLE public.totp (
    user_id uuid NOT NULL,
    secret bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL
);
CREATE UNLOGGED TABLE public.turns (
    queues text NOT NULL,
    band smallint NOT NULL,
    share uuid NOT NULL
);
CREATE TABLE public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email text,
    password_hash text,
    name text NOT NULL,
    bio text DEFAULT ''::text NOT NULL,
    role text DEFAULT 'USER'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    quota_bytes bigint,
    quota_minutes integer,
    kind text DEFAULT 'user'::text NOT NULL,
    history_paused boolean DEFAULT false NOT NULL,
    email_verified_at timestamp with time zone,
    suspended_at timestamp with time zone,
    suspended_why text,
    closed_at timestamp with time zone,
    erase_at timestamp with time zone,
    shut_at timestamp with time zone GENERATED ALWAYS AS (COALESCE(suspended_at, closed_at)) STORED,
    handle text,
    CONSTRAINT users_closed_ends CHECK (((closed_at IS NULL) = (erase_at IS NULL))),
    CONSTRAINT users_kind_known CHECK ((kind = ANY (ARRAY['user'::text, 'team'::text]))),
    CONSTRAINT users_people_have_addresses CHECK (((kind = 'team'::text) OR (email IS NOT NULL))),
    CONSTRAINT users_quota_bytes_known CHECK ((quota_bytes >= '-1'::integer)),
    CONSTRAINT users_quota_minutes_known CHECK ((quota_minutes >= '-1'::integer)),
    CONSTRAINT users_role_known CHECK ((role = ANY (ARRAY['USER'::text, 'ADMIN'::text]))),
    CONSTRAINT users_suspended_says_why CHECK (((suspended_at IS NULL) = (suspended_why IS NULL))),
    CONSTRAINT users_teams_sign_in_never CHECK (((kind = 'user'::text) OR ((email IS NULL) AND (password_hash IS NULL) AND (role = 'USER'::text))))
);
CREATE TABLE public.video_counts (
    video_id uuid NOT NULL,
    comments bigint DEFAULT 0 NOT NULL,
    likes bigint DEFAULT 0 NOT NULL,
    dislikes bigint DEFAULT 0 NOT NULL,
    views bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.videos (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    owner_id uuid NOT NULL,
    title text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    visibility text DEFAULT 'private'::text NOT NULL,
    status text DEFAULT 'INITIATED'::text NOT NULL,
    filename text NOT NULL,
    filesize bigint NOT NULL,
    filetype text NOT NULL,
    part_size bigint NOT NULL,
    upload_id text,
    failure_code text,
    failure_detail text,
    duration double precision,
    width integer,
    height integer,
    plan jsonb,
    has_poster boolean DEFAULT false NOT NULL,
    encoding_failure text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    ready_at timestamp with time zone,
    deleted_at timestamp with time zone,
    placeholder text,
    chosen_poster text,
    chosen_placeholder text,
    storyboard jsonb,
    has_preview boolean DEFAULT false NOT NULL,
    encode_policy text,
    keep_days integer,
    plan_revision integer DEFAULT 0 NOT NULL,
    codecs text[],
    encode_priority smallint DEFAULT 1 NOT NULL,
    filling_cancelled_at timestamp with time zone,
    source_id uuid,
    source_revision integer DEFAULT 1 NOT NULL,
    cut_from uuid,
    replaces uuid,
    edition integer DEFAULT 1 NOT NULL,
    watermark jsonb,
    fragment_of uuid,
    imported_from text,
    announced_sha256 bytea,
    shares_file boolean DEFAULT false NOT NULL,
    duplicate_of uuid,
    encryption text DEFAULT 'none'::text NOT NULL,
    key_version integer DEFAULT 1 NOT NULL,
    viewers uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    password_hash text,
    password_id uuid,
    comment_policy text DEFAULT 'open'::text NOT NULL,
    pinned_comment uuid,
    published_at timestamp with time zone,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    language text DEFAULT 'und'::text NOT NULL,
    CONSTRAINT videos_announced_sha256_whole CHECK ((octet_length(announced_sha256) = 32)),
    CONSTRAINT videos_clips_have_a_source CHECK (((cut_from IS NULL) OR (source_id IS NOT NULL))),
    CONSTRAINT videos_codecs_known CHECK ((codecs <@ ARRAY['h264'::text, 'hevc'::text, 'av1'::text, 'hevc-hdr'::text, 'av1-hdr'::text])),
    CONSTRAINT videos_comment_policy_known CHECK ((comment_policy = ANY (ARRAY['off'::text, 'held'::text, 'open'::text]))),
    CONSTRAINT videos_encode_policy_known CHECK ((encode_policy = ANY (ARRAY['eager'::text, 'on_demand'::text]))),
    CONSTRAINT videos_encode_priority_known CHECK (((encode_priority >= 0) AND (encode_priority <= 2))),
    CONSTRAINT videos_encryption_known CHECK ((encryption = ANY (ARRAY['none'::text, 'aes-128'::text, 'cenc'::text, 'cbcs'::text]))),
    CONSTRAINT videos_failed_says_why CHECK (((status = 'FAILED'::text) = (failure_code IS NOT NULL))),
    CONSTRAINT videos_filesize_positive CHECK (((filesize > 0) OR ((filesize = 0) AND (imported_from IS NOT NULL)))),
    CONSTRAINT videos_keep_days_sane CHECK (((keep_days >= 0) AND (keep_days <= 36500))),
    CONSTRAINT videos_key_version_positive CHECK ((key_version > 0)),
    CONSTRAINT videos_password_set CHECK (((visibility <> 'password'::text) OR (password_hash IS NOT NULL))),
    CONSTRAINT videos_password_whole CHECK (((password_hash IS NULL) = (password_id IS NULL))),
    CONSTRAINT videos_ready_has_plan CHECK (((status <> 'READY'::text) OR (plan IS NOT NULL))),
    CONSTRAINT videos_replacement_has_a_source CHECK (((replaces IS NULL) OR (source_id IS NOT NULL))),
    CONSTRAINT videos_shared_file_is_anothers CHECK (((NOT shares_file) OR (source_id IS NOT NULL))),
    CONSTRAINT videos_source_is_anothers CHECK ((source_id <> id)),
    CONSTRAINT videos_status_known CHECK ((status = ANY (ARRAY['INITIATED'::text, 'UPLOADING'::text, 'PROCESSING'::text, 'READY'::text, 'FAILED'::text]))),
    CONSTRAINT videos_title_length CHECK (((char_length(title) >= 1) AND (char_length(title) <= 100))),
    CONSTRAINT videos_viewers_few CHECK ((cardinality(viewers) <= 100)),
    CONSTRAINT videos_visibility_known CHECK ((visibility = ANY (ARRAY['public'::text, 'unlisted'::text, 'private'::text, 'signed'::text, 'password'::text])))
);
CREATE TABLE public.view_events (
    day date NOT NULL,
    video_id uuid NOT NULL,
    viewer bytea NOT NULL
)
PARTITION BY RANGE (day);
CREATE TABLE public.view_events_other (
    day date CONSTRAINT view_events_day_not_null NOT NULL,
    video_id uuid CONSTRAINT view_events_video_id_not_null NOT NULL,
    viewer bytea CONSTRAINT view_events_viewer_not_null NOT NULL
);
CREATE TABLE public.watch_history (
    user_id uuid NOT NULL,
    video_id uuid NOT NULL,
    "position" double precision NOT NULL,
    watched_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.watched_renditions (
    video_id uuid NOT NULL,
    name text NOT NULL,
    watched_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.view_events ATTACH PARTITION public.view_events_other DEFAULT;
ALTER TABLE ONLY public.account_exports
    ADD CONSTRAINT account_exports_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.account_tokens
    ADD CONSTRAINT account_tokens_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.added_sounds
    ADD CONSTRAINT added_sounds_pkey PRIMARY KEY (video_id, name);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_hash_unique UNIQUE (hash);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (at, id);
ALTER TABLE ONLY public.cell_hashes
    ADD CONSTRAINT cell_hashes_pkey PRIMARY KEY (video_id, name, page);
ALTER TABLE ONLY public.channel_count_changes
    ADD CONSTRAINT channel_count_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.channel_counts
    ADD CONSTRAINT channel_counts_pkey PRIMARY KEY (channel_id);
ALTER TABLE ONLY public.channel_pictures
    ADD CONSTRAINT channel_pictures_pkey PRIMARY KEY (account_id, kind);
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT channels_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.chapters
    ADD CONSTRAINT chapters_pkey PRIMARY KEY (video_id);
ALTER TABLE ONLY public.comment_likes
    ADD CONSTRAINT comment_likes_pkey PRIMARY KEY (comment_id, user_id);
ALTER TABLE ONLY public.comment_reports
    ADD CONSTRAINT comment_reports_pkey PRIMARY KEY (comment_id, reporter_id);
ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.count_changes
    ADD CONSTRAINT count_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.downloads
    ADD CONSTRAINT downloads_pkey PRIMARY KEY (video_id, name);
ALTER TABLE ONLY public.encode_speeds
    ADD CONSTRAINT encode_speeds_pkey PRIMARY KEY (labels, encoder, side, rate, source_side);
ALTER TABLE ONLY public.file_hashes
    ADD CONSTRAINT file_hashes_pkey PRIMARY KEY (video_id, revision);
ALTER TABLE ONLY public.former_media
    ADD CONSTRAINT former_media_pkey PRIMARY KEY (video_id, recipe);
ALTER TABLE ONLY public.guesses
    ADD CONSTRAINT guesses_pkey PRIMARY KEY (bucket);
ALTER TABLE ONLY public.handles
    ADD CONSTRAINT handles_pkey PRIMARY KEY (handle);
ALTER TABLE ONLY public.heard_windows
    ADD CONSTRAINT heard_windows_pkey PRIMARY KEY (track_id, number);
ALTER TABLE ONLY public.hearings
    ADD CONSTRAINT hearings_pkey PRIMARY KEY (track_id);
ALTER TABLE ONLY public.history_clearings
    ADD CONSTRAINT history_clearings_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (video_id);
ALTER TABLE ONLY public.interests
    ADD CONSTRAINT interests_pkey PRIMARY KEY (video_id, rendition, cell);
ALTER TABLE ONLY public.job_errors
    ADD CONSTRAINT job_errors_pkey PRIMARY KEY (job_id);
ALTER TABLE ONLY public.job_workers
    ADD CONSTRAINT job_workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.linked_sign_ins
    ADD CONSTRAINT linked_sign_ins_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.linked_sign_ins
    ADD CONSTRAINT linked_sign_ins_subject_unique UNIQUE (issuer, subject);
ALTER TABLE ONLY public.object_hashes
    ADD CONSTRAINT object_hashes_pkey PRIMARY KEY (video_id, name);
ALTER TABLE ONLY public.passkey_challenges
    ADD CONSTRAINT passkey_challenges_pkey PRIMARY KEY (challenge);
ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_credential_unique UNIQUE (credential_id);
ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.playlist_items
    ADD CONSTRAINT playlist_items_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.playlist_items
    ADD CONSTRAINT playlist_items_place_once UNIQUE (playlist_id, place) DEFERRABLE;
ALTER TABLE ONLY public.playlist_items
    ADD CONSTRAINT playlist_items_video_once UNIQUE (playlist_id, video_id);
ALTER TABLE ONLY public.playlists
    ADD CONSTRAINT playlists_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rate_limits
    ADD CONSTRAINT rate_limits_pkey PRIMARY KEY (bucket);
ALTER TABLE ONLY public.reactions
    ADD CONSTRAINT reactions_pkey PRIMARY KEY (video_id, user_id);
ALTER TABLE ONLY public.receptions
    ADD CONSTRAINT receptions_pkey PRIMARY KEY (video_id);
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, hash);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.registration_invitations
    ADD CONSTRAINT registration_invitations_hash_key UNIQUE (hash);
ALTER TABLE ONLY public.registration_invitations
    ADD CONSTRAINT registration_invitations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.renditions
    ADD CONSTRAINT renditions_pkey PRIMARY KEY (video_id, name);
ALTER TABLE ONLY public.search_account_changes
    ADD CONSTRAINT search_account_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.search_changes
    ADD CONSTRAINT search_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.search_documents
    ADD CONSTRAINT search_documents_pkey PRIMARY KEY (video_id);
ALTER TABLE ONLY public.search_passages
    ADD CONSTRAINT search_passages_pkey PRIMARY KEY (video_id, track_id, number);
ALTER TABLE ONLY public.search_state
    ADD CONSTRAINT search_state_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.search_words
    ADD CONSTRAINT search_words_pkey PRIMARY KEY (word);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sign_in_challenges
    ADD CONSTRAINT sign_in_challenges_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (subscriber_id, channel_id);
ALTER TABLE ONLY public.team_changes
    ADD CONSTRAINT team_changes_pkey PRIMARY KEY (team_id, user_id);
ALTER TABLE ONLY public.team_invitations
    ADD CONSTRAINT team_invitations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.team_invitations
    ADD CONSTRAINT team_invitations_token_unique UNIQUE (token_hash);
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT team_members_pkey PRIMARY KEY (team_id, user_id);
ALTER TABLE ONLY public.text_tracks
    ADD CONSTRAINT text_tracks_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.totp
    ADD CONSTRAINT totp_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (queues, band);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.video_counts
    ADD CONSTRAINT video_counts_pkey PRIMARY KEY (video_id);
ALTER TABLE ONLY public.videos
    ADD CONSTRAINT videos_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.view_events
    ADD CONSTRAINT view_events_pkey PRIMARY KEY (day, video_id, viewer);
ALTER TABLE ONLY public.view_events_other
    ADD CONSTRAINT view_events_other_pkey PRIMARY KEY (day, video_id, viewer);
ALTER TABLE ONLY public.watch_history
    ADD CONSTRAINT watch_history_pkey PRIMARY KEY (user_id, video_id);
ALTER TABLE ONLY public.watched_renditions
    ADD CONSTRAINT watched_renditions_pkey PRIMARY KEY (video_id, name);
CREATE INDEX account_exports_by_age ON public.account_exports USING btree (COALESCE(ready_at, failed_at));
CREATE INDEX account_tokens_by_expiry ON public.account_tokens USING btree (expires_at);
CREATE INDEX account_tokens_by_user ON public.account_tokens USING btree (user_id, purpose);
CREATE INDEX added_sounds_unfinished ON public.added_sounds USING btree (updated_at) WHERE (state = ANY (ARRAY['UPLOADING'::text, 'FAILED'::text]));
CREATE INDEX api_keys_by_end ON public.api_keys USING btree (LEAST(revoked_at, expires_at));
CREATE INDEX api_keys_by_revocation ON public.api_keys USING btree (revoked_at, id) WHERE (revoked_at IS NOT NULL);
CREATE INDEX api_keys_by_user ON public.api_keys USING btree (user_id, created_at DESC, id DESC);
CREATE INDEX audit_events_by_account ON public.audit_events USING btree (account_id, at, id) WHERE (account_id IS NOT NULL);
CREATE INDEX audit_events_by_actor ON public.audit_events USING btree (actor_id, at, id) WHERE (actor_id IS NOT NULL);
CREATE INDEX audit_events_by_target ON public.audit_events USING btree (target, at, id) WHERE (target IS NOT NULL);
CREATE INDEX audit_events_by_what ON public.audit_events USING btree (what, at, id);
CREATE INDEX channel_count_changes_by_channel ON public.channel_count_changes USING btree (channel_id);
CREATE INDEX comment_likes_by_user ON public.comment_likes USING btree (user_id);
CREATE INDEX comment_reports_by_reporter ON public.comment_reports USING btree (reporter_id);
CREATE INDEX comments_by_author ON public.comments USING btree (author_id, id);
CREATE INDEX comments_by_parent ON public.comments USING btree (parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX comments_by_video ON public.comments USING btree (video_id, author_id);
CREATE INDEX comments_newest ON public.comments USING btree (video_id, created_at DESC, id DESC) WHERE ((root_id IS NULL) AND ((state = 'shown'::text) OR ((state = 'deleted'::text) AND (replies > 0))));
CREATE INDEX comments_of_author_newest ON public.comments USING btree (author_id, created_at DESC, id DESC);
CREATE INDEX comments_orphaned ON public.comments USING btree (id) WHERE ((author_id IS NULL) AND (state <> 'deleted'::text));
CREATE INDEX comments_replies ON public.comments USING btree (root_id, created_at, id) WHERE (root_id IS NOT NULL);
CREATE INDEX comments_reported ON public.comments USING btree (video_id, created_at DESC, id DESC) WHERE (reports > 0);
CREATE INDEX comments_reported_anywhere ON public.comments USING btree (created_at DESC, id DESC) WHERE (reports > 0);
CREATE INDEX comments_to_review ON public.comments USING btree (video_id, state, created_at DESC, id DESC) WHERE (state = ANY (ARRAY['held'::text, 'hidden'::text]));
CREATE INDEX comments_top ON public.comments USING btree (video_id, score DESC, created_at DESC, id DESC) WHERE ((root_id IS NULL) AND ((state = 'shown'::text) OR ((state = 'deleted'::text) AND (replies > 0))));
CREATE INDEX count_changes_by_video ON public.count_changes USING btree (video_id);
CREATE INDEX file_hashes_by_hash ON public.file_hashes USING btree (sha256);
CREATE INDEX former_media_by_end ON public.former_media USING btree (ends_at);
CREATE INDEX guesses_by_end ON public.guesses USING btree (forget_at);
CREATE INDEX handles_by_account ON public.handles USING btree (account_id);
CREATE INDEX handles_by_end ON public.handles USING btree (kept_until) WHERE (kept_until IS NOT NULL);
CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (created_at);
CREATE INDEX interests_by_end ON public.interests USING btree (ends_at);
CREATE INDEX linked_sign_ins_by_user ON public.linked_sign_ins USING btree (user_id, created_at);
CREATE INDEX passkey_challenges_by_expiry ON public.passkey_challenges USING btree (expires_at);
CREATE INDEX passkeys_by_user ON public.passkeys USING btree (user_id, created_at);
CREATE INDEX playlist_items_by_video ON public.playlist_items USING btree (video_id);
CREATE INDEX playlists_by_owner ON public.playlists USING btree (owner_id, updated_at DESC, id DESC);
CREATE INDEX playlists_public ON public.playlists USING btree (owner_id, updated_at DESC, id DESC) WHERE (visibility = 'public'::text);
CREATE UNIQUE INDEX playlists_watch_later_once ON public.playlists USING btree (owner_id) WHERE (kind = 'watch_later'::text);
CREATE INDEX rate_limits_by_end ON public.rate_limits USING btree (window_end);
CREATE INDEX reactions_by_user ON public.reactions USING btree (user_id);
CREATE INDEX refresh_tokens_by_expiry ON public.refresh_tokens USING btree (expires_at);
CREATE INDEX refresh_tokens_by_session ON public.refresh_tokens USING btree (session_id);
CREATE INDEX registration_invitations_by_expiry ON public.registration_invitations USING btree (expires_at);
CREATE INDEX registration_invitations_newest ON public.registration_invitations USING btree (created_at DESC, id DESC);
CREATE INDEX renditions_evictable ON public.renditions USING btree (first_cell_at) WHERE ((bytes > 0) AND ("position" > 0));
CREATE INDEX renditions_evicting ON public.renditions USING btree (video_id) WHERE evicting;
CREATE INDEX search_documents_channels_newest ON public.search_documents USING btree (owner_id, created_at DESC, video_id DESC) WHERE is_listed;
CREATE INDEX search_documents_channels_popular ON public.search_documents USING btree (owner_id, popularity DESC, created_at DESC, video_id DESC) WHERE is_listed;
CREATE INDEX search_documents_newest ON public.search_documents USING btree (created_at DESC, video_id DESC) WHERE is_listed;
CREATE INDEX search_documents_owners_newest ON public.search_documents USING btree (owner_id, created_at DESC, video_id DESC);
CREATE INDEX search_documents_owners_popular ON public.search_documents USING btree (owner_id, popularity DESC, created_at DESC, video_id DESC);
CREATE INDEX search_documents_popular ON public.search_documents USING btree (popularity DESC, created_at DESC, video_id DESC) WHERE is_listed;
CREATE INDEX search_documents_whole ON public.search_documents USING gin (whole);
CREATE INDEX search_words_alike ON public.search_words USING gin (word public.gin_trgm_ops) WHERE (listed > 0);
CREATE INDEX search_words_begun ON public.search_words USING btree ("left"(word, 2), listed DESC) WHERE (listed > 0);
CREATE INDEX sessions_by_end ON public.sessions USING btree (revoked_at, id) WHERE (revoked_at IS NOT NULL);
CREATE INDEX sessions_by_last_use ON public.sessions USING btree (last_used_at);
CREATE INDEX sessions_by_user ON public.sessions USING btree (user_id, created_at DESC, id DESC);
CREATE INDEX sessions_open ON public.sessions USING btree (user_id, last_used_at) WHERE (revoked_at IS NULL);
CREATE INDEX sign_in_challenges_by_age ON public.sign_in_challenges USING btree (created_at);
CREATE INDEX sign_in_challenges_by_user ON public.sign_in_challenges USING btree (user_id, created_at);
CREATE INDEX signing_keys_by_maker ON public.signing_keys USING btree (made_by) WHERE (made_by IS NOT NULL);
CREATE INDEX signing_keys_owner ON public.signing_keys USING btree (owner_id, created_at);
CREATE UNIQUE INDEX signing_keys_server ON public.signing_keys USING btree (((owner_id IS NULL))) WHERE ((owner_id IS NULL) AND (retired_at IS NULL));
CREATE INDEX subscriptions_by_channel ON public.subscriptions USING btree (channel_id);
CREATE INDEX subscriptions_newest ON public.subscriptions USING btree (subscriber_id, created_at DESC, channel_id DESC);
CREATE INDEX team_changes_by_time ON public.team_changes USING btree (changed_at);
CREATE INDEX team_changes_by_user ON public.team_changes USING btree (user_id);
CREATE INDEX team_invitations_by_end ON public.team_invitations USING btree (expires_at);
CREATE INDEX team_invitations_by_inviter ON public.team_invitations USING btree (invited_by) WHERE (invited_by IS NOT NULL);
CREATE UNIQUE INDEX team_invitations_once ON public.team_invitations USING btree (team_id, lower(email));
CREATE INDEX team_members_by_user ON public.team_members USING btree (user_id);
CREATE INDEX team_members_newest ON public.team_members USING btree (team_id, since DESC, user_id DESC);
CREATE INDEX text_tracks_by_video ON public.text_tracks USING btree (video_id, created_at, source_stream, id);
CREATE UNIQUE INDEX text_tracks_one_a_stream ON public.text_tracks USING btree (video_id, source_stream) WHERE (source_stream IS NOT NULL);
CREATE UNIQUE INDEX text_tracks_one_default ON public.text_tracks USING btree (video_id, menu) WHERE is_default;
CREATE UNIQUE INDEX text_tracks_one_in_making ON public.text_tracks USING btree (video_id) WHERE (state = 'making'::text);
CREATE INDEX users_admins ON public.users USING btree (created_at, id) WHERE (role = 'ADMIN'::text);
CREATE INDEX users_by_age ON public.users USING btree (created_at, id);
CREATE INDEX users_by_text ON public.users USING gin (lower(((name || ' '::text) || COALESCE(email, ''::text))) public.gin_trgm_ops);
CREATE UNIQUE INDEX users_email_unique ON public.users USING btree (lower(email));
CREATE INDEX users_shut ON public.users USING btree (shut_at) WHERE (shut_at IS NOT NULL);
CREATE INDEX users_to_erase ON public.users USING btree (erase_at) WHERE (erase_at IS NOT NULL);
CREATE INDEX videos_by_duplicate ON public.videos USING btree (duplicate_of) WHERE (duplicate_of IS NOT NULL);
CREATE INDEX videos_by_owner ON public.videos USING btree (owner_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);
CREATE INDEX videos_by_owner_status ON public.videos USING btree (owner_id, status, created_at DESC, id DESC) WHERE (deleted_at IS NULL);
CREATE INDEX videos_by_replaced ON public.videos USING btree (replaces) WHERE (replaces IS NOT NULL);
CREATE INDEX videos_by_source ON public.videos USING btree (source_id, source_revision) WHERE (source_id IS NOT NULL);
CREATE INDEX videos_by_viewer ON public.videos USING gin (viewers) WHERE (viewers <> '{}'::uuid[]);
CREATE INDEX videos_deleted ON public.videos USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX videos_fragments ON public.videos USING btree (fragment_of) WHERE (fragment_of IS NOT NULL);
CREATE INDEX videos_public ON public.videos USING btree (created_at DESC, id DESC) WHERE ((deleted_at IS NULL) AND (visibility = 'public'::text) AND (status = 'READY'::text));
CREATE INDEX videos_published ON public.videos USING btree (owner_id, published_at DESC, id DESC) WHERE ((deleted_at IS NULL) AND (visibility = 'public'::text) AND (status = 'READY'::text) AND (replaces IS NULL));
CREATE INDEX videos_unfinished ON public.videos USING btree (status, updated_at) WHERE (status = ANY (ARRAY['INITIATED'::text, 'UPLOADING'::text, 'FAILED'::text]));
CREATE INDEX watch_history_by_video ON public.watch_history USING btree (video_id);
CREATE INDEX watch_history_newest ON public.watch_history USING btree (user_id, watched_at DESC, video_id DESC);
ALTER INDEX public.view_events_pkey ATTACH PARTITION public.view_events_other_pkey;
CREATE TRIGGER audit_events_kept BEFORE DELETE OR UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION public.keep_audit_events();
CREATE TRIGGER audit_events_not_emptied BEFORE TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.keep_audit_events();
CREATE TRIGGER playlist_items_added AFTER INSERT ON public.playlist_items REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.count_playlist_items();
CREATE TRIGGER playlist_items_removed AFTER DELETE ON public.playlist_items REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.count_playlist_items();
CREATE TRIGGER subscriptions_count AFTER INSERT OR DELETE ON public.subscriptions FOR EACH ROW EXECUTE FUNCTION public.count_subscription();
CREATE TRIGGER text_tracks_searched AFTER INSERT OR DELETE OR UPDATE OF state, language, kind ON public.text_tracks FOR EACH ROW EXECUTE FUNCTION public.note_track_change();
CREATE TRIGGER users_count_subscriptions AFTER UPDATE OF suspended_at, closed_at ON public.users FOR EACH ROW WHEN (((old.shut_at IS NULL) <> (new.shut_at IS NULL))) EXECUTE FUNCTION public.count_subscriptions_of_account();
CREATE TRIGGER users_searched AFTER UPDATE ON public.users FOR EACH ROW WHEN (((new.shut_at IS NULL) <> (old.shut_at IS NULL))) EXECUTE FUNCTION public.note_account_change();
CREATE TRIGGER users_watch_later AFTER INSERT ON public.users FOR EACH ROW WHEN ((new.kind = 'user'::text)) EXECUTE FUNCTION public.give_watch_later();
CREATE TRIGGER video_counts_first_searched AFTER INSERT ON public.video_counts FOR EACH ROW EXECUTE FUNCTION public.note_popularity_change();
CREATE TRIGGER video_counts_searched AFTER UPDATE OF views ON public.video_counts FOR EACH ROW WHEN ((floor(((8)::numeric * log(2.0, ((1 + GREATEST(new.views, (0)::bigint)))::numeric))) <> floor(((8)::numeric * log(2.0, ((1 + GREATEST(old.views, (0)::bigint)))::numeric))))) EXECUTE FUNCTION public.note_popularity_change();
CREATE TRIGGER videos_count_published AFTER INSERT OR DELETE OR UPDATE OF status, visibility, replaces, deleted_at, owner_id ON public.videos FOR EACH ROW EXECUTE FUNCTION public.count_published_video();
CREATE TRIGGER videos_publish BEFORE INSERT OR UPDATE OF status, visibility, replaces ON public.videos FOR EACH ROW WHEN (((new.published_at IS NULL) AND (new.visibility = 'public'::text) AND (new.status = 'READY'::text) AND (new.replaces IS NULL))) EXECUTE FUNCTION public.publish_video();
CREATE TRIGGER videos_searched AFTER INSERT OR UPDATE OF owner_id, title, description, tags, language, visibility, status, duration, deleted_at ON public.videos FOR EACH ROW EXECUTE FUNCTION public.note_video_change();
ALTER TABLE ONLY public.account_exports
    ADD CONSTRAINT account_exports_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.account_tokens
    ADD CONSTRAINT account_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.added_sounds
    ADD CONSTRAINT added_sounds_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.cell_hashes
    ADD CONSTRAINT cell_hashes_video_id_name_fkey FOREIGN KEY (video_id, name) REFERENCES public.renditions(video_id, name) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_counts
    ADD CONSTRAINT channel_counts_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_pictures
    ADD CONSTRAINT channel_pictures_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT channels_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chapters
    ADD CONSTRAINT chapters_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.comment_likes
    ADD CONSTRAINT comment_likes_comment_id_fkey FOREIGN KEY (comment_id) REFERENCES public.comments(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.comment_likes
    ADD CONSTRAINT comment_likes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.comment_reports
    ADD CONSTRAINT comment_reports_comment_id_fkey FOREIGN KEY (comment_id) REFERENCES public.comments(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.comment_reports
    ADD CONSTRAINT comment_reports_reporter_id_fkey FOREIGN KEY (reporter_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.users(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.comments(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_root_id_fkey FOREIGN KEY (root_id) REFERENCES public.comments(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.downloads
    ADD CONSTRAINT downloads_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.file_hashes
    ADD CONSTRAINT file_hashes_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.former_media
    ADD CONSTRAINT former_media_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.handles
    ADD CONSTRAINT handles_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.heard_windows
    ADD CONSTRAINT heard_windows_track_id_fkey FOREIGN KEY (track_id) REFERENCES public.hearings(track_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.hearings
    ADD CONSTRAINT hearings_track_id_fkey FOREIGN KEY (track_id) REFERENCES public.text_tracks(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.history_clearings
    ADD CONSTRAINT history_clearings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_errors
    ADD CONSTRAINT job_errors_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_workers
    ADD CONSTRAINT job_workers_id_fkey FOREIGN KEY (id) REFERENCES public.procrastinate_workers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.linked_sign_ins
    ADD CONSTRAINT linked_sign_ins_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.object_hashes
    ADD CONSTRAINT object_hashes_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.passkey_challenges
    ADD CONSTRAINT passkey_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.playlist_items
    ADD CONSTRAINT playlist_items_playlist_id_fkey FOREIGN KEY (playlist_id) REFERENCES public.playlists(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.playlist_items
    ADD CONSTRAINT playlist_items_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.playlists
    ADD CONSTRAINT playlists_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.reactions
    ADD CONSTRAINT reactions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.reactions
    ADD CONSTRAINT reactions_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.receptions
    ADD CONSTRAINT receptions_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.registration_invitations
    ADD CONSTRAINT registration_invitations_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.renditions
    ADD CONSTRAINT renditions_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.search_documents
    ADD CONSTRAINT search_documents_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.search_passages
    ADD CONSTRAINT search_passages_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sign_in_challenges
    ADD CONSTRAINT sign_in_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.users(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_subscriber_id_fkey FOREIGN KEY (subscriber_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.team_changes
    ADD CONSTRAINT team_changes_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.team_changes
    ADD CONSTRAINT team_changes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.team_invitations
    ADD CONSTRAINT team_invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES public.users(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.team_invitations
    ADD CONSTRAINT team_invitations_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT team_members_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT team_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.text_tracks
    ADD CONSTRAINT text_tracks_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.totp
    ADD CONSTRAINT totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.video_counts
    ADD CONSTRAINT video_counts_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.videos
    ADD CONSTRAINT videos_duplicate_of_fkey FOREIGN KEY (duplicate_of) REFERENCES public.videos(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.videos
    ADD CONSTRAINT videos_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.videos
    ADD CONSTRAINT videos_source_kept FOREIGN KEY (source_id) REFERENCES public.videos(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.watch_history
    ADD CONSTRAINT watch_history_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.watch_history
    ADD CONSTRAINT watch_history_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.watched_renditions
    ADD CONSTRAINT watched_renditions_video_id_name_fkey FOREIGN KEY (video_id, name) REFERENCES public.renditions(video_id, name) ON DELETE CASCADE;
