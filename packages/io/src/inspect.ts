export { serveInspector } from './inspect/serve-inspector.ts';
export type { ServeInspectorOptions } from './inspect/serve-inspector.ts';
export { inspectorFolder } from './inspect/folder.ts';
