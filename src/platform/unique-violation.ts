import { Prisma } from './prisma/client.ts';

/** A row with the same key is there. Which key is told differently by the two adapters, so nobody asks. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
