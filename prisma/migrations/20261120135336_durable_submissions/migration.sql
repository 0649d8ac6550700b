-- AlterTable
ALTER TABLE "submissions" ADD COLUMN     "attempted_at" TIMESTAMPTZ(3),
ADD COLUMN     "claim_owner" TEXT,
ADD COLUMN     "claim_until" TIMESTAMPTZ(3),
ADD COLUMN     "due_at" TIMESTAMPTZ(3),
ADD COLUMN     "own_draft" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "payload" BYTEA,
ADD COLUMN     "send_at" TIMESTAMPTZ(3),
ADD COLUMN     "tries" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "undo_until" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "uploads" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "details" BYTEA,
    "size_bytes" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "uploads_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "upload_chunks" (
    "upload_id" UUID NOT NULL,
    "index" INTEGER NOT NULL,
    "sealed" BYTEA NOT NULL,

    CONSTRAINT "upload_chunks_pkey" PRIMARY KEY ("upload_id","index")
);

-- CreateTable
CREATE TABLE "submission_uploads" (
    "submission_id" UUID NOT NULL,
    "upload_id" UUID NOT NULL,

    CONSTRAINT "submission_uploads_pkey" PRIMARY KEY ("submission_id","upload_id")
);

-- CreateIndex
CREATE INDEX "uploads_user_id_idx" ON "uploads"("user_id");

-- CreateIndex
CREATE INDEX "uploads_expires_at_idx" ON "uploads"("expires_at");

-- CreateIndex
CREATE INDEX "submission_uploads_upload_id_idx" ON "submission_uploads"("upload_id");

-- CreateIndex
CREATE INDEX "submissions_user_id_updated_at_idx" ON "submissions"("user_id", "updated_at");

-- CreateIndex
CREATE INDEX "submissions_due_at_idx" ON "submissions"("due_at");

-- AddForeignKey
ALTER TABLE "uploads" ADD CONSTRAINT "uploads_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "upload_chunks" ADD CONSTRAINT "upload_chunks_upload_id_fkey" FOREIGN KEY ("upload_id") REFERENCES "uploads"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "submission_uploads" ADD CONSTRAINT "submission_uploads_submission_id_fkey" FOREIGN KEY ("submission_id") REFERENCES "submissions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "submission_uploads" ADD CONSTRAINT "submission_uploads_upload_id_fkey" FOREIGN KEY ("upload_id") REFERENCES "uploads"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What an earlier release left behind half way is looked at as soon as no instance of it can be at it any more.
UPDATE "submissions" SET "due_at" = now() + interval '10 minutes',
  "attempted_at" = CASE WHEN "attempts" > 0 THEN "updated_at" END
WHERE "status" = 'SENDING';
