import iconv from 'iconv-lite';

const ASCII = /^(us-?)?ascii$|^ansi_x3|^[78]-?bit$|^unknown|^x-unknown|^default|^none$/i;
/** Node 20's TextDecoder reads windows-1252 as Latin-1 and loses its quotes and dashes: iconv does this one. */
const WESTERN = 'windows-1252';
const decoders = new Map<string, TextDecoder | null>();

/**
 * Reads bytes as text, never throwing. Labels mean what browsers take them for (WHATWG: iso-8859-1 is windows-1252,
 * ks_c_5601-1987 is the wide EUC-KR); iconv knows the rest. Without a usable label: UTF-8 where the bytes are valid
 * UTF-8, else windows-1252, which always gives some letter.
 */
export function decodeText(bytes: Uint8Array, label: string | null): string {
  const name = (label ?? '').trim().replace(/^["']+|["']+$/g, '');
  if (name !== '' && !ASCII.test(name)) {
    const decoder = decoderFor(name);
    if (decoder?.encoding === WESTERN) return iconv.decode(Buffer.from(bytes), WESTERN);
    if (decoder) return decoder.decode(bytes);
    if (iconv.encodingExists(name)) return iconv.decode(Buffer.from(bytes), name);
  }
  return guessText(bytes);
}

/** True where the bytes are well-formed UTF-8 (plain ASCII is). */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function guessText(bytes: Uint8Array): string {
  return isUtf8(bytes) ? new TextDecoder().decode(bytes) : iconv.decode(Buffer.from(bytes), WESTERN);
}

function decoderFor(name: string): TextDecoder | null {
  const key = name.toLowerCase();
  const known = decoders.get(key);
  if (known !== undefined) return known;
  const decoder = open(key) ?? open(ALIASES[key] ?? '');
  // Labels come from mail: a bounded map, or a hostile archive fills the memory with made-up charsets.
  if (decoders.size < 500) decoders.set(key, decoder);
  return decoder;
}

/** Names seen in real mail that WHATWG does not list. */
const ALIASES: Record<string, string> = {
  cp932: 'shift_jis',
  cp949: 'euc-kr',
  cp936: 'gbk',
  cp950: 'big5',
  utf8mb4: 'utf-8',
  'iso-2022-jp-1': 'iso-2022-jp',
  'iso-2022-jp-2': 'iso-2022-jp',
  'iso-2022-jp-ms': 'iso-2022-jp',
};

function open(label: string): TextDecoder | null {
  try {
    return label === '' ? null : new TextDecoder(label);
  } catch {
    return null;
  }
}
