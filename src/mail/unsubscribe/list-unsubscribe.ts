import type { Header } from '../../domain/message.ts';

export interface UnsubscribeOptions {
  /** An http or https URL. */
  readonly url: string | null;
  /** A mailto: URL. */
  readonly mailto: string | null;
  /** RFC 8058: a POST of List-Unsubscribe=One-Click to `url` is enough, without any page. */
  readonly oneClick: boolean;
}

const MAX_URL_LENGTH = 4_000;

/** The options in List-Unsubscribe (RFC 2369) and List-Unsubscribe-Post (RFC 8058). Null when there is no usable one. */
export function unsubscribeOf(headers: readonly Header[]): UnsubscribeOptions | null {
  const targets = [...headerValue(headers, 'list-unsubscribe').matchAll(/<([^<>]*)>/g)].map((match) =>
    (match[1] ?? '').replace(/\s+/g, ''),
  );
  const url =
    targets.find((target) => isUrl(target, ['https:'])) ?? targets.find((target) => isUrl(target, ['http:'])) ?? null;
  const mailto = targets.find((target) => isUrl(target, ['mailto:'])) ?? null;
  if (url === null && mailto === null) return null;
  const post = /^\s*List-Unsubscribe\s*=\s*One-Click\s*$/i.test(headerValue(headers, 'list-unsubscribe-post'));
  return { url, mailto, oneClick: post && (url?.toLowerCase().startsWith('https:') ?? false) };
}

const headerValue = (headers: readonly Header[], name: string): string =>
  headers.find((header) => header.name.toLowerCase() === name)?.value ?? '';

const isUrl = (text: string, protocols: readonly string[]): boolean =>
  text.length <= MAX_URL_LENGTH && URL.canParse(text) && protocols.includes(new URL(text).protocol);
