-- CreateTable
CREATE TABLE "connect_flows" (
    "id" UUID NOT NULL,
    "state_hash" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "access" TEXT NOT NULL,
    "address" TEXT,
    "redirect_uri" TEXT,
    "status" TEXT NOT NULL,
    "code_verifier" BYTEA,
    "consent" BYTEA,
    "wrong_codes" INTEGER NOT NULL DEFAULT 0,
    "claim_owner" TEXT,
    "claim_until" TIMESTAMPTZ(3),
    "finished_with" TEXT,
    "integration_id" UUID,
    "problem_code" TEXT,
    "problem_message" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "connect_flows_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "connect_flows_state_hash_key" ON "connect_flows"("state_hash");

-- CreateIndex
CREATE INDEX "connect_flows_user_id_created_at_idx" ON "connect_flows"("user_id", "created_at");

-- CreateIndex
CREATE INDEX "connect_flows_expires_at_idx" ON "connect_flows"("expires_at");

-- AddForeignKey
ALTER TABLE "connect_flows" ADD CONSTRAINT "connect_flows_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
