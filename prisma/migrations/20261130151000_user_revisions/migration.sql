-- CreateTable
CREATE TABLE "user_revisions" (
    "revision" BIGSERIAL NOT NULL,
    "user_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_revisions_pkey" PRIMARY KEY ("revision")
);

-- CreateIndex
CREATE INDEX "user_revisions_user_id_idx" ON "user_revisions"("user_id");

-- CreateIndex
CREATE INDEX "user_revisions_at_idx" ON "user_revisions"("at");

-- The rest is not in schema.prisma, which has no triggers. They write for every instance, also for those of an older release,
-- and no code can forget them. Each write adds a row, and changes none: two transactions never wait for each other here, so that
-- triggers cause no deadlock. There is no foreign key, which would lock the user's row.

CREATE FUNCTION "revise_owner"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO "user_revisions" ("user_id") VALUES (OLD."user_id");
  ELSE
    INSERT INTO "user_revisions" ("user_id") VALUES (NEW."user_id");
  END IF;
  RETURN NULL;
END
$$;

CREATE FUNCTION "revise_user"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO "user_revisions" ("user_id") VALUES (OLD."id");
  ELSE
    INSERT INTO "user_revisions" ("user_id") VALUES (NEW."id");
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER "revise_user" AFTER INSERT OR UPDATE OR DELETE ON "users"
  FOR EACH ROW EXECUTE FUNCTION "revise_user"();

CREATE TRIGGER "revise_owner" AFTER INSERT OR UPDATE OR DELETE ON "submissions"
  FOR EACH ROW EXECUTE FUNCTION "revise_owner"();

CREATE TRIGGER "revise_owner" AFTER INSERT OR UPDATE OR DELETE ON "connect_flows"
  FOR EACH ROW EXECUTE FUNCTION "revise_owner"();

CREATE TRIGGER "revise_owner" AFTER INSERT OR DELETE ON "integrations"
  FOR EACH ROW EXECUTE FUNCTION "revise_owner"();

-- The bookkeeping of each sync is no change of the user. Columns that are added later count until they are named here.
CREATE FUNCTION "without_bookkeeping"(integration jsonb) RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$
  SELECT integration - ARRAY['lease_owner', 'lease_until', 'sequence', 'sync_cursor', 'last_event_at', 'last_reconciled_at',
    'sync_signals', 'sync_hinted', 'sync_hints', 'sync_due_since', 'sync_retry_until', 'checked_at', 'change_mark',
    'check_claimed_at', 'silent_since', 'history_lost_at']
$$;

CREATE TRIGGER "revise_owner_update" AFTER UPDATE ON "integrations"
  FOR EACH ROW WHEN ("without_bookkeeping"(to_jsonb(OLD)) IS DISTINCT FROM "without_bookkeeping"(to_jsonb(NEW)))
  EXECUTE FUNCTION "revise_owner"();
