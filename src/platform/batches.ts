/** Rows deleted by one statement: far fewer than its time allows, whatever has piled up. */
const ROWS_AT_ONCE = 2_000;

/**
 * Deletes statement by statement until there is nothing left to delete; how many rows that were. One statement for all of
 * them is given up at its limit once there are many, leaves them all, and fails the next time with more.
 */
export async function deleteInBatches(
  deleteSome: (limit: number) => Promise<{ readonly count: number }>,
  rowsAtOnce = ROWS_AT_ONCE,
): Promise<number> {
  for (let deleted = 0; ; ) {
    const { count } = await deleteSome(rowsAtOnce);
    deleted += count;
    if (count < rowsAtOnce) return deleted;
  }
}
