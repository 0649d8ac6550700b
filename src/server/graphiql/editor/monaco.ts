/**
 * Prepares Monaco, the editor in GraphiQL, before GraphiQL is imported: its workers, and a way to leave it by keyboard.
 */

/** Monaco requests its workers by label. They are bundled beside the page. */
const workers: Record<string, string> = { json: '/page/json.worker.js', graphql: '/page/graphql.worker.js' };

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_id: string, label: string) => new Worker(workers[label] ?? '/page/editor.worker.js', { name: label }),
  },
});

/** Widgets that Escape closes before it leaves the editor. */
const OPEN_WIDGET = '.monaco-editor :is(.suggest-widget, .parameter-hints-widget, .find-widget).visible';

/**
 * Tab indents in an editor, so keyboard users could not leave it. Escape moves the focus to the box around the editor,
 * from which Tab continues and Enter returns. The listener runs before Monaco, which marks every Escape as handled.
 */
document.addEventListener(
  'keydown',
  (event) => {
    if (event.key !== 'Escape' || !(event.target instanceof Element) || document.querySelector(OPEN_WIDGET)) return;
    event.target.closest('.monaco-editor')?.closest<HTMLElement>('[tabindex="0"]')?.focus();
  },
  true,
);
