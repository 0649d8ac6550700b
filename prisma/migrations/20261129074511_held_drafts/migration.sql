-- AlterTable
ALTER TABLE "submissions" ADD COLUMN     "held_draft_id" TEXT;

-- CreateIndex
CREATE INDEX "submissions_integration_id_draft_id_idx" ON "submissions"("integration_id", "draft_id");

-- CreateIndex
CREATE UNIQUE INDEX "submissions_integration_id_held_draft_id_key" ON "submissions"("integration_id", "held_draft_id");
