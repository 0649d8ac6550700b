import { defineConfig } from 'prisma/config';

// generate, validate and format only look whether the engine's file is there; migrations run in platform/database/migrations.ts.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' } });
