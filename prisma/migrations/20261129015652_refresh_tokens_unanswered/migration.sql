-- AlterTable
ALTER TABLE "refresh_tokens" ADD COLUMN     "unanswered" BOOLEAN NOT NULL DEFAULT false;
