/** What Escape closes before it leaves the editor. */
const OPEN_WIDGET = '.monaco-editor :is(.suggest-widget, .parameter-hints-widget, .find-widget).visible';

/**
 * In an editor Tab indents, so the keyboard would be caught there: Escape leaves it for the box around it, from which
 * Tab goes on and Enter returns. Heard before Monaco, which marks every Escape as handled.
 */
document.addEventListener(
  'keydown',
  (event) => {
    if (event.key !== 'Escape' || !(event.target instanceof Element) || document.querySelector(OPEN_WIDGET)) return;
    event.target.closest('.monaco-editor')?.closest<HTMLElement>('[tabindex="0"]')?.focus();
  },
  true,
);
