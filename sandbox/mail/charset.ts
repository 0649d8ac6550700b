import iconv from 'iconv-lite';
import { decodeHz, decodeIso2022 } from './iso-2022.ts';

/** Where windows-1252 differs from ISO 8859-1, from 0x80 on (Encoding standard, index windows-1252). */
const WESTERN = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Returns whether the bytes are well-formed UTF-8, as ASCII is. */
export const isUtf8 = (bytes: Uint8Array): boolean => decodeUtf8(bytes) !== null;

/** Decodes well-formed UTF-8, and anything else as windows-1252, in which every byte has a character. */
const guess = (bytes: Uint8Array): string => decodeUtf8(bytes) ?? western(bytes);

const western = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (control) => WESTERN[control.charCodeAt(0) - 0x80] ?? control);

type Decode = (bytes: Uint8Array) => string;
const byIconv =
  (charset: string): Decode =>
  (bytes) =>
    iconv.decode(Buffer.from(bytes), charset);
const platform = (label: string): Decode => {
  const decoder = new TextDecoder(label);
  return (bytes) => decoder.decode(bytes);
};

/**
 * By what is left of a label without its separators. A label means what it means in the Encoding standard, which has the
 * widest table of a name. Node's own decoder narrows EUC-KR to KS X 1001, has private letters for Big5, swaps DEL and SUB in
 * Shift_JIS and IBM866, and reads windows-1252 as ISO 8859-1: iconv-lite has those tables right.
 */
const OWN: readonly (readonly [labels: RegExp, decode: () => Decode])[] = [
  [/^(?:(?:us)?ascii|ansix34(?:1968|1986)?|iso646us|646|unknown(?:8bit)?|[78]bit|default|none|binary)$/, () => guess],
  [
    /^(?:windows|cp|win|ms)?1252$|^(?:iso)?88591$|^iso885911987$|^(?:latin|l)1$|^(?:cp|ibm)819$|^isoir100$/,
    () => western,
  ],
  [/^iso2022|^(?:cp|windows)5022[0-9]$|^jis$|^junet$/, () => decodeIso2022],
  [/^hz(?:gb)?(?:2312)?$/, () => decodeHz],
  [
    /^(?:cp|windows|ms|mscp|ibm)?949$|^cp(?:20|51)949$|^uhc$|^euckr$|^kscs?5601|^korean$|^isoir149$|^ksx1001$/,
    () => byIconv('cp949'),
  ],
  [/^(?:cn|x|zhtw)?big5|^(?:cp|windows|ms|mscp|ibm)?950$/, () => byIconv('big5hkscs')],
  [
    /^gbk|^gb(?:18030|2312|13000)|^(?:cp|windows|ms|mscp|ibm)?936$|^cp(?:20|51|54)936$|^euccn$|^chinese$|^isoir58$/,
    () => platform('gb18030'),
  ],
  [/^(?:cp|windows|ms|mscp|ibm)?(?:932|943c?)$|^windows31j$|^shiftjis|^sjis|^mskanji$/, () => byIconv('shiftjis')],
  [/^eucjp|^cp51932$|^ujis$|^extendedunixcodepackedformatforjapanese$/, () => byIconv('eucjp')],
  [/^(?:cp|ibm|dos)?866$/, () => byIconv('cp866')],
  [/^koi8?r?$/, () => byIconv('koi8-r')],
  [/^koi8(?:u|ru)$/, () => byIconv('koi8-ru')],
  [/^(?:kz|rk|strk)1048(?:2002)?$/, () => byIconv('rk1048')],
  [/^(?:pt|cp|ptcp)154$|^cyrillicasian$/, () => byIconv('pt154')],
  [/^tis620/, () => platform('windows-874')],
  [/^latin[09]$/, () => platform('iso-8859-15')],
  [/^utf16(?:le)?$|^ucs2$|^unicode$|^iso10646ucs2$/, () => byIconv('utf-16')],
  [/^(?:iso10646)?ucs4$/, () => byIconv('utf-32')],
  [/^(?:unicode11)?utf7$/, () => byIconv('utf-7')],
  [/^utf8|^unicode11utf8$/, () => (bytes) => new TextDecoder().decode(bytes)],
  [/^mac(?:intosh|roman)?$/, () => platform('macintosh')],
  [/^mac(?:cyrillic|ukrainian)$/, () => platform('x-mac-cyrillic')],
  [/^mac(?:ce|centraleur(?:ope|roman)|centeuro)$/, () => byIconv('maccenteuro')],
];

const decoders = new Map<string, Decode | null>();
/** The cache is bounded, because strangers could invent any number of labels. */
const MAX_LABELS = 500;

/** Returns the decoder for a label, or null for an unknown one. */
function decoderOf(label: string): Decode | null {
  const key = label
    .trim()
    .replace(/^["']+|["']+$/g, '')
    .toLowerCase();
  const known = decoders.get(key);
  if (known !== undefined) return known;
  const bare = key.replace(/^(?:x-|cs)/, '').replace(/[^a-z0-9]/g, '');
  const codePage = bare.replace(/^(?:cp|ibm|dos|oem|ms)?0*(\d{3,4})$/, 'cp$1');
  const decoder = OWN.find(([labels]) => labels.test(bare))?.[1]() ?? ofPlatform(key, bare, codePage);
  if (decoders.size < MAX_LABELS) decoders.set(key, decoder);
  return decoder;
}

function ofPlatform(...labels: readonly string[]): Decode | null {
  for (const label of labels) {
    try {
      return platform(label);
    } catch {
      // Not one of the Encoding standard's.
    }
  }
  const label = labels.find((one) => iconv.encodingExists(one));
  return label === undefined ? null : byIconv(label);
}

/** Decodes bytes in the charset of this label and never throws. Without a known label they are read as UTF-8 if well-formed, and as windows-1252 otherwise. */
export function decodeText(bytes: Uint8Array, label: string | null): string {
  const decode = label === null || label === '' ? null : decoderOf(label);
  return (decode ?? guess)(bytes);
}
