import { bundle } from './build.js';

// `npm start`: our own files are put into dist/ first. That takes a tenth of a second and saves well over one, for tsx
// resolves and transforms each of some three hundred files by itself. Done each time, so nothing is ever stale.
await bundle();
process.setSourceMapsEnabled(true);
await import('../dist/main.js');
