-- AlterTable
ALTER TABLE "integrations" ADD COLUMN     "change_mark" TEXT,
ADD COLUMN     "check_claimed_at" TIMESTAMPTZ(3),
ADD COLUMN     "checked_at" TIMESTAMPTZ(3),
ADD COLUMN     "silent_since" TIMESTAMPTZ(3);
