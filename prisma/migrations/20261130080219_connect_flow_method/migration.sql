-- AlterTable
ALTER TABLE "connect_flows" ADD COLUMN     "method" TEXT;
