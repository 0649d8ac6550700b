/** Bytes in one row: small enough that one in memory is nothing, large enough that a file is few rows. */
export const CHUNK_BYTES = 256 * 1024;

/** The same bytes in pieces of one length, the last one shorter. An empty source gives no piece. */
export async function* chunksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  let pending: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    let rest = piece;
    while (length + rest.length >= CHUNK_BYTES) {
      const head = rest.subarray(0, CHUNK_BYTES - length);
      yield Buffer.concat([...pending, head]);
      rest = rest.subarray(head.length);
      pending = [];
      length = 0;
    }
    if (rest.length > 0) {
      pending.push(rest);
      length += rest.length;
    }
  }
  if (length > 0) yield Buffer.concat(pending);
}
