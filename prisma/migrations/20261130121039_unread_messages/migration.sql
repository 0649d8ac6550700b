-- CreateTable
CREATE TABLE "unread_messages" (
    "integration_id" UUID NOT NULL,
    "message_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "unread_messages_pkey" PRIMARY KEY ("integration_id","message_id")
);

-- CreateIndex
CREATE INDEX "unread_messages_due_at_idx" ON "unread_messages"("due_at");

-- CreateIndex
CREATE INDEX "unread_messages_created_at_idx" ON "unread_messages"("created_at");

-- AddForeignKey
ALTER TABLE "unread_messages" ADD CONSTRAINT "unread_messages_integration_id_fkey" FOREIGN KEY ("integration_id") REFERENCES "integrations"("id") ON DELETE CASCADE ON UPDATE CASCADE;
