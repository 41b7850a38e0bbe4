-- What is known of each card, and which cards have changed since when.
--
-- Columns and bounds are those of the contract `CardProfile`. The change log is kept by triggers,
-- so that any program may write `card_profiles` in any way. It goes by transaction numbers, not by
-- a clock: two changes in one moment, a clock set back or a transaction that commits late can hide
-- nothing. Every statement may be run again.

CREATE TABLE IF NOT EXISTS card_profiles (
    card_token text PRIMARY KEY CHECK (char_length(card_token) BETWEEN 1 AND 64),
    bin text NOT NULL CHECK (char_length(bin) BETWEEN 6 AND 8),
    updated_at timestamptz NOT NULL DEFAULT now(),
    home_country text NOT NULL CHECK (char_length(home_country) = 2),
    home_latitude double precision NOT NULL CHECK (home_latitude BETWEEN -90 AND 90),
    home_longitude double precision NOT NULL CHECK (home_longitude BETWEEN -180 AND 180),
    currency text NOT NULL CHECK (char_length(currency) = 3),
    amount_count integer NOT NULL DEFAULT 0 CHECK (amount_count BETWEEN 0 AND 1000000000),
    amount_log_mean double precision NOT NULL DEFAULT 0
        CHECK (amount_log_mean BETWEEN -100 AND 100),
    amount_log_sd double precision NOT NULL DEFAULT 0 CHECK (amount_log_sd BETWEEN 0 AND 100),
    device_ids text[] NOT NULL DEFAULT '{}' CHECK (cardinality(device_ids) <= 16),
    usual_countries text[] NOT NULL DEFAULT '{}' CHECK (cardinality(usual_countries) <= 16),
    -- The last swipes, oldest first, each as in the contract `Swipe`.
    recent jsonb NOT NULL DEFAULT '[]'
        CHECK (jsonb_typeof(recent) = 'array' AND jsonb_array_length(recent) <= 64)
);

-- The newest change of each card. A card that stands here alone has been deleted.
CREATE TABLE IF NOT EXISTS card_profile_changes (
    card_token text PRIMARY KEY,
    changed_in xid8 NOT NULL
);
CREATE INDEX IF NOT EXISTS card_profile_changes_in_order
    ON card_profile_changes (changed_in, card_token);

-- Up to where each topic has been written.
CREATE TABLE IF NOT EXISTS card_profile_publications (
    kafka_cluster text NOT NULL,
    topic text NOT NULL,
    changed_in xid8 NOT NULL,
    card_token text NOT NULL,
    PRIMARY KEY (kafka_cluster, topic)
);

CREATE OR REPLACE FUNCTION note_card_profile_changes() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO card_profile_changes
        SELECT card_token, pg_current_xact_id() FROM card_profiles
        ON CONFLICT (card_token) DO UPDATE SET changed_in = excluded.changed_in;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        INSERT INTO card_profile_changes
        SELECT card_token, pg_current_xact_id() FROM before
        ON CONFLICT (card_token) DO UPDATE SET changed_in = excluded.changed_in;
    END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN
        INSERT INTO card_profile_changes
        SELECT card_token, pg_current_xact_id() FROM after
        ON CONFLICT (card_token) DO UPDATE SET changed_in = excluded.changed_in;
    END IF;
    -- Wakes a publisher when this commits; without it, it looks from time to time.
    PERFORM pg_notify('card_profiles', '');
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER note_inserted AFTER INSERT ON card_profiles
    REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION note_card_profile_changes();
CREATE OR REPLACE TRIGGER note_updated AFTER UPDATE ON card_profiles
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION note_card_profile_changes();
CREATE OR REPLACE TRIGGER note_deleted AFTER DELETE ON card_profiles
    REFERENCING OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION note_card_profile_changes();
CREATE OR REPLACE TRIGGER note_truncated BEFORE TRUNCATE ON card_profiles
    FOR EACH STATEMENT EXECUTE FUNCTION note_card_profile_changes();

-- Cards that stood in the table before it had triggers: nobody has noted them.
INSERT INTO card_profile_changes
SELECT card_token, pg_current_xact_id() FROM card_profiles
ON CONFLICT (card_token) DO NOTHING;
