/** What the page gives to Monaco, the editor in GraphiQL, before GraphiQL is imported: its workers, and a way out by keyboard. */

/** Monaco asks for its workers by label; ours are bundled beside the page. */
const workers: Record<string, string> = { json: '/page/json.worker.js', graphql: '/page/graphql.worker.js' };

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_id: string, label: string) => new Worker(workers[label] ?? '/page/editor.worker.js', { name: label }),
  },
});

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
