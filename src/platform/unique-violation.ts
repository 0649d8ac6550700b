import { Prisma } from './prisma/client.ts';

/** A row with the same key exists. The two adapters report the key differently, so it is not read. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
