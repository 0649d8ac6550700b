import type { ItemBody } from '@microsoft/microsoft-graph-types';
import { htmlToText } from '../../mail/html-text.ts';
import type { TextBody } from '../mailbox/content.ts';

/** Returns a body as it is stored, or in the type that Prefer: outlook.body-content-type names. */
export function bodyAs(body: TextBody, wanted: 'text' | 'html' | null): ItemBody {
  if (wanted === 'text' && body.type === 'html')
    return { contentType: 'text', content: htmlToText(body.content, { links: true }).replace(/\r?\n/g, '\r\n') };
  if (wanted === 'html' && body.type === 'text') return { contentType: 'html', content: asHtml(body.content) };
  return { contentType: body.type, content: body.content };
}

/** Returns the new part of a reply, which is everything before the quoted message. */
export function uniquePart(body: ItemBody): ItemBody {
  const content = body.content ?? '';
  const quote =
    body.contentType === 'html'
      ? /<(?:blockquote|hr|div[^<>]{1,1000}(?:id="?(?:appendonsend|divRplyFwdMsg)|class="?gmail_quote))\b/i
      : /^(?:>|-{3,} ?Original Message|On .{1,200} wrote:\s*$|_{20,}\s*$|From: .+$)/m;
  const at = content.search(quote);
  return { contentType: body.contentType ?? 'text', content: at > 0 ? content.slice(0, at).trimEnd() : content };
}

export function asHtml(text: string): string {
  return (
    '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">' +
    '<style type="text/css">.PlainText { white-space:pre-wrap }</style></head>' +
    `<body><div class="PlainText">${escapeHtml(text).replace(/\r?\n/g, '<br>\r\n')}</div></body></html>`
  );
}

export function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
