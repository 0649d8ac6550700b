import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { PrismaClient } from './prisma/client.ts';
import { asStoreError, ofStore } from './store.error.ts';

/** Prisma, whose every failure that is the store's is thrown as STORE_UNAVAILABLE, within transactions and around them. */
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
      // Beginning and committing are no operations, and fail on their own.
      property === '$transaction'
        ? (...given: unknown[]) => ofStore(transaction(...given))
        : Reflect.get(target, property),
  });
}
