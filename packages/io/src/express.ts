export { serveExpress, withTimeout } from './express/serve-express.ts';
export type { ExpressApp, ExpressMiddleware } from './express/serve-express.ts';
export { requestContext } from './http/request-context.ts';
export type { RequestContext } from './http/request-context.ts';
export type { ServeHttpOptions } from './http/serve-http-options.ts';
