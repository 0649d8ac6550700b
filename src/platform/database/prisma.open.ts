import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { PrismaClient } from '../prisma/client.ts';
import { asStoreError, mapStoreErrors } from './store/store.error.ts';

/** Opens Prisma. Every failure of the database is thrown as STORE_UNAVAILABLE, inside transactions and outside. */
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
  const transaction = prisma.$transaction.bind(prisma) as (...args: unknown[]) => Promise<unknown>;
  return new Proxy(prisma, {
    get: (target, property) =>
      // Begin and commit are not operations of Prisma's extension, so their failures are mapped here.
      property === '$transaction'
        ? (...args: unknown[]) => mapStoreErrors(transaction(...args))
        : Reflect.get(target, property),
  });
}
