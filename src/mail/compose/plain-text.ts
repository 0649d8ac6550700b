export const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** Plain text as HTML, its lines and spaces kept; the lines also where styles are not heeded, as by a client that makes text of it again. */
export const htmlOfText = (text: string): string =>
  text === '' ? '' : `<div style="white-space:pre-wrap">${escapeHtml(text).replace(/\r\n?|\n/g, '<br>')}</div>`;
