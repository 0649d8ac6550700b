-- AlterTable
ALTER TABLE "integrations" ADD COLUMN     "sync_due_since" TIMESTAMPTZ(3),
ADD COLUMN     "sync_retry_until" TIMESTAMPTZ(3),
ADD COLUMN     "sync_signals" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "watches" ADD COLUMN     "renew_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "integrations_sync_due_since_idx" ON "integrations"("sync_due_since");
