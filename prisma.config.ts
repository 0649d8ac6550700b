import { defineConfig } from 'prisma/config';

// The commands generate, validate and format only check that the file of the engine exists. Migrations run in
// platform/database/migrations.ts.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({ schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations' } });
