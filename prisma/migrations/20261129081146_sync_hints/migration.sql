-- AlterTable
ALTER TABLE "integrations" ADD COLUMN     "sync_hinted" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "sync_hints" TEXT[] DEFAULT ARRAY[]::TEXT[];
