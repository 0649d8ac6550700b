const ANYTHING = 'application/octet-stream';
const MEDIA_TYPE = /^[a-z0-9][a-z0-9.+-]{0,126}\/[a-z0-9][a-z0-9.+-]{0,126}$/;
/** Said by programs that do not know: curl, forms, mail programs. */
const SAYS_NOTHING = new Set([
  ANYTHING,
  'binary/octet-stream',
  'application/x-www-form-urlencoded',
  'application/x-download',
]);
/** Families of which the first bytes tell no more than that. */
const FAMILIES: Readonly<Record<string, RegExp>> = {
  'application/zip': /^application\/(vnd\.|epub\+zip$|java-archive$|x-zip)/,
  'application/x-cfb': /^application\/(msword|vnd\.ms-|x-msi)/,
  'application/xml': /(^text\/xml|\+xml)$/,
};

/**
 * The media type of a file by its first bytes; what the client claims counts only where they tell nothing, or less. A claim that they
 * would have borne out, had it been true, does not.
 */
export async function fileKind(beginning: Uint8Array, claimed: string | undefined): Promise<string> {
  const claim = (claimed ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const said = MEDIA_TYPE.test(claim) && !SAYS_NOTHING.has(claim) ? claim : null;
  const seen = await sniff(beginning);
  if (seen) return said && FAMILIES[seen]?.test(said) ? said : seen;
  const text = isText(beginning);
  if (said === null) return text && beginning.length > 0 ? 'text/plain' : ANYTHING;
  if (said.startsWith('text/')) return text ? said : ANYTHING;
  if (beginning.length > 0 && (await knownBySight(said))) return text ? 'text/plain' : ANYTHING;
  return said;
}

/** Loaded by the first upload: no start waits for it. */
const fileTypes = () => import('file-type');

async function knownBySight(kind: string): Promise<boolean> {
  const { supportedMimeTypes } = await fileTypes();
  return (supportedMimeTypes as ReadonlySet<string>).has(kind);
}

async function sniff(beginning: Uint8Array): Promise<string | null> {
  const { fileTypeFromBuffer } = await fileTypes();
  try {
    return (await fileTypeFromBuffer(beginning))?.mime.split(';', 1)[0] ?? null;
  } catch {
    return null; // a beginning that promises more than there is of it
  }
}

/** UTF-8 without control characters but those of a text; the last character may be cut. */
function isText(beginning: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(beginning, { stream: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no text holds.
    return !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text);
  } catch {
    return false;
  }
}
