const ANYTHING = 'application/octet-stream';
const MEDIA_TYPE = /^[a-z0-9][a-z0-9.+-]{0,126}\/[a-z0-9][a-z0-9.+-]{0,126}$/;
/** Types that curl, forms and mail programs send for files that they do not recognise. */
const GENERIC_TYPES = new Set([
  ANYTHING,
  'binary/octet-stream',
  'application/x-www-form-urlencoded',
  'application/x-download',
]);
/** Container formats, and the types that use them. The first bytes do not distinguish these types. */
const FAMILIES: Readonly<Record<string, RegExp>> = {
  'application/zip': /^application\/(vnd\.|epub\+zip$|java-archive$|x-zip)/,
  'application/x-cfb': /^application\/(msword|vnd\.ms-|x-msi)/,
  'application/xml': /(^text\/xml|\+xml)$/,
};

/**
 * The media type of a file by its first bytes. The client's claim is used only if the first bytes are not recognised, or if
 * it is a type within the recognised container format. A claimed type that would have been recognised is rejected.
 */
export async function fileKind(beginning: Uint8Array, claimed: string | undefined): Promise<string> {
  const claim = (claimed ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const claimedType = MEDIA_TYPE.test(claim) && !GENERIC_TYPES.has(claim) ? claim : null;
  const detected = await detect(beginning);
  if (detected) return claimedType && FAMILIES[detected]?.test(claimedType) ? claimedType : detected;
  const text = isText(beginning);
  if (claimedType === null) return text && beginning.length > 0 ? 'text/plain' : ANYTHING;
  if (claimedType.startsWith('text/')) return text ? claimedType : ANYTHING;
  if (beginning.length > 0 && (await isDetectable(claimedType))) return text ? 'text/plain' : ANYTHING;
  return claimedType;
}

/** Loaded by the first upload, because it would delay the start. */
const fileTypes = () => import('file-type');

async function isDetectable(kind: string): Promise<boolean> {
  const { supportedMimeTypes } = await fileTypes();
  return (supportedMimeTypes as ReadonlySet<string>).has(kind);
}

async function detect(beginning: Uint8Array): Promise<string | null> {
  const { fileTypeFromBuffer } = await fileTypes();
  try {
    return (await fileTypeFromBuffer(beginning))?.mime.split(';', 1)[0] ?? null;
  } catch {
    // A truncated file can make the detection fail.
    return null;
  }
}

/** Whether it is UTF-8 without control characters that text does not contain. The last character may be incomplete. */
function isText(beginning: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(beginning, { stream: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no text holds.
    return !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text);
  } catch {
    return false;
  }
}
