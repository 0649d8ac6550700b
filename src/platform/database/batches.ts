/** The number of rows that one statement deletes, far fewer than its time limit allows. */
const ROWS_AT_ONCE = 2_000;

/**
 * Deletes in batches until nothing is left, and returns the number of rows. A single statement for many rows would time
 * out, delete none of them, and fail again the next time with more.
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
