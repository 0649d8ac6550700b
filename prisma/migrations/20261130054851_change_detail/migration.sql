-- AlterTable
ALTER TABLE "changes" ADD COLUMN     "detail" JSONB;
