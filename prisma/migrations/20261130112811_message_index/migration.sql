-- AlterTable
ALTER TABLE "integrations" ADD COLUMN     "history_lost_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "message_index" (
    "integration_id" UUID NOT NULL,
    "message_id" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(0),
    "state" TEXT,
    "created_sequence" BIGINT NOT NULL DEFAULT 0,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "pass" INTEGER NOT NULL DEFAULT 0,
    "deleted_at" TIMESTAMPTZ(0),

    CONSTRAINT "message_index_pkey" PRIMARY KEY ("integration_id","message_id")
);

-- CreateTable
CREATE TABLE "subject_index" (
    "integration_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "state" TEXT,
    "sequence" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "subject_index_pkey" PRIMARY KEY ("integration_id","kind","subject")
);

-- CreateTable
CREATE TABLE "proofs" (
    "integration_id" UUID NOT NULL,
    "supported" BOOLEAN NOT NULL DEFAULT true,
    "first_sequence" BIGINT NOT NULL,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "mailbox_sequence" BIGINT NOT NULL DEFAULT 0,
    "pass" INTEGER NOT NULL DEFAULT 0,
    "started_at" TIMESTAMPTZ(3),
    "cursor" TEXT,
    "pages_read" BOOLEAN NOT NULL DEFAULT false,
    "pass_checked" INTEGER NOT NULL DEFAULT 0,
    "pass_missing" INTEGER NOT NULL DEFAULT 0,
    "pass_repaired" INTEGER NOT NULL DEFAULT 0,
    "built_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "checked" INTEGER NOT NULL DEFAULT 0,
    "missing" INTEGER NOT NULL DEFAULT 0,
    "repaired" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "requested" BOOLEAN NOT NULL DEFAULT false,
    "claim_owner" TEXT,
    "claim_until" TIMESTAMPTZ(3),

    CONSTRAINT "proofs_pkey" PRIMARY KEY ("integration_id")
);

-- CreateIndex
CREATE INDEX "proofs_due_at_idx" ON "proofs"("due_at");

-- AddForeignKey
ALTER TABLE "message_index" ADD CONSTRAINT "message_index_integration_id_fkey" FOREIGN KEY ("integration_id") REFERENCES "integrations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subject_index" ADD CONSTRAINT "subject_index_integration_id_fkey" FOREIGN KEY ("integration_id") REFERENCES "integrations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "proofs" ADD CONSTRAINT "proofs_integration_id_fkey" FOREIGN KEY ("integration_id") REFERENCES "integrations"("id") ON DELETE CASCADE ON UPDATE CASCADE;
