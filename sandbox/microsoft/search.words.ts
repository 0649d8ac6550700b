import { htmlToText } from '../mail/html-text.ts';
import type { Content } from './content.ts';
import type { Item } from './item.ts';

export interface Words {
  /** The body without markup. */
  readonly body: string;
  readonly attachmentNames: string;
}

/** What is known of received mail: reading the MIME of 50,000 messages anew for each search would take too long. */
const known = new WeakMap<Content, Words>();

/** What the search index reads inside a message. */
export function wordsOf({ content, isDraft }: Item): Words {
  const found = isDraft ? undefined : known.get(content);
  if (found) return found;
  const { type, content: text } = content.body();
  const words: Words = {
    body: (type === 'html' ? htmlToText(text) : text).replace(/\s+/g, ' '),
    attachmentNames: content.envelope.hasAttachment
      ? content
          .attachments()
          .map(({ name }) => name)
          .join('\n')
      : '',
  };
  if (!isDraft) known.set(content, words);
  return words;
}
