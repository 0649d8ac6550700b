import { expect, it } from 'vitest';
import { safeHtml } from '../../src/mail/message/html.ts';
import { textOfHtml } from '../../src/providers/shared/html/html-text.ts';
import { shownFiles } from '../../src/providers/shared/html/inline-files.ts';

// biome-ignore format: a list to read
const ELEMENTS = [
  'div', 'span', 'p', 'b', 'td', 'table', 'tr', 'a', 'li', 'noscript', 'select', 'object', 'template', 'svg', 
  'details', 'form', 'button', 'x-y', 'legend', 'o:p', 'div hidden', 'div class=x', 'span class=y', 'center', 'font color=white', 'td bgcolor=white',
];
// biome-ignore format: a list to read
const STYLES = [
  '', '', '', 'display:none', 'visibility:hidden', 'visibility:visible', 'max-height:0;overflow:hidden', 'opacity:0', 'color:red', 'font-size:0',
  'font-size:12px', 'position:absolute;left:-9999px', 'display:block', 'text-indent:-9999px', 'color:#fff;background:#fff', 'background:#000',
  'DISPLAY:NONE!important;display:block', 'clip-path:inset(50%)', 'color:transparent', 'font:0/0 a', 'line-height:0;overflow:hidden',
];
const BLOCK = '<style>.x{display:none} .y{visibility:hidden} p.z, li > b{opacity:0}</style>';

/** Returns random HTML that is the same in every run. */
function randomHtml(round: number): string {
  let state = round;
  const pick = (of: readonly string[]) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return of[Math.floor((state / 2 ** 32) * of.length)] as string;
  };
  const open: string[] = [];
  let html = round % 3 === 0 ? BLOCK : '';
  for (let index = 0; index < 14; index++) {
    const element = pick(ELEMENTS);
    const style = pick(STYLES);
    if (pick(['begin', 'begin', 'end']) === 'begin') {
      html += `<${element}${style === '' ? '' : ` style="${style}"`}>`;
      open.push(element.split(' ')[0] as string);
    } else html += `</${open.pop() ?? 'b'}>`;
    if (pick(['file', 'none', 'words']) === 'file') html += `<img src="cid:${index}@x">`;
    html += `w${index} `;
  }
  return html;
}

it('shows the same in the text, as inline files and in the sanitised HTML, for any combination of elements and styles', () => {
  const files = Array.from({ length: 14 }, (_, index) => ({ contentId: `${index}@x` }));
  const ids = (html: string) => [...shownFiles(html, files)].map(({ contentId }) => contentId).sort();
  const words = (html: string) => textOfHtml(html).match(/w\d+/g) ?? [];
  for (let round = 1; round <= 400; round++) {
    const html = randomHtml(round);
    const safe = safeHtml(html, { remoteImages: true, inlineUrl: (contentId) => `cid:${contentId}` });
    expect(ids(safe), `${html}\n${safe}`).toEqual(ids(html));
    expect(words(safe), `${html}\n${safe}`).toEqual(words(html));
  }
});
