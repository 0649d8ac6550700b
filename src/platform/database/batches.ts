/** Rows deleted by one statement: far fewer than its time limit allows. */
const ROWS_AT_ONCE = 2_000;

/**
 * Deletes in batches until nothing is left to delete, and returns the number of rows. A single statement for all of
 * them would time out when there are many, delete none, and fail again the next time with more.
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
