import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { PrismaClient } from '../prisma/client.ts';
import { asStoreError, mapStoreErrors } from './store/store.error.ts';

/** Prisma, with every failure of the database thrown as STORE_UNAVAILABLE, inside transactions and outside. */
export function openPrisma(
  adapter: SqlDriverAdapterFactory,
  transactionOptions: { readonly maxWait: number; readonly timeout: number },
): PrismaClient {
  const prisma = new PrismaClient({ adapter, transactionOptions }).$extends({
    query: {
      $allOperations: ({ args, query }) =>
        query(args).catch((error: unknown) => {
          throw asStoreError(error);
        }),
    },
  }) as unknown as PrismaClient;
  const transaction = prisma.$transaction.bind(prisma) as (...given: unknown[]) => Promise<unknown>;
  return new Proxy(prisma, {
    get: (target, property) =>
      // Begin and commit are not operations for Prisma's extension, and their failures are handled separately.
      property === '$transaction'
        ? (...given: unknown[]) => mapStoreErrors(transaction(...given))
        : Reflect.get(target, property),
  });
}
