import iconv from 'iconv-lite';

/** The charset with which each double-byte set is decoded after the high bit of both bytes was set. */
const SETS: Readonly<Record<string, string>> = {
  $B: 'eucjp',
  '$@': 'eucjp',
  '$(B': 'eucjp',
  '$(@': 'eucjp',
  $A: 'gb2312',
  '$(A': 'gb2312',
  '$)A': 'gb2312',
  '$(C': 'euckr',
  '$)C': 'euckr',
};
const ESCAPE = 0x1b;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;

/**
 * Decodes the seven-bit encodings of East Asia, which switch between character sets by escape sequences: ISO-2022-JP with its
 * extensions (RFC 1468, RFC 1554), ISO-2022-KR (RFC 1557) and the GB 2312 part of ISO-2022-CN (RFC 1922). The end of a line
 * switches back to ASCII, as all three require. Only the choice of the set that SO switches to is kept.
 */
export function decodeIso2022(bytes: Uint8Array): string {
  let out = '';
  let set = '(B';
  let shifted: string | null = null;
  let isOut = false;
  let start = 0;
  const flush = (end: number) => {
    if (end > start) out += lettersOf(bytes.subarray(start, end), isOut ? (shifted ?? '$)C') : set);
  };
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    const sequence = byte === ESCAPE ? escapeAt(bytes, at) : null;
    if (sequence === null && byte !== SHIFT_OUT && byte !== SHIFT_IN && byte !== 0x0a) {
      at++;
      continue;
    }
    flush(at);
    if (byte === SHIFT_OUT || byte === SHIFT_IN) isOut = byte === SHIFT_OUT;
    else if (sequence?.startsWith('$)')) shifted = sequence;
    else if (sequence !== null) set = sequence;
    else {
      set = '(B';
      isOut = false;
      out += '\n';
    }
    at += 1 + (sequence?.length ?? 0);
    start = at;
  }
  flush(bytes.length);
  return out;
}

/** Returns the characters after an ESC that select a set, such as "$B", "(J" or "$)C". Null: they select none. */
function escapeAt(bytes: Uint8Array, at: number): string | null {
  const next = String.fromCharCode(...bytes.subarray(at + 1, at + 4));
  return /^(?:\$[@AB]|\$[()][\x40-\x7e]|\([\x40-\x7e])/.exec(next)?.[0] ?? null;
}

function lettersOf(bytes: Uint8Array, set: string): string {
  // JIS X 0201 has a yen sign and an overline where ASCII has a backslash and a tilde.
  if (set === '(J') return latin(bytes).replaceAll('\\', '¥').replaceAll('~', '‾');
  if (set === '(I') return iconv.decode(highOf(bytes), 'shiftjis');
  if (set === '$(D') return iconv.decode(threeBytes(bytes), 'eucjp');
  const charset = SETS[set];
  return charset === undefined ? latin(bytes) : iconv.decode(highOf(bytes), charset);
}

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Sets the high bit of each byte. Control characters and spaces are the same in every set and stay unchanged. */
const highOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.map((byte) => (byte > 0x20 ? byte | 0x80 : byte)));

/** Converts JIS X 0212 to EUC-JP, which writes each of its characters after a byte 0x8f. */
function threeBytes(bytes: Uint8Array): Buffer {
  const high = highOf(bytes);
  const out: number[] = [];
  for (let at = 0; at < high.length; at += 2) out.push(0x8f, ...high.subarray(at, at + 2));
  return Buffer.from(out);
}

/** Decodes HZ (RFC 1843): GB 2312 is between ~{ and ~}, ~~ is a tilde, and a tilde at the end of a line joins it with the next line. */
export function decodeHz(bytes: Uint8Array): string {
  return latin(bytes).replace(
    /~(?:~|\r?\n|\{([^\r\n~]*)(?:~\}|(?=[\r\n~])|$))/g,
    (sequence: string, letters: string | undefined) => {
      if (letters !== undefined) return iconv.decode(highOf(Buffer.from(letters, 'latin1')), 'gb2312');
      return sequence === '~~' ? '~' : '';
    },
  );
}
