export { serveFastify } from './fastify/serve-fastify.ts';
export type { FastifyApp } from './fastify/serve-fastify.ts';
export { requestContext } from './http/request-context.ts';
export type { RequestContext } from './http/request-context.ts';
export type { ServeHttpOptions } from './http/serve-http-options.ts';
