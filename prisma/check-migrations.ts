import { pendingChanges } from './pending-changes.ts';

/** Fails when schema.prisma has changes that no migration makes. */

const sql = await pendingChanges();
if (sql !== null) {
  console.error(`schema.prisma has changes without a migration (npm run migrations:new NAME writes it):\n\n${sql}`);
  process.exit(1);
}
console.log('The migrations and schema.prisma agree.');
process.exit(0);
