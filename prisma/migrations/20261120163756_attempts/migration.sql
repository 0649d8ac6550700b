-- CreateTable
CREATE TABLE "attempts" (
    "key" TEXT NOT NULL,
    "whole_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "attempts_whole_at_idx" ON "attempts"("whole_at");
