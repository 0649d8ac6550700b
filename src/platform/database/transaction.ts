import type { Prisma } from '../prisma/client.ts';

/** A running transaction, in which several stores can take part. */
export type Transaction = Prisma.TransactionClient;
