/** Monaco asks for its workers by label; ours are bundled beside the page. */
const workers: Record<string, string> = { json: '/page/json.worker.js', graphql: '/page/graphql.worker.js' };

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_id: string, label: string) => new Worker(workers[label] ?? '/page/editor.worker.js', { name: label }),
  },
});
