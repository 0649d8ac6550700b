-- AlterTable
ALTER TABLE "changes" ADD COLUMN     "repeats" BIGINT;

-- AlterTable
ALTER TABLE "unread_messages" ADD COLUMN     "sequence" BIGINT;
