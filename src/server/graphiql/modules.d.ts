declare module '*.css';
declare module 'monaco-editor/esm/vs/editor/editor.worker.js';
