import type { ComposeAttachment } from '../../domain/compose.ts';

/** Whether the HTML shows the file by cid. */
export const refersTo = (html: string | null, contentId: string): boolean =>
  html !== null && (html.includes(`cid:${contentId}`) || html.includes(`cid:${encodeURIComponent(contentId)}`));

export const isShown = ({ contentId }: ComposeAttachment, html: string | null): boolean =>
  contentId !== null && refersTo(html, contentId);
